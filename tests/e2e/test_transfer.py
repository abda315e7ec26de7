"""rauc-ocpp-transfer, the worker, against a real nginx (http, https) and servers that misbehave."""

import base64
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BINARY_DIR = Path(os.environ.get("BINARY_DIR", TOP / "build/dev"))
WORKER = BINARY_DIR / "bin/rauc-ocpp-transfer"
SIZE = 3_000_000

NGINX_CONF = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
        access_log off;
        client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
        uwsgi_temp_path tmp; scgi_temp_path tmp;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        server {{
                listen 127.0.0.1:{http};
                listen 127.0.0.1:{https} ssl;
                root files;
                location /forbidden {{ return 403; }}
                location /broken {{ return 500; }}
                location /busy {{ return 429; }}
                location /slow/ {{ alias files/; limit_rate 100k; }}
                location /private/ {{ alias files/; auth_basic x; auth_basic_user_file passwords; }}
                location = /to-file {{ return 302 file:///etc/hostname; }}
                location = /to-ftp {{ return 302 ftp://127.0.0.1/fw.bin; }}
                location = /to-https {{ return 302 https://localhost:{https}/fw.bin; }}
                location = /moved {{ return 301 /moved-again; }}
                location = /moved-again {{ return 307 /fw.bin; }}
                location = /loop {{ return 302 /loop; }}
        }}
}}
"""


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def make_certificates(folder):
    """A root, and a server's certificate for the name localhost alone."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Test root")
    openssl(folder, "req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "san").write_text("subjectAltName=DNS:localhost\n")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "san", "-out", "server.pem")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for_port(port, process):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "nginx ended"
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not listen")


class Site:
    def __init__(self, folder, http, https, content):
        self.folder, self.content = folder, content
        self.http = f"http://127.0.0.1:{http}"
        self.https, self.https_wrong = f"https://localhost:{https}", f"https://127.0.0.1:{https}"
        self.ca = str(folder / "ca.pem")
        self.private = f"http://user:s3cret@127.0.0.1:{http}/private/fw.bin"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "files").mkdir()
    content = random.Random(1).randbytes(SIZE)
    (folder / "files/fw.bin").write_bytes(content)
    digest = base64.b64encode(hashlib.sha1(b"s3cret").digest()).decode()
    (folder / "passwords").write_text(f"user:{{SHA}}{digest}\n")
    make_certificates(folder)
    http, https = free_ports(2)
    (folder / "nginx.conf").write_text(NGINX_CONF.format(http=http, https=https))
    nginx = subprocess.Popen(["nginx", "-p", str(folder), "-c", "nginx.conf"],
                             stderr=subprocess.DEVNULL)
    try:
        wait_for_port(http, nginx)
        yield Site(folder, http, https, content)
    finally:
        nginx.kill()
        nginx.wait(10)


class RawServer:
    """Writes one answer to each that comes, then holds the connection or closes it."""

    def __init__(self, answer, hold=False):
        self.answer, self.hold, self.open = answer, hold, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/fw.bin"
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                peer.recv(65536)
                peer.sendall(self.answer)
            except OSError:
                pass
            if self.hold:
                self.open.append(peer)
            else:
                peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        for peer in self.open:
            peer.close()


def start(job, program=WORKER, **options):
    worker = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={}, **options)
    worker.stdin.write(job if isinstance(job, bytes) else json.dumps(job).encode())
    worker.stdin.close()
    worker.stdin = None
    return worker


class Answer:
    def __init__(self, worker, timeout=60):
        try:
            out, self.stderr = worker.communicate(timeout=timeout)
        finally:
            worker.kill()
            worker.wait(10)
        lines = [json.loads(line) for line in out.splitlines()]
        self.text, self.code = out.decode(), worker.returncode
        self.progress = [line["progress"] for line in lines if "progress" in line]
        self.ends = [line for line in lines if "progress" not in line]
        assert len(self.ends) == 1 and lines[-1] is self.ends[0]
        self.done, self.failed = lines[-1].get("done"), lines[-1].get("failed")


def fetch_job(url, file, **more):
    return {"job": "fetch", "url": url, "file": str(file), "protocols": ["https", "http", "ftp"],
            "max_size": 2 * SIZE, "stall_timeout": 20, "timeout": 0, "rate": 0,
            "reserve": 0, **more}


def fetch(url, file, **more):
    answer = Answer(start(fetch_job(url, file, **more)))
    assert answer.code == 0 and answer.stderr == b""
    return answer


def assert_failed(answer, final, code):
    assert answer.failed, answer.text
    assert (answer.failed["final"], answer.failed["code"]) == (final, code), answer.text


def assert_arrived(answer, file, content):
    assert answer.done, answer.text
    assert file.read_bytes() == content
    assert answer.done == {"size": len(content)}
    assert answer.progress[-1] == {"now": len(content), "total": len(content)}


@pytest.mark.parametrize("path", ["/fw.bin", "/moved", "/to-https"])
def test_fetch_over_http(site, tmp_path, path):
    file = tmp_path / "fw.part"
    assert_arrived(fetch(site.http + path, file, ca_file=site.ca), file, site.content)
    assert file.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tmp_path) == ["fw.part"]


def test_fetch_over_https_trusts_ca_file(site, tmp_path):
    file = tmp_path / "fw.part"
    assert_arrived(fetch(site.https + "/fw.bin", file, ca_file=site.ca), file, site.content)


def test_fetch_trusts_nobody_unknown(site, tmp_path):
    answer = fetch(site.https + "/fw.bin", tmp_path / "fw.part")
    assert_failed(answer, False, "tls")
    assert "certificate" in answer.failed["message"]


def test_fetch_refuses_the_wrong_name(site, tmp_path):
    answer = fetch(site.https_wrong + "/fw.bin", tmp_path / "fw.part", ca_file=site.ca)
    assert_failed(answer, False, "tls")
    assert (tmp_path / "fw.part").stat().st_size == 0


def test_fetch_says_when_ca_file_is_missing(site, tmp_path):
    answer = fetch(site.https + "/fw.bin", tmp_path / "fw.part", ca_file=str(tmp_path / "none.pem"))
    assert_failed(answer, False, "tls")


def test_fetch_takes_user_and_password_from_the_url(site, tmp_path):
    file = tmp_path / "fw.part"
    assert_arrived(fetch(site.private, file), file, site.content)
    wrong = fetch(site.private.replace("s3cret", "secre7"), file)
    assert_failed(wrong, True, "http-401")
    assert "secre7" not in wrong.text


@pytest.mark.parametrize("path, final, code", [
    ("/missing", True, "http-404"),
    ("/forbidden", True, "http-403"),
    ("/private/fw.bin", True, "http-401"),
    ("/busy", False, "http-429"),
    ("/broken", False, "http-500"),
    ("/loop", False, "redirects"),
    ("/to-file", True, "scheme"),
    ("/to-ftp", True, "scheme"),
])
def test_fetch_failures(site, tmp_path, path, final, code):
    assert_failed(fetch(site.http + path, tmp_path / "fw.part"), final, code)
    assert (tmp_path / "fw.part").stat().st_size == 0  # no error page is firmware


def test_fetch_redirect_needs_an_allowed_protocol(site, tmp_path):
    answer = fetch(site.http + "/to-https", tmp_path / "fw.part", protocols=["http"], ca_file=site.ca)
    assert_failed(answer, True, "scheme")


def test_fetch_too_large_with_a_length(site, tmp_path):
    assert_failed(fetch(site.http + "/fw.bin", tmp_path / "fw.part", max_size=SIZE - 1), True, "too-large")
    assert (tmp_path / "fw.part").stat().st_size == 0
    file = tmp_path / "fw.part"
    assert_arrived(fetch(site.http + "/fw.bin", file, max_size=SIZE), file, site.content)


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_fetch_too_large_without_a_length(tmp_path, head):
    body = b"x" * 200_000
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if head else body
    with RawServer(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body) as server:
        assert_failed(fetch(server.url, tmp_path / "fw.part", max_size=100_000), True, "too-large")
    assert (tmp_path / "fw.part").stat().st_size <= 100_000


def test_fetch_no_room_left_while_writing(tmp_path):
    """No length is told, and the file system is full after 256 KiB."""
    (tmp_path / "disk").mkdir()
    with RawServer(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000) as server:
        job = json.dumps(fetch_job(server.url, tmp_path / "disk/fw.part"))
        ran = subprocess.run(
            ["unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
             'mount -t tmpfs -o size=256k none "$0" && exec "$1"', str(tmp_path / "disk"), str(WORKER)],
            input=job.encode(), capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    last = json.loads(ran.stdout.splitlines()[-1])["failed"]
    assert (last["final"], last["code"]) == (True, "no-space")


def test_fetch_stalled_server(tmp_path):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nsome"
    with RawServer(head, hold=True) as server:
        began = time.monotonic()
        assert_failed(fetch(server.url, tmp_path / "fw.part", stall_timeout=2), False, "stalled")
        assert 1.5 < time.monotonic() - began < 20


def test_fetch_silent_server(tmp_path):
    with RawServer(b"", hold=True) as server:
        assert_failed(fetch(server.url, tmp_path / "fw.part", stall_timeout=2), False, "stalled")


def test_fetch_in_all_no_longer_than_allowed(site, tmp_path):
    answer = fetch(site.http + "/slow/fw.bin", tmp_path / "fw.part", timeout=2)
    assert_failed(answer, False, "timeout")
    assert (tmp_path / "fw.part").stat().st_size > 0


def test_fetch_keeps_its_rate(site, tmp_path):
    file = tmp_path / "fw.part"
    began = time.monotonic()
    answer = fetch(site.http + "/fw.bin", file, rate=1_000_000)
    elapsed = time.monotonic() - began
    assert_arrived(answer, file, site.content)
    assert elapsed > 2  # 3 MB at 1 MB/s; a bit of burst is libcurl's
    assert 3 <= len(answer.progress) <= 2 * elapsed + 2
    now = [p["now"] for p in answer.progress]
    assert now == sorted(set(now))


def test_fetch_killed_then_begun_anew(site, tmp_path):
    file = tmp_path / "fw.part"
    worker = start(fetch_job(site.http + "/slow/fw.bin", file))
    assert json.loads(worker.stdout.readline())["progress"]["total"] == SIZE
    worker.kill()
    assert worker.wait(10) == -9
    worker.communicate()
    assert 0 < file.stat().st_size < SIZE
    assert_arrived(fetch(site.http + "/fw.bin", file), file, site.content)


def status_of(pid, key):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return line.split()[1]
    return None


def test_hash_is_caged_before_the_first_byte():
    """The file is a pipe here, so that the worker stands still while it is looked at."""
    reader, writer = os.pipe()
    worker = subprocess.Popen(["/bin/sh", "-c", f'exec "$0" 3</proc/self/fd/{reader}', str(WORKER)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, pass_fds=[reader])
    os.close(reader)
    worker.stdin.write(b'{"job":"hash","sha384":true}')
    worker.stdin.close()
    worker.stdin = None
    deadline = time.monotonic() + 20
    while status_of(worker.pid, "Seccomp") != "2" and time.monotonic() < deadline:
        time.sleep(0.02)
    mode = status_of(worker.pid, "Seccomp")
    os.write(writer, b"abc")
    os.close(writer)
    out, _ = worker.communicate(timeout=30)
    assert mode == "2"
    assert json.loads(out)["done"] == {"size": 3, "sha256": hashlib.sha256(b"abc").hexdigest(),
                                       "sha384": hashlib.sha384(b"abc").hexdigest()}
    assert worker.returncode == 0


def test_a_missing_fetcher_is_a_failure_to_try_again(tmp_path):
    """A download is done by rauc-ocpp-fetch, which has to lie beside the worker."""
    alone = shutil.copy2(WORKER, tmp_path)
    answer = Answer(start(fetch_job("http://127.0.0.1/", tmp_path / "fw"), program=alone))
    assert answer.code == 0
    assert_failed(answer, False, "worker")
    (tmp_path / "rauc-ocpp-fetch").symlink_to(WORKER.parent / "rauc-ocpp-fetch")
    answer = Answer(start(fetch_job("gopher://127.0.0.1/", tmp_path / "fw"), program=alone))
    assert_failed(answer, True, "scheme")


@pytest.mark.parametrize("job", [
    b"", b"{}", b"[]", b"no json", b'{"job":"format"}', b'{"job":"hash","sha384":false,"file":"/etc/passwd"}',
    b'{"job":"resolve","host":"localhost"}', b'{"job":"resolve","host":1,"service":"s"}',
    b'{"job":"resolve","host":"a","host":"b","service":"s"}',
    b'{"job":"resolve","host":"' + b"a" * 65536 + b'","service":"s"}',
    json.dumps(fetch_job("http://127.0.0.1/", "/nonexistent/x", rate=-1)).encode(),
    json.dumps(fetch_job("http://127.0.0.1/", "/nonexistent/x", max_size=1.5)).encode(),
    json.dumps(fetch_job("http://127.0.0.1/", "/nonexistent/x", protocols="http")).encode(),
    json.dumps(fetch_job("http://127.0.0.1/", "/nonexistent/x", protocols=[1])).encode(),
    json.dumps(fetch_job("http://127.0.0.1/", "/nonexistent/x", insecure=True)).encode(),
])
def test_bad_jobs_are_refused(job):
    answer = Answer(start(job))
    assert answer.code == 2
    assert_failed(answer, True, "job")
    assert answer.stderr.startswith(b"rauc-ocpp-transfer: ") and answer.stderr.count(b"\n") == 1
