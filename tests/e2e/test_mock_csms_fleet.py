"""mock-csms-fleet: simulated stations boot, are updated, send logs, and end as the seed says; every frame is valid by the
official schemas."""
import collections
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from fleet import FLEET, Fleet
from mockcsms import BINARY_DIR, MockCsms, trusting, wait_until

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
COUNT = 300
MIX = ["--count", COUNT, "--prefix", "S", "--protocols", "1.6:50,2.0.1:30,2.1:20", "--versions", "1.0.0:60,1.1.0:40",
       "--vendors", "ACME:70,Other:30", "--timezones", "Europe/Berlin:50,Asia/Tokyo:50", "--seed", 7, "--failures",
       "download:8,signature:5,verification:4,install:5,rollback:5,reboot-never:3,reject:5,silent:3"]
# What the REST list says at last of an update that was not signed, by fate: in 1.6 and in 2.x
ENDS = {
    "fine": ("Installed", "Installed"), "download": ("DownloadFailed", "DownloadFailed"),
    "signature": ("InstallationFailed", "InstallVerificationFailed"),
    "verification": ("InstallationFailed", "InstallVerificationFailed"),
    "install": ("InstallationFailed", "InstallationFailed"), "rollback": ("InstallationFailed", "InstallationFailed"),
    "reboot-never": ("Installing", "InstallRebooting"), "reject": (None, None), "silent": (None, None),
}


def plan(*options):
    done = subprocess.run([FLEET, "--plan", *map(str, options)], capture_output=True, text=True, check=True, timeout=60)
    return {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}


def check_trace(trace):
    done = subprocess.run(["node", SOURCE / "tests/e2e/check-trace.js", trace], capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def add_fault(csms, **fault):
    assert csms.request("POST", "/api/faults", json.dumps({"action": "BootNotification", **fault})).status == 201


def said_by(csms, station):
    """The actions of its calls, in order."""
    return [f["frame"][2] for f in csms.frames(station) if f["from"] == "station" and f["frame"][0] == 2]


def result_of(csms, station, action, payload):
    """What it answers to a call: the result, or the error's code."""
    answer = csms.post(station, "call", {"action": action, "payload": payload}).json
    return answer["result"] if "result" in answer else answer["error"]["code"]


@contextlib.contextmanager
def stage(tmp_path, *options, csms=(), tls=None, fault=None):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/box-2.1.0.raucb").write_bytes(bytes(200_000))
    with MockCsms("--files", tmp_path / "files", "--trace", tmp_path / "trace.jsonl", "--message-timeout", 20, *csms, tls=tls) as server:
        if fault:
            add_fault(server, **fault)
        with Fleet(server, "--ramp", 100, *options) as fleet:
            yield server, fleet


def test_a_mixed_fleet_ends_as_the_seed_says(tmp_path):
    wanted = plan(*MIX)
    with stage(tmp_path, *MIX, "--speed", 200, "--heartbeat", 5) as (csms, fleet):
        url = f"http://127.0.0.1:{csms.port}/files/box-2.1.0.raucb"
        wait_until(lambda: fleet.report()["accepted"] == COUNT, 60)
        stations = csms.stations()
        assert {i: (s["protocol"], s["vendor"], s["firmwareVersion"]) for i, s in stations.items()} == \
            {i: (w["protocol"], w["vendor"], w["firmwareVersion"]) for i, w in wanted.items()}
        with ThreadPoolExecutor(16) as pool:
            answers = dict(zip(wanted, pool.map(lambda i: csms.post(i, "update", {"location": url}, timeout=60), wanted)))
        for station, answer in answers.items():
            fate, is_16 = wanted[station]["firstUpdate"], wanted[station]["protocol"] == "ocpp1.6"
            assert answer.status == (504 if fate == "silent" else 200), (station, fate, answer.body)
            if fate == "reject":
                assert ("error" in answer.json) == is_16 and (is_16 or answer.json["result"]["status"] == "Rejected")
        ends = {i: ENDS[w["firstUpdate"]][w["protocol"] != "ocpp1.6"] for i, w in wanted.items()}

        def told():
            return {i: s["update"] and s["update"]["status"] for i, s in csms.stations().items()}
        wait_until(lambda: told() == ends, 60)
        for station, now in csms.stations().items():
            fate = wanted[station]["firstUpdate"]
            assert now["firmwareVersion"] == ("2.1.0" if fate == "fine" else wanted[station]["firmwareVersion"])
            assert now["online"] or fate == "reboot-never"
    fates = collections.Counter(w["firstUpdate"] for w in wanted.values())
    assert fleet.last["updates"]["fates"] == fates and len(fates) == 9
    assert fleet.last["notUnderstood"] == 0
    check_trace(tmp_path / "trace.jsonl")


@pytest.mark.parametrize("protocol", ["1.6", "2.0.1", "2.1"])
def test_what_a_station_is_asked(tmp_path, protocol):
    version2 = protocol != "1.6"
    with stage(tmp_path, "--count", 1, "--protocols", protocol, "--speed", 100, "--timezones", "Asia/Tokyo") as (csms, fleet):
        def call(action, payload):
            answer = csms.post("FLEET00001", "call", {"action": action, "payload": payload}).json
            return answer.get("result") or answer["error"]["code"]

        def heard(action, **members):
            return any(f["frame"][2:3] == [action] and members.items() <= f["frame"][3].items()
                       for f in csms.frames("FLEET00001"))
        wait_until(lambda: fleet.report()["accepted"] == 1)
        log = "LogStatusNotification" if version2 else "DiagnosticsStatusNotification"
        name = csms.post("FLEET00001", "logs", {}).json["result"]["filename" if version2 else "fileName"]
        wait_until(lambda: heard(log, status="Uploaded"))
        assert (tmp_path / "files/uploads" / name).read_text().startswith("FLEET00001 Box 1.0.0\n")
        for what, action in (("Heartbeat", "Heartbeat"), ("FirmwareStatusNotification", "FirmwareStatusNotification")):
            assert call("TriggerMessage", {"requestedMessage": what}) == {"status": "Accepted"}
            wait_until(lambda a=action: heard(a))
        assert call("TriggerMessage", {"requestedMessage": "MeterValues"}) == {"status": "NotImplemented"}
        if version2:
            asked = {"component": {"name": "ClockCtrlr"}, "variable": {"name": "TimeZone"}}
            result = call("GetVariables", {"getVariableData": [asked, {**asked, "variable": {"name": "X"}}]})["getVariableResult"]
            assert [r.get("attributeValue") for r in result] == ["Asia/Tokyo", None]
            assert call("GetVariables", {}) in ("OccurrenceConstraintViolation", "OccurenceConstraintViolation")
        else:
            result = call("GetConfiguration", {"key": ["TimeZone", "X"]})
            assert (result["configurationKey"][0]["value"], result["unknownKey"]) == ("Asia/Tokyo", ["X"])
        assert call("ClearCache", {}) == "NotSupported" and call("Nonsense", {}) == "NotImplemented"
        assert call("Reset", {"type": "OnIdle" if version2 else "Soft"}) == {"status": "Accepted"}
        wait_until(lambda: len([f for f in csms.frames("FLEET00001") if f["frame"][2:3] == ["BootNotification"]]) == 2)
    assert fleet.last["logs"] == {"asked": 1, "uploaded": 1, "failed": 0}


def test_an_update_is_signed_scheduled_fetched_and_brings_the_version_that_is_wanted(tmp_path):
    with stage(tmp_path, "--count", 3, "--protocols", "2.1", "--speed", 100, "--fetch", "--new-version", "9.9") as (csms, fleet):
        wait_until(lambda: fleet.report()["accepted"] == 3)
        order = {"location": f"http://127.0.0.1:{csms.port}/files/box-2.1.0.raucb", "signature": "c2ln", "signingCertificate": "x",
                 "retrieveDateTime": "2099-01-01T00:00:00Z"}
        assert csms.post("FLEET00001", "update", order).json["result"]["status"] == "Accepted"
        order["retrieveDateTime"] = "2020-01-01T00:00:00Z"
        assert csms.post("FLEET00001", "update", order).json["result"]["status"] == "AcceptedCanceled"
        csms.post("FLEET00002", "update", {"location": f"http://127.0.0.1:{csms.port}/files/none.raucb"})
        csms.post("FLEET00003", "update", {"location": "ftp://127.0.0.1/none.raucb"})
        wait_until(lambda: [s["update"] and s["update"]["status"] for s in csms.stations().values()] ==
                   ["Installed", "DownloadFailed", "DownloadFailed"], 30)
        assert csms.stations()["FLEET00001"]["firmwareVersion"] == "9.9"
        said = [f["frame"][3]["status"] for f in csms.frames("FLEET00001") if f["frame"][2:3] == ["FirmwareStatusNotification"]]
        assert said == ["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified", "Installing", "InstallRebooting",
                        "Installed"]


def test_only_the_bad_build_fails(tmp_path):
    with stage(tmp_path, "--count", 3, "--speed", 200, "--failures", "install:100", "--bad-build", "broken") as (csms, fleet):
        wait_until(lambda: fleet.report()["accepted"] == 3)
        for name, status, version in (("box-2.0.0-broken.raucb", "InstallationFailed", "1.0.0"), ("box-2.1.0.raucb", "Installed", "2.1.0")):
            for station in csms.stations():
                csms.post(station, "update", {"location": f"http://127.0.0.1:{csms.port}/files/{name}"})
            wait_until(lambda: [(s["update"]["status"], s["firmwareVersion"]) for s in csms.stations().values()] == 3 * [(status, version)], 30)


def test_a_fleet_comes_back_to_a_csms_that_was_away(tmp_path):
    passwords = tmp_path / "passwords"
    passwords.write_text("".join(f"FLEET{i:05}:secret{i}\n" for i in range(1, 21)))
    with MockCsms("--passwords", passwords) as csms:
        with Fleet(csms, "--count", 20, "--speed", 50, "--password-file", passwords, "--heartbeat", 1) as fleet:
            wait_until(lambda: fleet.report()["accepted"] == 20, 20)
            with MockCsms("--passwords", passwords) as other:  # so that the port stays free
                port = csms.port
                assert csms.stop() == 0 and other.port != port
                wait_until(lambda: fleet.report()["failedConnects"] > 20, 30)
            again = subprocess.Popen([BINARY_DIR / "bin/mock-csms", "--listen", f"127.0.0.1:{port}", "--passwords", passwords],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_until(lambda: fleet.report()["connected"] == 20, 60)
            finally:
                again.terminate()
                again.wait()


ALL_VERSIONS = ["--count", 12, "--prefix", "S", "--protocols", "1.6,2.0.1,2.1"]


def test_stations_that_are_pending_say_what_they_are_asked_and_wait(tmp_path):
    pending = {"kind": "pending", "seconds": 86400}  # a quarter of an hour of theirs
    with stage(tmp_path, *ALL_VERSIONS, "--speed", 100, "--heartbeat", 1, fault=pending) as (csms, fleet):
        wait_until(lambda: fleet.report()["framesIn"] == 12)
        assert fleet.report()["accepted"] == 0 and fleet.report()["connected"] == 12
        stations = csms.stations()
        assert {s["protocol"] for s in stations.values()} == {"ocpp1.6", "ocpp2.0.1", "ocpp2.1"}
        asked = ["Heartbeat", "StatusNotification", "FirmwareStatusNotification"]
        for station in stations:
            for what in asked:
                assert result_of(csms, station, "TriggerMessage", {"requestedMessage": what}) == {"status": "Accepted"}
                wait_until(lambda i=station, w=what: said_by(csms, i)[-1] == w)
            assert said_by(csms, station) == ["BootNotification", *asked]
            location = f"http://127.0.0.1:{csms.port}/files/box-2.1.0.raucb"
            assert csms.post(station, "update", {"location": location}).json["result"].get("status", "Accepted") == "Accepted"
            assert result_of(csms, station, "TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
        wait_until(lambda: [s["update"]["status"] for s in csms.stations().values()] == ["Installed"] * 12, 30)
        for station in stations:  # nothing of the update before it was accepted, and one more boot for the new version
            said = said_by(csms, station)
            assert said[4] == "BootNotification" and said.count("BootNotification") == 3
        assert fleet.report()["accepted"] == 12
    assert fleet.last["notUnderstood"] == 0
    check_trace(tmp_path / "trace.jsonl")


def test_a_station_that_was_asked_to_boot_while_pending_does_not_ask_again(tmp_path):
    with stage(tmp_path, "--count", 1, "--speed", 10, "--heartbeat", 1, fault={"kind": "pending", "seconds": 60}) as (csms, fleet):
        wait_until(lambda: fleet.report()["framesIn"] == 1)
        assert result_of(csms, "FLEET00001", "TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
        wait_until(lambda: fleet.report()["heartbeats"] > 7, 30)
        assert said_by(csms, "FLEET00001").count("BootNotification") == 2


def test_stations_that_are_rejected_refuse_and_come_again(tmp_path):
    rejected = {"kind": "rejected", "seconds": 100, "times": 0}
    with stage(tmp_path, *ALL_VERSIONS, "--speed", 100, csms=["--message-timeout", 1], fault=rejected) as (csms, fleet):
        wait_until(lambda: all(len(said_by(csms, i)) > 1 for i in csms.stations()) and len(csms.stations()) == 12, 20)
        protocols = {i: s["protocol"] for i, s in csms.stations().items()}

        def ask(station):
            return csms.post(station, "call", {"action": "Reset", "payload": {
                "type": "Soft" if protocols[station] == "ocpp1.6" else "Immediate"}})
        with ThreadPoolExecutor(12) as pool:
            for station, answer in zip(protocols, pool.map(ask, protocols)):
                if protocols[station] == "ocpp1.6":
                    assert answer.status == 504
                else:
                    assert answer.json["error"]["code"] == "SecurityError"
        assert all(set(said_by(csms, i)) == {"BootNotification"} for i in protocols)
        assert fleet.report()["accepted"] == 0 and fleet.report()["connects"] == 12
        assert csms.request("DELETE", "/api/faults").status == 204
        wait_until(lambda: fleet.report()["accepted"] == 12, 20)
        assert all(ask(i).json["result"] == {"status": "Accepted"} for i in protocols)
    assert fleet.last["notUnderstood"] == 0


def test_a_station_that_is_not_accepted_any_more_falls_silent(tmp_path):
    with stage(tmp_path, *ALL_VERSIONS, "--speed", 100, "--heartbeat", 1) as (csms, fleet):
        wait_until(lambda: fleet.report()["heartbeats"] > 12, 20)
        add_fault(csms, kind="rejected", seconds=400)
        for station in csms.stations():
            assert result_of(csms, station, "TriggerMessage", {"requestedMessage": "BootNotification"}) == {"status": "Accepted"}
        wait_until(lambda: all(said_by(csms, i).count("BootNotification") == 3 for i in csms.stations()), 30)
        for station in csms.stations():
            said = said_by(csms, station)
            second = said.index("BootNotification", 1)
            assert said[second + 1] == "BootNotification", said
        wait_until(lambda: fleet.report()["accepted"] == 12)


def test_stations_that_are_offline_come_and_go(tmp_path):
    options = ["--count", 40, "--prefix", "S", "--seed", 3, "--failures", "offline:50"]
    wanders = {i for i, line in plan(*options).items() if line["comesAndGoes"]}
    assert 10 < len(wanders) < 30
    begin = time.time()
    with stage(tmp_path, *options, "--speed", 1000) as (csms, fleet):  # away for 0.3 to 0.9 s, there for 1.8 to 7.2 s
        wait_until(lambda: fleet.report()["accepted"] == 40, 20)
        boots = [csms.frames(i)[0]["time"] for i in wanders]
        assert min(datetime.datetime.fromisoformat(boot.replace("Z", "+00:00")).timestamp() for boot in boots) > begin + 0.3
        online = [i for i, s in csms.stations().items() if s["online"]]
        url = f"http://127.0.0.1:{csms.port}/files/box-2.1.0.raucb"
        for station in online:  # one that has just gone is asked when it is back
            wait_until(lambda s=station: csms.post(s, "update", {"location": url}).status == 200, 20)
        gone = set()

        def all_were_gone():
            gone.update(i for i, s in csms.stations().items() if not s["online"] and s["firmwareVersion"] == "2.1.0")
            return gone == wanders
        wait_until(lambda: all(csms.stations()[i]["firmwareVersion"] == "2.1.0" for i in online), 60)
        wait_until(all_were_gone, 90)
        connects = fleet.report()["connects"]
        wait_until(lambda: fleet.report()["connects"] > connects, 20)
        assert all(said_by(csms, i).count("BootNotification") == 1 + (i in online) for i in wanders)  # its machine was on
    assert fleet.last["failedConnects"] == 0 and fleet.last["notUnderstood"] == 0


def test_a_fleet_speaks_tls(tmp_path, certificate):
    ca, key = certificate / "cert.pem", certificate / "key.pem"
    with stage(tmp_path, "--count", 60, "--speed", 100, "--ca-file", ca, "--fetch", csms=["--tls-cert", ca, "--tls-key", key],
               tls=trusting(ca)) as (csms, fleet):
        wait_until(lambda: fleet.report()["accepted"] == 60, 60)
        long = {"vendorId": "x", "data": "d" * 300_000}  # more than a TLS record
        url = f"https://localhost:{csms.port}/files/box-2.1.0.raucb"
        for station in list(csms.stations())[:10]:
            assert result_of(csms, station, "DataTransfer", long) == "NotSupported"
            assert csms.post(station, "logs", {}).status == 200
            csms.post(station, "update", {"location": url})
        wait_until(lambda: [s["firmwareVersion"] for s in csms.stations().values()].count("2.1.0") == 10, 60)
        wait_until(lambda: fleet.report()["logs"] == {"asked": 10, "uploaded": 10, "failed": 0}, 20)
    assert fleet.last["notUnderstood"] == 0  # the first may have tried ::1, which localhost is as well


@pytest.mark.parametrize("host,trusts,good", [("localhost", True, False), ("127.0.0.1", True, True), ("127.0.0.1", False, False),
                                              ("127.0.0.1", None, False)], ids=["name", "address", "other root", "no root"])
def test_a_fleet_looks_at_the_certificate(tmp_path, certificate, host, trusts, good):
    """One of another name is refused, but for an address, of which nothing is compared; one of an unknown root always."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    tmp_path / "key.pem", "-out", tmp_path / "cert.pem", "-days", "2", "-subj", "/CN=elsewhere", "-addext",
                    "subjectAltName=DNS:elsewhere"], check=True, capture_output=True, timeout=60)
    roots = [] if trusts is None else ["--ca-file", (tmp_path if trusts else certificate) / "cert.pem"]
    with MockCsms("--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem") as csms:
        with Fleet(csms, "--count", 3, "--speed", 100, *roots, url=f"wss://{host}:{csms.port}/ocpp/") as fleet:
            if good:
                wait_until(lambda: fleet.report()["accepted"] == 3, 20)
            else:
                wait_until(lambda: fleet.report()["failedConnects"] > 3, 20)
        assert (fleet.last["connects"] > 0) == good


def test_statuses_that_nobody_ordered_come_in_turn(tmp_path):
    count, words = 12, ["Downloading", "Downloaded", "Installing", "Installed"]
    with stage(tmp_path, "--count", count, "--protocols", "1.6:1,2.0.1:1,2.1:1", "--statuses", 240, "--speed", 0.01) as (csms, fleet):
        wait_until(lambda: fleet.report()["updates"]["said"].get("Installed", 0) >= 3 * count)
        protocols = {i: s["protocol"] for i, s in csms.stations().items()}
        busy = next(i for i, protocol in protocols.items() if protocol == "ocpp2.1")  # with an update that was ordered it tells of nothing else
        assert "result" in csms.post(busy, "update", {"location": "http://127.0.0.1:9/x", "retrieveDateTime": "2100-01-01T00:00:00Z"}).json
        installed = fleet.report()["updates"]["said"]["Installed"]
        wait_until(lambda: fleet.report()["updates"]["said"]["Installed"] >= installed + 2 * count)
        frames = {i: [f["frame"] for f in csms.frames(i) if "frame" in f] for i in csms.stations()}
    told = {i: [(f[3]["status"], f[3].get("requestId")) for f in of if f[2:3] == ["FirmwareStatusNotification"]] for i, of in frames.items()}
    order = next(n for n, f in enumerate(frames[busy]) if f[2:3] == ["UpdateFirmware"])
    behind = [f[3]["status"] for f in frames[busy][order + 1:] if f[2:3] == ["FirmwareStatusNotification"]]
    assert behind[-1] == "DownloadScheduled" and len(behind) <= 2  # one may have been on its way
    del told[busy]
    for station, statuses in told.items():
        is_16 = protocols[station] == "ocpp1.6"
        assert statuses == [(words[n % 4], None if is_16 else 1000000000 + n // 4) for n in range(len(statuses))], station
    assert min(map(len, told.values())) >= 8  # nobody is passed over
    check_trace(tmp_path / "trace.jsonl")


@pytest.mark.parametrize("options", [["--count", "0"], ["--protocols", "1.7"], ["--failures", "install:101"], ["--url", "http://x/"],
                                     ["--url", "ws://x/ocpp"], ["--speed", "0"], ["--prefix", "a/b"], ["--seed", "x"],
                                     ["--models", "m" * 21], ["--statuses", "-1"], ["--nothing"], ["--count"]], ids=range(12))
def test_bad_options_are_refused(options):
    done = subprocess.run([FLEET, "--url", "ws://127.0.0.1:1/", *options], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2 and done.stderr.startswith("mock-csms-fleet: ")


def bench(binaries, *options, **more):
    return subprocess.run([SOURCE / "tests/bench/csms", "--rounds", "1", "--binaries", binaries, *options], capture_output=True,
                          text=True, check=False, timeout=200, **more)


def test_the_benchmark_of_fleets_still_runs():
    done = bench(BINARY_DIR / "bin", "--stations", "50", "--seconds", "1")
    figures = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith("#")]
    assert figures == ["csms-memory", "csms-cpu", "csms-push"], done.stdout + done.stderr  # met or not


@pytest.mark.parametrize("side,program,instead,told", [
    ("mock-csms", "mock-csms-fleet", "echo why >&2; exit 3", "fleet ended early, exit status 3:\nwhy"),
    ("mock-csms", "mock-csms-fleet", 'exec {} --run 4 "$@"', "fleet ended early, exit status 0"),
    ("mock-csms", "mock-csms", 'case $* in --help) exit;; esac; exit 1', "mock-csms ended early, exit status 1"),
    ("mock-csms", "mock-csms", 'case $* in --help) exit;; esac; exec timeout 4 {} "$@"', "mock-csms ended early, exit status 124"),
    ("ocpp-rpc", "node", 'exec timeout 4 {} "$@"', "ocpp-rpc ended early, exit status 124"),
], ids=["fleet at once", "fleet", "CSMS at once", "CSMS", "peer"])
def test_the_benchmark_of_fleets_sees_who_ends_early(tmp_path, side, program, instead, told):
    """At once: what it waits for would take it hours."""
    for name in "mock-csms", "mock-csms-fleet":
        (tmp_path / name).symlink_to(BINARY_DIR / "bin" / name)
    (tmp_path / program).unlink(missing_ok=True)
    (tmp_path / program).write_text("#!/bin/sh\n" + instead.format(shutil.which(program) or BINARY_DIR / "bin" / program) + "\n")
    (tmp_path / program).chmod(0o755)
    done = bench(tmp_path, "--stations", "20", "--seconds", "100000", "--only", side,
                 env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 1 and done.stderr.startswith(f"csms: {told}") and "Traceback" not in done.stderr, done.stderr
