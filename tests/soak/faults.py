"""What a CSMS does that misbehaves at random: the acts of the soak. Each is drawn by chance with a weight, and none
of them waits for another: REST calls run on a few threads, and what they come to is nobody's business but the
trace's."""
import concurrent.futures
import json
import os
import signal
import subprocess
import time

from stage import BINARIES
from parts import Trouble
from wsclient import Closed, Refused, Station

LATER = "2099-01-01T00:00:00Z"
REPORTS = ("FirmwareStatusNotification", "SignedFirmwareStatusNotification", "LogStatusNotification",
           "SecurityEventNotification", "StatusNotification", "Heartbeat")
# Of a final status these count as delivered; after the others it is sent again, 10 s later at first.
FINAL_ERRORS = ("FormatViolation", "NotSupported", "NotImplemented", "ProtocolError", "%s%n", "")
PASSING_ERRORS = ("InternalError", "GenericError", "SecurityError")
TRIGGERS = ("Heartbeat", "FirmwareStatusNotification", "LogStatusNotification", "StatusNotification",
            "BootNotification", "DiagnosticsStatusNotification", "SignChargingStationCertificate", "MeterValues", "")
ACTIONS = ("Reset", "GetVariables", "SetVariables", "ChangeAvailability", "UnlockConnector", "NoSuchAction", "DataTransfer",
           "GetConfiguration", "ClearCache", "")
# A status may go unanswered five times before it is set aside until the station boots anew.
UNANSWERED_MAX = 4
TOO_LONG = 1 << 20
CONNECTIONS = 4


class Storm:
    """The acts on one charger. disturbed: the times at which the connection was made to end."""

    def __init__(self, charger, chance, patient):
        self.charger, self.chance, self.patient = charger, chance, patient
        self.disturbed, self.done = [], {}
        self.request_id = 0
        self.unanswered = self.passing = 0
        self.pool = concurrent.futures.ThreadPoolExecutor(CONNECTIONS)
        self.calls = set()
        self.acts = {self.update: 10, self.logs: 4, self.trigger: 8, self.spoil: 8, self.rubbish: 6,
                     self.stranger: 3, self.cancel: 2, self.kill_csms: 1, self.freeze_csms: 1, self.usurp: 1}

    def blow(self, seconds):
        self.unanswered = self.passing = 0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act = self.chance.choices(list(self.acts), self.acts.values())[0]
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1
            act()
            time.sleep(self.chance.choice((0, 0, 0.02, 0.1, 0.4)))

    def calm(self):
        """Everything goes well from now on, and nothing is under way at the CSMS."""
        concurrent.futures.wait(self.calls, timeout=30)
        self.calls.clear()
        for action in REPORTS:
            self.charger.csms.fault("*", action=action, kind="none")

    def close(self):
        self.pool.shutdown(cancel_futures=True)

    def _later(self, function, *arguments, **more):
        """On a thread; nobody waits for what it comes to."""
        def run():
            try:
                function(*arguments, **more)
            except (Trouble, OSError):
                pass  # the CSMS was killed, the station is away or silent, the request was bad
        self.calls = {c for c in self.calls if not c.done()}
        if len(self.calls) < 4 * CONNECTIONS:
            self.calls.add(self.pool.submit(run))

    def _call(self, action, payload):
        self._later(self.charger.csms.call, self.charger.station, action, payload)

    def _next_id(self):
        self.request_id += 1
        return self.request_id

    # ---- the acts ----

    def update(self):
        """Good and bad ones, at all speeds, each in the place of the one before."""
        request = dict(self.chance.choice(self.charger.requests), requestId=self._next_id())
        if self.chance.random() < 0.5:
            request["retrieveDateTime"] = LATER
        self._later(self.charger.csms.update, self.charger.station, **request)

    def logs(self):
        more = self.chance.choice(({}, {}, {"logType": "SecurityLog"}, {"remoteLocation": "http://127.0.0.1:9/"},
                                   {"remoteLocation": "gopher://127.0.0.1/"}))
        self._later(self.charger.csms.logs, self.charger.station,
                    **{"logType": "DiagnosticsLog", "requestId": self._next_id(), "retries": self.chance.randint(0, 2),
                       "retryInterval": 0, **more})

    def trigger(self):
        self._call("TriggerMessage", {"requestedMessage": self.chance.choice(TRIGGERS)})

    def spoil(self):
        """The next answers to one action go wrong."""
        kind = self.chance.choice(("never", "late", "callerror", "callerror", "garbled", "close", "twice"))
        more = {"times": self.chance.randint(1, 2)}
        if kind == "callerror":
            passing = self.patient and self.passing == 0 and self.chance.random() < 0.1
            self.passing += passing
            more["code"] = self.chance.choice(PASSING_ERRORS if passing else FINAL_ERRORS)
        elif kind == "late":
            more["seconds"] = self.chance.choice((0.05, 0.5, 3))
        if kind in ("never", "garbled", "close") or more.get("seconds") == 3:
            if self.unanswered + more["times"] > UNANSWERED_MAX:
                return
            self.unanswered += more["times"]
        self._later(self.charger.csms.fault, self.charger.station, action=self.chance.choice(REPORTS), kind=kind, **more)

    def rubbish(self):
        """A frame of anything."""
        good = json.dumps([2, f"r{self._next_id()}", "UpdateFirmware", {"requestId": -7, "firmware": {"location": 7}}])
        data = self.chance.choice((
            self.chance.randbytes(self.chance.randint(0, 300)), good[:self.chance.randint(0, len(good))],
            good.replace("7", "1e999"), "[" * self.chance.randint(1, 5000), '[3,"nobody asked",{}]', '[4,"x","y","z",{}]',
            "[2]", '[2,"",{},"%s",[]]', '[9,"x",{}]', '[2,"' + "i" * 5000 + '","Heartbeat",{}]', "null", "\0" * 50,
            '[3,"x",' + '{"a":' * 300 + "1" + "}" * 300 + "]"))
        if self.chance.random() < 0.02:
            data = "x" * (TOO_LONG + 1)
        self._later(self._send, data, binary=self.chance.random() < 0.2)

    def _send(self, data, binary):
        if len(data) > TOO_LONG:
            self._disturb()
        self.charger.send_raw(data, binary)

    def stranger(self):
        """An action that is not served, or without what it needs."""
        action = self.chance.choice((*ACTIONS, "UpdateFirmware", "GetLog", "TriggerMessage"))
        self._call(action, self.chance.choice(({}, {"x": [1, {}]}, {"requestId": "one"}, {"customData": {"vendorId": "v"}})))

    def cancel(self):
        """The operator ends the update."""
        subprocess.run([BINARIES / "rauc-ocpp-ctl", "--bus", self.charger.bus.address, "cancel"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30, check=False)

    def kill_csms(self):
        self._disturb()
        self.charger.csms.program.stop(signal.SIGKILL)
        time.sleep(self.chance.choice((0, 0.5)))
        self.charger.csms.start_again()
        self._disturb()

    def freeze_csms(self):
        """It has the connection still and does nothing."""
        process = self.charger.csms.program.process
        self._disturb()
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(self.chance.choice((0.1, 1, 2.5)))
        os.kill(process.pid, signal.SIGCONT)
        self._disturb()

    def usurp(self):
        """Another one comes by the station's name: its connection is closed."""
        self._disturb()
        try:
            with Station(self.charger.csms.port, self.charger.station, [self.charger.protocol]):
                pass
        except (OSError, Refused, Closed):
            pass
        self._disturb()

    def _disturb(self):
        self.disturbed.append(time.time())
