"""What the benchmarks share: the release build with its worker beside it, what the kernel knows of a
process, figures that are printed and judged, and the stage: private D-Bus, real `rauc service`,
mock-csms with TLS, all on this machine."""
import datetime
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tools/demo"))
from charger import MIB, os_release  # noqa: E402
from parts import (BootLoader, Bus, MockCsms, Program, Rauc, Trouble, run,  # noqa: E402
                   wait_for)

BUILD = SOURCE / "build/bench"
LIBEXEC = BUILD / "libexec"
WORKERS = ("rauc-ocpp-transfer", "rauc-ocpp-fetch", "rauc-ocpp-collect")

# What goes on while idle, in seconds.
PING, HEARTBEAT = 20, 30


def build(*more):
    """The release build again, but with its worker in the build folder: nothing is installed. more: targets."""
    targets = ["rauc-ocpp-agent", *WORKERS, "mock-csms", *more]
    for command in (["cmake", "--preset", "release", "-B", BUILD,
                     f"-DCMAKE_INSTALL_LIBEXECDIR={LIBEXEC}"],
                    ["cmake", "--build", BUILD, "--target", *targets]):
        done = subprocess.run([str(w) for w in command], cwd=SOURCE, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Trouble(f"the build failed:\n{done.stdout}")
    (LIBEXEC / "rauc-ocpp-agent").mkdir(parents=True, exist_ok=True)
    for worker in WORKERS:  # one may be running for somebody else
        shutil.copy2(BUILD / "bin" / worker, LIBEXEC / "rauc-ocpp-agent" / f"{worker}.new")
        os.replace(LIBEXEC / "rauc-ocpp-agent" / f"{worker}.new", LIBEXEC / "rauc-ocpp-agent" / worker)


# ---- what the kernel knows of a process ----

def fields(path):
    """{"Pss": 123, …} of a file of lines like "Pss:  123 kB"."""
    with open(path, encoding="ascii", errors="replace") as f:
        return {m[1]: int(m[2]) for m in re.finditer(r"^(\w+):\s+(\d+)", f.read(), re.MULTILINE)}


def memory(pid):
    """Of a process, in KiB: Pss, Anonymous, …"""
    return fields(f"/proc/{pid}/smaps_rollup")


def child_of(pid):
    """One child of that process, None if it has none."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path(f"/proc/{entry}/stat").read_text(errors="replace")
            except OSError:
                continue
            if int(stat.rpartition(")")[2].split()[1]) == pid:
                return int(entry)
    return None


# ---- the stage ----

class Csms(MockCsms):
    """With TLS."""

    def __init__(self, folder, pki):
        super().__init__(BUILD / "bin/mock-csms", folder, folder / "files",
                         options=["--tls-cert", pki / "csms/server.pem", "--tls-key",
                                  pki / "csms/server.key", "--interval", HEARTBEAT])
        self.http = f"https://127.0.0.1:{self.port}"
        context = ssl.create_default_context(cafile=str(pki / "csms/root.pem"))
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                                  urllib.request.HTTPSHandler(context=context))

    def wait_for_boot(self, station):
        """Waits until BootNotification is here; the time at which it came."""
        return self._wait(station, lambda f: f["frame"][2:3] == ["BootNotification"])

    def wait_for_accepted(self, station):
        self._wait(station, lambda f: f["frame"][0] == 3 and f["from"] == "csms" and
                   f["frame"][2].get("status") == "Accepted")

    def wait_for_status(self, station, word):
        self._wait(station, lambda f: f["frame"][2:3] == ["FirmwareStatusNotification"] and
                   f["frame"][3].get("status") == word)

    def _wait(self, station, is_it):
        def look():
            return [f for f in self.new_frames()
                    if f["station"] == station and "frame" in f and is_it(f)]
        frame = wait_for(look, f"a frame of {station}")[0]
        return datetime.datetime.fromisoformat(frame["time"].replace("Z", "+00:00")).timestamp()


class Stage:
    """All that runs beside the one that is measured."""

    def __init__(self):
        self.folder = f = pathlib.Path(tempfile.mkdtemp(prefix="rauc-ocpp-bench."))
        self.programs = []
        self.rauc = None
        try:
            for name in ("files", "mnt"):
                (f / name).mkdir()
            self.pki = SOURCE / "build/bench-pki"
            run(SOURCE / "certs/make-pki", "--station", "CS001", self.pki)
            for slot in Rauc.SLOTS:
                (f / f"slot-{slot}.img").write_bytes(bytes(MIB))
            (f / "release").write_text(os_release("1.0.0"))
            self.bus = Bus(f)
            self.programs.append(self.bus.program)
            self.rauc = Rauc(f, self.bus, BootLoader(f / "boot-loader"), self.pki / "rauc/root.pem")
            self.rauc.start("A")
            self.csms = Csms(f, self.pki)
            self.programs.append(self.csms.program)
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.rauc:
            self.rauc.stop()
        for program in reversed(self.programs):
            program.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Side:
    """The agent or the floor: how it is started. Each start finds the state of a first run."""

    def __init__(self, stage, name, station, command):
        self.stage, self.name, self.station, self.command = stage, name, station, command
        self.state, self.first = stage.folder / name, stage.folder / f"{name}-first"
        self.log = stage.folder / f"{name}.log"
        self.state.mkdir()
        self.env = {"PATH": os.environ["PATH"]}
        program = self.start()
        stage.csms.wait_for_accepted(station)
        program.stop()
        self.state.rename(self.first)

    def _prepare(self):
        if self.first.exists():
            shutil.rmtree(self.state, ignore_errors=True)
            shutil.copytree(self.first, self.state)
        self.stage.csms.new_frames()

    def start(self, **env):
        self._prepare()
        return Program(self.name, self.command, self.log, {**self.env, **env})

    def start_bare(self):
        """With nothing of ours run in the child first: its CPU time is to be read. (wall, Popen)"""
        self._prepare()
        with open(self.log, "ab") as log:
            now = time.time()
            return now, subprocess.Popen([str(w) for w in self.command], stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log, env=self.env, start_new_session=True)


def agent_side(stage, firmware="", logs=""):
    """firmware, logs: more lines of these sections."""
    f, csms = stage.folder, stage.csms
    config = f / "agent.conf"
    config.write_text(f"""[csms]
url = wss://127.0.0.1:{csms.port}/ocpp
identity = CS001
ca_file = {stage.pki}/csms/root.pem
ping_interval = {PING}s
[station]
vendor = Bench
model = Agent
release_file = {f}/release
[firmware]
manufacturer_roots = {stage.pki}/manufacturer/root.pem
ca_file = {stage.pki}/csms/root.pem
reboot = never
{firmware}[rauc]
bus = {stage.bus.address}
[state]
directory = {f}/agent
[logs]
ocpp_log = {f}/agent.ocpp.log
{logs}""")
    return Side(stage, "agent", "CS001", [BUILD / "bin/rauc-ocpp-agent", "--config", config])


# ---- the figures ----

class Report:
    def __init__(self):
        self.missed = 0

    def figure(self, name, value, unit, bound, note, at_least=False):
        """at_least: the bound is the smallest good value, else the largest."""
        good = value >= bound if at_least else value <= bound
        self.missed += not good
        digits = 2 if isinstance(value, float) else 0
        print(f"{name:<22} {value:>8.{digits}f} {unit:<8} {'>=' if at_least else '<='}{bound:<8g} {'ok' if good else 'MISSED':<7} ({note})",
              flush=True)


def in_turn(rounds, sides, measure, name_of=lambda side: side.name):
    """{name: [a measurement a round]}, the sides one after the other in each round."""
    values = {name_of(side): [] for side in sides}
    for i in range(rounds):
        for side in sides if i % 2 == 0 else reversed(sides):
            values[name_of(side)].append(measure(side))
    return values


def play(name, measure):
    """Runs measure(), which returns how many figures were missed: the exit status of a benchmark."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return 1 if measure() else 0
    except Trouble as e:
        print(f"{name}: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
