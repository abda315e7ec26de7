"""Reset, and what is told after a restart: of the agent alone (1.6 Soft), of the machine (1.6 Hard; 2.x Immediate and
OnIdle), waiting for who holds the charger, refused while an update must not be disturbed, and over power cuts. The
real programs; see stage.py, which plays systemd and the machine."""
import signal
import subprocess
import time

import pytest

from stage import TOP, Stage, wait_for
from test_hold import INHIBIT, Holder
from test_requests import check_schemas

VERSIONS = ["ocpp2.0.1", "ocpp1.6"]
MACHINE = {"ocpp2.0.1": "Immediate", "ocpp1.6": "Hard"}


def stage(keys, version="ocpp2.0.1", **sections):
    return Stage(keys, csms={"protocols": version}, **sections)


def reset(charger, kind, **more):
    """(status, reason code), or the code of the error."""
    answer = charger.csms.call(charger.station, "Reset", {"type": kind, **more})
    if "error" in answer:
        return answer["error"]["code"]
    return answer["result"]["status"], answer["result"].get("statusInfo", {}).get("reasonCode")


def reasons(charger):
    return [b.get("reason") for b in charger.boot_reports()]


def until_boots(charger, count):
    wait_for(lambda: len(charger.boot_reports()) >= count, f"BootNotification {count}")
    charger.beat()
    charger.until_outbox_empty()


class Session:
    """A charging session at a connector."""

    def __init__(self, charger, connector=1):
        self.process = subprocess.Popen(["/usr/bin/python3", "-c", INHIBIT, charger.bus.address, str(connector)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"held\n"

    def end(self):
        self.process.communicate(b"\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_machine_is_reset(keys, version):
    """Answered, then done; the reason is told until it was accepted once, the event once a boot (TC_B_20)."""
    with stage(keys, version) as charger:
        charger.boot_until_known()
        wait_for(lambda: charger.events(starts=True) == ["StartupOfTheDevice"], "the event")
        assert reset(charger, MACHINE[version]) == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.csms.fault("*", action="BootNotification", kind="rejected", seconds=1, times=1)
        charger.tick()
        wait_for(lambda: len(charger.boot_reports()) == 2, "the rejected BootNotification")
        charger.restart_agent()
        until_boots(charger, 3)
        wait_for(lambda: len(charger.events(starts=True)) == 2, "the event")
        charger.restart_agent()
        charger.beat()
        assert charger.events(starts=True) == ["StartupOfTheDevice", "ResetOrReboot"]
        if version == "ocpp2.0.1":
            assert reasons(charger) == ["PowerUp", "RemoteReset", "RemoteReset", "ApplicationReset"]
        check_schemas(charger, version)


def test_agent_alone_is_reset(keys):
    """1.6 Soft: it ends well, so that systemd starts it anew; the CSMS hears of it once."""
    assert "\nRestart=always\n" in (TOP / "data/rauc-ocpp-agent.service.in").read_text()
    with stage(keys, "ocpp1.6") as charger:
        charger.boot_until_known()
        charger.beat()
        assert reset(charger, "Soft") == ("Accepted", None)
        wait_for(lambda: not charger.agent.running, "its end")
        assert charger.stop_agent() == 0
        charger.settings["csms"]["protocols"] = "ocpp2.0.1"  # which has a word for why
        charger.start_agent()
        until_boots(charger, 2)
        charger.restart_agent()
        charger.beat()
        assert reasons(charger) == [None, "RemoteReset", "ApplicationReset"]
        assert charger.events(starts=True) == ["StartupOfTheDevice", "ResetOrReboot"]
        assert not charger.reboot_asked
        assert charger.database("SELECT value FROM value WHERE name = 'reset'") == []


def test_what_is_to_be_said_goes_out_before(keys):
    """A status that the CSMS does not answer holds a Reset for ten seconds at most."""
    with stage(keys) as charger:
        charger.settings["csms"]["message_timeout"] = "30s"
        charger.boot_until_known()
        charger.beat()
        charger.csms.fault("*", action="FirmwareStatusNotification", kind="never", times=1)
        charger.ask(location=charger.csms.file_url("none"))
        charger.until_status("Downloading")
        begun = time.monotonic()
        assert reset(charger, "Immediate") == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        assert 8 < time.monotonic() - begun < 15
        charger.tick()
        charger.until_status("DownloadFailed")
        assert charger.finals() == ["DownloadFailed"]


def test_on_idle_waits_for_who_holds(keys):
    """Also over a restart of the agent; the reason is ScheduledReset then."""
    with stage(keys, firmware={"inhibit_grace": "4s"}) as charger:
        charger.boot_until_known()
        charger.beat()
        session = Session(charger)
        assert reset(charger, "OnIdle") == ("Scheduled", None)
        charger.beat()
        charger.restart_agent()  # and the session's lock goes with it
        begun = time.monotonic()
        assert not charger.reboot_asked
        wait_for(lambda: charger.reboot_asked, "the reboot")
        assert time.monotonic() - begun > 2
        session.end()
        charger.tick()
        until_boots(charger, 3)
        assert reasons(charger) == ["PowerUp", "ApplicationReset", "ScheduledReset"]
        assert charger.events(starts=True) == ["StartupOfTheDevice", "ResetOrReboot"]


def test_immediate_does_not_end_a_session(keys):
    """What is no session makes it wait."""
    with stage(keys) as charger:
        charger.boot_until_known()
        session = Session(charger)
        assert reset(charger, "Immediate") == ("Rejected", "TxInProgress")
        session.end()
        wait_for(lambda: charger.database("SELECT value FROM value WHERE name = 'holders'") == [], "the end of it")
        holder = Holder(charger, "a firmware of the meter")
        assert reset(charger, "Immediate") == ("Scheduled", None)
        time.sleep(1)
        assert not charger.reboot_asked
        holder.release()
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.tick()
        until_boots(charger, 2)
        assert reasons(charger) == ["PowerUp", "ScheduledReset"]


@pytest.mark.parametrize("kind", ["Hard", "Soft"])
def test_session_is_waited_for_in_16(keys, kind):
    with stage(keys, "ocpp1.6") as charger:
        charger.boot_until_known()
        charger.beat()
        session = Session(charger)
        assert reset(charger, kind) == ("Accepted", None)
        time.sleep(1)
        assert not charger.reboot_asked and charger.agent.running
        charger.beat()
        session.end()
        wait_for(lambda: charger.reboot_asked if kind == "Hard" else not charger.agent.running, "the reset")


def test_reset_that_another_restart_has_made_needless(keys):
    """The power is cut while it waits: that is what is told."""
    with stage(keys) as charger:
        charger.boot_until_known()
        charger.beat()
        session = Session(charger)
        assert reset(charger, "OnIdle") == ("Scheduled", None)
        charger.power_off(signal.SIGKILL)
        session.end()
        charger.boot()
        until_boots(charger, 2)
        time.sleep(1)
        assert not charger.reboot_asked
        assert reasons(charger) == ["PowerUp", "PowerUp"]
        assert charger.events(starts=True) == ["StartupOfTheDevice"] * 2


def test_power_is_cut_after_a_reset(keys):
    """Before the CSMS has heard of it: the reason is told still, but that start has an event of its own."""
    with stage(keys) as charger:
        charger.boot_until_known()
        charger.beat()
        assert reset(charger, "Immediate") == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.csms.fault("*", action="BootNotification", kind="never", times=1)
        charger.tick()
        wait_for(lambda: len(charger.boot_reports()) == 2, "BootNotification")
        charger.power_off(signal.SIGKILL)
        charger.boot()
        until_boots(charger, 3)
        charger.until_outbox_empty()
        assert reasons(charger) == ["PowerUp", "RemoteReset", "RemoteReset"]
        assert charger.events(starts=True) == ["StartupOfTheDevice", "ResetOrReboot", "StartupOfTheDevice"]


def test_reboot_that_does_not_come(keys):
    """Asked again after a restart of the agent; told in the log, and then things go on."""
    with stage(keys, firmware={"reboot_timeout": "2s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.beat()
        assert reset(charger, "Immediate") == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        (charger.folder / "reboot-asked").unlink()
        charger.restart_agent()
        wait_for(lambda: charger.reboot_asked, "the reboot, asked for again")
        (charger.folder / "reboot-asked").unlink()
        wait_for(lambda: "after the CSMS's Reset; things go on" in charger.log(), "the complaint")
        charger.power_off()
        charger.boot()
        until_boots(charger, 3)
        assert reasons(charger) == ["PowerUp", "ApplicationReset", "PowerUp"]
        charger.ask()
        charger.until_status("Installed", ticking=True)


def test_reboot_that_keeps_the_kernel_is_asked_for_twice_at_most(keys):
    """systemctl soft-reboot, or a container: to the agent that looks as if the reboot had not come."""
    with stage(keys) as charger:
        charger.boot_until_known()
        charger.beat()
        assert reset(charger, "Immediate") == ("Accepted", None)
        for _ in range(2):
            wait_for(lambda: charger.reboot_asked, "the reboot")
            (charger.folder / "reboot-asked").unlink()
            charger.restart_agent()
        until_boots(charger, 3)
        time.sleep(2)
        assert not charger.reboot_asked
        assert "the same boot after two restarts" in charger.log()


def test_reset_that_waited_needs_no_csms(keys):
    """It may be what brings the connection back."""
    with stage(keys, firmware={"inhibit_grace": "1s"}) as charger:
        charger.boot_until_known()
        charger.beat()
        session = Session(charger)
        assert reset(charger, "OnIdle") == ("Scheduled", None)
        charger.stop_agent(signal.SIGKILL)
        session.end()
        charger.csms.stop()
        charger.start_agent()
        wait_for(lambda: charger.reboot_asked, "the reboot")


@pytest.mark.parametrize("version", VERSIONS)
def test_update_is_not_disturbed(keys, version):
    """FwUpdateInProgress from the writing to the end of the trial; before and after that a Reset is done."""
    kinds = ["Immediate", "OnIdle"] if version == "ocpp2.0.1" else ["Hard", "Soft"]
    refused = "Rejected", "FwUpdateInProgress" if version == "ocpp2.0.1" else None

    with stage(keys, version, firmware={"download_rate": "2M"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        wait_for(lambda: (charger.agent_percent() or 0) > 20, "a part of the download")
        assert reset(charger, kinds[0]) == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.tick()
        until_boots(charger, 2)
        holder = Holder(charger, "busy")
        charger.until_job("reboot-held")
        assert [reset(charger, kind) for kind in kinds] == [refused] * 2
        charger.boot_loader.trap("hold", "set-state")
        holder.release()
        wait_for(lambda: charger.reboot_asked, "the reboot of the update")
        assert reset(charger, kinds[1]) == refused
        charger.tick()
        charger.until_job("trial-mark")
        wait_for(lambda: charger.csms.is_online(charger.station), "the connection")
        assert [reset(charger, kind) for kind in kinds] == [refused] * 2
        charger.boot_loader.trap("hold", "set-state", on=False)
        charger.until_status("Installed")
        charger.until_outbox_empty()
        assert charger.events(starts=True) == ["StartupOfTheDevice", "ResetOrReboot", "ResetOrReboot", "FirmwareUpdated"]
        if version == "ocpp2.0.1":
            assert reasons(charger) == ["PowerUp", "RemoteReset", "FirmwareUpdate"]
        assert reset(charger, kinds[0]) == ("Accepted", None)
        wait_for(lambda: charger.reboot_asked, "the reboot")
        assert charger.finals() == ["Installed"]


def test_reset_that_can_not_be_done(keys):
    with stage(keys, firmware={"reboot": "never"}) as charger:
        charger.boot_until_known()
        assert reset(charger, "Immediate") == reset(charger, "OnIdle") == ("Rejected", "NotEnabled")
        assert reset(charger, "OnIdle", evseId=1) == ("Rejected", "UnsupportedParam")
        assert reset(charger, "Later") == "PropertyConstraintViolation"
        charger.beat()
        assert not charger.reboot_asked


def test_machine_that_others_reboot_takes_soft_alone(keys):
    with stage(keys, "ocpp1.6", firmware={"reboot": "never"}) as charger:
        charger.boot_until_known()
        assert reset(charger, "Hard") == ("Rejected", None)
        assert reset(charger, "Soft") == ("Accepted", None)
        wait_for(lambda: not charger.agent.running, "its end")
