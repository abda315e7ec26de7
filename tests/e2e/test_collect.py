"""rauc-ocpp-transfer's job "collect": real journals, files as they are in the field, archives read by Python's tarfile."""

import gzip
import io
import json
import os
import random
import stat
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

import worker
from journals import START, USEC, entry, make_journal
from worker import Answer

PIECE_MAX = 384 * 1024
NOBODY = 65534
FULL = "the archive is as large as it may be"


class Archive:
    """What the worker made."""

    def __init__(self, path):
        self.path = path
        with tarfile.open(path) as tar:
            self.members = [m.name for m in tar.getmembers()]
            self.files = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
        self.manifest = json.loads(self.files["manifest.json"])

    def journal(self):
        """The pieces in the order of their names: the whole journal in the order of time."""
        names = sorted(n for n in self.files if n.startswith("journal/"))
        return b"".join(self.files[n] for n in names).decode(errors="replace")

    def told(self, path):
        """What the manifest says of that file on the charger."""
        found, = [f for f in self.manifest["files"] if f.get("path") == str(path)]
        return found


@pytest.fixture
def collect(tmp_path):
    """Runs the job; an Archive, or the failure."""
    file = tmp_path / "logs.tar.gz"

    def start(**members):
        job = {"job": "collect", "file": str(file), "max_size": 0, "identity": "CS001", "kind": "diagnostics",
               "journal_units": [], "files": [], "secrets": [], "notes": [], **members}
        job["files"] = [str(f) for f in job["files"]]
        return worker.start(job)

    def end(process):
        answer = Answer(process)
        assert answer.code == 0, answer.stderr
        if answer.failed:
            assert file.is_symlink() or not file.is_file(), "a part of an archive is left"
            return answer.failed
        assert answer.done == {"size": file.stat().st_size}
        return Archive(file)

    def run(**members):
        return end(start(**members))
    run.start, run.end, run.file = start, end, file
    return run


def in_journal(tmp_path, *entries, name="test"):
    make_journal(tmp_path / "journal", *entries, name=name)
    return str(tmp_path / "journal")


def texts(archive):
    """The messages, without what stands before them."""
    return [line.partition(": ")[2] for line in archive.journal().splitlines()]


# ---- all of it ----

def test_everything_at_once(collect, tmp_path):
    journal = in_journal(tmp_path, entry(START, "one"), entry(START + 1, "two"))
    log = tmp_path / "ocpp.log"
    log.write_text("a frame\n")
    (tmp_path / "system.conf").write_text("[system]\ndata-directory=data\n[log.events]\nfilename=events.log\n")
    data = tmp_path / "data"
    data.mkdir()
    for name in "central.raucs", "events.log", "events.log.1", "events.log.10", "events.log.bak":
        (data / name).write_text(name)
    archive = collect(journal=journal, journal_units=["charger"], files=[log], rauc_config=str(tmp_path / "system.conf"),
                      notes=[{"name": "status.json", "text": "{}"}], since=START)
    assert archive.files["status.json"] == b"{}"
    assert archive.files[f"files{log}"] == b"a frame\n"
    for name in "central.raucs", "events.log", "events.log.1", "events.log.10":
        assert archive.files[f"files{data}/{name}"] == name.encode()
    assert f"files{data}/events.log.bak" not in archive.files
    assert texts(archive) == ["one", "two"]
    manifest = archive.manifest
    assert (manifest["identity"], manifest["kind"], manifest["tool"].split()[0]) == (
        "CS001", "diagnostics", "rauc-ocpp-agent")
    assert manifest["since"] == "2023-11-14T22:13:20.000Z" and "until" not in manifest
    assert manifest["journal"] == {"files_left_out": [], "units": ["charger"], "entries": 2,
                                   "oldest": "2023-11-14T22:13:20.000Z", "newest": "2023-11-14T22:13:20.000Z"}
    assert archive.members[-1] == "manifest.json"
    assert {f["name"] for f in manifest["files"]} == {n for n in archive.members if not n.startswith("journal/")
                                                      } - {"manifest.json"}
    assert stat.S_IMODE(archive.path.stat().st_mode) == 0o640


def test_security_takes_files_and_notes_alone(collect, tmp_path):
    journal = in_journal(tmp_path, entry(START, "one"))
    (tmp_path / "security.log").write_text("SettingSystemTime\n")
    (tmp_path / "rauc.status").write_text("x")
    (tmp_path / "system.conf").write_text(f"[system]\nstatusfile={tmp_path}/rauc.status\n")
    archive = collect(kind="security", journal=journal, journal_units=["*"], files=[tmp_path / "security.log"],
                      rauc_config=str(tmp_path / "system.conf"), notes=[{"name": "events.log", "text": "more"}])
    assert archive.members == ["events.log", f"files{tmp_path}/security.log", "manifest.json"]
    assert "journal" not in archive.manifest


@pytest.mark.parametrize("kind", ["diagnostics", "security"])
def test_nothing_of_that_kind(collect, tmp_path, kind):
    (tmp_path / "empty.log").touch()
    journal = in_journal(tmp_path, entry(START, "one"))
    failure = collect(kind=kind, files=[tmp_path / "none", tmp_path / "empty.log"], journal=journal,
                      journal_units=["charger"], since=START + 1)
    assert (failure["code"], failure["final"]) == ("nothing", True)


# ---- the journal ----

def test_units_as_journalctl_has_them(collect, tmp_path):
    crash = {"MESSAGE_ID": "fc2e22bc6ee647b6b90729ab34a250b1", "COREDUMP_UNIT": "charger.service",
             "COREDUMP_ENVIRON": "TOKEN=secret"}
    journal = in_journal(
        tmp_path, entry(START, "said"), entry(START + 1, "by systemd", "init.scope", UNIT="charger.service", _PID=1),
        entry(START + 2, "crashed", "coredump.service", **crash),
        entry(START + 3, "by another", "other.service", UNIT="charger.service"),
        entry(START + 4, "by polkit", "polkit.service", OBJECT_SYSTEMD_UNIT="charger.service"),
        entry(START + 5, "by none", None, SYSLOG_IDENTIFIER="kernel"),
        entry(START + 6, "charged", "charger-2.service"), entry(START + 7, "listening", "charger.socket"))
    mine = ["said", "by systemd {UNIT=charger.service}",
            "crashed {MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1}",
            "by polkit {OBJECT_SYSTEMD_UNIT=charger.service}"]
    assert texts(collect(journal=journal, journal_units=["charger"])) == mine
    assert texts(collect(journal=journal, journal_units=["charger.service", "charger"])) == mine
    assert texts(collect(journal=journal, journal_units=["charger.socket"])) == ["listening"]
    assert texts(collect(journal=journal, journal_units=["charger-*", "*.socket"])) == ["charged", "listening"]
    assert len(texts(collect(journal=journal, journal_units=["charger", "*"]))) == 8


def test_no_such_unit_is_not_the_whole_journal(collect, tmp_path):
    journal = in_journal(tmp_path, entry(START, "one"))
    notes = [{"name": "status.json", "text": "{}"}]
    archive = collect(journal=journal, journal_units=["meter-*"], notes=notes)
    assert archive.manifest["journal"]["left_out"] == "there is no such unit in it"
    assert archive.journal() == "" and collect(journal=journal, journal_units=["meter"], notes=notes).journal() == ""
    assert "journal" not in collect(journal=journal, notes=notes).manifest


def test_a_line_is_an_entry(collect, tmp_path):
    journal = in_journal(
        tmp_path,
        entry(START + 123456, "Downloading https://user:s3cret@example.com/fw.raucb", PRIORITY=4, OCPP_REQUEST_ID=7,
              OCPP_STATUS="Downloading", CODE_FILE="a.c", FIRMWARE_URI="https://user:s3cret@example.com/fw.raucb",
              LONG="x" * 200),
        entry(START + USEC, "first\nsecond\n2023-11-14T22:13:20.000000Z kernel forged: line \x1b[31m\x00"),
        entry(START + 2 * USEC, "from the kernel", None, SYSLOG_IDENTIFIER="kernel", PRIORITY="x"))
    hidden = "*" * len("user:s3cret")
    assert collect(journal=journal, journal_units=["*"]).journal() == (
        f"2023-11-14T22:13:20.123456Z charger.service charger[312] warning: Downloading https://{hidden}@example.com/fw.raucb "
        f"{{OCPP_REQUEST_ID=7 OCPP_STATUS=Downloading FIRMWARE_URI=https://{hidden}@example.com/fw.raucb}}\n"
        "2023-11-14T22:13:21.000000Z charger.service charger[312] info: first\n"
        "\tsecond\n"
        "\t2023-11-14T22:13:20.000000Z kernel forged: line ?[31m?\n"
        "2023-11-14T22:13:22.000000Z - kernel -: from the kernel\n")


def test_a_message_that_is_too_long_is_cut(collect, tmp_path):
    journal = in_journal(tmp_path, entry(START, "\n" * 50_000), entry(START + 1, "Y" * 70_000), entry(START + 2, "z"))
    text = collect(journal=journal, journal_units=["charger"]).journal()
    assert text.count("\n\t") == 16384 and text.count("Y") == 16384 and "(cut: 70000 bytes)" in text
    assert text.endswith(": z\n")


def test_the_time_span(collect, tmp_path):
    journal = in_journal(tmp_path, *(entry(START + i * USEC, i) for i in range(10)))
    one = {"journal": journal, "journal_units": ["charger"]}
    assert texts(collect(**one, since=START + 3 * USEC, until=START + 6 * USEC)) == list("3456")
    assert texts(collect(**one, since=START + 8 * USEC)) == list("89")
    assert texts(collect(**one, until=START + 1 * USEC + 1)) == list("01")
    assert collect(**one, since=START + 20 * USEC)["code"] == "nothing"


def test_a_boot_without_a_clock_does_not_hide_what_was_before(collect, tmp_path):
    early = [entry(1000 + i, f"early {i}", _BOOT_ID="b" * 32) for i in range(3)]
    journal = in_journal(tmp_path, entry(START, "before"), *early, entry(START + USEC, "after", _BOOT_ID="b" * 32))
    assert texts(collect(journal=journal, journal_units=["charger"], since=START)) == ["before", "after"]


def test_pieces_in_the_order_of_their_names(collect, tmp_path):
    count = 20_000
    journal = in_journal(tmp_path, *(entry(START + i * 1000, f"{i} {'x' * 50}") for i in range(count)))
    archive = collect(journal=journal, journal_units=["charger"])
    assert [int(t.split()[0]) for t in texts(archive)] == list(range(count))
    sizes = [len(archive.files[n]) for n in archive.members if n.startswith("journal/")]
    assert len(sizes) > 3 and max(sizes) <= PIECE_MAX
    assert archive.manifest["journal"]["entries"] == count


def test_a_damaged_file_of_the_journal(collect, tmp_path):
    journal = in_journal(tmp_path, *(entry(START + i, f"good {i}") for i in range(10)))
    cut = make_journal(tmp_path / "journal", *(entry(START + 100 + i, "cut") for i in range(10)), name="cut")
    os.truncate(cut, 5000)
    (tmp_path / "journal/junk.journal").write_bytes(b"no journal" * 1000)
    archive = collect(journal=journal, journal_units=["charger"])
    assert texts(archive) == [f"good {i}" for i in range(10)]
    left_out = {Path(f["file"]).name: f["why"] for f in archive.manifest["journal"]["files_left_out"]}
    assert set(left_out) == {"cut.journal", "junk.journal"} and all(left_out.values())


def test_a_journal_damaged_in_the_middle(collect, tmp_path):
    journal = in_journal(tmp_path, *(entry(START + i, f"good {i}") for i in range(100)))
    bad = make_journal(tmp_path / "journal", *(entry(START + 1000 + i, f"bad {i} {'x' * 600}") for i in range(5000)),
                       name="bad")
    with open(bad, "r+b") as f:
        size = bad.stat().st_size
        f.seek(size // 4)
        f.write(os.urandom(size // 4))
    archive = collect(journal=journal, journal_units=["charger"])
    told = archive.manifest["journal"]
    assert texts(archive)[:100] == [f"good {i}" for i in range(100)]
    assert told.get("damaged_bytes_left_out", 0) + told.get("entries_damaged", 0) > 0


def test_no_journal(collect, tmp_path):
    archive = collect(journal=str(tmp_path / "none"), journal_units=["charger"],
                      notes=[{"name": "status.json", "text": "{}"}])
    assert archive.manifest["journal"]["left_out"] == "No such file or directory"


# ---- files ----

def test_files_and_globs(collect, tmp_path):
    for name in "a.log", "b.log", "b.txt", ".hidden.log", "{odd}.log":
        (tmp_path / name).write_text(name)
    (tmp_path / "folder.log").mkdir()
    os.mkfifo(tmp_path / "fifo.log")
    archive = collect(files=[tmp_path / "*.log", tmp_path / "a.log", tmp_path / "none.log", tmp_path / "none*",
                             tmp_path / "../" / tmp_path.name / "b.txt"])
    assert {n for n in archive.members if n != "manifest.json"} == {
        f"files{tmp_path}/{n}" for n in ("a.log", "b.log", "b.txt", "{odd}.log")}
    assert archive.told(tmp_path / "folder.log")["left_out"] == "it is no regular file"
    assert archive.told(tmp_path / "fifo.log")["left_out"] == "it is no regular file"
    assert archive.told(tmp_path / "none.log")["left_out"] == "there is no such file"
    assert archive.told(tmp_path / "none*")["left_out"] == "there is no such file"


def test_secrets_are_left_out(collect, tmp_path):
    """By any name they have."""
    for name in "a.log", "key", "agent.db", "agent.db-wal":
        (tmp_path / name).write_text(name)
    (tmp_path / "b.log").hardlink_to(tmp_path / "key")
    (tmp_path / "c.log").symlink_to(tmp_path / "agent.db")
    archive = collect(files=[tmp_path / "*"], secrets=[f"{tmp_path}/key", f"{tmp_path}/agent.db*", "/nowhere/at/all"])
    assert [n for n in archive.members if n != "manifest.json"] == [f"files{tmp_path}/a.log"]
    assert archive.told(tmp_path / "agent.db-wal")["left_out"] == "it may hold secrets"


def test_symbolic_links(collect, tmp_path):
    logs, other = tmp_path / "logs", tmp_path / "other"
    logs.mkdir()
    other.mkdir()
    (other / "secret.key").write_text("secret")
    (other / "app.log").write_text("app")
    (logs / "real.txt").write_text("real")
    links = {"beside.log": "real.txt", "theirs.log": "../other/secret.key", "root.log": "../other/app.log",
             "proc.log": "/proc/self/environ", "device.log": "/dev/zero", "nowhere.log": "none"}
    for name, target in links.items():
        (logs / name).symlink_to(target)
    for name in "beside.log", "theirs.log":
        os.chown(logs / name, NOBODY, NOBODY, follow_symlinks=False)
    archive = collect(files=[logs / "*.log", "/proc/version"])
    assert archive.files[f"files{logs}/beside.log"] == b"real"
    assert archive.files[f"files{logs}/root.log"] == b"app"
    assert "that root did not make" in archive.told(logs / "theirs.log")["left_out"]
    for path in logs / "proc.log", logs / "device.log", "/proc/version":
        assert archive.told(path)["left_out"] == "it is no regular file"
    assert archive.told(logs / "nowhere.log")["left_out"] == "there is no such file"
    assert set(archive.members) == {f"files{logs}/beside.log", f"files{logs}/root.log", "manifest.json"}


def test_files_older_than_the_span(collect, tmp_path):
    for name, age in ("new.log", 10), ("old.log", 5000), ("rauc.status", 9000):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / "system.conf").write_text(f"[system]\nstatusfile={tmp_path}/rauc.status\n")
    archive = collect(files=[tmp_path / "*.log"], since=int(time.time() - 1000) * USEC,
                      rauc_config=str(tmp_path / "system.conf"))
    assert archive.members == [f"files{tmp_path}/rauc.status", f"files{tmp_path}/new.log", "manifest.json"]
    assert archive.told(tmp_path / "old.log")["left_out"] == "it was last changed before the time span"


def test_no_config_of_rauc(collect, tmp_path):
    notes = [{"name": "status.json", "text": "{}"}]
    assert collect(rauc_config=str(tmp_path / "none.conf"),
                   notes=notes).manifest["rauc_left_out"] == "No such file or directory"
    (tmp_path / "system.conf").write_text("[system]\nstatusfile=per-slot\ndata-directory=/data\n")
    assert collect(rauc_config=str(tmp_path / "system.conf"), notes=notes).members == ["status.json", "manifest.json"]


def test_passwords_in_urls_are_blanked(collect, tmp_path):
    url, hidden = "https://user:p%40ss@example.com/a@b", "https://***********@example.com/a@b"
    lines = [f"get {url} now", f'["{url}"]', "ftp://only-user@host x@y http://example.com/a:b@c",
             'json: "https:\\/\\/u:pw@h\\/x"', "sftp://a:b@h"]
    blanked = [f"get {hidden} now", f'["{hidden}"]', "ftp://*********@host x@y http://example.com/a:b@c",
               'json: "https:\\/\\/****@h\\/x"', "sftp://***@h"]
    filler = "".join(f"{i} " for i in range(12_000))  # so that each falls on a border of the blocks read once
    for shift in range(0, 60, 7):
        text = "x" * shift + filler + ("\n" + "\n".join(lines)) * 40
        expected = "x" * shift + filler + ("\n" + "\n".join(blanked)) * 40
        (tmp_path / "a.log").write_text(text)
        assert collect(files=[tmp_path / "a.log"]).files[f"files{tmp_path}/a.log"].decode() == expected


def test_compressed_files_stay_as_they_are(collect, tmp_path):
    out = io.BytesIO()
    with gzip.GzipFile("://u:p@h", "wb", compresslevel=0, fileobj=out) as f:
        f.write(b"https://user:password@host/ " * 1000)
    (tmp_path / "a.log.1.gz").write_bytes(out.getvalue())
    archive = collect(files=[tmp_path / "*.gz"])
    assert archive.files[f"files{tmp_path}/a.log.1.gz"] == out.getvalue()


def wait_until_it_grows(file):
    deadline = time.monotonic() + 30
    while not (file.exists() and file.stat().st_size > 0):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_file_that_changes_while_it_is_read(collect, tmp_path):
    """The first block of the archive is written when far less than all of the file has been read."""
    size = 64_000_000
    line = b"a line of a log that is written at the same time\n"
    log = tmp_path / "busy.log"
    for change, kept in (lambda: os.truncate(log, 1000), 1000), (lambda: log.open("ab").write(line * 10), size):
        block = (line * (65536 // len(line) + 1))[:65536]
        with log.open("wb") as f:
            for _ in range(size // len(block) + 1):
                f.write(block)
            f.truncate(size)
        process = collect.start(files=[log])
        wait_until_it_grows(collect.file)
        change()
        archive = collect.end(process)
        content = archive.files[f"files{log}"]
        assert len(content) == size == archive.told(log)["size"]
        assert (archive.told(log).get("cut_short") == "it got shorter") == (kept < size)
        assert content.endswith(b"\0" * 1000) == (kept < size)
        collect.file.unlink()


# ---- limits ----

@pytest.mark.parametrize("max_size", [40_000, 150_000, 500_000, 2_000_000])
def test_the_oldest_is_left_out_first(collect, tmp_path, max_size):
    """Everything is as badly compressed as can be."""
    chance = random.Random(3)
    noise = [entry(START + i * USEC, f"{i} {chance.randbytes(300).hex()}") for i in range(3000)]
    journal = in_journal(tmp_path, *noise)
    for age in range(5):
        path = tmp_path / f"{age}.log"
        path.write_bytes(b"".join(chance.randbytes(99).replace(b"\n", b"x") + b"\n" for _ in range(3000)))
        os.utime(path, ((START // USEC + 3000 - age * 100),) * 2)
    archive = collect(journal=journal, journal_units=["charger"], files=[tmp_path / "*.log"], max_size=max_size,
                      notes=[{"name": "status.json", "text": "{}"}])
    assert max_size * 0.4 < archive.path.stat().st_size <= max_size
    numbers = [int(t.split()[0]) for t in texts(archive)]
    assert numbers == list(range(3000 - len(numbers), 3000)), "a gap in the journal"
    told = [archive.told(tmp_path / f"{age}.log") for age in range(5)]
    assert archive.manifest["max_size"] == max_size
    if max_size < 2_000_000:
        assert told[4]["left_out"] == FULL and archive.manifest["journal"]["left_out"] == FULL
    left_out = [t.get("bytes_left_out", 300_000 if "left_out" in t else 0) for t in told]
    assert left_out == sorted(left_out), "an older file has more in the archive than a newer one"


def test_of_a_large_file_the_end(collect, tmp_path):
    chance = random.Random(4)
    lines = [chance.randbytes(40).hex().encode() + b"\n" for _ in range(20_000)]
    (tmp_path / "a.log").write_bytes(b"".join(lines))
    archive = collect(files=[tmp_path / "a.log"], max_size=400_000)
    content, told = archive.files[f"files{tmp_path}/a.log"], archive.told(tmp_path / "a.log")
    assert b"".join(lines).endswith(content) and content.splitlines(True)[0] in lines
    assert (told["size"], told["left_out"]) == (len(content), FULL)
    assert told["size"] + told["bytes_left_out"] == len(b"".join(lines))
    assert archive.path.stat().st_size <= 400_000


def test_no_more_files_than_can_be_looked_at(collect, tmp_path):
    for i in range(600):
        (tmp_path / f"{i}.log").write_text("x")
    archive = collect(files=[tmp_path / "*.log"])
    assert len(archive.members) == 501 and archive.manifest["files_looked_at"] == 500


# ---- failures ----

def test_where_it_can_not_be_written(collect, tmp_path):
    notes = [{"name": "status.json", "text": "{}"}]
    assert collect(file=str(tmp_path / "none/logs.tar.gz"), notes=notes)["code"] == "file"
    (tmp_path / "target").write_text("kept")
    collect.file.symlink_to(tmp_path / "target")
    assert collect(notes=notes)["code"] == "file"
    assert (tmp_path / "target").read_text() == "kept"


def test_too_small_a_limit(collect):
    failure = collect(notes=[{"name": "status.json", "text": random.Random(5).randbytes(9000).hex()}], max_size=5000)
    assert (failure["code"], failure["final"]) == ("too-large", True)


def test_a_full_disk(collect, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", disk], check=True)
    try:
        (tmp_path / "a.log").write_bytes(os.urandom(1_000_000))
        failure = collect(file=str(disk / "logs.tar.gz"), files=[tmp_path / "a.log"])
        assert failure["code"] == "no-space" and not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


def test_room_that_is_kept_for_others(collect, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=True)
    try:
        (tmp_path / "a.log").write_bytes(os.urandom(6_000_000))
        order = {"file": str(disk / "a.tar.gz"), "files": [tmp_path / "a.log"]}
        assert collect(**order, reserve=4 << 20)["code"] == "no-space" and not list(disk.iterdir())
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("members", [{"kind": "all"}, {"files": ["relative.log"]},
                                     {"notes": [{"name": "../x", "text": "x"}]}, {"notes": [{"name": "", "text": "x"}]}])
def test_an_order_that_makes_no_sense(collect, members):
    assert collect(**members)["code"] == "job"


def test_what_was_there_is_replaced(collect):
    collect.file.write_bytes(b"x" * 100_000)
    assert collect(notes=[{"name": "status.json", "text": "{}"}]).members == ["status.json", "manifest.json"]
