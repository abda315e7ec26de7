#!/usr/bin/python3
"""./dev demo: one firmware update from end to end, with the real programs on this machine."""
import argparse
import dataclasses
import datetime
import os
import pathlib
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dashboard  # noqa: E402
from charger import SOURCE, Charger  # noqa: E402
from parts import Trouble, run as run_program  # noqa: E402

STATION = "CS001"
REQUEST_ID = 4711
OLD, NEW = "1.0.0", "2.0.0"
PATIENCE = 90.0  # seconds until the expected end
AFTERMATH = 1.0  # seconds in which nothing more may be said
FINAL = ("Installed", "InstallationFailed", "InstallVerificationFailed", "InvalidSignature",
         "DownloadFailed")
UPDATES = ("UpdateFirmware", "SignedUpdateFirmware")
STATUSES = ("FirmwareStatusNotification", "SignedFirmwareStatusNotification")


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a version of OCPP says it."""
    protocol: str
    request: str
    status: str
    signed: bool


@dataclasses.dataclass(frozen=True)
class Case:
    """One way an update may go, in the words of the versions with signatures."""
    about: str
    statuses: tuple
    event: str = None
    answer: str = "Accepted"
    slot: str = "A"  # that runs in the end
    written: bool = False  # slot B holds the new image
    boots: str = "A"
    plain: tuple = None  # where 1.6 without signatures says more than fewer words


DIALECTS = {
    "2.1": Dialect("ocpp2.1", "UpdateFirmware", "FirmwareStatusNotification", True),
    "2.0.1": Dialect("ocpp2.0.1", "UpdateFirmware", "FirmwareStatusNotification", True),
    "1.6-signed": Dialect("ocpp1.6", "SignedUpdateFirmware", "SignedFirmwareStatusNotification", True),
    "1.6": Dialect("ocpp1.6", "UpdateFirmware", "FirmwareStatusNotification", False),
}

VERIFIED = ("Downloading", "Downloaded", "SignatureVerified")
REBOOTED = VERIFIED + ("Installing", "InstallRebooting")
CASES = {
    "ok": Case("all goes well", REBOOTED + ("Installed",), "FirmwareUpdated",
               slot="B", written=True, boots="AB"),
    "bad-signature": Case("the file is not what was signed", VERIFIED[:2] + ("InvalidSignature",),
                          "InvalidFirmwareSignature",
                          plain=VERIFIED[:2] + ("Installing", "InstallationFailed")),
    "bad-certificate": Case("the signer is not one of the manufacturer's", (),
                            "InvalidFirmwareSigningCertificate", answer="InvalidCertificate"),
    "missing-file": Case("there is no such file", ("Downloading", "DownloadFailed")),
    "wrong-compatible": Case("the firmware is for another kind of charger",
                             VERIFIED + ("Installing", "InstallationFailed")),
    "rollback": Case("the new system never comes up", REBOOTED + ("InstallationFailed",),
                     written=True, boots="ABBBA"),
    "health-fails": Case("the new system comes up and is not well",
                         REBOOTED + ("InstallVerificationFailed",), written=True, boots="ABA"),
}


def expected_statuses(case, dialect):
    """1.6 without signatures has no words for signature, reboot and verification."""
    if dialect.signed:
        return case.statuses
    if case.plain:
        return case.plain
    return tuple("InstallationFailed" if s == "InstallVerificationFailed" else s
                 for s in case.statuses if s not in ("SignatureVerified", "InstallRebooting"))


class Screen:
    """Lines with a time; on a terminal colours, and a bar that moves. Plain text else."""

    COLOURS = {"dim": "2", "good": "32", "bad": "31", "warn": "33", "name": "1"}
    WIDTH = 40

    def __init__(self, out):
        self.out = out
        self.live = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        try:
            "█░✓✗→·".encode(out.encoding or "ascii")
            self.full, self.empty, self.good, self.bad, self.arrow, self.dot = "█░✓✗→·"
        except UnicodeError:
            self.full, self.empty, self.good, self.bad, self.arrow, self.dot = "#", ".", "+", "!", ">", "-"
        self.bar_shown = False

    def paint(self, text, colour):
        if not self.colour or colour is None:
            return text
        return f"\x1b[{self.COLOURS[colour]}m{text}\x1b[0m"

    def print(self, text=""):
        if self.bar_shown:
            self.out.write("\r\x1b[K")
            self.bar_shown = False
        self.out.write(text + "\n")
        self.out.flush()

    def line(self, who, what, colour=None, more="", when=None):
        when = when or datetime.datetime.now()
        stamp = when.strftime("%H:%M:%S.") + f"{when.microsecond // 100000}"
        text = f"{self.paint(stamp, 'dim')}  {who:<8} {self.paint(what, colour)}"
        self.print(text + (f"  {self.paint(more, 'dim')}" if more else ""))

    def bar(self, percent):
        if not self.live or percent is None:
            return
        full = self.WIDTH * percent // 100
        bar = self.paint(self.full * full, "good") + self.paint(self.empty * (self.WIDTH - full), "dim")
        self.out.write(f"\r\x1b[K{'':<22}{bar} {percent:3} %")
        self.out.flush()
        self.bar_shown = True

    def passing(self, text):
        """Words that the next line replaces."""
        if self.live:
            self.out.write(f"\r\x1b[K{self.paint(text, 'dim')}")
            self.out.flush()
            self.bar_shown = True

    def check(self, good, text, seen=""):
        mark = self.paint(self.good, "good") if good else self.paint(self.bad, "bad")
        self.print(f"  {mark} {text}" + (f"  {self.paint(f'but: {seen}', 'bad')}" if not good and seen else ""))


class Story:
    """What went over the wire: told as it happens, kept for the checks."""

    def __init__(self, screen):
        self.screen = screen
        self.frames = 0
        self.open = {}  # calls without an answer, by (who called, id)
        self.overtaken = 0  # calls begun while another one of the same side was open
        self.answer = None  # to our request
        self.statuses = []  # payloads
        self.events = []
        self.boots = []  # payloads of BootNotification
        self.accepted = False  # the BootNotification of this start
        self.booted_before = []  # of each status: was it accepted by then?

    def take(self, entry):
        frame = entry.get("frame")
        self.frames += 1
        if not isinstance(frame, list) or len(frame) < 3:
            self.screen.line("?", "no OCPP frame", "bad", str(entry.get("raw", frame))[:60])
            return
        when = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).astimezone()
        if frame[0] == 2:
            self._call(entry["from"], frame, when)
        else:
            self._reply("csms" if entry["from"] == "station" else "station", frame, when)

    def _call(self, caller, frame, when):
        _, ident, action, payload = frame[:4]
        if caller == "station":
            # A new connection leaves behind what was open on the old one.
            if action == "BootNotification":
                self.open = {k: v for k, v in self.open.items() if k[0] != "station"}
            self.overtaken += any(k[0] == "station" for k in self.open)
        self.open[caller, ident] = action, payload
        if action == "BootNotification":
            self._boot(payload, when)
        elif action in STATUSES:
            self._status(payload, when)
        elif action == "SecurityEventNotification":
            self.events.append(payload)
            self.screen.line("station", "security event", "warn", payload.get("type", ""), when)
        elif action in UPDATES:
            location = payload.get("location") or payload.get("firmware", {}).get("location", "")
            self.screen.line("csms", action, "name", location, when)

    def _boot(self, payload, when):
        self.boots.append(payload)
        station = payload.get("chargingStation", payload)
        words = [w for w in (station.get("firmwareVersion"), payload.get("reason")) if w]
        self.screen.line("station", "BootNotification", None, ", ".join(words), when)

    def _status(self, payload, when):
        status = payload.get("status")
        self.statuses.append(payload)
        self.booted_before.append(self.accepted)
        colour = {True: "bad", False: "name"}[status in FINAL]
        self.screen.line("station", status, "good" if status == "Installed" else colour, "", when)

    def _reply(self, caller, frame, when):
        action, payload = self.open.pop((caller, frame[1]), (None, None))
        if action is None:
            return
        if action == "BootNotification" and frame[0] == 3:
            self.accepted = frame[2].get("status") == "Accepted"
        if action in UPDATES:
            self.answer = frame[2] if frame[0] == 3 else {"error": frame[2]}
            words = self.answer.get("status") or self.answer.get("error") or "{}"
            self.screen.line("station", f"{self.screen.arrow} {words}",
                             None if words in ("Accepted", "{}") else "bad", "", when)
        elif frame[0] == 4:
            self.screen.line("error", f"{action}: {frame[2]}", "bad", str(frame[3]), when)

    @property
    def words(self):
        return tuple(s.get("status") for s in self.statuses)

    @property
    def event_types(self):
        return [e.get("type") for e in self.events]


class Demo:
    def __init__(self, options, screen):
        self.options, self.screen = options, screen
        self.dialect, self.case = DIALECTS[options.ocpp], CASES[options.case]
        self.expected = expected_statuses(self.case, self.dialect)
        self.story = Story(screen)
        self.event = self.case.event if self.dialect.signed else None

    # ---- the stage ----

    def set_up(self, charger):
        self.charger = charger
        charger.on_boot = self.on_boot
        charger.settings = {"csms": {"protocols": self.dialect.protocol},
                            "firmware": {"download_rate": "6M", "health_within": "30s"}}
        if not self.dialect.signed:
            charger.settings["firmware"].update(require_signed="no", manufacturer_roots=None)
        if self.options.case == "health-fails":
            charger.settings["firmware"]["verify_update_script"] = charger.script(
                "verify", f"! grep -q {NEW} {charger.folder}/release || exit 2\n")
        if self.options.case == "rollback":
            charger.crashing = {"B"}
        signer, compatible = "signer", "demo-charger"
        if self.options.case == "bad-signature" and not self.dialect.signed:
            signer = "foreign"
        if self.options.case == "wrong-compatible":
            compatible = "demo-toaster"
        self.bundle = charger.build_bundle("update", NEW, signer=signer, compatible=compatible)

    def read_frames(self):
        for entry in self.charger.csms.new_frames():
            if entry["station"] == STATION:
                self.story.take(entry)

    def on_boot(self, slot, left, up):
        self.read_frames()
        self.story.accepted = False
        version = self.charger.version_of(slot)
        what = f"boots slot {slot}" if up else f"slot {slot} crashes at boot"
        self.screen.line("charger", what, "name" if up else "bad",
                         f"{version}, {left} attempt{'' if left == 1 else 's'} left")

    def body(self):
        """Of the request for an update."""
        name = "missing.raucb" if self.options.case == "missing-file" else self.bundle.name
        body = {"location": self.charger.csms.file_url(name), "retries": 0, "retryInterval": 1}
        if not self.dialect.signed:
            return body
        key = "foreign" if self.options.case == "bad-certificate" else "rsa3072"
        signed = self.bundle
        if self.options.case == "bad-signature":
            signed = self.charger.bundle_image("update")
        return {**body, "requestId": REQUEST_ID, "signingCertificate": self.charger.certificate(key),
                "signature": self.charger.sign(signed, key)}

    # ---- the play ----

    def step(self):
        """Lets time go by. True if the charger rebooted."""
        self.read_frames()
        if self.charger.reboot_asked:
            self.screen.line("charger", "reboots", "name")
        rebooted = self.charger.tick()
        if self.screen.live and self.story.words and self.story.words[-1] in ("Downloading", "Installing"):
            self.screen.bar(self.charger.agent_percent())
        time.sleep(0.05)
        return rebooted

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.step()
        return True

    def is_over(self):
        s = self.story
        said = len(s.words) >= len(self.expected) and (not s.words or s.words[-1] in FINAL)
        return (s.answer is not None and said and not s.open and
                (self.event is None or self.event in s.event_types))

    def play(self):
        self.charger.boot()
        if not self.until(lambda: self.story.accepted, PATIENCE):
            raise Trouble("the station was never accepted by the CSMS\n" +
                          self.charger.last_words(self.charger.folder / "agent.log"))
        self.charger.csms.update(STATION, **self.body())
        over = self.until(self.is_over, PATIENCE)
        self.until(lambda: False, AFTERMATH)
        return over

    # ---- the checks ----

    def checks(self):
        """What must be so now: (text, is it so, what is instead)."""
        s, c, case = self.story, self.charger, self.case
        wanted = {"status": case.answer} if self.dialect.signed else {}
        answer = s.answer or {}
        yield (f"the request was answered {wanted.get('status', '{}')}",
               answer.get("status") == wanted.get("status") and "error" not in answer, answer)
        yield (f"{self.dialect.status}: {', '.join(self.expected) or 'never sent'}",
               s.words == self.expected, ", ".join(map(str, s.words)) or "none")
        if self.dialect.signed and self.expected:
            ids = {p.get("requestId") for p in s.statuses}
            yield f"each with requestId {REQUEST_ID}", ids == {REQUEST_ID}, ids
        yield ("none before the BootNotification of its start was accepted", all(s.booted_before),
               "one was")
        if self.event:
            yield (f"security event {self.event}, once",
                   s.event_types.count(self.event) == 1, s.event_types)
        yield (f"{s.frames} frames, one call at a time, each answered",
               s.overtaken == 0 and not s.open, f"{s.overtaken} too early, {len(s.open)} open")
        yield from self.charger_checks()

    def charger_checks(self):
        s, c, case = self.story, self.charger, self.case
        version = NEW if case.slot == "B" else OLD
        boots = "".join(c.boots)
        yield f"slots booted: {', '.join(case.boots)}", boots == case.boots, ", ".join(boots)
        told = [b.get("chargingStation", b).get("firmwareVersion") for b in s.boots[-1:]]
        yield f"the last BootNotification told version {version}", told == [version], told
        if self.dialect.protocol != "ocpp1.6" and len(case.boots) > 1:
            reasons = [b.get("reason") for b in s.boots]
            yield ("the first BootNotification after the reboot told FirmwareUpdate",
                   reasons[1:2] == ["FirmwareUpdate"], reasons)
        blank = c.version_of("B") is None
        if case.written:
            yield ("slot B holds the new image, byte by byte", c.slot_holds("B", "update"),
                   c.version_of("B"))
        else:
            yield "slot B was not written", blank, c.version_of("B")
        yield (f"slot A still holds {OLD}", c.version_of("A") == OLD, c.version_of("A"))
        primary = c.boot_loader.primary
        yield f"the boot loader will start slot {case.slot} again", primary == case.slot, primary
        left = c.boot_loader.attempts(case.slot)
        yield f"slot {case.slot} is marked good, all attempts left", left == 3, f"{left} left"
        if case.written and case.slot == "A":
            state = c.boot_loader.state("B")
            yield "slot B is marked bad", state == "bad", state

    def check(self):
        self.screen.print()
        good = True
        for text, is_so, instead in self.checks():
            self.screen.check(is_so, text, str(instead))
            good &= is_so
        return good


def rauc_version():
    return run_program("rauc", "--version").decode().strip()


def run(options, screen):
    demo = Demo(options, screen)
    screen.print(f"{screen.paint(f'OCPP {options.ocpp}: {demo.case.about}', 'name')}")
    screen.passing("making keys and a bundle")
    with Charger(options.binaries, STATION, OLD, trace=options.trace, keep=options.keep,
                 pki=SOURCE / "build/demo-pki",
                 csms_options=dashboard.csms_options if options.dashboard else lambda charger: ()) as charger:
        demo.set_up(charger)
        screen.print(screen.paint(f"{rauc_version()} on slots A and B, a bundle of "
                                  f"{demo.bundle.stat().st_size >> 20} MiB, mock-csms on port "
                                  f"{charger.csms.port}", "dim"))
        screen.print()
        try:
            if options.dashboard:
                dashboard.serve(demo, STATION)
            over = demo.play()
            good = demo.check() and over
        finally:
            if options.keep:
                screen.print(f"\nkept: {charger.folder}")
        if not good:
            screen.print(f"\nthe agent's last words:\n{charger.last_words(charger.folder / 'agent.log')}")
    screen.print()
    screen.print(screen.paint("as expected", "good") if good else
                 screen.paint("not as expected" + ("" if over else ": the end did not come"), "bad"))
    return 0 if good else 1


def read_options(arguments):
    parser = argparse.ArgumentParser(
        prog="./dev demo", description=__doc__.partition(": ")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="cases:\n" + "".join(f"  {name:<18}{case.about}\n" for name, case in CASES.items()) +
        "\nExits 0 only if the expected end was seen.")
    parser.add_argument("--ocpp", choices=DIALECTS, default="2.0.1", help="version (default: 2.0.1)")
    parser.add_argument("--case", choices=CASES, default="ok", help="what happens (default: ok)")
    parser.add_argument("--trace", metavar="FILE", help="write every OCPP frame there, one JSON a line")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder behind")
    parser.add_argument("--dashboard", action="store_true",
                        help="start everything, with 200 simulated stations beside, and leave the orders to you, in a browser")
    parser.add_argument("--binaries", metavar="DIR", default=SOURCE / "build/dev/bin",
                        help="folder of the programs (default: build/dev/bin)")
    options = parser.parse_args(arguments)
    if options.case == "bad-certificate" and not DIALECTS[options.ocpp].signed:
        parser.error("OCPP 1.6 without signatures has no certificate: try --ocpp 1.6-signed")
    if options.trace:
        try:
            open(options.trace, "wb").close()
        except OSError as e:
            parser.error(f"--trace {options.trace}: {e.strerror}")
    for program in ("dbus-daemon", "rauc", "busctl", "openssl"):
        if not shutil.which(program):
            parser.error(f"{program} is missing: ./dev setup")
    if os.geteuid() != 0:
        parser.error("RAUC mounts the bundle that it installs, which only root may: sudo ./dev demo")
    return options


def end(number, _):
    raise SystemExit(128 + number)


def main():
    options = read_options(sys.argv[1:])
    screen = Screen(sys.stdout)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell had it ignored
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    try:
        return run(options, screen)
    except Trouble as e:
        screen.print(f"demo: {e}")
        return 1
    except KeyboardInterrupt:
        screen.print("\nstopped")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads any more
        return 1


if __name__ == "__main__":
    sys.exit(main())
