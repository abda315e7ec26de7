"""Journals for tests, made by systemd-journal-remote from journald's export format: no journald needs to run."""

import struct
import subprocess

REMOTE = "/lib/systemd/systemd-journal-remote"
BOOT = "6e7a1d9a5d3c4ab0a2b7c8f0a1b2c3d4"
USEC = 1_000_000
START = 1_700_000_000 * USEC  # 2023-11-14T22:13:20Z


def entry(at, message, unit="charger.service", **fields):
    """One entry, received at so many usec since 1970; unit None: of no unit."""
    if unit:
        name = unit.rpartition(".")[0]
        fields = {"_SYSTEMD_UNIT": unit, "SYSLOG_IDENTIFIER": name, "_COMM": name, "_PID": 312, **fields}
    fields = {"PRIORITY": 6, "_UID": 0, "_BOOT_ID": BOOT, "_TRANSPORT": "journal", **fields, "MESSAGE": message}
    out = f"__REALTIME_TIMESTAMP={at}\n__MONOTONIC_TIMESTAMP={at % 10**12}\n".encode()
    for name, value in fields.items():
        data = value if isinstance(value, bytes) else str(value).encode()
        if b"\n" in data:
            out += name.encode() + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
        else:
            out += name.encode() + b"=" + data + b"\n"
    return out + b"\n"


def make_journal(folder, *entries, name="test"):
    """A journal file of these entries; its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.journal"
    subprocess.run([REMOTE, "-o", path, "-"], input=b"".join(entries), check=True, capture_output=True, timeout=120)
    return path
