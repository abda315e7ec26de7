"""What a charger on one machine is made of: programs that end with us, a system bus, a boot loader, RAUC
and mock-csms. charger.py puts them together."""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

COMPATIBLE = "demo-charger"
PATIENCE = 30.0  # seconds for a program to come up
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


class Trouble(Exception):
    """Something of the stage, not of what is tried on it, went wrong."""


def wait_for(condition, what, seconds=PATIENCE):
    """Polls until condition() is true and returns what it gave. what: words, or a function that finds them
    when it was in vain."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds:.0f} s for {what() if callable(what) else what}")
        time.sleep(0.02)


def start(command, **options):
    """A child in a process group of its own that dies with us, whatever happens to us."""
    parent = os.getpid()

    def in_child():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(126)

    try:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                start_new_session=True, preexec_fn=in_child, **options)
    except OSError as e:
        raise Trouble(f"{command[0]} can't be started: {e}") from e


def kill_group(process):
    """Also where the leader is gone already and its group is not."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run(*command, seconds=300.0):
    """Runs a program to its end. Its output, bytes."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=seconds)
    except BaseException:
        kill_group(process)
        process.communicate()
        raise
    if process.returncode != 0:
        raise Trouble(f"{command[0]} failed:\n{err.decode(errors='replace')}")
    return out


class Program:
    """A program that runs until it is stopped."""

    def __init__(self, name, command, log, env=None, stdout=None):
        self.name = name
        self.log = log
        with open(log, "ab") as out:
            self.process = start(command, stdout=stdout or out, stderr=out, env=env)

    @property
    def running(self):
        return self.process.poll() is None

    def stop(self, how=signal.SIGTERM, seconds=10.0):
        """Ends the program and all of its group. Its exit status."""
        if self.running:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        kill_group(self.process)
        status = self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        return status


class Bus:
    """A system bus of our own. Nothing on it is started on demand."""

    CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
"""

    def __init__(self, folder):
        self.socket = folder / "bus"
        self.address = f"unix:path={self.socket}"
        config = folder / "bus.conf"
        config.write_text(self.CONFIG.format(socket=self.socket))
        self.program = Program("dbus-daemon", ["dbus-daemon", f"--config-file={config}", "--nofork",
                                               "--nopidfile"], folder / "bus.log")
        wait_for(self.socket.exists, "the bus")

    def busctl(self, *words):
        """Output of busctl, None if it failed."""
        done = subprocess.run(["busctl", f"--address={self.address}", "--timeout=5", *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def has(self, name):
        out = self.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "NameHasOwner", "s", name)
        return out is not None and out.split() == ["b", "true"]

    def property(self, name, path, interface, member):
        """A property's value as JSON tells it, None if it can't be had."""
        out = self.busctl("--json=short", "get-property", name, path, interface, member)
        try:
            return json.loads(out)["data"] if out else None
        except (ValueError, KeyError, TypeError):
            return None


class BootLoader:
    """The harness' hand on the boot-loader script, which says how it behaves."""

    SCRIPT = pathlib.Path(__file__).resolve().parent / "boot-loader"

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.env = {**os.environ, "BOOT_LOADER_DIR": str(folder)}

    def run(self, *words):
        done = subprocess.run([str(self.SCRIPT), *words], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=PATIENCE)
        if done.returncode != 0:
            raise Trouble(f"boot-loader {' '.join(words)} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def boot(self):
        return self.run("boot")

    @property
    def primary(self):
        return self.run("get-primary")

    def state(self, slot):
        return self.run("get-state", slot)

    def variables(self):
        """{"order": "A B", "left_A": "3", "left_B": "3"}; empty before the first change."""
        try:
            lines = (self.folder / "env").read_text().splitlines()
        except FileNotFoundError:
            return {}
        return {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}

    def attempts(self, slot):
        return int(self.variables().get(f"left_{slot}", 3))

    def trap(self, kind, command, on=True):
        """kind: hold, fail or lose; see the script."""
        file = self.folder / f"{kind}-{command}"
        if on:
            file.touch()
        else:
            file.unlink(missing_ok=True)


class Rauc:
    """RAUC's configuration, and the service on the slot that was booted."""

    SLOTS = {"A": "rootfs.0", "B": "rootfs.1"}

    def __init__(self, folder, bus, boot_loader, keyring, more=""):
        self.folder, self.bus, self.boot_loader = folder, bus, boot_loader
        self.program = None
        slots = "".join(f"\n[slot.{name}]\ndevice={folder}/slot-{boot}.img\ntype=raw\nbootname={boot}\n"
                        for boot, name in self.SLOTS.items())
        self.config = folder / "system.conf"
        self.config.write_text(f"[system]\ncompatible={COMPATIBLE}\nbootloader=custom\n"
                               f"statusfile={folder}/rauc.status\nmountprefix={folder}/mnt\n"
                               f"bundle-formats=plain verity\n{more}"
                               f"\n[keyring]\npath={keyring}\n"
                               f"\n[handlers]\nbootloader-custom-backend={BootLoader.SCRIPT}\n{slots}")

    def start(self, slot):
        env = {**self.boot_loader.env, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address}
        self.program = Program("rauc", ["rauc", f"--conf={self.config}", f"--mount={self.folder}/mnt",
                                        "service", f"--override-boot-slot={slot}"],
                               self.folder / "rauc.log", env)
        wait_for(lambda: self.bus.has("de.pengutronix.rauc") or not self.program.running, "RAUC")
        if not self.program.running:
            raise Trouble(f"RAUC ended at once, see {self.program.log}")

    def stop(self, how=signal.SIGTERM):
        if self.program:
            self.program.stop(how)
            self.program = None
            wait_for(lambda: not self.bus.has("de.pengutronix.rauc"), "the end of RAUC")


class MockCsms:
    """mock-csms and its REST calls."""

    def __init__(self, binary, folder, files, trace=None, options=(), port=0):
        self.trace = pathlib.Path(trace or folder / "trace.jsonl").resolve()
        self.trace.write_bytes(b"")
        self._trace_read = 0
        self.log = folder / "mock-csms.log"
        self.command = [binary, "--files", files, "--trace", self.trace, *options]
        self._start(port)
        self.http = f"http://127.0.0.1:{self.port}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def _start(self, port):
        self.program = Program("mock-csms", [*self.command, "--listen", f"127.0.0.1:{port}"], self.log,
                               stdout=subprocess.PIPE)
        self.port = self._read_port()

    def start_again(self):
        """After its end, at the same port; the trace goes on."""
        self._start(self.port)

    def _read_port(self):
        """From its first line, "listening on ADDR:PORT"; the rest is read away."""
        line = self.program.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.program.stop()
            raise Trouble(f"mock-csms does not listen, see {self.program.log}")
        threading.Thread(target=self._drain, daemon=True).start()
        return int(line.rsplit(":", 1)[1])

    def _drain(self):
        try:
            while self.program.process.stdout.read(4096):
                pass
        except ValueError:  # closed while reading
            pass

    @property
    def ocpp(self):
        return f"ws://127.0.0.1:{self.port}/ocpp"

    def file_url(self, name):
        return f"{self.http}/files/{name}"

    def rest(self, method, path, body=None, seconds=60.0):
        """Answer of a REST call: JSON, or text where it is none. Trouble with its words on an error. A body of bytes is sent as it is."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if data is body else "application/json"
        request = urllib.request.Request(self.http + path, data=data, method=method, headers={"Content-Type": kind})
        try:
            with self.opener.open(request, timeout=seconds) as reply:
                text = reply.read().decode()
        except urllib.error.HTTPError as e:
            raise Trouble(f"{method} {path}: {e.code} {e.read().decode(errors='replace').strip()}") from e
        except OSError as e:
            raise Trouble(f"{method} {path}: {e}") from e
        try:
            return json.loads(text)
        except ValueError:
            return text

    def stations(self):
        return self.rest("GET", "/api/stations")

    def is_online(self, station):
        return any(s["id"] == station and s["online"] for s in self.stations())

    def update(self, station, **body):
        """Asks for an update; the station's answer, {"result": …} or {"error": …}."""
        return self.rest("POST", f"/api/stations/{station}/update", body)

    def logs(self, station, **body):
        """Asks for logs; the station's answer, as above."""
        return self.rest("POST", f"/api/stations/{station}/logs", body)

    def call(self, station, action, payload):
        return self.rest("POST", f"/api/stations/{station}/call",
                         {"action": action, "payload": payload})

    def fault(self, station, **body):
        return self.rest("POST", f"/api/stations/{station}/fault", body)

    def new_frames(self):
        """What went over the wire since the last time, as dicts of the trace."""
        with open(self.trace, "rb") as f:
            f.seek(self._trace_read)
            lines = f.read()
        lines = lines[:lines.rfind(b"\n") + 1]
        self._trace_read += len(lines)
        return [json.loads(line) for line in lines.splitlines()]

    def stop(self):
        self.program.stop()
