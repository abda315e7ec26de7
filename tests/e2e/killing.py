"""One update in whose course one of the programs is killed with -9 at a fail point and started again. The programs
are real; see charger.py for the stage, src/core/failpoint.h for the points and test_kill.py for what is proved."""
import collections
import concurrent.futures
import http.server
import os
import pathlib
import shutil
import signal
import sqlite3
import threading
import time

from stage import BINARIES, TOP, wait_for
from charger import MIB, Charger, write_image
from parts import Bus, Trouble, run
from demo import DIALECTS, NEW, OLD, STATUSES

REQUEST_ID = 4711
PATIENCE = 60.0  # seconds for one update
QUIET = 0.6  # seconds in which nothing is said or done any more: it is over
SIZE = MIB // 2
OTHER_REPORTS = ("SecurityEventNotification", "LogStatusNotification", "DiagnosticsStatusNotification")
RESTARTING = ("agent", "bus")  # victims with which the agent is started anew


class Files(http.server.ThreadingHTTPServer):
    """Where firmware is fetched, and logs go: no part of the CSMS, and never killed. What is asked for below
    /flaky/ID/ fails until ID is in mended."""
    daemon_threads = True

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=arguments[2].folder)

        def do_GET(self):  # pylint: disable=invalid-name
            if self.path.startswith("/flaky/"):
                name = self.path.split("/")[2]
                if name not in self.server.mended:
                    self.send_error(503)
                    return
                self.path = "/" + self.path.split("/", 3)[3]
            super().do_GET()

        def do_PUT(self):  # pylint: disable=invalid-name
            self.rfile.read(int(self.headers["Content-Length"]))
            mended = not self.path.startswith("/flaky/") or self.path.split("/")[2] in self.server.mended
            self.send_response(201 if mended else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except OSError:  # the worker was killed
                pass

    def __init__(self, folder):
        self.folder, self.mended = folder, set()
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}/{path}"


class Depot:
    """What all chargers have in common: keys, bundles, and the server of both."""

    def __init__(self, folder, keys):
        self.folder, self.pki = pathlib.Path(folder), keys
        self.image = self.folder / "update.img"
        write_image(self.image, NEW, SIZE)
        self._bundle("update", "demo-charger", "rootfs")
        self._bundle("foreign", "demo-toaster", "rootfs")
        self._bundle("data", "demo-charger", "appfs")
        self.files = Files(self.folder)
        self.certificates = {k: (self.pki / f"firmware/{k}.pem").read_text() for k in ("rsa3072", "foreign")}
        self.signatures = {name: run(TOP / "certs/sign-firmware", "--key", self.pki / "firmware/rsa3072.key",
                                     self.folder / name).decode().strip()
                           for name in ("update.raucb", "foreign.raucb", "data.raucb", "update.img")}

    def _bundle(self, name, compatible, slot):
        content = self.folder / name
        content.mkdir()
        shutil.copy(self.image, content / "slot.img")
        (content / "manifest.raucm").write_text(
            f"[update]\ncompatible={compatible}\nversion={NEW}\n\n[bundle]\nformat=plain\n\n[image.{slot}]\n"
            "filename=slot.img\n")
        run("rauc", "bundle", f"--cert={self.pki}/rauc/signer.pem", f"--key={self.pki}/rauc/signer.key", content,
            self.folder / f"{name}.raucb")

    def close(self):
        self.files.shutdown()
        self.files.server_close()


class Record:
    """The points that were passed, oldest first."""

    def __init__(self, path):
        self.path = path

    def lines(self):
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return []
        return [line.split() for line in text[:text.rfind("\n") + 1].splitlines()]

    def names(self):
        return [name for _, name in self.lines()]

    def points(self):
        """"NAME:N" of each passing."""
        seen = collections.Counter()
        found = []
        for name in self.names():
            seen[name] += 1
            found.append(f"{name}:{seen[name]}")
        return found

    def stopped_at(self, point):
        """The process that stands still there, None: not yet."""
        name, number = point.rsplit(":", 1)
        passed = [int(pid) for pid, passed in self.lines() if passed == name]
        if len(passed) < int(number):
            return None
        pid = passed[int(number) - 1]
        return pid if state_of(pid) == "T" else None


def name_of(point):
    """Of "NAME:N"."""
    return point.rsplit(":", 1)[0]


def state_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return None


def workers_of(pid):
    """Processes that download, hash or resolve for the agent."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        name, _, rest = text.partition(" (")[2].rpartition(") ")
        state, parent = rest.split()[:2]
        if name.startswith("rauc-ocpp-") and parent == str(pid) and state not in "ZX":
            found.append(int(stat.parent.name))
    return found


class Killed(Charger):
    """A charger that plays a case, and loses its victim at the point."""

    def __init__(self, depot, case, version, victim=None, point=None):
        self.depot, self.case, self.dialect = depot, case, DIALECTS[version]
        self.victim, self.point = victim, point
        super().__init__(BINARIES, pki=depot.pki, slot_mib=2)
        self.record = Record(self.folder / "points")
        self.agent_env = {"RAUC_OCPP_FAILPOINT_FILE": str(self.record.path)}
        if point:
            self.agent_env["RAUC_OCPP_FAILPOINT"] = point
        self.frames = []  # [(machine boots so far, frame of the trace)]
        self.kill_mark = None  # len(frames) then
        self.kill_boots = 0
        self.missed = False  # the victim was not there at the point
        self.order, self.ordered = None, False
        self.holder = None  # of a lock
        self.pending = list(case.deeds)
        self.configure()

    def configure(self):
        self.settings = {"csms": {"protocols": self.dialect.protocol, "message_timeout": "3s"},
                         "firmware": {"retries": "5", "reboot_timeout": "4s", "health_within": "60s",
                                      "verify_update_script": self.script(
                                          "verify", self.case.verify.format(f=self.folder)),
                                      **{k: str(v).format(f=self.folder) for k, v in self.case.settings.items()}}}
        if not self.dialect.signed:
            self.settings["firmware"].update(require_signed="no", manufacturer_roots=None)
        self.script("check", f"[ -e {self.folder}/go ]\n")
        if self.case.data_slot:
            with open(self.rauc.config, "a", encoding="utf-8") as config:
                config.write(f"\n[slot.appfs.0]\ndevice={self.folder}/slot-data.img\ntype=raw\n")
            with open(self.folder / "slot-data.img", "wb") as image:
                image.truncate(2 * MIB)

    def _tear_down(self):
        try:
            if self.holder:
                self.holder.stop(signal.SIGKILL)
        finally:
            super()._tear_down()

    def _set_up(self, *arguments):
        super()._set_up(*arguments)
        self.csms.command += ["--message-timeout", "5"]

    # ---- the order ----

    def body(self):
        prefix = f"flaky/{self.folder.name}/" if self.case.flaky else ""
        body = {"location": self.depot.files.url(prefix + self.case.bundle), "retries": 5, "retryInterval": 1}
        if self.dialect.signed:
            body.update(requestId=REQUEST_ID, signingCertificate=self.depot.certificates[self.case.certificate],
                        signature=self.depot.signatures[self.case.signed or "update.raucb"])
        return body

    def want_logs(self):
        url = self.depot.files.url(f"flaky/{self.folder.name}/")
        retries = {"retries": 5, "retryInterval": 1}
        if self.dialect.signed:
            self.csms.call(self.station, "GetLog", {"logType": "DiagnosticsLog", "requestId": REQUEST_ID, **retries,
                                                    "log": {"remoteLocation": url}})
        else:
            self.csms.call(self.station, "GetDiagnostics", {"location": url, **retries})

    def is_taken(self):
        """Whether the agent has stored what the order asks for."""
        return any(n in ("after-store/downloading", "after-store/download-scheduled", "after-store/security-event",
                         "after-store/log-collecting")
                   for n in self.record.names())

    def see_to_order(self):
        """After the event of the start. A CSMS that got no answer asks again, unless it hears that the update runs."""
        if self.ordered:
            return
        if self.order is None:
            # a CSMS that is to close on the answer to it must know that before
            if self.registered() and self.is_online() and "after-store/outbox-remove" in self.record.names() and not (
                    self.case.closes and self.pending):
                self.order = concurrent.futures.Future()
                threading.Thread(target=self._send_order, args=(self.order,), daemon=True).start()
        elif self.order.done():
            self.ordered = self.order.exception() is None or self.is_taken()
            self.order = None

    def _send_order(self, order):
        try:
            order.set_result(self.want_logs() if self.case.logs
                             else self.csms.update(self.station, **self.body()))
        except Exception as e:  # pylint: disable=broad-except
            order.set_exception(e)

    def is_online(self):
        try:
            return self.csms.is_online(self.station)
        except (Trouble, ValueError, KeyError):
            return False

    # ---- what the CSMS has ----

    def read_frames(self):
        self.frames += [(len(self.boots), e) for e in self.csms.new_frames() if isinstance(e.get("frame"), list)]

    def registered(self, since=0):
        """Was a BootNotification accepted from there on?"""
        calls = {e["frame"][1] for _, e in self.frames if e["from"] == "station" and e["frame"][0] == 2 and
                 e["frame"][2] == "BootNotification"}
        return any(e["from"] == "csms" and e["frame"][0] == 3 and e["frame"][1] in calls and
                   e["frame"][2].get("status") == "Accepted" for _, e in self.frames[since:])

    def unanswered(self):
        last = [e["frame"] for _, e in self.frames if e["from"] == "station" and e["frame"][0] == 2][-1:]
        answers = {e["frame"][1] for _, e in self.frames if e["from"] == "csms" and e["frame"][0] in (3, 4)}
        return [f for f in last if f[1] not in answers]

    def calls(self):
        return [(boots, i, e["frame"][2], e["frame"][3]) for i, (boots, e) in enumerate(self.frames)
                if e["from"] == "station" and e["frame"][0] == 2]

    def reports(self):
        """Statuses and security events, with their place: [(words, index of the frame)]."""
        return [((p.get("status") or p.get("type"), p.get("requestId"), action), i)
                for _, i, action, p in self.calls() if action in (*STATUSES, *OTHER_REPORTS)]

    def boot_reports(self):
        """[(machine boot, reason, version)]."""
        return [(boots, p.get("reason"), p.get("chargingStation", p).get("firmwareVersion"))
                for boots, _, action, p in self.calls() if action == "BootNotification"]

    def connectors(self):
        return collections.Counter(
            (p.get("evseId", p.get("connectorId")), p.get("connectorStatus", p.get("status")))
            for _, _, action, p in self.calls() if action == "StatusNotification")

    # ---- the kill ----

    def look_at_point(self):
        if self.point is None or self.kill_mark is not None:
            return
        pid = self.record.stopped_at(self.point)
        if pid is None:
            return
        agent = self.agent.process.pid
        try:
            getattr(self, f"kill_{self.victim}")(agent, pid)
        finally:
            self.go_on(pid)
        self.read_frames()
        self.kill_mark, self.kill_boots = len(self.frames), len(self.boots)
        getattr(self, f"mend_{self.victim}")()

    @staticmethod
    def go_on(pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def kill_agent(self, *_):
        self.stop_agent(signal.SIGKILL)

    def mend_agent(self):
        self.start_agent()

    def kill_worker(self, agent, stopped):
        """The one that stands still, or all that the agent has."""
        workers = [stopped] if stopped != agent else workers_of(agent)
        self.missed = not workers
        for pid in workers:
            os.kill(pid, signal.SIGKILL)

    def mend_worker(self):
        pass

    def kill_rauc(self, *_):
        self.rauc.program.stop(signal.SIGKILL)

    def mend_rauc(self):
        time.sleep(0.1)  # the agent sees that it is gone
        self._unmount()
        self.rauc.start(self.slot)

    def kill_bus(self, _, stopped):
        """Agent and RAUC go with their bus; the agent may say something more until it sees that."""
        self.bus.program.stop(signal.SIGKILL)
        self.go_on(stopped)
        for program in self.agent, self.rauc.program:
            wait_for(lambda p=program: not p.running, f"{program.name} to leave without its bus", 10)
            program.stop(signal.SIGKILL)

    def mend_bus(self):
        self._unmount()
        self.bus.socket.unlink()
        self.bus = self.rauc.bus = Bus(self.folder)
        wait_for(lambda: self.bus.busctl("list") is not None, "the new bus")
        self.rauc.start(self.slot)
        self.start_agent()

    def kill_csms(self, *_):
        self.csms.program.stop(signal.SIGKILL)

    def mend_csms(self):
        time.sleep(0.1)
        self.csms.start_again()

    # ---- the play ----

    def see_to_deeds(self):
        names = self.record.names()
        self.pending = [(after, deed) for after, deed in self.pending if after not in names or not deed(self)]

    def step(self):
        self.read_frames()
        self.look_at_point()
        if self.reboot_asked and self.case.at_reboot and len(self.boots) == 1:
            self.power_off()
            self.case.at_reboot(self)
            self.boot()
        else:
            self.tick()
        self.see_to_deeds()
        self.see_to_order()
        time.sleep(0.03)

    def power_off(self, how=signal.SIGTERM):
        super().power_off(how)
        self.read_frames()

    def is_over(self):
        said = {words[0] for words, _ in self.reports()}
        end = self.case.end if self.dialect.signed else self.case.plain_end or self.case.end
        return (self.ordered and {end, self.case.event or end} <= said and not self.unanswered() and
                "after-store/confirmed-slot" in self.record.names() and
                (self.point is None or self.kill_mark is not None) and
                (self.victim not in RESTARTING or self.registered(self.kill_mark)))

    def play(self):
        self.boot()
        end = time.monotonic() + PATIENCE
        quiet_since, before = time.monotonic(), None
        while True:
            self.step()
            if self.missed:
                return
            now = len(self.frames), len(self.record.lines()), len(self.boots)
            if now != before or not self.is_over():
                quiet_since, before = time.monotonic(), now
            if time.monotonic() - quiet_since > QUIET and self.is_online():
                return
            if time.monotonic() > end:
                raise Trouble(f"it did not end; said {[w[0] for w, _ in self.reports()]}, order {self.ordered}, "
                              f"kill {self.kill_mark}, passed last {self.record.names()[-3:]}")

    # ---- the end ----

    def stored(self):
        """(the update's state, that of the logs, rows in the outbox, named values) as the store has them."""
        with sqlite3.connect(f"file:{self.folder}/state/agent.db?mode=ro", uri=True) as db:
            state, logs = (db.execute(f"SELECT state FROM {table}").fetchone() for table in ("job", "logjob"))
            rows = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
            values = dict(db.execute("SELECT name, value FROM value"))
        db.close()
        return state and state[0], logs and logs[0], rows, values

    def end_state(self):
        """What the machine is like in the end, but for what the CSMS heard."""
        state, logs, rows, values = self.stored()
        size = self.depot.image.stat().st_size
        with open(self.slot_image("B"), "rb") as slot:
            written = slot.read(size) == self.depot.image.read_bytes()
        return {"slot": self.slot, "version": NEW if written else OLD, "primary": self.boot_loader.primary,
                "A": self.boot_loader.state("A"), "B": self.boot_loader.state("B"), "job": state, "logs": logs,
                "outbox": rows,
                "confirmed": values.get("confirmed-slot", "").split("\t")[0], "trials": values.get("failed-trials", "").split(" ")[1:],
                "values": sorted(set(values) - {"holders"}), "boots": "".join(self.boots),
                "spool": sorted(p.name for p in (self.folder / "state/spool").rglob("*") if p.is_file())}

    def complaints_of_sanitizers(self):
        text = "".join(log.read_text(errors="replace") for log in (self.folder / "agent.log", self.csms.log)
                       if log.exists())
        return text[-3000:] if "Sanitizer" in text or "runtime error:" in text else ""
