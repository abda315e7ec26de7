"""rauc-ocpp-transfer's job "upload" against real servers (nginx, vsftpd, sshd) and one that misbehaves."""

import os
import random
import re
import socket
import threading
import time
from pathlib import Path

import pytest

import worker
from servers import Nginx, Sshd, Vsftpd
from worker import Answer

PROTOCOLS = ["http", "https", "ftp", "ftps", "sftp"]
CONTENT = random.Random(7).randbytes(3_000_000)
NAME = "CS001 diagnostics.tar.gz"
ENCODED = "CS001%20diagnostics.tar.gz"
DISPOSITION = f'form-data; name="uploadedfile"; filename="{NAME}"'


@pytest.fixture(scope="module")
def nginx():
    with Nginx() as server:
        yield server


@pytest.fixture(scope="module")
def ftp():
    with Vsftpd() as server:
        yield server


@pytest.fixture(scope="module")
def ftps():
    with Vsftpd(tls=True) as server:
        yield server


@pytest.fixture(scope="module")
def sshd():
    with Sshd() as server:
        yield server


@pytest.fixture
def upload(tmp_path):
    """Runs the job; its Answer."""
    file = tmp_path / "logs.tar.gz"
    file.write_bytes(CONTENT)

    def run(url, **members):
        job = {"job": "upload", "file": str(file), "name": NAME, "url": url, "folder": False,
               "protocols": PROTOCOLS, "stall_timeout": 20, "timeout": 0, "rate": 0, "method": "auto", **members}
        answer = Answer(worker.start(job))
        assert answer.code == 0, answer.stderr
        return answer
    run.file = file
    return run


def done(answer, size=len(CONTENT)):
    assert answer.done == {"size": size}, answer.failed
    assert answer.progress[-1] == {"now": size, "total": size}


def failed(answer):
    assert answer.failed, answer.done
    return answer.failed


class Peer:
    """A web server of the tests' own: answers the requests that come with what it was given, one after the other,
    and keeps what it got: (method, path, headers, body). An answer is a status with more header lines, or a
    function of the connection."""

    def __init__(self, *answers, read_body=True):
        self.answers, self.read_body, self.got = list(answers), read_body, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        for answer in self.answers:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(30)
                try:
                    self.serve(peer, answer)
                except OSError:
                    pass

    def serve(self, peer, answer):
        stream = peer.makefile("rwb")
        method, path, _ = stream.readline().decode().split()
        headers = {}
        while (line := stream.readline().decode().strip()):
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        if callable(answer):
            self.got.append((method, path, headers, b""))
            answer(peer, stream)
            return
        body = b""
        if self.read_body:
            if "expect" in headers:
                stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                stream.flush()
            body = stream.read(int(headers["content-length"]))
        self.got.append((method, path, headers, body))
        head, _, text = answer.partition("\n\n")
        head = head.replace("\n", "\r\n")
        stream.write(f"HTTP/1.1 {head}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())
        stream.flush()
        if not self.read_body:  # closing at once would reset the connection, and our answer with it
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(65536):
                pass

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(30)


# ---- HTTP ----

def test_a_folder_gets_the_name(nginx, upload):
    done(upload(nginx.http + "/upload/"))
    assert (nginx.upload / NAME).read_bytes() == CONTENT
    done(upload(nginx.http + "/upload", folder=True))
    assert nginx.has_logged(f'PUT /upload/{re.escape(ENCODED)} HTTP/1.1" 204')


def test_no_folder_is_the_file_itself(nginx, upload):
    done(upload(nginx.http + "/upload/as-told.bin?token=1"))
    assert (nginx.upload / "as-told.bin").read_bytes() == CONTENT
    done(upload(nginx.http + "/upload/?token=1", name="query.bin"))
    assert nginx.has_logged(r'PUT /upload/query\.bin\?token=1 HTTP/1\.1" 201')


def test_https_and_h2(nginx, upload):
    for base in nginx.https, nginx.h2:
        done(upload(base + "/upload/", ca_file=nginx.ca, name="tls.bin"))
        assert (nginx.upload / "tls.bin").read_bytes() == CONTENT
    assert failed(upload(nginx.https_wrong + "/upload/", ca_file=nginx.ca))["code"] == "tls"


def test_user_and_password(nginx, upload, tmp_path):
    url = nginx.http + "/private-upload/"
    done(upload(url.replace("://", "://user:s3cret@"), name="private.bin"))
    failure = failed(upload(url.replace("://", "://user:wrong@")))
    assert (failure["code"], failure["final"]) == ("http-401", True)
    credentials = tmp_path / "credentials"
    credentials.write_text("127.0.0.1 user s3cret\n")
    done(upload(url, credentials_file=str(credentials), name="private.bin"))


def test_an_empty_file(nginx, upload):
    upload.file.write_bytes(b"")
    done(upload(nginx.http + "/upload/empty.bin"), size=0)
    assert (nginx.upload / "empty.bin").stat().st_size == 0


@pytest.mark.parametrize("status, final", [(400, True), (401, True), (403, True), (404, True), (408, False), (413, True),
                                           (415, True), (422, True), (429, False), (500, False), (502, False),
                                           (503, False), (507, False)])
def test_a_status_is_the_code(upload, status, final):
    with Peer(f"{status} No\nContent-Type: text/plain\n\n200 OK, saved, thank you") as peer:
        failure = failed(upload(peer.url + "/"))
    assert (failure["code"], failure["final"]) == (f"http-{status}", final)
    assert "saved" not in failure["message"] and "retry_after" not in failure
    assert [method for method, *_ in peer.got] == ["PUT"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_all_of_2xx_is_done_whatever_the_server_prints(upload, status):
    with Peer(f"{status} Yes\n\n{'<h1>Error 500: failed</h1>' if status != 204 else ''}") as peer:
        done(upload(peer.url + "/"))
    method, path, headers, body = peer.got[0]
    assert (method, path, body) == ("PUT", f"/{ENCODED}", CONTENT)
    assert headers["content-type"] == "application/octet-stream"


def test_what_is_printed_without_end_is_not_waited_for(upload):
    def babble(peer, stream):
        stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        stream.flush()
        stream.read(len(CONTENT))
        stream.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.write(b"x" * 65536)
            stream.flush()
    with Peer(babble) as peer:
        done(upload(peer.url + "/", timeout=30))


@pytest.mark.parametrize("status", [405, 501])
def test_a_put_that_is_not_liked_becomes_a_post(upload, status):
    with Peer(f"{status} No", "200 OK") as peer:
        done(upload(peer.url + "/take.php"))
    (first, *_), (method, path, headers, body) = peer.got
    assert (first, method, path, body) == ("PUT", "POST", "/take.php", CONTENT)
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == DISPOSITION


@pytest.mark.parametrize("status", [405, 501])
def test_neither_put_nor_post(upload, status):
    with Peer(f"{status} No", f"{status} No") as peer:
        failure = failed(upload(peer.url + "/"))
    assert (failure["code"], failure["final"]) == (f"http-{status}", True)
    assert [method for method, *_ in peer.got] == ["PUT", "POST"]


def test_a_put_refused_before_it_was_sent_becomes_a_post(nginx, upload):
    """nginx answers without having read the file; it has no POST either."""
    (nginx.files / "fw.bin").write_bytes(b"there")
    failure = failed(upload(nginx.http + "/fw.bin"))
    assert (failure["code"], failure["final"]) == ("http-405", True)
    assert nginx.has_logged(r'"PUT /fw.bin .*\n.*"POST /fw.bin ')
    with Peer("405 No", read_body=False) as peer:
        assert failed(upload(peer.url + "/", method="put"))["code"] == "http-405"


@pytest.mark.parametrize("method, verb", [("put", "PUT"), ("post", "POST")])
def test_a_method_that_is_configured_stays(upload, method, verb):
    with Peer("405 No") as peer:
        assert failed(upload(peer.url + "/", method=method))["code"] == "http-405"
    assert [got for got, *_ in peer.got] == [verb]


def test_multipart_where_it_is_configured(upload):
    with Peer("200 OK") as peer:
        done(upload(peer.url + "/form", method="multipart"))
    method, _, headers, body = peer.got[0]
    boundary = headers["content-type"].partition("multipart/form-data; boundary=")[2].encode()
    head, _, rest = body.partition(b"\r\n\r\n")
    assert method == "POST" and boundary and b"--" + boundary in head
    assert f'name="uploadedfile"; filename="{NAME}"'.encode() in head
    assert rest == CONTENT + b"\r\n--" + boundary + b"--\r\n"


def test_retry_after_is_handed_on(upload):
    with Peer("503 Busy\nRetry-After: 90") as peer:
        failure = failed(upload(peer.url + "/"))
    assert (failure["code"], failure["final"], failure["retry_after"]) == ("http-503", False, 90)


@pytest.mark.parametrize("method", ["auto", "post", "multipart"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_gets_the_whole_file(upload, status, method):
    with Peer("200 OK") as target, Peer(f"{status} Elsewhere\nLocation: {target.url}/there") as peer:
        done(upload(peer.url + "/", method=method))
    (verb, path, _, body), = target.got
    assert (verb, path) == ("PUT" if method == "auto" else "POST", "/there")
    assert CONTENT in body


def test_redirects_stay_on_the_list(upload):
    for to in "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/":
        with Peer(f"307 Elsewhere\nLocation: {to}") as peer:
            failure = failed(upload(peer.url + "/", protocols=["http", "https"]))
        assert (failure["code"], failure["final"]) == ("scheme", True)


def test_a_redirect_in_circles_ends(upload):
    with Peer(*["307 Again\nLocation: /"] * 8) as peer:
        assert failed(upload(peer.url + "/"))["code"] == "redirects"


def test_a_password_is_not_sent_elsewhere(upload):
    with Peer("200 OK") as target, Peer(f"307 Elsewhere\nLocation: {target.url}/") as peer:
        done(upload(peer.url.replace("://", "://user:s3cret@") + "/"))
    assert "authorization" in peer.got[0][2] and "authorization" not in target.got[0][2]


def test_see_other_is_no_upload(upload):
    with Peer("303 See Other\nLocation: /thanks") as peer:
        assert failed(upload(peer.url + "/"))["code"] == "http-303"


def test_a_server_that_takes_no_expect(upload):
    def refuse(peer, stream):
        stream.write(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        stream.flush()
        peer.shutdown(socket.SHUT_WR)
        stream.read()
    with Peer(refuse, "201 Created") as peer:
        done(upload(peer.url + "/"))
    (_, _, first, _), (_, _, second, body) = peer.got
    assert "expect" in first and "expect" not in second and body == CONTENT
    with Peer(refuse, "417 Again") as peer:
        assert failed(upload(peer.url + "/"))["code"] == "http-417"


def test_cut_off_in_the_middle(upload):
    def cut(peer, stream):
        stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        stream.flush()
        stream.read(1_000_000)
    with Peer(cut) as peer:
        failure = failed(upload(peer.url + "/"))
    assert (failure["code"], failure["final"]) == ("connection", False)


@pytest.mark.parametrize("read_all", [False, True])
def test_a_server_that_never_answers(upload, read_all):
    over = threading.Event()

    def silent(_, stream):
        if read_all:
            stream.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            stream.flush()
            stream.read(len(CONTENT))
        over.wait(30)
    with Peer(silent) as peer:
        began = time.monotonic()
        failure = failed(upload(peer.url + "/", stall_timeout=2))
        over.set()
        assert time.monotonic() - began < 30
    assert (failure["code"], failure["final"]) == ("stalled", False)


def test_longer_than_allowed(nginx, upload):
    failure = failed(upload(nginx.http + "/upload/", rate=100_000, timeout=2))
    assert (failure["code"], failure["final"]) == ("timeout", False)


def test_progress_comes_at_most_twice_a_second(nginx, upload):
    answer = upload(nginx.http + "/upload/", rate=1_500_000)
    told = [progress["now"] for progress in answer.progress]
    assert told == sorted(told) and told[-1] == len(CONTENT) and 2 <= len(told) <= 8
    assert {progress["total"] for progress in answer.progress} == {len(CONTENT)}


def test_no_server(upload):
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    failure = failed(upload(f"http://127.0.0.1:{port}/"))
    assert (failure["code"], failure["final"]) == ("connect", False)


@pytest.mark.parametrize("url", ["file:///tmp/x", "gopher://127.0.0.1/", "127.0.0.1/x", "", "ftp://127.0.0.1/"])
def test_only_what_is_allowed(upload, url):
    failure = failed(upload(url, protocols=["http", "https"]))
    assert (failure["code"], failure["final"]) == ("scheme", True)


@pytest.mark.parametrize("members", [{"name": "../x"}, {"name": ""}, {"name": 'a"b'}, {"name": "a\r\nb"},
                                     {"method": "delete"}])
def test_an_order_that_makes_no_sense(upload, members):
    assert failed(upload("http://127.0.0.1:1/", **members))["code"] == "job"


def test_no_file(upload, tmp_path):
    upload.file.unlink()
    failure = failed(upload("http://127.0.0.1:1/"))
    assert (failure["code"], failure["final"]) == ("file", True)
    upload.file.symlink_to("/etc/passwd")
    assert failed(upload("http://127.0.0.1:1/"))["code"] == "file"


# ---- FTP, FTPS, SFTP ----

def put_away(server, name):
    content = (server.upload / name).read_bytes()
    (server.upload / name).unlink()
    return content


def test_ftp(ftp, upload):
    done(upload(ftp.login + "/upload/"))
    assert put_away(ftp, NAME) == CONTENT
    done(upload(ftp.login + "/upload", folder=True))
    assert put_away(ftp, NAME) == CONTENT
    done(upload(ftp.login + "/upload/told.bin"))
    assert put_away(ftp, "told.bin") == CONTENT


def test_ftp_refuses_the_login(ftp, upload):
    failure = failed(upload(ftp.login.replace("s3cret", "wrong") + "/upload/"))
    assert (failure["code"], failure["final"]) == ("ftp-530", True)
    assert failed(upload(ftp.url + "/upload/"))["code"] == "ftp-530"


def test_ftp_refuses_the_place(ftp, upload):
    failure = failed(upload(ftp.login + "/no-such-folder/"))
    assert (failure["code"], failure["final"]) == ("ftp-550", True)
    ftp.upload.chmod(0o555)
    try:
        failure = failed(upload(ftp.login + "/upload/"))
    finally:
        ftp.upload.chmod(0o755)
    assert (failure["code"], failure["final"]) == ("ftp-553", True)


def test_ftps(ftps, upload):
    done(upload(ftps.login + "/upload/", ca_file=ftps.ca))
    assert put_away(ftps, NAME) == CONTENT
    assert failed(upload(ftps.login + "/upload/"))["code"] == "tls"


def test_ftps_is_never_in_the_clear(ftp, upload):
    assert failed(upload(ftp.login.replace("ftp://", "ftps://") + "/upload/"))["code"] == "tls"


def test_sftp(sshd, upload):
    done(upload(sshd.login + "/upload/"))
    assert put_away(sshd, NAME) == CONTENT
    done(upload(sshd.login + "/upload", folder=True))
    assert put_away(sshd, NAME) == CONTENT


def test_sftp_refuses(sshd, upload):
    failure = failed(upload(sshd.login.replace("s3cret", "wrong") + "/upload/"))
    assert (failure["code"], failure["final"]) == ("login", True)
    sshd.upload.chmod(0o555)
    try:
        failure = failed(upload(sshd.login + "/upload/"))
    finally:
        sshd.upload.chmod(0o755)
    assert (failure["code"], failure["final"]) == ("ssh", True)
    assert failed(upload(sshd.login + "/no-such-folder/"))["code"] == "ssh"


def test_ftp_cut_off_in_the_middle(upload):
    with Vsftpd() as server:
        killer = threading.Thread(target=kill_in_the_middle, args=(server,))
        killer.start()
        failure = failed(upload(server.login + "/upload/", rate=500_000, stall_timeout=5))
        killer.join(30)
    assert failure["final"] is False


def kill_in_the_middle(server):
    """Ends the server's processes as soon as it has a part of the file."""
    deadline = time.monotonic() + 20
    part = server.upload / NAME
    while time.monotonic() < deadline and not (part.exists() and part.stat().st_size > 0):
        time.sleep(0.02)
    for pid in children(server.process.pid):
        os.kill(pid, 9)


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            found += [int(entry.name), *children(int(entry.name))]
    return found
