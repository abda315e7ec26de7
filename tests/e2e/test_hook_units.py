"""Hooks that systemd runs as units of their own, as in the agent's unit. systemd is played (play-systemd.c), the
rest is real; see stage.py."""
import json
import os
import signal

from stage import BINARIES, Stage, ctl, wait_for
from parts import Program  # in tools/demo, which stage makes known

SYSTEMD = "org.freedesktop.systemd1"


class Units(Stage):
    """A charger whose agent believes that it runs in its unit."""

    def __init__(self, keys, **sections):
        self.systemd = None
        super().__init__(keys, **sections)
        self.units = self.folder / "run"
        self.units.mkdir()
        self.agent_env["RAUC_OCPP_HOOK_DIR"] = str(self.units)

    def play_systemd(self, *words):
        self.stop_systemd()
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}
        self.systemd = Program("play-systemd", [BINARIES / "play-systemd", self.units, *words],
                               self.folder / "systemd.log", env)
        wait_for(lambda: self.bus.has(SYSTEMD), "systemd")

    def stop_systemd(self):
        if self.systemd:
            self.systemd.stop()
            self.systemd = None

    def orders(self):
        return (self.folder / "systemd.log").read_text().splitlines()

    def _tear_down(self):
        self.stop_systemd()
        super()._tear_down()


def is_gone(pid):
    try:
        return open(f"/proc/{pid}/stat", encoding="ascii").read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_hooks_are_units(keys):
    """All three, with the update in their environment, and none of them is the agent's child."""
    with Units(keys, firmware={"check_interval": "1s"}) as charger:
        charger.build_bundle("update")
        told = charger.folder / "told"
        hook = charger.script("hook", f'echo "$#|$1|$OCPP_REQUEST_ID|$RAUC_TARGET_SLOT|$(cat /proc/$PPID/comm)|'
                                      f'$FIRMWARE_FILE|$FIRMWARE_URI" >>{told}\n')
        charger.settings["firmware"].update({key: hook for key in ("pre_download_check", "pre_install_check",
                                                                   "verify_update_script")})
        charger.play_systemd()
        charger.boot_until_known()
        wait_for(lambda: "is confirmed" in charger.log(), "the slot's own verify")
        url = charger.csms.file_url("update.raucb")
        charger.ask(requestId=7, location=url.replace("://", "://$HOME:`id`@", 1) + "?a='\"\\$(id)")
        charger.until_status("Installed", ticking=True)
        lines = [line.split("|") for line in told.read_text().splitlines()]
        assert {line[4] for line in lines} == {"play-systemd"}
        assert {line[0] for line in lines} == {"1"}
        ours = [line for line in lines if line[2] == "7"]
        assert [line[1] for line in ours] == ["pre-download", "pre-install", "pre-install", "verify"]
        assert ours[0][6] == url + "?a='\"\\$(id)"
        assert ours[0][5].startswith(str(charger.folder / "state"))
        assert ours[3][3] == "rootfs.1"
        assert charger.orders().count("restart rauc-ocpp-hook@pre-install.service") == 2


def test_hook_of_a_killed_agent_is_stopped(keys):
    """Nobody waits for its answer any more; the next agent begins by ending it."""
    with Units(keys) as charger:
        charger.build_bundle("update")
        mark = charger.folder / "pid"
        charger.settings["firmware"]["pre_download_check"] = charger.script(
            "check", f"[ -e {mark} ] || {{ echo $$ >{mark}.new; mv {mark}.new {mark}; exec sleep 600; }}\n")
        charger.play_systemd()
        charger.boot_until_known()
        charger.ask()
        wait_for(mark.exists, "the check")
        charger.stop_agent(signal.SIGKILL)
        assert not is_gone(mark.read_text().strip())
        charger.start_agent()
        wait_for(lambda: is_gone(mark.read_text().strip()), "the end of the check")
        charger.until_status("Installed", ticking=True)


def test_check_takes_too_long(keys):
    with Units(keys, firmware={"check_timeout": "1s", "check_interval": "1s"}) as charger:
        charger.build_bundle("update")
        charger.settings["firmware"]["pre_download_check"] = charger.script("check", "exec sleep 600\n")
        charger.play_systemd()
        charger.boot_until_known()
        charger.ask()
        charger.until_status("DownloadScheduled")
        assert "rauc-ocpp-hook@pre-download.service takes too long" in charger.log()
        charger.script("check", "exit 2\n")
        charger.until_status("DownloadFailed")


def test_systemd_is_missing(keys):
    """Not now, and told; once it is there, it goes on."""
    with Units(keys, firmware={"check_interval": "1s"}) as charger:
        charger.build_bundle("update")
        charger.settings["firmware"]["pre_download_check"] = charger.script("check", "")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("DownloadScheduled")
        assert json.loads(ctl(charger, "status", "--json")[1])["heldBy"] == "pre_download_check"
        assert "systemd does not start rauc-ocpp-hook@pre-download.service: Name" in charger.log()
        charger.play_systemd()
        charger.until_status("Installed", ticking=True)


def test_verify_that_systemd_refuses_is_bad(keys):
    """A system that can't be judged is not kept."""
    with Units(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.settings["firmware"]["verify_update_script"] = charger.script("hook", "")
        charger.play_systemd("--refuse")
        charger.ask()
        charger.until_status("InstallVerificationFailed", ticking=True)
        assert charger.finals() == ["InstallVerificationFailed"]
        assert "verify_update_script can't be run" in charger.log()
        assert charger.version_of(charger.slot) == "1.0.0"
