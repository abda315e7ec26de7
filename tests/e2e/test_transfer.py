"""rauc-ocpp-transfer, the worker, against a real nginx (http, https) and servers that misbehave."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from badserver import BadServer, raw
from servers import Nginx
from worker import WORKER, Answer, assert_arrived, assert_failed, fetch, fetch_job, start

SIZE = 3_000_000


@pytest.fixture(scope="module")
def site():
    with Nginx() as nginx:
        nginx.content = random.Random(1).randbytes(SIZE)
        (nginx.files / "fw.bin").write_bytes(nginx.content)
        yield nginx


@pytest.mark.parametrize("path", ["/fw.bin", "/moved", "/to-https"])
def test_fetch_over_http(site, tmp_path, path):
    file = tmp_path / "fw.part"
    assert_arrived(fetch(site.http + path, file, ca_file=site.ca), file, site.content)
    assert file.stat().st_mode & 0o7777 == 0o640


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
    with BadServer(raw(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body)) as server:
        assert_failed(fetch(server.url, tmp_path / "fw.part", max_size=100_000), True, "too-large")
    assert (tmp_path / "fw.part").stat().st_size <= 100_000


def test_fetch_no_room_left_while_writing(tmp_path):
    """No length is told, and the file system is full after 256 KiB."""
    (tmp_path / "disk").mkdir()
    with BadServer(raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)) as server:
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
    with BadServer(raw(head), hold=True) as server:
        began = time.monotonic()
        assert_failed(fetch(server.url, tmp_path / "fw.part", stall_timeout=2), False, "stalled")
        assert 1.5 < time.monotonic() - began < 20


def test_fetch_silent_server(tmp_path):
    with BadServer(raw(b""), hold=True) as server:
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
