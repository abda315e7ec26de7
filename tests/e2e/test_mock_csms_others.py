"""mock-csms and what others wrote: stations on npm ocpp-rpc, in strict mode in every version, are updated and send logs; and
the checks of servers by npm ocpp-ws-cli."""
import hashlib
import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from mockcsms import MockCsms, wait_until
from test_mock_csms_firmware import bundle, signing  # noqa: F401
from test_mock_csms_fleet import check_trace

HERE = Path(__file__).parent
MODULES = HERE.parents[1] / "node_modules"
VERSIONS = {"A": "ocpp1.6", "B": "ocpp2.0.1", "C": "ocpp2.1"}
PLAIN = ["Downloading", "Downloaded", "Installing", "Installed"]
SIGNED = ["Downloading", "Downloaded", "SignatureVerified", "Installing", "Installed"]


@contextmanager
def others(tmp_path, stations=None):
    """A mock-csms and its stations, none of which may have been told a wrong word."""
    stations, trace = stations or VERSIONS, tmp_path / "trace.jsonl"
    with MockCsms("--interval", 1, "--state", tmp_path / "state", "--trace", trace) as csms, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(["node", HERE / "other-station.js", f"ws://127.0.0.1:{csms.port}/ocpp",
                                    *(f"{name}={protocol}" for name, protocol in stations.items())], stderr=log)
        csms.others = process
        try:
            wait_until(lambda: process.poll() is not None or sum(bool(s["vendor"]) for s in csms.stations().values()) == len(stations), 60)
            yield csms
        finally:
            complains = process.poll() is not None
            process.kill()
            process.wait()
            log.seek(0)
            assert not complains, f"a station complains: {log.read()}"
    check_trace(trace)


def post(csms, path, body, status):
    answer = csms.request("POST", path, json.dumps(body))
    assert answer.status == status, answer.body
    return answer.json


def sent(csms, station, action):
    """The payloads of the station's calls of this action."""
    return [frame["frame"][3] for frame in csms.frames(station)
            if frame["from"] == "station" and frame["frame"][0] == 2 and frame["frame"][2] == action]


def told(csms, station):
    """The actions that the station was called by."""
    return [frame["frame"][2] for frame in csms.frames(station) if frame["from"] == "csms" and frame["frame"][0] == 2]


def upload(csms, data, query):
    answer = csms.request("POST", f"/api/firmware?{query}", data, timeout=60)
    assert answer.status == 201, answer.body
    return answer.json


def version(data):
    """What a station says it is when it has this file."""
    return hashlib.sha256(data).hexdigest()[:32]


def statuses(csms, station, action="FirmwareStatusNotification"):
    return [payload["status"] for payload in sent(csms, station, action)]


def test_they_register_and_beat_and_do_not_know_all(tmp_path):
    with others(tmp_path) as csms:
        for name, protocol in VERSIONS.items():
            found = csms.get(f"/api/stations/{name}").json
            assert (found["online"], found["protocol"], found["vendor"], found["model"], found["serialNumber"], found["firmwareVersion"],
                    found["reason"]) == (True, protocol, "ocpp-rpc", "Other", f"S-{name}", "1.0", None if name == "A" else "PowerUp")
            wait_until(lambda n=name: len(sent(csms, n, "Heartbeat")) >= 2, 60)
            assert csms.post(name, "call", {"action": "ClearCache", "payload": {}}).json["error"]["code"] == "NotImplemented"


@pytest.mark.parametrize("name", VERSIONS)
def test_they_notice_what_the_schemas_forbid(tmp_path, name):
    with pytest.raises(AssertionError, match=f"{name}: data must NOT have additional properties"), others(tmp_path) as csms:
        csms.post(name, "call", {"action": "GetLog", "payload": {
            "logType": "DiagnosticsLog", "requestId": 1, "log": {"remoteLocation": "x"}, "odd": 1}})
        csms.others.wait(timeout=30)


@pytest.mark.parametrize("plain", [False, True], ids=["signed", "plain"])
def test_a_push_updates_them(tmp_path, keys, bundle, plain):  # noqa: F811
    data = bundle.read_bytes()
    with others(tmp_path) as csms:
        firmware = upload(csms, data, "name=box.raucb")
        assert (firmware["kind"], firmware["version"]) == ("rauc", "2.1.0")
        post(csms, f"/api/firmware/{firmware['id']}/sign", signing(keys, "rsa2048", "pss"), 200)
        push = post(csms, "/api/pushes", {"filter": {"vendor": "ocpp-rpc"}, "firmware": firmware["id"], "plain": plain}, 201)
        post(csms, f"/api/pushes/{push['id']}/send", {}, 200)

        def targets():
            return {row["station"]: row for row in csms.get(f"/api/pushes/{push['id']}/targets").json}
        wait_until(lambda: all(row["status"] == "Installed" for row in targets().values()), 60)
        for name, row in targets().items():
            signed_16 = name == "A" and not plain
            assert (row["state"], row["action"]) == ("accepted", "SignedUpdateFirmware" if signed_16 else "UpdateFirmware")
            found = csms.get(f"/api/stations/{name}").json
            assert found["firmwareVersion"] == version(data) and found["reason"] == (None if name == "A" else "FirmwareUpdate")
            assert (found["update"]["phase"], found["update"]["requestId"]) == ("installed", row["payload"].get("requestId"))
            assert statuses(csms, name, ("Signed" if signed_16 else "") + "FirmwareStatusNotification") == (PLAIN if plain else SIGNED)


def six():
    return {f"{name}{i}": protocol for name, protocol in VERSIONS.items() for i in (1, 2)}


def roll_out(csms, order, **more):
    plan = {"name": "spring", "groups": [{"name": "canary", "share": "50%", "failureLimit": "1"}, {"name": "all", "share": "100%"}]}
    rollout = post(csms, "/api/rollouts", plan | order | more, 201)
    post(csms, f"/api/rollouts/{rollout['id']}/start", {}, 200)
    return lambda: csms.get(f"/api/rollouts/{rollout['id']}").json


def test_a_roll_out_reaches_them(tmp_path):
    data = os.urandom(200_000)
    with others(tmp_path, six()) as csms:
        firmware = upload(csms, data, f"name=box.bin&version={version(data)}")
        rollout = roll_out(csms, {"firmware": firmware["id"]})
        wait_until(lambda: rollout()["state"] == "finished", 60)
        assert rollout()["counts"] == {"installed": 6} and [group["size"] for group in rollout()["groups"]] == [3, 3]
        for name in six():
            assert csms.get(f"/api/stations/{name}").json["firmwareVersion"] == version(data)
            assert told(csms, name) == ["UpdateFirmware"]
            wait_until(lambda n=name: statuses(csms, n) == PLAIN, 30)


def test_a_roll_out_that_fails_on_them_stops(tmp_path):
    with others(tmp_path, six()) as csms:
        firmware = upload(csms, b"x", "name=box.bin")
        rollout = roll_out(csms, {"order": {"location": f"http://127.0.0.1:{csms.port}{firmware['path']}.none"}})
        wait_until(lambda: rollout()["state"] == "paused" and rollout()["counts"].get("failed") == 3, 60)
        assert rollout()["by"] == "mock-csms"
        targets = {row["station"]: row for row in csms.get("/api/rollouts/1/targets").json}
        for name, row in targets.items():
            assert told(csms, name) == (["UpdateFirmware"] if row["group"] == "canary" else [])
            assert row["failure"] == ("DownloadFailed" if row["group"] == "canary" else None)
            assert csms.get(f"/api/stations/{name}").json["firmwareVersion"] == "1.0"


@pytest.mark.parametrize("log_type", [None, "DiagnosticsLog", "SecurityLog"])
def test_they_send_logs(tmp_path, log_type):
    with others(tmp_path) as csms:
        asked = post(csms, "/api/logs", {"filter": {"online": True}} | ({"logType": log_type} if log_type else {}), 202)
        assert asked["skipped"] == [] and [row["station"] for row in asked["logs"]] == sorted(VERSIONS)
        for number, name in ((row["id"], row["station"]) for row in asked["logs"]):
            wait_until(lambda n=number: csms.get(f"/api/logs/{n}").json["status"] == "Uploaded", 60)
            row, content = csms.get(f"/api/logs/{number}").json, f"the log of {name}\n".encode()
            diagnostics = name == "A" and not log_type
            assert (row["state"], row["answer"], row["filename"]) == ("received", "Accepted", f"{name}.log")
            assert (row["action"], row["file"]["method"]) == (("GetDiagnostics", "POST") if diagnostics else ("GetLog", "PUT"))
            assert (row["file"]["size"], row["file"]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert csms.get(f"/api/logs/{number}/file").body == content
            entry, = csms.get(f"/api/logs/{number}/entries").json["entries"]
            assert csms.get(f"/api/logs/{number}/entries/content?name={entry['name']}").body == content
            assert statuses(csms, name, "DiagnosticsStatusNotification" if diagnostics else "LogStatusNotification") == ["Uploading", "Uploaded"]


# The server checks of ocpp-ws-cli -------------------------------------------------------------------------------------

# Many of its checks are content with silence and with a closed connection, so what counts is what the trace says: each message
# that it sends has the first words of the answer here; None: silence.
UNREADABLE = {"ocpp1.6": None, "ocpp2.0.1": [4, "-1", "RpcFrameworkError"], "ocpp2.1": [4, "-1", "RpcFrameworkError"]}
ANSWERS = {
    "no JSON": UNREADABLE,
    "500 objects in each other": UNREADABLE,
    "an empty array": UNREADABLE,
    "a number as message id": UNREADABLE,
    "message type 99": {"ocpp1.6": None, "ocpp2.0.1": [4, "ID", "MessageTypeNotSupported"], "ocpp2.1": None},
    "an answer to nothing": dict.fromkeys(UNREADABLE),
    "no payload": dict.fromkeys(UNREADABLE, [4, "ID", "ProtocolError"]),
    "a text as payload": dict.fromkeys(UNREADABLE, [4, "ID", "TypeConstraintViolation"]),
    "ThisActionDoesNotExist": dict.fromkeys(UNREADABLE, [4, "ID", "NotImplemented"]),
    "DataTransfer": dict.fromkeys(UNREADABLE, [3, "ID", {"status": "UnknownVendorId"}]),
    "Heartbeat": dict.fromkeys(UNREADABLE, [3, "ID"]),
}
# What it finds fault with all the same: docs/mock-csms.md says why.
OBJECTIONS = {"Server rejects oversized frames (>128KB)", "Server enforces MessageId is a string"}
CHECKS = 21


def what(entry):
    frame = entry.get("frame")
    if frame is None:
        return "500 objects in each other" if '{"a":' in entry["raw"] else "no JSON"
    if not frame:
        return "an empty array"
    if frame[0] == 99:
        return "message type 99"
    if frame[0] == 3:
        return "an answer to nothing"
    if not isinstance(frame[1], str):
        return "a number as message id"
    if len(frame) < 4:
        return "no payload"
    return frame[2] if isinstance(frame[3], dict) else "a text as payload"


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """The tool's results and the trace. It waits most of the time: the three versions are tried side by side."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    if int(node[1:].split(".")[0]) < 20:
        pytest.skip(f"ocpp-ws-cli wants node 20, this is {node}")
    folder = tmp_path_factory.mktemp("ocpp-ws-cli")
    with MockCsms("--trace", folder / "trace.jsonl") as csms:
        runs = [subprocess.Popen(["node", MODULES / "ocpp-ws-cli/dist/index.js", "test", "-e", f"ws://127.0.0.1:{csms.port}/ocpp", "-i", protocol,
                                  "-p", protocol, "--suite", "all", "--report", "json", "--report-dir", folder / protocol],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for protocol in VERSIONS.values()]
        assert [run.wait(timeout=180) for run in runs] == [0, 0, 0]
        assert all(csms.get(f"/api/stations/{protocol}").status == 200 for protocol in VERSIONS.values())
    trace = [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]
    return {protocol: (json.loads(next((folder / protocol).iterdir()).read_text())["testResults"],
                       [entry for entry in trace if entry["station"] == protocol]) for protocol in VERSIONS.values()}


@pytest.mark.parametrize("protocol", VERSIONS.values())
def test_server_checks_of_ocpp_ws_cli(checked, protocol):
    results, trace = checked[protocol]
    assert len(results) == CHECKS
    assert {result["name"] for result in results if not result["passed"]} <= OBJECTIONS
    seen = set()
    for entry, following in zip(trace, trace[1:] + [{"from": "station"}]):
        if entry["from"] == "station":
            kind = what(entry)
            seen.add(kind)
            wanted = ANSWERS[kind][protocol]
            if kind == "Heartbeat" and following["from"] == "station":
                continue  # one of the flood that the tool did not wait for
            answer = following["frame"] if following["from"] == "csms" else None
            if wanted is None:
                assert answer is None, (kind, answer)
            else:
                identity = entry.get("frame", [0, 0])[1:2]
                assert answer[:len(wanted)] == [identity[0] if word == "ID" else word for word in wanted], (kind, answer)
    assert seen == set(ANSWERS)
