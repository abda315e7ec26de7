"""A charger that takes unsigned updates, and what its CSMS heard: for the end-to-end tests of what goes wrong
and of what is waited for. See tools/demo/charger.py for the stage itself."""
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("BINARY_DIR", TOP / "build" / "dev")) / "bin"
sys.path.insert(0, str(TOP / "tools" / "demo"))
import openapi  # noqa: E402
import record  # noqa: E402
from charger import Charger  # noqa: E402
from parts import wait_for  # noqa: E402

STATUS_MESSAGES = {"FirmwareStatusNotification", "SignedFirmwareStatusNotification"}
STARTS = {"StartupOfTheDevice", "ResetOrReboot"}  # one of them at each start of the machine
FINAL = {"Installed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature", "DownloadFailed"}


class Stage(Charger):
    """A charger that takes unsigned updates, and what its CSMS heard. It speaks 2.0.1 unless told otherwise."""

    def __init__(self, keys, csms_options=lambda charger: (), **sections):
        self.frames = []
        super().__init__(BINARIES, pki=keys, csms_options=csms_options)
        self.settings = {"csms": {"protocols": "ocpp2.0.1"},
                         "firmware": {"manufacturer_roots": None, "require_signed": "no"}}
        for section, more in sections.items():
            self.settings.setdefault(section, {}).update(more)

    def _tear_down(self):
        try:
            if self.agent:
                self.stop_agent()
        finally:
            log = self.folder / "agent.log"
            text = log.read_text(errors="replace") if log.exists() else ""
            if self.csms:
                record.keep(self.csms.trace)
            super()._tear_down()
        assert "Sanitizer" not in text and "runtime error:" not in text, text[-6000:]

    def _set_up(self, *arguments):
        super()._set_up(*arguments)
        self.csms.opener.add_handler(openapi.Judge())

    def boot_until_known(self):
        self.boot()
        wait_for(lambda: self.csms.is_online(self.station), "the connection")

    @property
    def job(self):
        return self.bus.property("org.raucocpp.Agent1", "/org/raucocpp/Agent1", "org.raucocpp.Agent1", "JobState")

    def sent(self):
        """Every frame of the station so far."""
        self.frames += [e["frame"] for e in self.csms.new_frames()
                        if e["from"] == "station" and isinstance(e.get("frame"), list)]
        return self.frames

    def listen(self):
        """Everything that was said so far: [(action, payload)]."""
        return [(frame[2], frame[3]) for frame in self.sent() if frame[0] == 2]

    def payloads(self, action):
        return [p for a, p in self.listen() if a == action]

    def events(self, starts=False):
        """The security events; those of starts, too."""
        return [p["type"] for p in self.payloads("SecurityEventNotification") if starts or p["type"] not in STARTS]

    def reports(self):
        """The payloads of the firmware statuses, of either message of 1.6."""
        return [p for a, p in self.listen() if a in STATUS_MESSAGES]

    def statuses(self):
        return [p["status"] for p in self.reports()]

    def boot_reports(self):
        return self.payloads("BootNotification")

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

    def send_raw(self, data, binary=False):
        """These bytes as one frame of the CSMS, whatever they are."""
        request = urllib.request.Request(f"{self.csms.http}/api/stations/{self.station}/raw?binary={int(binary)}",
                                         data=data.encode() if isinstance(data, str) else data, method="POST")
        self.csms.opener.open(request, timeout=10).close()

    def trigger(self, message, action="TriggerMessage", **more):
        """Asks for a message; the answer's status, or the code of the error."""
        answer = self.csms.call(self.station, action, {"requestedMessage": message, **more})
        return answer["result"]["status"] if "result" in answer else answer["error"]["code"]

    def beat(self):
        """A Heartbeat that was asked for: the session is well, and what the agent had to answer before was sent."""
        before = len(self.payloads("Heartbeat"))
        assert self.trigger("Heartbeat") == "Accepted"
        wait_for(lambda: len(self.payloads("Heartbeat")) > before, "a Heartbeat")

    def restart_agent(self):
        """Its plug alone is pulled; until the new one has reported."""
        self.stop_agent(signal.SIGKILL)
        before = len(self.boot_reports())
        self.start_agent()
        wait_for(lambda: len(self.boot_reports()) > before, "BootNotification")

    def database(self, sql):
        """The rows."""
        with sqlite3.connect(self.folder / "state" / "agent.db", timeout=10) as db:
            rows = db.execute(sql).fetchall()
        db.close()
        return rows

    def outbox(self):
        """What is still to be said."""
        return [row[0] for row in self.database("SELECT value FROM outbox ORDER BY id")]

    def until_outbox_empty(self, seconds=30.0):
        """Until everything was said and its answer is stored: none of it is told again, whatever happens now. What
        was only heard may be, when the plug is pulled before its answer is stored."""
        wait_for(lambda: self.outbox() == [], lambda: f"the CSMS to be told {self.outbox()}", seconds)

    def connections(self):
        return self.log().count("Connected to the CSMS")

    def log(self):
        return (self.folder / "agent.log").read_text(errors="replace")

    def loader_calls(self, words):
        log = self.boot_loader.folder / "log"
        return log.read_text().splitlines().count(words) if log.exists() else 0

    def connectors(self):
        """What was last said of each: {connector: status}."""
        return {p["evseId"]: p["connectorStatus"]
                for a, p in self.listen() if a == "StatusNotification"}


def ctl(charger, *words):
    """Runs rauc-ocpp-ctl to its end: (exit status, what it printed)."""
    done = subprocess.run([BINARIES / "rauc-ocpp-ctl", "--bus", charger.bus.address, *words], capture_output=True,
                          text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def in_seconds(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
