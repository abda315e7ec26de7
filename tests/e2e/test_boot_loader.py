"""tools/demo: the boot loader behaves as a real one, RAUC agrees with it, and what the harness starts
dies with it. Roll-back tests prove nothing without this."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(SOURCE / "tools" / "demo"))
import parts as harness  # noqa: E402

RAUC = ("de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer")

# Commands, and what the boot loader says last.
LIFE = [
    ("a factory charger boots A", ["boot"], "A"),
    ("both slots are good at first", ["get-state B"], "good"),
    ("each boot costs an attempt, then comes the next slot", ["boot"] * 4, "B"),
    ("a slot without attempts is bad", ["boot"] * 3 + ["get-state A"], "bad"),
    ("good refills the attempts", ["boot"] * 2 + ["set-state A good"] + ["boot"] * 3, "A"),
    ("bad drops a slot at once", ["set-state A bad", "boot"], "B"),
    ("a dropped slot stays away even if it is good again",
     ["set-state A bad", "set-state A good", "get-state A"], "bad"),
    ("the primary comes first", ["set-primary B", "boot"], "B"),
    ("the primary gets all attempts", ["boot"] * 2 + ["set-primary A"] + ["boot"] * 3, "A"),
    ("an install that was not confirmed is left after three boots",
     ["set-state B bad", "set-primary B"] + ["boot"] * 4, "A"),
    ("get-primary passes over a slot without attempts", ["set-primary B"] + ["boot"] * 3 +
     ["get-primary"], "A"),
    ("get-current is what booted, not what will", ["boot", "set-primary B", "get-current"], "A"),
    ("with no attempts anywhere all are refilled", ["boot"] * 6 + ["boot"], "A"),
    ("with an empty order too", ["set-state A bad", "set-state B bad", "boot"], "A"),
]


@pytest.mark.parametrize("commands,answer", [c[1:] for c in LIFE], ids=[c[0] for c in LIFE])
def test_life(tmp_path, commands, answer):
    boot_loader = harness.BootLoader(tmp_path / "boot-loader")
    said = [boot_loader.run(*command.split()) for command in commands]
    assert said[-1] == answer


@pytest.mark.parametrize("words", [["set-state", "C", "good"], ["set-state", "A", "fine"],
                                   ["set-primary", "C"], ["erase"]])
def test_refuses(tmp_path, words):
    boot_loader = harness.BootLoader(tmp_path / "boot-loader")
    boot_loader.boot()
    before = boot_loader.variables()
    with pytest.raises(harness.Trouble):
        boot_loader.run(*words)
    assert boot_loader.variables() == before


def test_traps(tmp_path):
    boot_loader = harness.BootLoader(tmp_path / "boot-loader")
    boot_loader.trap("lose", "set-state")
    boot_loader.run("set-state", "A", "bad")
    assert boot_loader.state("A") == "good"
    boot_loader.trap("lose", "set-state", on=False)
    boot_loader.trap("fail", "set-state")
    with pytest.raises(harness.Trouble):
        boot_loader.run("set-state", "A", "bad")


class Slots:
    """Bus, boot loader and RAUC, without CSMS and agent."""

    def __init__(self, folder, pki):
        self.folder = folder
        (folder / "mnt").mkdir()
        for slot in harness.Rauc.SLOTS:
            (folder / f"slot-{slot}.img").write_bytes(bytes(1 << 20))
        self.bus = harness.Bus(folder)
        self.boot_loader = harness.BootLoader(folder / "boot-loader")
        self.rauc = harness.Rauc(folder, self.bus, self.boot_loader, pki / "rauc/root.pem")

    def boot(self):
        self.rauc.stop()
        slot = self.boot_loader.boot()
        self.rauc.start(slot)
        return slot

    def call(self, *words):
        out = self.bus.busctl("--json=short", "call", *RAUC, *words)
        assert out is not None, words
        return json.loads(out)["data"] if out.strip() else None

    def told(self):
        """({slot: (state, boot-status)}, primary) as RAUC tells."""
        slots = {name: (s["state"]["data"], s["boot-status"]["data"])
                 for name, s in self.call("GetSlotStatus")[0]}
        return slots, self.call("GetPrimary")[0]


@pytest.fixture(name="slots")
def make_slots(tmp_path, keys):
    slots = Slots(tmp_path, keys)
    yield slots
    slots.rauc.stop()
    slots.bus.program.stop()


def test_rauc_agrees(slots):
    assert slots.boot() == "A"
    assert slots.told() == ({"rootfs.0": ("booted", "good"), "rootfs.1": ("inactive", "good")},
                            "rootfs.0")
    slots.call("Mark", "ss", "bad", "other")
    assert slots.told()[0]["rootfs.1"] == ("inactive", "bad")
    slots.call("Mark", "ss", "active", "other")
    assert slots.told() == ({"rootfs.0": ("booted", "good"), "rootfs.1": ("inactive", "good")},
                            "rootfs.1")
    assert [slots.boot() for _ in range(4)] == ["B", "B", "B", "A"]
    assert slots.told() == ({"rootfs.0": ("booted", "good"), "rootfs.1": ("inactive", "bad")},
                            "rootfs.0")


def test_children_die_with_their_parent(tmp_path):
    """Even where the parent had no time to clean up."""
    script = ("import sys, pathlib, time\n"
              f"sys.path.insert(0, {str(SOURCE / 'tools' / 'demo')!r})\n"
              "import parts\n"
              f"bus = parts.Bus(pathlib.Path({str(tmp_path)!r}))\n"
              "print(bus.program.process.pid, flush=True)\n"
              "time.sleep(600)\n")
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        child = pathlib.Path(f"/proc/{int(parent.stdout.readline())}/comm")
        assert child.read_text() == "dbus-daemon\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        end = time.monotonic() + 10
        while child.exists() and child.read_text() == "dbus-daemon\n" and time.monotonic() < end:
            stat = pathlib.Path(child.parent / "stat")
            if stat.exists() and stat.read_text().split(") ")[1].startswith("Z"):
                break  # dead, its new parent has yet to notice
            time.sleep(0.02)
        assert time.monotonic() < end
