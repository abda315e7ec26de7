"""The session with the CSMS, and what the configuration names for it. The real programs; see stage.py."""
import os
import sqlite3
import subprocess
import time

import pytest

from stage import BINARIES, Stage, in_seconds, wait_for
from parts import MockCsms


# ---- files that the configuration names ----

@pytest.mark.parametrize("section,key,content", [
    ("csms", "ca_file", "no certificate"),
    ("csms", "password_file", ""),
    ("csms", "password_file", "one\ntwo\n"),
    ("firmware", "manufacturer_roots", "no certificate"),
])
def test_useless_file_is_an_error_of_the_configuration(keys, section, key, content):
    """Exit status 78, so that the unit is not started again and again; the key and the file are named."""
    with Stage(keys) as charger:
        charger.boot_until_known()
        charger.stop_agent()
        file = charger.folder / "useless"
        file.write_text(content)
        charger.settings.setdefault(section, {})[key] = file
        if key == "ca_file":
            charger.settings["csms"]["url"] = "wss://127.0.0.1:1/ocpp"
        charger.write_config()
        agent = subprocess.run([BINARIES / "rauc-ocpp-agent", "--config", charger.folder / "agent.conf"],
                               capture_output=True, text=True, timeout=30, check=False,
                               env={**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": charger.bus.address})
        assert agent.returncode == 78, agent.stderr
        assert key in agent.stderr and str(file) in agent.stderr


# ---- the session ----

@pytest.mark.parametrize("late", [0, 3])
def test_no_boot_notification_after_it_was_accepted(keys, late):
    """Nor because the interval ends while the one that was asked for waits for its answer."""
    with Stage(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="pending", seconds=2, times=1)
        charger.boot_until_known()
        wait_for(lambda: "BootNotification with Pending" in charger.log(), "Pending")
        if late:
            charger.csms.fault("*", action="BootNotification", kind="late", seconds=late, times=1)
        charger.csms.call(charger.station, "TriggerMessage", {"requestedMessage": "BootNotification"})
        wait_for(lambda: len(charger.boot_reports()) == 2, "the one that was asked for")
        wait_for(lambda: "accepted the station" in charger.log(), "its answer")
        time.sleep(4)
        assert len(charger.boot_reports()) == 2


@pytest.mark.parametrize("status,said", [("Rejected", "which is asked again in 86400 s"),
                                         ("Accepted", "heartbeat every 86400 s")])
def test_interval_by_mistake_leaves_the_charger_alone_for_a_day_at_most(keys, status, said):
    """A rejected one can't be triggered, and without pings only a Heartbeat finds out that nobody listens."""
    with Stage(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="never", times=1)
        charger.boot()
        wait_for(lambda: charger.sent(), "BootNotification")
        charger.csms.rest("POST", f"/api/stations/{charger.station}/raw", [
            3, charger.sent()[0][1], {"status": status, "currentTime": in_seconds(0), "interval": 2000000000}])
        wait_for(lambda: said in charger.log(), charger.log)


def test_connects_anew_as_often_as_need_be(keys):
    with Stage(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="close", times=3)
        charger.boot()
        wait_for(lambda: "accepted the station" in charger.log(), "the fourth connection")
        assert charger.log().count("Connected to the CSMS") == 4
        assert len(charger.boot_reports()) == 4


def test_csms_that_closes_on_a_status_does_not_block_the_rest(keys):
    """After five tries an intermediate status is given up."""
    with Stage(keys, csms={"backoff_repeat_times": "0"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.csms.fault(charger.station, action="FirmwareStatusNotification", kind="close", times=5)
        charger.ask()
        charger.until_status("Downloaded", seconds=90)
        assert charger.statuses().count("Downloading") == 5
        charger.until_status("Installed", seconds=60, ticking=True)
        assert charger.finals() == ["Installed"]


def test_connector_is_told_again_if_it_was_not_answered(keys):
    with Stage(keys) as charger:
        charger.csms.fault("*", action="StatusNotification", kind="close", times=1)
        charger.boot_until_known()
        wait_for(lambda: [p["evseId"] for a, p in charger.listen() if a == "StatusNotification"] == [1, 1],
                 "the second telling")


def test_answer_with_a_member_too_many(keys):
    """What a CSMS adds to an answer is no reason to lose what it says with it."""
    with Stage(keys) as charger:
        charger.csms.fault("*", action="BootNotification", kind="never", times=1)
        charger.boot()
        frames = []

        def boot_frame():
            frames.extend(e["frame"] for e in charger.csms.new_frames() if e["from"] == "station")
            return frames

        wait_for(boot_frame, "BootNotification")
        charger.csms.rest("POST", f"/api/stations/{charger.station}/raw", [
            3, frames[0][1], {"status": "Accepted", "currentTime": in_seconds(0), "interval": 60, "mood": "good"}])
        wait_for(lambda: "accepted the station" in charger.log(), "the answer to be taken")


def test_first_lines_of_the_log_are_in_order(keys):
    """… and no alarm at a start where all is well."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("Downloaded")
        log = charger.log()
        assert "RAUC is not on the bus" not in log
        assert 0 < log.index("UpdateFirmware") < log.index(": Downloading")


def test_password_that_only_begins_like_hex(keys, tmp_path):
    password = "0123456789abcdef0123456789abcdef+!"
    (tmp_path / "passwords").write_text(f"CS001:{password}\n")
    (tmp_path / "password").write_text(f"{password}\n")
    with Stage(keys, csms={"protocols": "ocpp1.6", "password_file": tmp_path / "password"}) as charger:
        charger.csms.stop()
        charger.csms = MockCsms(BINARIES / "mock-csms", charger.folder, charger.folder / "files",
                                options=["--passwords", tmp_path / "passwords"])
        charger.boot_until_known()


def secure_csms(charger, certificate):
    """In the place of the plain one."""
    charger.csms.stop()
    charger.csms = MockCsms(BINARIES / "mock-csms", charger.folder, charger.folder / "files", options=[
        "--tls-cert", charger.pki / f"csms/{certificate}.pem", "--tls-key", charger.pki / f"csms/{certificate}.key"])
    charger.settings["csms"].update(url=f"wss://localhost:{charger.csms.port}/ocpp",
                                    ca_file=charger.pki / "csms/root.pem")


def test_certificate_of_the_csms_while_the_clock_is_wrong(keys):
    """Its dates are looked at as soon as the CSMS has told the time, and nothing is said to it before."""
    with Stage(keys, csms={"backoff_wait_minimum": "1s"}) as charger:
        charger.boot_until_known()
        charger.stop_agent()
        with sqlite3.connect(charger.folder / "state" / "agent.db") as db:
            db.execute("INSERT OR REPLACE INTO value VALUES ('csms-time', ?)", (4 * 10**15,))  # 2096
        db.close()
        secure_csms(charger, "expired")
        charger.start_agent()
        wait_for(lambda: charger.log().count("not valid at the time that the CSMS tells") >= 2, "two refusals")
        assert {a for a, p in charger.listen()} == {"BootNotification"}
        charger.stop_agent()
        secure_csms(charger, "server")
        charger.frames.clear()
        charger.start_agent()
        wait_for(charger.events, "the security event")
        assert charger.events() == ["InvalidCsmsCertificate"]


def test_password_of_a_url_is_in_no_log(keys):
    """At level debug whole frames are logged."""
    with Stage(keys) as charger:
        charger.agent_env["RAUC_OCPP_LOG_LEVEL"] = "debug"
        charger.boot_until_known()
        host = charger.csms.http.removeprefix("http://")
        charger.csms.call(charger.station, "UpdateFirmware", {
            "requestId": 7, "firmware": {"location": f"http://joe:s3cret@{host}/files/none",
                                         "retrieveDateTime": in_seconds(0)}})
        charger.until_status("DownloadFailed")
        assert "s3cret" not in charger.log()
        assert f'"location":"http://{host}/files/none"' in charger.log()
