"""A charger on one machine, for ./dev demo and the end-to-end tests: a private system bus, a real
`rauc service` on two slots that are plain files, a boot loader that counts attempts, mock-csms and
the agent. Debian's python3 alone; all of it lives in one temporary folder.

    with Charger(binaries) as charger:
        charger.build_bundle("update", version="2.0.0")
        charger.boot()
        charger.csms.update(charger.station, location=charger.csms.file_url("update.raucb"))
        while ...:
            charger.tick()          # plays the reboot when the agent asks for one
"""
import atexit
import ctypes
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]

COMPATIBLE = "demo-charger"
FIRST_BLOCK = 4096  # of an image: its os-release, padded
MIB = 1 << 20
PATIENCE = 30.0  # seconds for a program to come up
POWER_ON_LIMIT = 20  # boots that may crash one after the other
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


def os_release(version):
    return f'NAME="Demo charger"\nID=demo-charger\nVERSION_ID={version}\nIMAGE_VERSION={version}\n'


def release_of(path):
    """The os-release in the first block of an image; empty if there is none."""
    with open(path, "rb") as f:
        return f.read(FIRST_BLOCK).rstrip(b"\0").decode("utf-8", "replace")


def image_version(path):
    """Its IMAGE_VERSION, None if there is none."""
    for line in release_of(path).splitlines():
        key, _, value = line.partition("=")
        if key == "IMAGE_VERSION":
            return value.strip('"')
    return None


def write_image(path, version, size):
    """An image: os-release in the first block, then bytes that nobody can guess."""
    with open(path, "wb") as f:
        f.write(os_release(version).encode().ljust(FIRST_BLOCK, b"\0"))
        left = size - FIRST_BLOCK
        while left > 0:
            left -= f.write(os.urandom(min(left, MIB)))


def digest(path, size=None):
    """SHA-256 of a file or of its first size bytes."""
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while size is None or size > 0:
            block = f.read(MIB if size is None else min(MIB, size))
            if not block:
                break
            h.update(block)
            size = None if size is None else size - len(block)
    return h.hexdigest()


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

    SCRIPT = HERE / "boot-loader"

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

    def __init__(self, binary, folder, files, trace=None, options=()):
        self.trace = pathlib.Path(trace or folder / "trace.jsonl").resolve()
        self.trace.write_bytes(b"")
        self._trace_read = 0
        self.program = Program("mock-csms", [binary, "--listen", "127.0.0.1:0", "--files", files,
                                             "--trace", self.trace, *options],
                               folder / "mock-csms.log", stdout=subprocess.PIPE)
        self.port = self._read_port()
        self.http = f"http://127.0.0.1:{self.port}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

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
        """Answer of a REST call: JSON, or text where it is none. Trouble with its words on an error."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data=data, method=method,
                                         headers={"Content-Type": "application/json"})
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


class Charger:
    """All of it together. Give binaries (the folder of the programs) and what differs from a plain
    charger; boot() switches it on."""

    def __init__(self, binaries, station="CS001", version="1.0.0", slot_mib=16, trace=None, keep=False,
                 pki=None):
        self.binaries = pathlib.Path(binaries).resolve()
        self.station = station
        self.settings = {}  # {"section": {"key": "value"}} over the ones below
        self.crashing = set()  # slots that never come up
        self.slot = None  # the one that runs
        self.boots = []  # every slot that was tried
        self.on_boot = lambda slot, left, up: None
        self.agent = None
        self.agent_env = {}
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rauc-ocpp-charger."))
        self.folder.chmod(0o755)
        self._closed = False
        atexit.register(self.close)
        self.bus = self.csms = self.rauc = None
        try:
            self._set_up(version, slot_mib, trace, pki)
        except BaseException:
            self.close()
            raise

    def _set_up(self, version, slot_mib, trace, pki):
        f = self.folder
        for name in ("files", "mnt", "state", "boot", "bundles"):
            (f / name).mkdir()
        self.pki = pathlib.Path(pki) if pki else f / "pki"
        run(SOURCE / "certs" / "make-pki", "--station", self.station, self.pki)
        for slot in Rauc.SLOTS:
            with open(self.slot_image(slot), "wb") as image:
                image.truncate(slot_mib * MIB)
        write_image(f / "factory.img", version, MIB)
        with open(self.slot_image("A"), "r+b") as image:
            image.write((f / "factory.img").read_bytes())
        self.bus = Bus(f)
        self.boot_loader = BootLoader(f / "boot-loader")
        self.rauc = Rauc(f, self.bus, self.boot_loader, self.pki / "rauc/root.pem")
        self.csms = MockCsms(self.binaries / "mock-csms", f, f / "files", trace)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends every program and removes the folder. May be called twice."""
        if self._closed:
            return
        self._closed = True
        atexit.unregister(self.close)
        before = signal.pthread_sigmask(signal.SIG_BLOCK,
                                        {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            self._tear_down()
        finally:  # a second Ctrl-C waits until here
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _tear_down(self):
        for program in (self.agent, self.rauc and self.rauc.program,
                        self.csms and self.csms.program, self.bus and self.bus.program):
            if program:
                program.stop(seconds=5.0)
        self._unmount()
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _unmount(self):
        """What a RAUC that was killed in an install left mounted."""
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            left = [line.split()[1] for line in mounts if line.split()[1].startswith(f"{self.folder}/")]
        for mount in reversed(left):
            subprocess.run(["umount", "--lazy", mount], stdin=subprocess.DEVNULL, check=False)

    # ---- slots and bundles ----

    def slot_image(self, slot):
        return self.folder / f"slot-{slot}.img"

    def version_of(self, slot):
        return image_version(self.slot_image(slot))

    def build_bundle(self, name, version="2.0.0", size=8 * MIB, signer="signer", compatible=COMPATIBLE):
        """Builds files/NAME.raucb, which mock-csms serves. signer: signer, or foreign for one that
        the charger does not believe. Returns the path; the image stays in bundles/NAME."""
        content = self.folder / "bundles" / name
        content.mkdir()
        write_image(content / "rootfs.img", version, size)
        (content / "manifest.raucm").write_text(f"[update]\ncompatible={compatible}\nversion={version}\n"
                                                f"\n[bundle]\nformat=plain\n"
                                                f"\n[image.rootfs]\nfilename=rootfs.img\n")
        bundle = self.folder / "files" / f"{name}.raucb"
        run("rauc", "bundle", f"--cert={self.pki}/rauc/{signer}.pem",
                   f"--key={self.pki}/rauc/{signer}.key", content, bundle)
        return bundle

    def bundle_image(self, name):
        return self.folder / "bundles" / name / "rootfs.img"

    def slot_holds(self, slot, name):
        """Does a slot hold the image of this bundle?"""
        image = self.bundle_image(name)
        return digest(self.slot_image(slot), image.stat().st_size) == digest(image)

    def sign(self, path, key="rsa3072"):
        """The firmware signature of a file, base64."""
        return run(SOURCE / "certs" / "sign-firmware", "--key", self.pki / f"firmware/{key}.key",
                          path).decode().strip()

    def certificate(self, name="rsa3072"):
        return (self.pki / f"firmware/{name}.pem").read_text()

    # ---- the agent ----

    def script(self, name, text):
        """A program in the charger's folder; its path."""
        path = self.folder / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return path

    def _config(self):
        f = self.folder
        reboot = self.script("reboot", f": >{f}/reboot-asked\n")
        return {
            "csms": {"url": self.csms.ocpp, "identity": self.station, "message_timeout": "5s",
                     "backoff_wait_minimum": "1s", "backoff_random_range": "0"},
            "station": {"vendor": "Demo", "model": "Charger", "serial": "0001",
                        "release_file": f / "release"},
            "firmware": {"manufacturer_roots": self.pki / "manufacturer/root.pem",
                         "spool": f / "state/spool", "reboot": "command", "reboot_command": reboot,
                         "retries": "0", "retry_interval": "1s"},
            "rauc": {"bus": self.bus.address},
            "state": {"directory": f / "state"},
        }

    def write_config(self):
        config = self._config()
        for section, keys in self.settings.items():
            config.setdefault(section, {}).update(keys)
        text = "".join(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()
                                                  if value is not None) + "\n"
                       for section, keys in config.items())
        path = self.folder / "agent.conf"
        path.write_text(text)
        return path

    def start_agent(self):
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": self.bus.address,
               "RAUC_OCPP_BOOT_DIR": str(self.folder / "boot"), **self.agent_env}
        self.agent = Program("rauc-ocpp-agent", [self.binaries / "rauc-ocpp-agent", "--config",
                                                 self.write_config()], self.folder / "agent.log", env)

    def stop_agent(self, how=signal.SIGTERM):
        status = self.agent.stop(how) if self.agent else None
        self.agent = None
        return status

    def agent_percent(self):
        """How far the download or install is, None if the agent does not say."""
        percent = self.bus.property("org.raucocpp.Agent1", "/org/raucocpp/Agent1",
                                    "org.raucocpp.Agent1", "Percent")
        return percent if isinstance(percent, int) and 0 <= percent <= 100 else None

    # ---- power ----

    def boot(self):
        """Switches on: the boot loader chooses, slots that crash are left to the watchdog until
        one comes up; then RAUC and the agent start on it."""
        for _ in range(POWER_ON_LIMIT):
            slot = self.boot_loader.boot()
            up = slot not in self.crashing
            self.boots.append(slot)
            self.on_boot(slot, self.boot_loader.attempts(slot), up)
            if up:
                self._come_up(slot)
                return
        raise Trouble(f"no slot came up in {POWER_ON_LIMIT} boots")

    def _come_up(self, slot):
        self.slot = slot
        (self.folder / "boot" / "boot_id").write_text(f"{uuid.uuid4()}\n")
        (self.folder / "boot" / "boottime").write_text("1\n")
        (self.folder / "release").write_text(release_of(self.slot_image(slot)))
        (self.folder / "reboot-asked").unlink(missing_ok=True)
        self.rauc.start(slot)
        self.start_agent()

    def power_off(self, how=signal.SIGTERM):
        """An orderly end; with SIGKILL the plug is pulled."""
        self.stop_agent(how)
        self.rauc.stop(how)
        self.slot = None

    @property
    def reboot_asked(self):
        return (self.folder / "reboot-asked").exists()

    def tick(self):
        """Plays the reboot if the agent asked for one; True if so. Trouble if a program ended."""
        if self.reboot_asked:
            self.power_off()
            self.boot()
            return True
        for program in (self.agent, self.rauc.program, self.csms.program, self.bus.program):
            if program and not program.running:
                raise Trouble(f"{program.name} ended by itself with {program.process.returncode}; "
                              f"its last words:\n{self.last_words(program.log)}")
        return False

    @staticmethod
    def last_words(log, lines=15):
        try:
            return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
        except FileNotFoundError:
            return ""
