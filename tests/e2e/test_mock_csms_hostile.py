"""Hostile peers of mock-csms, the real program: whatever they send or don't, one that works beside them is served all the
while, and descriptors come back when they have gone."""
import json
import os
import socket
import struct

import pytest

from fleet import Fleet
from mockcsms import BOOT, wait_until
from wsclient import BINARY, CLOSE, PING, PONG, TEXT, Closed, Station


SQLITE = 4  # files that the temporary database opens as it grows


def descriptors(csms):
    return len(os.listdir(f"/proc/{csms.process.pid}/fd"))


def raw(csms, data):
    sock = socket.create_connection(("127.0.0.1", csms.port), 20)
    sock.sendall(data)
    return sock


def head(first, size, mask=True):
    """A frame's first bytes, whatever they say; the mask is of zeros."""
    return bytes([first, (0x80 if mask else 0) | size]) + (bytes(4) if mask else b"")


def end_of(sock):
    """Reads until the peer has closed."""
    sock.settimeout(30)
    try:
        while sock.recv(65536):
            pass
    except ConnectionResetError:
        pass


@pytest.fixture
def working(csms):
    """A station that works, before and after."""
    with Station(csms.port, "good") as station:
        assert station.call("Heartbeat")[0] == 3
        before = descriptors(csms)
        yield station
        assert station.call("Heartbeat")[0] == 3
        wait_until(lambda: descriptors(csms) <= before + SQLITE, 30)


WRONG = {
    **{f"opcode {n}": head(0x80 | n, 0) for n in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "reserved bits": head(0xC1, 0) + head(0xB1, 0) + head(0x91, 0),
    "not masked": head(0x81, 2, mask=False) + b"{}",
    "long ping": head(0x80 | PING, 126) + bytes(126),
    "ping in pieces": head(PING, 0) + head(0x80, 0),
    "close in pieces": head(CLOSE, 0),
    "nothing to go on with": head(0x80, 0),
    "a text within a text": head(TEXT, 1) + b"[" + head(0x81, 1) + b"]",
    "half a close code": head(0x80 | CLOSE, 1) + b"x",
    "no such close code": head(0x80 | CLOSE, 2) + struct.pack(">H", 999),
    "2^63 bytes": bytes([0x81, 0xFF]) + struct.pack(">Q", 1 << 63) + bytes(4),
    "2^40 bytes": bytes([0x81, 0xFF]) + struct.pack(">Q", 1 << 40) + bytes(4),
    "a request": b"GET /api/stations HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a lone pong": head(0x80 | PONG, 3) + b"abc",
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_frames(csms, working, name):
    with Station(csms.port, "bad") as bad:
        bad.sock.sendall(WRONG[name])
        assert working.call("Heartbeat")[0] == 3


def test_pieces_without_end_are_closed_at_the_limit(csms, working):
    with Station(csms.port, "bad") as bad:
        with pytest.raises((Closed, OSError)):
            bad.send_frame(b"[", TEXT, final=False)
            for _ in range(200):
                bad.send_frame(b"x" * 16384, 0, final=False)
            bad.recv_message()
        assert working.call("Heartbeat")[0] == 3


def test_many_empty_pieces_cost_nothing(csms, working):
    with Station(csms.port, "bad") as bad:
        bad.send_frame(b"[", TEXT, final=False)
        bad.sock.sendall(head(0, 0) * 50000)
        bad.send_frame(b"]", 0)
        assert bad.call("Heartbeat")[0] == 3
        assert working.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("data", [
    b"GET /ocpp/A HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200000 + b"\r\n\r\n", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
    b"X: y\r\n" * 20000, b"\x00" * 5000, b"\xff" * 5000, b"GET", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 5000,
    b"POST /api/stations/A/raw HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 500,
], ids=range(10))
def test_wrong_requests_come_to_an_end(csms, working, data):
    try:
        with raw(csms, data) as sock:
            assert working.call("Heartbeat")[0] == 3
            end_of(sock)
    except (ConnectionResetError, BrokenPipeError):
        pass


def test_those_who_never_finish_are_sent_away(csms, working):
    """10 s for a request's head, however it drips; 20 s for the next piece of a body."""
    kinds = [b"", b"G", b"GET /ocpp/A HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n",
             b"POST /api/stations/A/raw HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"]
    socks = [raw(csms, kinds[i % len(kinds)]) for i in range(200)]
    assert working.call("Heartbeat")[0] == 3
    for sock in socks:
        end_of(sock)
        sock.close()


TEXTS = ["\0", "a\0b", "\u202etxt.exe", "\U0001f600" * 20, "\x7f\x1b[31m", "'; DROP TABLE station; --", "<script>alert(1)</script>",
         "%s%n%d", "\u2028\u2029", '"\\/', "../../etc/passwd", "{{7*7}}", "\ufffd\ufeff", "a" * 5000]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_text_of_every_kind_is_told_as_it_came(csms, working, text):
    identity = "".join(c for c in text if c not in "\0\x7f\x1b\n/:")[:40] or "CP"
    with Station(csms.port, identity) as bad:
        boot = json.loads(json.dumps(BOOT["ocpp2.0.1"]))
        boot["chargingStation"] |= {"vendorName": text, "model": text, "firmwareVersion": text}
        assert bad.call("BootNotification", boot)[0] in (3, 4)
        bad.call("FirmwareStatusNotification", {"status": text, "requestId": 1})
        bad.call(text or "x", {text: text})
        bad.call("Heartbeat")
        listed = csms.stations()[identity]  # is JSON, and what openapi.json says
        if "\0" not in text:
            assert text.startswith(listed["vendor"] or "") and len(listed["vendor"]) > 0
        assert [frame["station"] for frame in csms.frames(identity)].count(identity) >= 2


@pytest.mark.parametrize("frame", [
    b'[2,"1","Heartbeat",{"x":"\xff\xfe"}]', b"\xed\xa0\x80", b"[" * 500000, b'{"a":' * 100000, b'[2,"1","Heartbeat",' + b"9" * 4000 + b"]",
    b'[2,"' + b"x" * 500000 + b'","Heartbeat",{}]', b'[2,"1","' + b"A" * 500000 + b'",{}]', b'[2,"\\ud800","Heartbeat",{}]', b"1e999999",
], ids=range(9))
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_messages_that_are_none(csms, working, frame, opcode):
    with Station(csms.port, "bad") as bad:
        bad.send_frame(frame, opcode)
        try:
            bad.call("Heartbeat")
        except Closed:
            pass
        assert working.call("Heartbeat")[0] == 3
        assert isinstance(csms.frames("bad"), list)


def test_5000_who_say_nothing_beside_5000_who_work(csms, working):
    with Fleet(csms, "--count", 5000, "--ramp", 2000, "--heartbeat", 5, "--seed", 3) as fleet:
        wait_until(lambda: fleet.report()["accepted"] == 5000, 120)
        socks = [socket.create_connection(("127.0.0.1", csms.port), 60) for _ in range(5000)]
        for _ in range(100):
            assert working.call("Heartbeat", timeout=60)[0] == 3
        beats = fleet.report()["heartbeats"]
        wait_until(lambda: fleet.report()["heartbeats"] >= beats + 10000, 120)  # each of them, and once more
        assert fleet.report()["connected"] == 5000
        for sock in socks:
            sock.close()
