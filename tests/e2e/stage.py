"""A charger that takes unsigned updates, and what its CSMS heard: for the end-to-end tests of what goes wrong
and of what is waited for. See tools/demo/charger.py for the stage itself."""
import os
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("BINARY_DIR", TOP / "build" / "dev")) / "bin"
sys.path.insert(0, str(TOP / "tools" / "demo"))
from charger import Charger  # noqa: E402
from parts import wait_for  # noqa: E402

FINAL = {"Installed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature", "DownloadFailed"}


class Stage(Charger):
    """A charger that takes unsigned updates, and what its CSMS heard."""

    def __init__(self, keys, **sections):
        self.heard = []
        super().__init__(BINARIES, pki=keys)
        self.settings = {"firmware": {"manufacturer_roots": None, "require_signed": "no"}}
        for section, more in sections.items():
            self.settings.setdefault(section, {}).update(more)

    def _tear_down(self):
        try:
            if self.agent:
                self.stop_agent()
        finally:
            log = self.folder / "agent.log"
            text = log.read_text(errors="replace") if log.exists() else ""
            super()._tear_down()
        assert "Sanitizer" not in text and "runtime error:" not in text, text[-6000:]

    def boot_until_known(self):
        self.boot()
        wait_for(lambda: self.csms.is_online(self.station), "the connection")

    @property
    def job(self):
        return self.bus.property("org.raucocpp.Agent1", "/org/raucocpp/Agent1", "org.raucocpp.Agent1", "JobState")

    def listen(self):
        """Everything that was said so far: [(action, payload)]."""
        self.heard += [(e["frame"][2], e["frame"][3]) for e in self.csms.new_frames()
                       if e["from"] == "station" and isinstance(e.get("frame"), list) and e["frame"][0] == 2]
        return self.heard

    def statuses(self):
        return [p["status"] for a, p in self.listen() if a == "FirmwareStatusNotification"]

    def boot_reports(self):
        return [p for a, p in self.listen() if a == "BootNotification"]

    def finals(self):
        return [s for s in self.statuses() if s in FINAL]

    def until_job(self, *states, seconds=30.0):
        wait_for(lambda: self.job in states, lambda: f"the job to be {' or '.join(states)}, it is {self.job}", seconds)

    def until_status(self, status, seconds=30.0, ticking=False):
        def said():
            if ticking:
                self.tick()
            return status in self.statuses()

        wait_for(said, lambda: f"{status}, heard {self.statuses()}", seconds)

    def ask(self, **more):
        return self.csms.update(self.station, **{"location": self.csms.file_url("update.raucb"), **more})

    def log(self):
        return (self.folder / "agent.log").read_text(errors="replace")

    def loader_calls(self, words):
        log = self.boot_loader.folder / "log"
        return log.read_text().splitlines().count(words) if log.exists() else 0

    def connectors(self):
        """What was last said of each: {connector: status}."""
        return {p["evseId"]: p["connectorStatus"]
                for a, p in self.listen() if a == "StatusNotification"}


def in_seconds(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
