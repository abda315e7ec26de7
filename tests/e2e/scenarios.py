"""mock-csms with scenarios, and a WebSocket client that plays the station: what the tests of its scenario runner share."""
import json
import signal
import xml.etree.ElementTree

from mockcsms import BOOT, MockCsms
from wsclient import Closed, Station

TRIGGER = {"call": {"action": "TriggerMessage", "payload": {"requestedMessage": "Heartbeat"}}}
STATUS = "FirmwareStatusNotification"


def expect(payload=None, action=STATUS, **more):
    return {"expect": {"action": action, **({} if payload is None else {"payload": payload})}, **more}


def status(word, **more):
    return expect({"status": word}, **more)


class Runner(MockCsms):
    """mock-csms with one scenario or several."""

    def __init__(self, folder, *scenarios, options=(), boots=True, version="ocpp2.0.1"):
        self.junit, self.boots, self.version = folder / "junit.xml", boots, version
        files = []
        for number, scenario in enumerate(scenarios):
            files.append(folder / f"{number}.json")
            files[-1].write_text(json.dumps({"id": f"S{number}", "name": "a scenario", **scenario}))
        words = [word for file in files for word in ("--scenario", file)]
        super().__init__("--message-timeout", 2, *words, "--station", "CP1", "--junit", self.junit, *options)

    def station(self):
        station = Station(self.port, "CP1", [self.version])
        if self.boots:
            station.call("BootNotification", BOOT[self.version])
        return station

    def end(self, timeout=20):
        """Waits for it: (exit code, all that it printed)."""
        code = self.process.wait(timeout)
        out = self.process.stdout.read()
        self.stop()
        assert "Sanitizer" not in self.errors and "runtime error" not in self.errors, self.errors
        return code, out

    def cases(self):
        return xml.etree.ElementTree.parse(self.junit).findall("./testsuite/testcase")

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)


def play(folder, steps, *acts, options=(), **scenario):
    """Runs these steps on a station that does these acts, functions of it: (exit code, output)."""
    with Runner(folder, {"steps": steps, **scenario}, options=options) as csms, csms.station() as station:
        try:
            for act in acts:
                act(station)
        except Closed:  # a scenario that failed early
            pass
        return csms.end()


def say(word, **more):
    return lambda station: station.call(STATUS, {"status": word, "requestId": 1, **more})


def send(action, payload=None):
    return lambda station: station.call(action, payload)


def answer(result):
    def act(station):
        call = station.next_call()
        station.answer(call[1], result)
    return act
