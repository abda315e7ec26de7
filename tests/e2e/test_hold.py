"""What holds an update: locks, the operator, the window, the check, a random start. The real programs;
see stage.py."""
import json
import os
import signal
import subprocess
import time

from stage import BINARIES, Stage, ctl, in_seconds, wait_for


def status(charger):
    return json.loads(ctl(charger, "status", "--json")[1])


class Holder:
    """Somebody who holds the charger by `rauc-ocpp-ctl inhibit`."""

    def __init__(self, charger, why):
        self.process = subprocess.Popen([BINARIES / "rauc-ocpp-ctl", "--bus", charger.bus.address, "inhibit", "--why",
                                         why, "--", "sleep", "60"], start_new_session=True)
        wait_for(lambda: f"holds the charger: {why}" in charger.log(), "the lock")

    def release(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def test_reboot_waits_for_an_inhibitor(keys):
    """The slot is written meanwhile; the reboot comes as soon as the holder is gone, however it went."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        holder = Holder(charger, "a firmware of the meter")
        charger.ask()
        charger.until_job("reboot-held")
        assert status(charger)["heldBy"] == "rauc-ocpp-ctl: a firmware of the meter"
        assert "Waits for    rauc-ocpp-ctl: a firmware of the meter" in ctl(charger, "status")[1]
        time.sleep(1)
        assert charger.statuses()[-1] == "Installing"
        assert not charger.reboot_asked
        holder.release()
        charger.until_status("Installed", ticking=True)
        assert charger.finals() == ["Installed"]


def test_download_waits_for_its_check(keys):
    """DownloadScheduled is said only when there is something to wait for."""
    with Stage(keys, firmware={"check_interval": "1s"}) as charger:
        charger.build_bundle("update")
        mood = charger.folder / "mood"
        mood.write_text("1")
        charger.settings["firmware"]["pre_download_check"] = charger.script(
            "check", f'[ "$1" = pre-download ] || exit 2\nexit $(cat {mood})\n')
        charger.boot_until_known()
        charger.ask(requestId=1)
        charger.until_status("DownloadScheduled")
        assert status(charger)["heldBy"] == "pre_download_check"
        time.sleep(1.5)
        assert charger.statuses() == ["DownloadScheduled"]
        mood.write_text("2")
        charger.until_status("DownloadFailed")
        assert "pre_download_check says never" in status(charger)["reason"]
        mood.write_text("0")
        before = len(charger.statuses())
        charger.ask(requestId=2)
        charger.until_status("Installed", ticking=True)
        assert charger.statuses()[before:] == ["Downloading", "Downloaded", "Installing", "InstallRebooting",
                                               "Installed"]


def test_pause_while_the_download_is_checked(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        go = charger.folder / "go"
        charger.settings["firmware"]["pre_download_check"] = charger.script(
            "check", f"while ! [ -e {go} ]; do sleep 0.1; done\n")
        charger.boot_until_known()
        charger.ask()
        charger.until_job("checking")
        assert ctl(charger, "pause")[0] == 0
        go.touch()
        charger.until_job("download-scheduled")
        time.sleep(0.5)
        assert charger.statuses() == ["DownloadScheduled"]
        assert ctl(charger, "resume")[0] == 0
        charger.until_status("Installed", ticking=True)


def test_install_waits_too_where_it_is_told_to(keys):
    with Stage(keys, firmware={"hold": "install"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        holder = Holder(charger, "busy")
        charger.ask()
        charger.until_status("InstallScheduled")
        time.sleep(1)
        assert charger.version_of("B") is None
        holder.release()
        charger.until_status("Installed", ticking=True)
        assert charger.statuses() == ["Downloading", "Downloaded", "InstallScheduled", "Installing", "InstallRebooting",
                                      "Installed"]


def test_holder_that_does_not_let_go_ends_the_update(keys):
    """After twice max_wait; the old slot is the next boot's again before that is said."""
    with Stage(keys, firmware={"max_wait": "1s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        holder = Holder(charger, "for ever")
        charger.ask()
        charger.until_status("InstallationFailed")
        assert charger.boot_loader.primary == "A"
        assert "max_wait" in status(charger)["reason"]
        holder.release()
        time.sleep(1)
        assert charger.finals() == ["InstallationFailed"]
        assert not charger.reboot_asked
        charger.power_off()
        charger.boot()
        wait_for(lambda: len(charger.boot_reports()) == 2, "the next BootNotification")
        assert [b["reason"] for b in charger.boot_reports()] == ["PowerUp", "PowerUp"]


def test_holders_of_before_a_restart_are_waited_for(keys):
    with Stage(keys, firmware={"inhibit_grace": "4s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        holder = Holder(charger, "a session")
        charger.ask()
        charger.until_job("reboot-held")
        charger.stop_agent(signal.SIGKILL)
        begun = time.monotonic()
        charger.start_agent()
        holder.release()
        wait_for(lambda: charger.reboot_asked, "the reboot")
        assert time.monotonic() - begun >= 4
        charger.until_status("Installed", ticking=True)
        assert charger.finals() == ["Installed"]


def test_session_drains_the_other_connectors(keys):
    """L01.FR.07; undone when the update has ended, here by the operator."""
    with Stage(keys, station={"connectors": "2"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: charger.connectors() == {1: "Available", 2: "Available"}, "the connectors")
        lock = subprocess.Popen(["/usr/bin/python3", "-c", INHIBIT, charger.bus.address], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        assert lock.stdout.readline() == b"held\n"
        charger.ask()
        charger.until_job("reboot-held")
        wait_for(lambda: charger.connectors() == {1: "Available", 2: "Unavailable"}, "the other one to be drained")
        assert ctl(charger, "cancel") == (0, "")
        charger.until_status("InstallationFailed")
        wait_for(lambda: charger.connectors()[2] == "Available", "its return")
        lock.communicate(b"\n")


# A program that holds connector 1 until it is told to go. gdbus and busctl give no descriptor away.
INHIBIT = """
import ctypes, sys
bus = ctypes.c_void_p()
sd = ctypes.CDLL("libsystemd.so.0")
assert sd.sd_bus_new(ctypes.byref(bus)) >= 0
assert sd.sd_bus_set_address(bus, sys.argv[1].encode()) >= 0
assert sd.sd_bus_set_bus_client(bus, 1) >= 0
assert sd.sd_bus_start(bus) >= 0
reply = ctypes.c_void_p()
name, path = b"org.raucocpp.Agent1", b"/org/raucocpp/Agent1"
assert sd.sd_bus_call_method(bus, name, path, name, b"Inhibit", None, ctypes.byref(reply), b"ssu", b"stack",
                             b"charging", ctypes.c_uint(int((sys.argv + ["1"])[2]))) >= 0
print("held", flush=True)
sys.stdin.readline()
"""


def test_cancel_before_and_after_downloaded(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        assert ctl(charger, "cancel")[0] == 1
        charger.ask(retrieveDateTime=in_seconds(3600))
        charger.until_job("download-scheduled")
        assert ctl(charger, "cancel") == (0, "")
        charger.until_status("DownloadFailed")
        charger.ask(installDateTime=in_seconds(3600))
        charger.until_job("install-scheduled")
        assert ctl(charger, "cancel") == (0, "")
        charger.until_status("InstallationFailed")
        assert charger.finals() == ["DownloadFailed", "InstallationFailed"]
        assert ctl(charger, "status")[0] == 1


def test_cancel_is_refused_while_rauc_writes(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: charger.boot_loader.attempts("A") == 3, "the mark of this boot")
        charger.boot_loader.trap("hold", "set-state")
        charger.ask()
        charger.until_job("installing")
        for word in "cancel", "pause":
            code, text = ctl(charger, word)
            assert code == 1 and "past the point" in text
        charger.boot_loader.trap("hold", "set-state", on=False)
        charger.until_status("Installed", ticking=True)


def test_paused_download_goes_on_when_told(keys):
    with Stage(keys, firmware={"download_rate": "1M"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("Downloading")
        assert ctl(charger, "pause") == (0, "")
        charger.until_status("DownloadPaused")
        charger.until_outbox_empty()
        charger.stop_agent(signal.SIGKILL)
        charger.start_agent()
        charger.until_job("paused")
        assert "Paused" in ctl(charger, "status")[1]
        assert ctl(charger, "resume") == (0, "")
        wait_for(lambda: charger.statuses()[-1] == "Downloading", "Downloading")
        assert charger.statuses() == ["Downloading", "DownloadPaused", "Downloading"]
        assert ctl(charger, "resume")[0] == 1


def test_pause_holds_the_install(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask(retrieveDateTime=in_seconds(5))
        charger.until_job("download-scheduled")
        assert ctl(charger, "pause") == (0, "")
        time.sleep(6)
        assert charger.job == "download-scheduled"
        assert ctl(charger, "resume") == (0, "")
        charger.until_status("Installed", ticking=True)


def test_check_that_says_not_now_and_never(keys):
    with Stage(keys, firmware={"check_interval": "1s"}) as charger:
        charger.build_bundle("update")
        answer = charger.folder / "answer"
        answer.write_text("1")
        charger.settings["firmware"]["pre_install_check"] = charger.script(
            "check", f'echo "$1 $OCPP_REQUEST_ID" >> {charger.folder}/asked\nexit $(cat {answer})\n')
        charger.boot_until_known()
        charger.ask(requestId=0)
        charger.until_status("InstallScheduled")
        wait_for(lambda: (charger.folder / "asked").read_text().count("pre-install 0\n") >= 2, "the second question")
        answer.write_text("0")
        charger.until_status("Installed", ticking=True)
        answer.write_text("2")
        charger.ask(requestId=1)
        charger.until_status("InstallationFailed")
        assert "never" in status(charger)["reason"]


def test_window_holds_the_install(keys):
    """A window that opens in an hour; the status tells when."""
    now = time.localtime(time.time() + 3600)
    end = time.localtime(time.time() + 7200)
    window = time.strftime("%H:%M", now) + "-" + time.strftime("%H:%M", end)
    with Stage(keys, firmware={"install_window": window}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallScheduled")
        shown = status(charger)
        assert shown["heldBy"] == "install_window"
        assert shown["nextTry"][11:16] == time.strftime("%H:%M", time.gmtime(time.mktime(now)))


def test_random_start_is_drawn_once(keys):
    with Stage(keys, firmware={"start_jitter": "24h"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("DownloadScheduled")
        first = status(charger)["nextTry"]
        charger.stop_agent(signal.SIGKILL)
        charger.start_agent()
        wait_for(lambda: charger.job == "download-scheduled", "the agent")
        assert status(charger)["nextTry"][:18] == first[:18]
