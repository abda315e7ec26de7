"""mock-csms looks into logs: what is listed and read of good, odd and hostile archives."""
import gzip
import io
import os
import socket
import struct
import tarfile
import time
import zipfile
from urllib.parse import quote

import pytest

from mockcsms import MockCsms, wait_until
from test_mock_csms_loglist import ask, place
from wsclient import Station


@pytest.fixture(scope="module")
def opening():
    """Keeps what a station uploads: keep(content) gives the id of the log."""
    with MockCsms() as csms, Station(csms.port, "CP1") as station:
        wait_until(lambda: csms.stations())

        def keep(content, name="x"):
            number = ask(csms, stations=["CP1"])["logs"][0]["id"]
            frame = station.next_call()
            station.answer(frame[1], {"status": "Accepted", "filename": "x"})
            assert csms.request("PUT", f"/{place(frame[3])}{name}", content, timeout=60).status == 201
            return number

        csms.keep = keep
        yield csms


def entries(csms, number):
    answer = csms.request("GET", f"/api/logs/{number}/entries", timeout=60)
    assert answer.status == 200, answer.body
    return answer.json


def content(csms, number, name, **query):
    more = "".join(f"&{key}={value}" for key, value in query.items())
    return csms.request("GET", f"/api/logs/{number}/entries/content?name={quote(name, safe='')}{more}", timeout=60)


def packed(members, mode="w:gz"):
    """A tar of (name, content or TarInfo)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            if isinstance(data, dict):
                for key, value in data.items():
                    setattr(info, key, value)
                archive.addfile(info)
            else:
                info.size, info.mtime = len(data), 1700000000
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "w", "zip"])
def test_archive_is_listed_and_read(opening, mode):
    members = [("manifest.json", b"{}"), ("log/a b.log", "Zeile \u00e4\n".encode() * 1000), ("empty", b"")]
    number = opening.keep(zipped(members) if mode == "zip" else packed(members, mode))
    told = entries(opening, number)
    assert [(e["name"], e["type"], e["size"]) for e in told["entries"]] == [(name, "file", len(data)) for name, data in members]
    assert told["note"] is None and ("tar" in told["format"] or "ZIP" in told["format"])
    for name, data in members:
        answer = content(opening, number, name)
        assert answer.status == 200 and answer.body == data and "next-offset" not in answer.headers
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_long_text_is_read_piece_by_piece(opening):
    text = "\u00e4\u20ac\U0001f600x" * 20000
    number = opening.keep(packed([("long", text.encode())]))
    got, at = b"", 0
    while at is not None:
        answer = content(opening, number, "long", offset=at, limit=4097)
        assert answer.status == 200 and len(answer.body) <= 4097
        got += answer.body
        at = answer.headers["next-offset"]
    assert got.decode() == text
    assert content(opening, number, "long", offset=len(text.encode())).body == b""


@pytest.mark.parametrize("data", [b"just a text\n", gzip.compress(b"just a text\n", mtime=0)])
def test_what_is_no_archive_is_one_entry(opening, data):
    number = opening.keep(data)
    told = entries(opening, number)
    assert told["format"] == "raw" and [(e["name"], e["type"]) for e in told["entries"]] == [("x", "file")]
    assert content(opening, number, "x").body == b"just a text\n"


@pytest.mark.parametrize("came, called", [
    ("charger.log", "charger.log"), ("charger.log.gz", "charger.log"), ("a.XZ", "a"), ("b.zst", "b"), ("c.bz2", "c"), (".gz", ".gz"), ("-x.gz", "-x"),
    ("gz", "gz"), ("a.gz.gz", "a.gz"), ("data", "data"), ("", "x"),
])
def test_what_is_no_archive_has_the_name_of_the_file(opening, came, called):
    """Without a name in the path it is the one of the station's answer."""
    number = opening.keep(gzip.compress(b"text", mtime=0), came)
    assert [entry["name"] for entry in entries(opening, number)["entries"]] == [called]
    assert content(opening, number, called).body == b"text"
    assert content(opening, number, "data").status == (200 if called == "data" else 404)


def test_a_name_that_gzip_has_kept_is_taken(opening):
    out = io.BytesIO()
    with gzip.GzipFile("kept.log", "wb", fileobj=out) as file:
        file.write(b"text")
    number = opening.keep(out.getvalue(), "came.log.gz")
    assert [entry["name"] for entry in entries(opening, number)["entries"]] == ["kept.log"]
    assert content(opening, number, "kept.log").body == b"text"


def test_a_file_called_data_in_an_archive_keeps_its_name(opening):
    number = opening.keep(packed([("data", b"text")]), "came.tar.gz")
    assert [entry["name"] for entry in entries(opening, number)["entries"]] == ["data"]


def test_an_empty_file_has_nothing(opening):
    number = opening.keep(b"")
    assert entries(opening, number)["entries"] == []
    assert content(opening, number, "x").status == 404


def test_bytes_that_are_no_text_are_replaced(opening):
    number = opening.keep(packed([("bin", b"a\xff\x00b\xc3")]))
    assert content(opening, number, "bin").body.decode() == "a\ufffd\ufffdb\ufffd"


@pytest.mark.parametrize("query, status", [
    ("", 400), ("name=x&offset=-1", 400), ("name=x&offset=2000000000", 400), ("name=x&limit=0", 400), ("name=x&limit=2000000", 400),
    ("name=x&more=1", 400), ("name=x", 404), ("name=", 404)])
def test_bad_query(opening, query, status):
    number = opening.keep(packed([("a", b"b")]))
    assert opening.get(f"/api/logs/{number}/entries/content?{query}").status == status


def test_a_log_without_a_file(opening):
    with Station(opening.port, "CP2"):
        wait_until(lambda: "CP2" in opening.stations())
        number = ask(opening, stations=["CP2"])["logs"][0]["id"]
        assert opening.get(f"/api/logs/{number}/entries").status == 404
        assert opening.get(f"/api/logs/{number}/entries/content?name=x").status == 404


# Hostile ones ---------------------------------------------------------------------------------------------------------

def test_ways_out_and_links_are_names_alone(opening):
    odd = [("../../etc/passwd", b"mine"), ("/etc/shadow", b"mine"), ("a/../../b", b"mine")]
    links = [("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), ("hard", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"}),
             ("device", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 8}), ("pipe", {"type": tarfile.FIFOTYPE})]
    number = opening.keep(packed(odd + links))
    told = entries(opening, number)["entries"]
    assert [e["name"] for e in told] == [name for name, _ in odd + links]
    assert [e["type"] for e in told] == ["file"] * 3 + ["link"] * 2 + ["other"] * 2
    for name, data in odd:
        assert content(opening, number, name).body == data
    for name, _ in links:
        assert content(opening, number, name).status == 404


def test_names_of_every_kind(opening):
    names = ["\n{\"end\":\"x\"}", "\x1b[31m\"\\", "\u00e4\u202e", "x" * 5000, "\udcff\udcfe"]
    number = opening.keep(packed([(name, str(i).encode()) for i, name in enumerate(names)]))
    told = entries(opening, number)
    assert told["note"] is None and len(told["entries"]) == len(names)
    got = [e["name"] for e in told["entries"]]
    assert got[:3] == names[:3] and got[3] == "x" * 1024 and got[4] == "\ufffd\ufffd"
    for i, name in list(enumerate(got))[1:]:  # lws takes a line break in a query for the end of the request's line
        assert content(opening, number, name).body == str(i).encode()


def test_too_many_entries(opening):
    number = opening.keep(packed([(str(i), b"") for i in range(10050)]))
    told = entries(opening, number)
    assert len(told["entries"]) == 10000 and "too much" in told["note"]


@pytest.mark.parametrize("kind", ["gz", "zip", "tar"])
def test_a_bomb(opening, kind):
    """2 GiB of zeros in a few MiB, or a tar that says it holds them."""
    if kind == "tar":
        info = tarfile.TarInfo("big")
        info.size = 1 << 40
        bomb = info.tobuf() + b"x" * 5000
    else:
        zeros = bytes(1 << 20)
        out = io.BytesIO()
        if kind == "gz":
            with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
                info = tarfile.TarInfo("big")
                info.size = 2 << 30
                file.write(info.tobuf())
                for _ in range(2048):
                    file.write(zeros)
        else:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open("big", "w", force_zip64=True) as file:
                for _ in range(2048):
                    file.write(zeros)
        bomb = out.getvalue()
    number = opening.keep(bomb)
    began = time.monotonic()
    assert [e["name"] for e in entries(opening, number)["entries"]] == ["big"]
    head = content(opening, number, "big", limit=100)
    assert head.status == 422 if kind == "tar" else len(head.body.decode()) == 100
    deep = content(opening, number, "big", offset=1 << 30, limit=100)
    assert deep.status == 422 or (deep.status == 200 and len(deep.body.decode()) <= 100)
    assert time.monotonic() - began < 120  # a backstop: each of the three has its own end


@pytest.mark.parametrize("size", [1, 100, 1000, 5000])
def test_a_truncated_one_is_told_as_far_as_it_goes(opening, size):
    whole = packed([("a", os.urandom(3000)), ("b", os.urandom(3000))])
    number = opening.keep(whole[:size])
    told = entries(opening, number)
    assert told["note"] or told["format"] == "raw"
    for entry in told["entries"]:
        assert content(opening, number, entry["name"]).status in (200, 422)


def test_rubbish(opening):
    for data in (b"PK\x03\x04" + os.urandom(500), b"\x1f\x8b\x08" + os.urandom(500), b"BZh9" + os.urandom(100), b"\xfd7zXZ\x00" + os.urandom(100),
                 b"\x28\xb5\x2f\xfd" + os.urandom(100), b"7z\xbc\xaf\x27\x1c" + os.urandom(100), os.urandom(5000), b"\0" * 2000):
        number = opening.keep(data)
        assert isinstance(entries(opening, number)["entries"], list)
        assert content(opening, number, "x").status in (200, 404, 422)


@pytest.mark.parametrize("reset", [False, True])
def test_who_goes_away_leaves_no_process(opening, reset):
    """By FIN, which some versions of lws see only when they write, and by RST."""
    number = opening.keep(packed([("a", bytes(20 << 20))]))
    children = f"/proc/{opening.process.pid}/task/{opening.process.pid}/children"
    for _ in range(20):
        connection = opening.connection()
        connection.request("GET", f"/api/logs/{number}/entries")
        if reset:
            wait_until(lambda: open(children).read().split(), 60)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    wait_until(lambda: opening.get(f"/api/logs/{number}/entries").status == 200, 60)
    wait_until(lambda: not open(children).read().split(), 60)
