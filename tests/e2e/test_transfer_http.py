"""Answers of HTTP servers that a download must not fall for, and where its passwords go."""

import base64
import email.utils
import gzip
import json
import subprocess
import time

import pytest

from badserver import BadServer, Files, head, raw
from worker import WORKER, Answer, assert_arrived, assert_failed, fetch, fetch_job, start

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def file(tmp_path):
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool/fw.part"


# ---- answers ----

@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unknown", "gzip, identity"])
def test_an_encoded_file_is_refused(file, encoding):
    body = gzip.compress(CONTENT)
    with BadServer(raw(head("200 OK", f"Content-Encoding: {encoding}", length=len(body)) + body)) as server:
        assert_failed(fetch(server.url, file), True, "encoding")
        assert server.requests[0].headers["accept-encoding"] == "identity"
    assert file.stat().st_size == 0


def test_identity_is_no_encoding(file):
    with BadServer(raw(head("200 OK", "Content-Encoding: Identity", length=3) + b"abc")) as server:
        assert_arrived(fetch(server.url, file), file, b"abc")


@pytest.mark.parametrize("value, least, most", [
    ("120", 120, 120),
    (lambda: email.utils.formatdate(time.time() + 300, usegmt=True), 200, 300),
    ("999999999999", 21600, 86400),  # newer libcurl has a limit of its own, six hours
    (lambda: email.utils.formatdate(time.time() + 9e6, usegmt=True), 21600, 86400),
    ("Mon, 02 Nov 2020 10:00:00 GMT", None, None),
    ("0", None, None), ("-5", None, None), ("soon", None, None), (None, None, None),
])
def test_retry_after_is_handed_on(file, value, least, most):
    value = value() if callable(value) else value
    lines = [f"Retry-After: {value}"] if value else []
    with BadServer(raw(head("503 Busy", *lines, length=0))) as server:
        answer = fetch(server.url, file)
    assert_failed(answer, False, "http-503")
    rest = answer.failed.get("retry_after")
    assert rest is None if least is None else least <= rest <= most


@pytest.mark.parametrize("lines", [[f"Content-Length: {10 << 30}"], [], ["Transfer-Encoding: chunked"]])
def test_ten_gigabytes_of_zeros(file, lines):
    """At the latest at max_size it stops, with nothing more written and next to nothing more read."""
    block = b"\0" * 65536
    if lines == ["Transfer-Encoding: chunked"]:
        block = b"%x\r\n%s\r\n" % (len(block), block)

    def answer(server, request, peer):
        server.send(peer, head("200 OK", *lines))
        for _ in range((10 << 30) // len(block)):
            server.send(peer, block)

    with BadServer(answer) as server:
        assert_failed(fetch(server.url, file, max_size=1_000_000), True, "too-large")
    assert file.stat().st_size == 0 if "Content-Length" in "".join(lines) else file.stat().st_size <= 1_000_000
    assert server.sent_bytes < 16 << 20  # what the kernel's buffers took


def test_a_body_behind_a_refusal_is_not_read(file):
    def answer(server, request, peer):
        server.send(peer, head("404 Not Found"))
        while True:
            server.send(peer, b"x" * 65536)

    with BadServer(answer) as server:
        assert_failed(fetch(server.url, file), True, "http-404")
    assert file.stat().st_size == 0


def test_informational_answers_are_passed_over(file):
    with BadServer(raw(head("103 Early Hints", 'Link: </x>; rel="y"') + head("200 OK", length=3) + b"abc")) as server:
        assert_arrived(fetch(server.url, file), file, b"abc")


def run_on_small_disk(folder, size, job):
    """The worker, whose file lies on a file system of that size."""
    folder.mkdir()
    ran = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "/bin/sh", "-c",
         'mount -t tmpfs -o size="$1" none "$0" && "$2" && stat -c %s "$0/fw.part" >&2', str(folder), size, str(WORKER)],
        input=json.dumps(job).encode(), capture_output=True, timeout=60)
    return json.loads(ran.stdout.splitlines()[-1]), int(ran.stderr)


@pytest.mark.parametrize("reserve, fits", [(0, True), (500_000, True), (900_000, False), (1 << 50, False)])
def test_room_is_reserved_before_the_first_byte(tmp_path, reserve, fits):
    with BadServer(Files(CONTENT)) as server:
        last, size = run_on_small_disk(tmp_path / "disk", "1m", fetch_job(server.url, tmp_path / "disk/fw.part", reserve=reserve))
    if fits:
        assert last["done"]["size"] == size == len(CONTENT)
    else:
        assert (last["failed"]["final"], last["failed"]["code"], size) == (True, "no-space", 0)


def test_room_stays_reserved_where_no_length_is_told(tmp_path):
    with BadServer(raw(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9_000_000)) as server:
        job = fetch_job(server.url, tmp_path / "disk/fw.part", reserve=4 << 20, max_size=9_000_000)
        last, size = run_on_small_disk(tmp_path / "disk", "8m", job)
    assert last["failed"]["code"] == "no-space"
    assert 0 < size < (4 << 20) + (1 << 20)  # room is looked for each MiB


# ---- redirects, and passwords ----

def redirect(location):
    return raw(head("302 Found", f"Location: {location}", length=0))


def authorization(server):
    said = server.requests[-1].headers.get("authorization")
    return said and base64.b64decode(said.removeprefix("Basic ")).decode()


def with_login(url, login="user:s3cret"):
    return url.replace("http://", f"http://{login}@")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_password_is_not_handed_on(file, host):
    """Neither to another host nor to another port of the same."""
    with BadServer(Files(CONTENT)) as target, BadServer(redirect(target.url.replace("127.0.0.1", host))) as first:
        assert_arrived(fetch(with_login(first.url), file), file, CONTENT)
        assert (authorization(first), authorization(target)) == ("user:s3cret", None)


def test_a_password_stays_with_its_own_server(file):
    files = Files(CONTENT)

    def answer(server, request, peer):
        (files if request.path == "/there" else redirect("/there"))(server, request, peer)

    with BadServer(answer) as server:
        assert_arrived(fetch(with_login(server.url), file), file, CONTENT)
        assert [request.path for request in server.requests] == ["/fw.bin", "/there"]
        assert authorization(server) == "user:s3cret"


def test_a_redirect_may_bring_its_own_password(file):
    with BadServer(Files(CONTENT)) as target, BadServer(redirect(with_login(target.url, "cdn:t%40ken"))) as first:
        assert_arrived(fetch(with_login(first.url), file), file, CONTENT)
        assert (authorization(first), authorization(target)) == ("user:s3cret", "cdn:t@ken")


def test_the_credentials_file_is_asked_for_each_host(file, tmp_path):
    logins = tmp_path / "logins"
    logins.write_text("127.0.0.1 here one\nlocalhost there two\n")
    with BadServer(Files(CONTENT)) as target, BadServer(redirect(target.url.replace("127.0.0.1", "localhost"))) as first:
        assert_arrived(fetch(first.url, file, credentials_file=str(logins)), file, CONTENT)
        assert (authorization(first), authorization(target)) == ("here:one", "there:two")
        assert_arrived(fetch(with_login(first.url), file, credentials_file=str(logins)), file, CONTENT)
        assert authorization(first) == "user:s3cret"


def test_no_password_in_the_clear_where_it_began_encrypted(file, tmp_path):
    """Not even to a host of the credentials file."""
    from servers import Nginx
    logins = tmp_path / "logins"
    logins.write_text("127.0.0.1 here one\n")
    with BadServer(Files(CONTENT)) as target, Nginx() as nginx:
        conf = nginx.folder / "nginx.conf"
        conf.write_text(conf.read_text().replace("file:///etc/hostname", target.url))
        nginx.restart()
        answer = fetch(nginx.https + "/to-file", file, ca_file=nginx.ca, credentials_file=str(logins))
        assert_arrived(answer, file, CONTENT)
        assert authorization(target) is None


@pytest.mark.parametrize("location", ["file:///etc/hostname", "scp://127.0.0.1/x", "gopher://127.0.0.1/", "dict://127.0.0.1/",
                                      "ftp://127.0.0.1/x", "https://127.0.0.1/x", "FILE:///etc/hostname", "file:/etc/hostname"])
def test_a_redirect_goes_to_listed_protocols_only(file, location):
    with BadServer(redirect(location)) as server:
        assert_failed(fetch(server.url, file, protocols=["http", "sftp"]), True, "scheme")
    assert file.stat().st_size == 0


def test_a_redirect_may_change_the_protocol(file):
    with BadServer(redirect("ftp://127.0.0.1:1/x")) as server:
        assert_failed(fetch(server.url, file, protocols=["http", "ftp"]), False, "connect")


@pytest.mark.parametrize("count, fine", [(5, True), (6, False)])
def test_redirects_come_to_an_end(file, count, fine):
    answers = [redirect(f"/{i}") for i in range(count)] + [Files(CONTENT)]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        answer = fetch(server.url, file)
    if fine:
        assert_arrived(answer, file, CONTENT)
    else:
        assert_failed(answer, False, "redirects")


def test_a_break_behind_a_redirect_goes_on(file):
    files = Files(CONTENT, [1000])
    with BadServer(files) as target, BadServer(redirect(target.url)) as first:
        assert_failed(fetch(first.url, file), False, "connection")
        assert_arrived(fetch(first.url, file), file, CONTENT)
    assert [request.offset for request in target.requests] == [None, 1000]


# ---- proxy ----

def test_a_proxy_is_asked(file):
    with BadServer(Files(CONTENT)) as proxy:
        url = proxy.url.replace("127.0.0.1", "fw.invalid")
        assert_arrived(fetch(url, file, proxy=proxy.url), file, CONTENT)
        assert proxy.requests[0].path == url


@pytest.mark.parametrize("scheme", ["https", "ftp", "ftps", "sftp"])
def test_a_proxy_tunnels_what_is_no_http(file, scheme):
    with BadServer(raw(head("403 No", length=0))) as proxy:
        answer = fetch(f"{scheme}://fw.invalid:77/fw.bin", file, proxy=proxy.url, protocols=[scheme])
        assert proxy.requests[0].path == "fw.invalid:77"
    assert_failed(answer, False, "connection")


def test_the_last_line_before_a_failure_is_the_progress(file):
    worker = start(fetch_job("http://127.0.0.1:1/fw.bin", file))
    answer = Answer(worker)
    assert answer.progress == [{"now": 0, "total": -1}]
