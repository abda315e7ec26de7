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
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import uuid

from parts import COMPATIBLE, BootLoader, Bus, MockCsms, Program, Rauc, Trouble, run

SOURCE = pathlib.Path(__file__).resolve().parents[2]

FIRST_BLOCK = 4096  # of an image: its os-release, padded
MIB = 1 << 20
POWER_ON_LIMIT = 20  # boots that may crash one after the other


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


class Charger:
    """All of it together. Give binaries (the folder of the programs) and what differs from a plain
    charger; boot() switches it on."""

    def __init__(self, binaries, station="CS001", version="1.0.0", slot_mib=16, trace=None, keep=False,
                 pki=None, csms_options=lambda charger: ()):
        self.binaries = pathlib.Path(binaries).resolve()
        self.station = station
        self.settings = {}  # {"section": {"key": "value"}} over the ones below
        self.crashing = set()  # slots that never come up
        self.slot = None  # the one that runs
        self.boots = []  # every slot that was tried
        self.on_boot = lambda slot, left, up: None
        self.agent = None
        self.agent_env = {}
        self.companions = []  # other programs that belong to the stage, and end with it
        self.keep = keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rauc-ocpp-charger."))
        self.folder.chmod(0o755)
        self._closed = False
        atexit.register(self.close)
        self.bus = self.csms = self.rauc = None
        try:
            self._set_up(version, slot_mib, trace, pki, csms_options)
        except BaseException:
            self.close()
            raise

    def _set_up(self, version, slot_mib, trace, pki, csms_options):
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
        self.csms = MockCsms(self.binaries / "mock-csms", f, f / "files", trace, csms_options(self))

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
        for program in (*self.companions, self.agent, self.rauc and self.rauc.program,
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
            "logs": {"ocpp_log": f / "ocpp.log", "retry_interval": "1s"},
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
        for program in (*self.companions, self.agent, self.rauc.program, self.csms.program, self.bus.program):
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
