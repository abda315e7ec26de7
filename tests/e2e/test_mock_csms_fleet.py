"""mock-csms-fleet: simulated stations boot, are updated, send logs, and end as the seed says; every frame is valid by the
official schemas."""
import collections
import contextlib
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from fleet import FLEET, Fleet
from mockcsms import BINARY_DIR, MockCsms, wait_until

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


@contextlib.contextmanager
def stage(tmp_path, *options, csms=()):
    (tmp_path / "files").mkdir()
    (tmp_path / "files/box-2.1.0.raucb").write_bytes(bytes(200_000))
    with MockCsms("--files", tmp_path / "files", "--trace", tmp_path / "trace.jsonl", "--message-timeout", 20, *csms) as server:
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


@pytest.mark.parametrize("options", [["--count", "0"], ["--protocols", "1.7"], ["--failures", "install:101"], ["--url", "http://x/"],
                                     ["--url", "ws://x/ocpp"], ["--speed", "0"], ["--prefix", "a/b"], ["--seed", "x"],
                                     ["--models", "m" * 21], ["--nothing"], ["--count"]], ids=range(11))
def test_bad_options_are_refused(options):
    done = subprocess.run([FLEET, "--url", "ws://127.0.0.1:1/", *options], capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 2 and done.stderr.startswith("mock-csms-fleet: ")


def test_the_benchmark_of_fleets_still_runs():
    done = subprocess.run([SOURCE / "tests/bench/csms", "--stations", "50", "--seconds", "1", "--rounds", "1",
                           "--binaries", BINARY_DIR / "bin"], capture_output=True, text=True, check=False, timeout=200)
    figures = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith("#")]
    assert figures == ["csms-memory", "csms-cpu", "csms-push"], done.stdout + done.stderr  # met or not
