"""Where the charger keeps what it knows: a store that is locked, damaged, or in the wrong place. The real
programs; see stage.py."""
import contextlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from stage import Stage, ctl, in_seconds, wait_for
from parts import run


class DatabaseLock:
    """No step can be stored while this holds."""

    def __init__(self, charger):
        self.db = sqlite3.connect(charger.folder / "state" / "agent.db", isolation_level=None)

    def __enter__(self):
        wait_for(self._lock, "the database")

    def _lock(self):
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True

    def __exit__(self, *_):
        self.db.execute("ROLLBACK")
        self.db.close()


@contextlib.contextmanager
def block_devices(charger):
    """The slots as loop devices, since only real ones are looked at, and a partition beside them: the folder of it."""
    loops, data = [], charger.folder / "data"

    def attach(file):
        loops.append(run("losetup", "--show", "--find", file).decode().strip())
        return loops[-1]

    with open(charger.folder / "data.raw", "wb") as image:
        image.truncate(64 << 20)
    data.mkdir()
    try:
        for slot in "AB":
            image = charger.slot_image(slot)
            image.rename(image.with_suffix(".raw"))
            image.symlink_to(attach(image.with_suffix(".raw")))
        run("mkfs.ext4", "-q", "-F", attach(charger.folder / "data.raw"))
        run("mount", loops[-1], data)
        charger.settings["state"] = {"directory": data / "state"}
        yield data
    finally:
        charger.stop_agent()
        subprocess.run(["umount", data], check=False)
        for loop in loops:
            run("losetup", "--detach", loop)


def test_state_that_would_not_outlive_an_update(keys):
    memory = tempfile.mkdtemp(dir="/dev/shm", prefix="rauc-ocpp-")
    with Stage(keys) as charger, block_devices(charger) as data:
        charger.build_bundle("update")
        charger.settings["firmware"]["spool"] = f"{memory}/spool/of/bundles"
        charger.boot_until_known()
        wait_for(lambda: "which does not outlive a reboot" in charger.log(), "the error")
        answer = charger.ask()["result"]
        assert answer["status"] == "Rejected" and "tmpfs" in answer["statusInfo"]["additionalInfo"]
        charger.stop_agent()
        mount = charger.folder / "mount"
        mount.mkdir()
        run("mkfs.ext4", "-q", "-F", charger.slot_image("B"))
        run("mount", charger.slot_image("B"), mount)
        charger.settings["firmware"]["spool"] = mount / "spool"
        charger.start_agent()
        wait_for(lambda: "lies in the slot rootfs.1" in charger.log(), "the error")
        wait_for(lambda: charger.csms.is_online(charger.station), "the connection")
        assert charger.ask()["result"]["status"] == "Rejected"
        charger.stop_agent()
        run("umount", mount)
        charger.settings["firmware"]["spool"] = data / "spool"
        charger.start_agent()
        wait_for(lambda: charger.csms.is_online(charger.station), "the connection")
        charger.ask()
        charger.until_status("Installed", ticking=True, seconds=60)
    shutil.rmtree(memory)


def test_event_that_could_not_be_stored_is_not_for_the_next_job(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask(retrieveDateTime=in_seconds(4))
        charger.until_job("download-scheduled")
        with DatabaseLock(charger):
            wait_for(lambda: "Can't store" in charger.log(), "a step that can't be stored")
        answer = charger.ask(retrieveDateTime=in_seconds(3600))
        assert answer["result"]["status"] == "AcceptedCanceled"
        time.sleep(7)
        assert charger.job == "download-scheduled"
        assert "Downloading" not in charger.statuses()


def test_pause_that_could_not_be_stored_takes_nothing_along(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.settings["firmware"]["download_rate"] = "2M"
        charger.boot_until_known()
        charger.ask()
        charger.until_job("downloading")
        with DatabaseLock(charger):
            wait_for(lambda: "Can't store" in charger.log(), "a download whose end can't be stored", 60)
            assert ctl(charger, "pause")[0] == 1
        charger.until_status("Installed", ticking=True)


def test_proof_of_the_first_slot_that_could_not_be_stored(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_loader.trap("hold", "set-state")
        charger.boot_until_known()
        wait_for(lambda: charger.loader_calls("set-state A good"), "the mark")
        with DatabaseLock(charger):
            charger.boot_loader.trap("hold", "set-state", on=False)
            wait_for(lambda: "Can't record" in charger.log(), "a record that can't be stored")
        charger.ask()
        charger.until_status("Installed", ticking=True)


def test_request_that_can_not_be_stored_is_refused(keys):
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: "Slot rootfs.0 is confirmed" in charger.log(), "the slot's confirmation")
        with DatabaseLock(charger):
            assert charger.ask()["result"]["status"] == "Rejected"
        assert charger.ask()["result"]["status"] == "Accepted"
        charger.until_status("Installed", ticking=True)


def spoil_database(charger):
    for file in (charger.folder / "state").glob("agent.db*"):
        file.write_bytes(b"the disk had another idea of what stands here" * 200)


def test_damaged_database_ends_a_download(keys):
    """The address is lost with it; the end is told from the one-line copy, with the request's id."""
    with Stage(keys) as charger:
        charger.boot_until_known()
        charger.ask(requestId=-3, retrieveDateTime=in_seconds(3600))
        charger.until_status("DownloadScheduled")
        charger.stop_agent(signal.SIGKILL)
        spoil_database(charger)
        charger.start_agent()
        charger.until_status("DownloadFailed")
        assert [p["requestId"] for p in charger.reports() if p["status"] == "DownloadFailed"] == [-3]
        assert "The database is damaged" in charger.log()
        assert (charger.folder / "state/agent.db.damaged").exists()
        charger.build_bundle("update")
        charger.ask()
        charger.until_status("Installed", ticking=True)


def test_damaged_database_does_not_end_a_trial(keys):
    """The slots tell what became of it."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask(requestId=9)
        charger.until_status("InstallRebooting")
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.power_off(signal.SIGKILL)
        spoil_database(charger)
        charger.boot()
        charger.until_status("Installed")
        assert charger.finals() == ["Installed"]
        assert [p["requestId"] for p in charger.reports() if p["status"] == "Installed"] == [9]
