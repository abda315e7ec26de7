"""A journal of 1 GB, and what it costs to pack it beside `journalctl -o export | gzip`. Both read the
same journal, made once under build/ by systemd-journal-remote and warm in the page cache, and write a
file there; they take turns. CPU is user and system time of all their processes."""
import os
import random
import shutil
import statistics
import subprocess

from benchmark import SOURCE, Trouble, in_turn

FOLDER = SOURCE / "build/bench-logs"
JOURNAL = FOLDER / "journal"
JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
START = 1_700_000_000_000_000  # usec since 1970
CPU_RATIO = 1.25

PROGRAMS = ["chargerd", "rauc-ocpp-agent", "rauc", "modem-manager", "meter", "display", "kernel"]
WORDS = """connector session energy meter value current phase limit profile transaction started
stopped authorized tag timeout retry connection lost restored heartbeat signal modem registered
temperature derating relay contactor closed opened pilot state duty cycle firmware slot status
download received bytes queue message sent""".split()


def entry(chance, number):
    """One in journald's export format, with the fields that a service's message has."""
    program = chance.choice(PROGRAMS)
    pid = 300 + len(program)
    words = " ".join(chance.choices(WORDS, k=chance.randint(5, 18)))
    fields = {
        "__REALTIME_TIMESTAMP": START + number * 150_000,
        "__MONOTONIC_TIMESTAMP": 10_000_000 + number * 150_000,
        "_BOOT_ID": f"{1 + number // 200_000:032x}",
        "_MACHINE_ID": "00112233445566778899aabbccddeeff",
        "_HOSTNAME": "charger-0042",
        "_TRANSPORT": "journal", "_UID": 0, "_GID": 0, "_PID": pid, "_COMM": program[:15],
        "_EXE": f"/usr/bin/{program}", "_CMDLINE": f"/usr/bin/{program} --config /etc/{program}.conf",
        "_CAP_EFFECTIVE": "1ffffffffff", "_SYSTEMD_CGROUP": f"/system.slice/{program}.service",
        "_SYSTEMD_UNIT": f"{program}.service", "_SYSTEMD_SLICE": "system.slice",
        "_SYSTEMD_INVOCATION_ID": f"{pid:032x}",
        "_SOURCE_REALTIME_TIMESTAMP": START + number * 150_000 - chance.randint(10, 90),
        "SYSLOG_IDENTIFIER": program, "SYSLOG_FACILITY": 3, "PRIORITY": chance.choice([6, 6, 6, 5, 4, 3]),
        "CODE_FILE": f"src/{chance.choice(WORDS)}.c", "CODE_LINE": chance.randint(10, 900),
        "MESSAGE": f"{words} {chance.randint(0, 10**6)}",
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"


def journal_size():
    return sum(f.stat().st_size for f in JOURNAL.glob("*.journal"))


def make_journal(size):
    """Once; half a journal is begun anew."""
    if (FOLDER / "complete").exists() and journal_size() >= size:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    JOURNAL.mkdir(parents=True)
    print(f"making a journal of {size / 1e9:.1f} GB in {FOLDER}", flush=True)
    chance, number = random.Random(1), 0
    with subprocess.Popen([JOURNAL_REMOTE, "-o", JOURNAL / "bench.journal", "-"], text=True,
                          stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as maker:
        while journal_size() < size:
            maker.stdin.write("".join(entry(chance, number + i) for i in range(5000)))
            number += 5000
    if maker.returncode != 0:
        raise Trouble(f"{JOURNAL_REMOTE} ended with {maker.returncode}")
    (FOLDER / "complete").touch()


def pack_job(file):
    return {"job": "collect", "file": str(file), "max_size": 0, "identity": "BENCH", "kind": "diagnostics",
            "journal": str(JOURNAL), "journal_units": PROGRAMS, "files": [], "secrets": [], "notes": []}


def export_once():
    """CPU seconds of both processes."""
    with open(FOLDER / "export.gz", "wb") as out:
        journalctl = subprocess.Popen(["journalctl", "-D", JOURNAL, "-o", "export"], stdout=subprocess.PIPE)
        gzip = subprocess.Popen(["gzip"], stdin=journalctl.stdout, stdout=out)
        journalctl.stdout.close()
        total = 0.0
        for process in journalctl, gzip:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                raise Trouble(f"{process.args[0]} ended with {process.returncode}")
            total += usage.ru_utime + usage.ru_stime
        return total


def measure_journal(report, rounds, size, pack_once):
    """pack_once(): CPU seconds of the worker at pack_job(FOLDER / "logs.tar.gz")."""
    make_journal(size)
    pack_once()  # warms the page cache
    values = in_turn(rounds, ["ours", "theirs"], lambda side: pack_once() if side == "ours" else export_once(), str)
    ours, theirs = (statistics.median(values[side]) for side in ("ours", "theirs"))
    packed, exported = ((FOLDER / name).stat().st_size / 1e6 for name in ("logs.tar.gz", "export.gz"))
    report.figure("pack-journal-cpu", ours / theirs, "x-export", CPU_RATIO,
                  f"worker {ours:.1f} s, journalctl -o export | gzip {theirs:.1f} s, {journal_size() / 1e9:.2f} GB; "
                  f"packed to {packed:.0f} and {exported:.0f} MB")
