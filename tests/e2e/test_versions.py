"""OCPP 2.1, and a CSMS that speaks another version today than it did yesterday: each status goes out in the words of the
version then spoken, and none is lost. The real programs; see stage.py."""
import contextlib
import http.server
import json
import signal
import subprocess
import threading

import pytest

from stage import TOP, Stage, wait_for
from parts import run

ALL = {"protocols": None}  # as the configuration has it where nothing is said: 2.1, 2.0.1, 1.6
ID = 77


def check_schemas(charger):
    """A trace names the version of each frame."""
    done = subprocess.run(["node", TOP / "tests/e2e/check-trace.js", charger.csms.trace], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def csms_speaks(charger, *protocols):
    """It starts anew, if it runs, at the same address, and speaks these alone."""
    if charger.csms.program.running:
        charger.csms.stop()
    command = charger.csms.command
    at = command.index("--protocols") if "--protocols" in command else len(command)
    charger.csms.command = [*command[:at], "--protocols", ",".join(protocols)]
    charger.csms.start_again()


class Depot:
    """The firmware, which comes when it is let go."""

    def __init__(self, file):
        self.let = threading.Event()
        depot = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                depot.let.wait(60)
                data = file.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/update.raucb"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let.set()
        self.server.shutdown()
        self.server.server_close()


def told(charger):
    """[(version, action, requestId, status)] of the firmware statuses, in order."""
    frames = [json.loads(line) for line in charger.csms.trace.read_text().splitlines()]
    return [(e["protocol"], f[2], f[3].get("requestId"), f[3]["status"]) for e in frames
            if e["from"] == "station" and (f := e.get("frame")) and f[0] == 2 and "FirmwareStatus" in f[2]]


def test_version_changes_while_statuses_wait(keys):
    """2.1 takes the order, 1.6 hears how it went on, 2.0.1 of the end."""
    with Stage(keys, csms=ALL) as charger, Depot(charger.build_bundle("update")) as depot:
        charger.boot_until_known()
        assert charger.ask(location=depot.url, requestId=ID)["result"] == {"status": "Accepted"}
        charger.until_status("Downloading")
        charger.csms.stop()
        depot.let.set()
        wait_for(lambda: charger.outbox() == ["Downloaded", "Installing", "InstallRebooting"], "statuses that wait", 60)
        csms_speaks(charger, "ocpp1.6")
        charger.until_outbox_empty(60)
        charger.csms.stop()
        wait_for(lambda: charger.reboot_asked, "the reboot", 60)
        csms_speaks(charger, "ocpp2.0.1")
        charger.tick()
        wait_for(lambda: told(charger)[-1][3] == "Installed", "Installed", 60)
        signed = "SignedFirmwareStatusNotification"
        assert told(charger) == [
            ("ocpp2.1", "FirmwareStatusNotification", ID, "Downloading"),
            ("ocpp1.6", signed, ID, "Downloaded"), ("ocpp1.6", signed, ID, "Installing"),
            ("ocpp1.6", signed, ID, "InstallRebooting"),
            ("ocpp2.0.1", "FirmwareStatusNotification", ID, "Installed")]
        check_schemas(charger)


def test_plain_job_of_16_ends_in_21(keys):
    """It came without an id: 2.1 hears the same end without one."""
    with Stage(keys, csms=ALL) as charger, Depot(charger.build_bundle("update")) as depot:
        csms_speaks(charger, "ocpp1.6")
        charger.boot_until_known()
        assert charger.ask(location=depot.url)["result"] == {}
        charger.until_status("Downloading")
        charger.csms.stop()
        depot.let.set()
        wait_for(lambda: "Installing" in charger.outbox(), "statuses that wait", 60)
        csms_speaks(charger, "ocpp2.1")
        wait_for(charger.tick, "the reboot", 60)
        wait_for(lambda: told(charger)[-1][3] == "Installed", "Installed", 60)
        assert [(v, i, s) for v, _, i, s in told(charger)] == [
            ("ocpp1.6", None, "Downloading"), ("ocpp2.1", None, "Downloaded"), ("ocpp2.1", None, "Installing"),
            ("ocpp2.1", None, "InstallRebooting"), ("ocpp2.1", None, "Installed")]
        check_schemas(charger)


@pytest.mark.parametrize("spoken", ["ocpp1.6", "ocpp2.0.1", "ocpp2.1"])
def test_csms_that_speaks_one_version(keys, spoken):
    """Offered all three, it gets a station that is right in its own."""
    with Stage(keys, csms=ALL) as charger:
        csms_speaks(charger, spoken)
        charger.build_bundle("update")
        charger.boot_until_known()
        assert charger.csms.stations()[0]["protocol"] == spoken
        charger.ask()
        charger.until_status("Installed", seconds=90, ticking=True)
        charger.beat()
        connectors = [p.get("connectorId") for p in charger.payloads("StatusNotification")]
        assert (0 in connectors) == (spoken == "ocpp1.6")
        check_schemas(charger)


# ---- what 2.1 has of its own ----

@contextlib.contextmanager
def connected(keys, **sections):
    with Stage(keys, **{"csms": {"protocols": "ocpp2.1"}, **sections}) as charger:
        charger.boot_until_known()
        wait_for(lambda: charger.payloads("StatusNotification"), "the connectors")
        charger.beat()
        yield charger
        charger.beat()


def test_requests_that_only_21_knows(keys):
    with connected(keys) as charger:
        log = {"logType": "DataCollectorLog", "requestId": 1, "log": {"remoteLocation": "http://127.0.0.1:1/"}}
        assert charger.csms.call("CS001", "GetLog", log) == {"result": {"status": "Rejected"}}
        assert charger.trigger("CustomTrigger", customTrigger="MakeCoffee") == "NotImplemented"
        assert charger.trigger("SignV2G20Certificate") == "NotImplemented"
        assert charger.csms.call("CS001", "GetTariffs", {"evseId": 0})["error"]["code"] == "NotSupported"
        long = charger.csms.file_url("x" * 1900)
        assert charger.ask(location=long, retries=0)["result"]["status"] == "Accepted"
        charger.until_status("DownloadFailed")
        check_schemas(charger)
        assert charger.trigger("Heartbeat", evse={"id": -1}) == "PropertyConstraintViolation"


def test_frames_that_only_21_has(keys):
    """SEND and unknown types are dropped, a CALLRESULTERROR is logged; none is answered."""
    with connected(keys) as charger:
        before = len(charger.sent())
        charger.send_raw('[6,"s1","NotifyPeriodicEventStream",{"id":1,"pending":0,"basetime":"2026-11-24T04:10:00Z","data":[]}]')
        charger.send_raw('[5,"r1","FormatViolation","not as it should be",{}]')
        charger.send_raw('[9,"u1",{}]')
        charger.beat()
        assert [f[0] for f in charger.sent()[before:]] == [3, 2]  # of the beat
        log = charger.log()
        assert "wants no answer" in log and "unknown message type" in log
        assert "could not use the answer to its message r1: FormatViolation: not as it should be" in log
        assert charger.connections() == 1


@pytest.mark.parametrize("version", ["ocpp2.1", "ocpp2.0.1"])
def test_answer_that_can_not_be_used(keys, version):
    """2.1 says so by CALLRESULTERROR."""
    with connected(keys, csms={"protocols": version}) as charger:
        charger.csms.fault(charger.station, action="Heartbeat", kind="never", times=1)
        assert charger.trigger("Heartbeat") == "Accepted"
        wait_for(lambda: len([f for f in charger.sent() if f[0] == 2 and f[2] == "Heartbeat"]) == 2, "the Heartbeat")
        beats = [f for f in charger.sent() if f[0] == 2 and f[2] == "Heartbeat"]
        charger.send_raw(json.dumps([3, beats[-1][1], {"currentTime": 5}]))
        charger.beat()
        complaints = [f for f in charger.sent() if f[0] == 5]
        assert complaints == ([[5, beats[-1][1], "TypeConstraintViolation", "currentTime is not a string", {}]]
                              if version == "ocpp2.1" else [])
        assert "The CSMS's answer to Heartbeat is not usable" in charger.log()
        assert charger.connections() == 1


def test_reason_is_told_after_a_restart(keys):
    """Why a download failed is kept with the status."""
    with connected(keys, csms={"protocols": "ocpp2.1", "message_timeout": "30s"}) as charger:
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="never", times=1)
        assert charger.ask(location="http://127.0.0.1:1/none", requestId=ID, retries=0)["result"]["status"] == "Accepted"
        wait_for(lambda: charger.outbox() == ["Downloading", "DownloadFailed"], "the failure")
        charger.restart_agent()
        charger.until_status("DownloadFailed")
        info = charger.reports()[-1]["statusInfo"]
        assert info["reasonCode"] == "Unspecified" and info["additionalInfo"].startswith("download: ")
        assert not any("statusInfo" in p for p in charger.reports() if p["status"] == "Downloading")
        assert charger.trigger("FirmwareStatusNotification") == "Accepted"
        wait_for(lambda: len(charger.reports()) == 4, "the status once more")
        assert charger.reports()[-1] == {"status": "DownloadFailed", "requestId": ID, "statusInfo": info}
        check_schemas(charger)


def test_no_room(keys):
    with Stage(keys, csms={"protocols": "ocpp2.1"}) as charger:
        charger.build_bundle("update")
        spool = charger.folder / "state/spool"
        spool.mkdir(parents=True)
        run("mount", "-t", "tmpfs", "-o", "size=8M", "none", spool)
        try:
            charger.boot_until_known()
            charger.ask(requestId=ID)
            charger.until_status("DownloadFailed")
            assert charger.reports()[-1]["statusInfo"]["reasonCode"] == "OutOfStorage"
        finally:
            charger.stop_agent(signal.SIGTERM)
            subprocess.run(["umount", spool], check=False)


def test_version_policy_is_told(keys):
    with Stage(keys, csms={"protocols": "ocpp2.1"}, firmware={"allow_same_version": "no"}) as charger:
        charger.build_bundle("update", version="1.0.0")
        charger.boot_until_known()
        charger.ask(requestId=ID)
        charger.until_status("InstallationFailed")
        assert charger.reports()[-1]["statusInfo"] == {
            "reasonCode": "Unspecified",
            "additionalInfo": "the bundle's version runs already ([firmware] allow_same_version)"}


@pytest.mark.parametrize("location,code", [("gopher://h/", "InvalidURL"), ("http://127.0.0.1:1/", "Unspecified")])
def test_reason_of_logs_that_did_not_come(keys, location, code):
    with connected(keys) as charger:
        want = {"logType": "DiagnosticsLog", "requestId": ID, "retries": 0, "log": {"remoteLocation": location}}
        assert charger.csms.call("CS001", "GetLog", want)["result"]["status"] == "Accepted"
        wait_for(lambda: [p for p in charger.payloads("LogStatusNotification") if p["status"] != "Uploading"], "the end")
        last = charger.payloads("LogStatusNotification")[-1]
        assert last["requestId"] == ID and last["statusInfo"]["reasonCode"] == code and last["statusInfo"]["additionalInfo"]
        check_schemas(charger)
