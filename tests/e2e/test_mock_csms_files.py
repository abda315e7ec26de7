"""mock-csms from outside: downloads, passwords, TLS."""
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import urllib.request

import pytest

from mockcsms import BOOT, MockCsms, in_background, trusting
from wsclient import Closed, Refused, Station


# Files ----------------------------------------------------------------------------------------------------------------

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def served(tmp_path):
    folder = tmp_path / "served"
    (folder / "sub").mkdir(parents=True)
    (folder / "fw.raucb").write_bytes(CONTENT)
    (folder / "sub" / "inner").write_bytes(b"inner")
    (folder / "empty").write_bytes(b"")
    (folder / "with space%").write_bytes(b"odd")
    (folder / "good-link").symlink_to("sub/inner")
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "bad-link").symlink_to("../secret")
    (folder / "absolute-link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "fifo")
    with MockCsms("--files", folder) as csms:
        csms.folder = folder
        yield csms


def test_file_whole(served):
    answer = served.get("/files/fw.raucb")
    assert answer.status == 200 and answer.body == CONTENT
    assert answer.headers["accept-ranges"] == "bytes" and int(answer.headers["content-length"]) == len(CONTENT)
    assert answer.headers["etag"].startswith('"') and answer.headers["last-modified"].endswith(" GMT")
    assert served.get("/files/sub/inner").body == served.get("/files/good-link").body == b"inner"
    assert served.get("/files/with%20space%25").body == b"odd"
    assert served.get("/files/empty").body == b""


def test_file_head(served):
    answer = served.request("HEAD", "/files/fw.raucb", headers={"Range": "bytes=0-9"})
    assert answer.status == 200 and answer.body == b"" and int(answer.headers["content-length"]) == len(CONTENT)
    assert answer.headers["etag"] == served.get("/files/fw.raucb").headers["etag"]


N = len(CONTENT)


@pytest.mark.parametrize("value, status, first, last", [
    ("bytes=0-0", 206, 0, 0), ("bytes=10-19", 206, 10, 19), ("bytes=100000-", 206, 100000, N - 1),
    ("bytes=-7", 206, N - 7, N - 1), (f"bytes=-{N + 5}", 206, 0, N - 1), (f"bytes=5-{N + 5}", 206, 5, N - 1),
    ("bytes=5-99999999999999999999", 206, 5, N - 1),
    (f"bytes={N}-", 416, None, None), (f"bytes={N}-{N + 1}", 416, None, None), ("bytes=-0", 416, None, None),
    ("bytes=99999999999999999999-", 416, None, None),
    ("bytes=9-5", 200, 0, N - 1), ("bytes=a-b", 200, 0, N - 1), ("bytes=-", 200, 0, N - 1), ("lines=1-2", 200, 0, N - 1),
    ("bytes=0-1,5-6", 200, 0, N - 1), ("bytes=1-2x", 200, 0, N - 1), ("bytes=--5", 200, 0, N - 1), ("bytes", 200, 0, N - 1),
    ("bytes=", 200, 0, N - 1),
])
def test_file_range(served, value, status, first, last):
    answer = served.get("/files/fw.raucb", Range=value)
    assert answer.status == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{N}" and answer.json["status"] == 416
        return
    assert answer.body == CONTENT[first:last + 1]
    expected = f"bytes {first}-{last}/{N}" if status == 206 else None
    assert answer.headers["content-range"] == expected


def test_range_of_an_empty_file(served):
    assert served.get("/files/empty", Range="bytes=0-").status == 416
    assert served.get("/files/empty", Range="bytes=-1").status == 416


def test_if_range(served):
    whole = served.request("HEAD", "/files/fw.raucb")
    for good in (whole.headers["etag"], whole.headers["last-modified"]):
        assert served.get("/files/fw.raucb", Range="bytes=1-2", If_Range=good).status == 206
    for bad in ('"other"', "W/" + whole.headers["etag"], "Thu, 01 Jan 1970 00:00:00 GMT", "x" * 300):
        assert served.get("/files/fw.raucb", Range="bytes=1-2", If_Range=bad).status == 200
    path = served.folder / "fw.raucb"
    path.write_bytes(CONTENT[::-1])
    answer = served.get("/files/fw.raucb", Range="bytes=1-2", If_Range=whole.headers["etag"])
    assert answer.status == 200 and answer.body == CONTENT[::-1]


@pytest.mark.parametrize("path", [
    "nothing", "", "sub", "sub/", "bad-link", "absolute-link", "fifo", "../secret", "%2e%2e/secret", "..%2fsecret", "/secret",
    "%2fsecret", "sub/../../secret", "sub/%2e%2e/%2e%2e/secret", "fw.raucb/", "fw.raucb%00", "x" * 900,
])
def test_file_that_is_not_to_be_had(served, path):
    with socket.create_connection(("127.0.0.1", served.port), 10) as sock:  # urllib would tidy the path up
        sock.sendall(f"GET /files/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while data := sock.recv(4096):
            answer += data
    assert not answer or answer.split()[1] in (b"404", b"403", b"400"), answer
    assert b"secret" not in answer and b"inner" not in answer.split(b"\r\n\r\n")[-1]


def test_files_are_read_only(served):
    assert served.request("POST", "/files/fw.raucb", "x").status == 405
    assert served.request("DELETE", "/files/fw.raucb").status == 405
    assert (served.folder / "fw.raucb").read_bytes() == CONTENT


def test_no_files_without_the_option(csms):
    assert csms.get("/files/x").status == 404


def test_curl_resumes(served, tmp_path):
    target = tmp_path / "part"
    target.write_bytes(CONTENT[:12345])
    subprocess.run(["curl", "-sfC", "-", "-o", target, f"http://127.0.0.1:{served.port}/files/fw.raucb"], check=True, timeout=20)
    assert target.read_bytes() == CONTENT


def test_big_file_takes_little_memory(tmp_path):
    size, read = 200 << 20, 0
    with open(tmp_path / "big", "wb") as big:
        big.truncate(size)

    def resident():
        with open(f"/proc/{csms.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1])

    # without this the sanitizer itself keeps what was freed
    with MockCsms("--files", tmp_path, environment={"ASAN_OPTIONS": "quarantine_size_mb=1"}) as csms:
        before = resident()
        with urllib.request.urlopen(f"http://127.0.0.1:{csms.port}/files/big", timeout=20) as response:
            while data := response.read(1 << 20):
                read += len(data)
        assert read == size
        assert resident() - before < 20 << 10


def test_file_that_shrinks_ends_the_connection(served):
    path = served.folder / "shrinking"
    with open(path, "wb") as file:
        file.truncate(64 << 20)
    response = urllib.request.urlopen(f"http://127.0.0.1:{served.port}/files/shrinking", timeout=20)
    response.read(1)
    os.truncate(path, 1000)
    with pytest.raises((OSError, http.client.IncompleteRead)):
        response.read()


# Passwords and TLS ----------------------------------------------------------------------------------------------------

@pytest.fixture
def guarded(tmp_path):
    path = tmp_path / "passwords"
    path.write_text("# stations\n\nCP1:secret-with:colon\nHEX:4F43415F4F4354545F61646D696E5F74657374\r\nCP 2:pass\n")
    with MockCsms("--passwords", path) as csms:
        yield csms


@pytest.mark.parametrize("identity, password", [
    ("CP1", "secret-with:colon"), ("HEX", b"OCA_OCTT_admin_test"), ("HEX", "4F43415F4F4354545F61646D696E5F74657374"),
    ("CP 2", "pass"),
])
def test_right_password(guarded, identity, password):
    with Station(guarded.port, identity, ["ocpp1.6"], password=password) as station:
        assert station.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("identity, password", [
    ("CP1", None), ("CP1", ""), ("CP1", "secret"), ("CP1", "secret-with:colon\0"), ("CP1", "secret-with:colonx"),
    ("CP3", "pass"), ("HEX", "OCA_OCTT_admin_tes"), ("# stations", ""), ("CP1", "x" * 600),
])
def test_wrong_password_gives_401(guarded, identity, password):
    with pytest.raises(Refused) as refused:
        Station(guarded.port, identity, password=password)
    assert refused.value.status == 401
    assert refused.value.headers["www-authenticate"].startswith("Basic ")
    assert guarded.stations() == {}


def test_password_of_another_station_gives_401(guarded):
    with pytest.raises(Refused) as refused:
        station = Station.__new__(Station)
        station.identity, station.buffer, station.parked = "CP1", b"", []
        station.sock = socket.create_connection(("127.0.0.1", guarded.port), 10)
        try:  # the user name in the header is CP1, the path says CP 2
            station._handshake("/ocpp/CP%202", "127.0.0.1", guarded.port, ["ocpp1.6"], "secret-with:colon")
        finally:
            station.sock.close()
    assert refused.value.status == 401


def test_tls(certificate, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    tls = trusting(certificate / "cert.pem")
    with MockCsms("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem", "--files", tmp_path,
                  tls=tls) as csms:
        with Station(csms.port, "CP1", tls=tls) as station:
            assert station.call("BootNotification", BOOT["ocpp2.0.1"])[2]["status"] == "Accepted"
            asked = in_background(csms.post, "CP1", "call", {"action": "Reset"})
            station.answer(station.next_call()[1], {"status": "Accepted"})
            assert asked.result().json == {"result": {"status": "Accepted"}}
        assert csms.get("/files/file").body == CONTENT
        with pytest.raises((ssl.SSLError, Closed, OSError)):
            Station(csms.port, "CP1", tls=ssl.create_default_context())
        with pytest.raises((Closed, Refused, OSError)):
            Station(csms.port, "CP1")


def test_client_certificate(certificate, tmp_path):
    def make(name, *options):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem", "-days", "2", "-subj",
                        f"/CN={name}", *options], check=True, capture_output=True, timeout=60)

    def presenting(name):
        tls = trusting(certificate / "cert.pem")
        if name:
            tls.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        return tls

    for root in ("root", "other-root"):
        make(root)
    make("station", "-CA", tmp_path / "root.pem", "-CAkey", tmp_path / "root.key")
    make("stranger", "-CA", tmp_path / "other-root.pem", "-CAkey", tmp_path / "other-root.key")
    (tmp_path / "passwords").write_text("CP2:pass\n")
    with MockCsms("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem", "--client-ca",
                  tmp_path / "root.pem", "--passwords", tmp_path / "passwords", tls=presenting(None)) as csms:
        with Station(csms.port, "CP1", tls=presenting("station")) as station:
            assert station.call("Heartbeat")[0] == 3
        with pytest.raises(Refused) as refused:
            Station(csms.port, "CP2", tls=presenting(None), password="pass")
        assert refused.value.status == 403
        for name in ("stranger", "other-root"):
            with pytest.raises((Closed, OSError)):
                Station(csms.port, "CP2", tls=presenting(name))
        assert list(csms.stations()) == ["CP1"]


@pytest.mark.parametrize("size", [1000, 8000, 15900, 16384, 16500, 33000, 100001, 900000])
def test_large_messages_over_tls(certificate, size):
    tls, text = trusting(certificate / "cert.pem"), "x" * size
    with MockCsms("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem", tls=tls) as csms, \
            Station(csms.port, "CP1", tls=tls) as station:
        assert csms.post("CP1", "raw", text).status == 204
        assert station.recv_message()[1] == text.encode()
        station.send_frame(json.dumps([2, "1", "DataTransfer", {"data": text}]))
        assert station.answer_to("1")[2]["status"] == "UnknownVendorId"
        assert text in csms.get("/api/stations/CP1/frames").body.decode()
