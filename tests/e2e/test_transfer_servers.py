"""Downloads from vsftpd and sshd, and what nginx has beside plain HTTP: HTTP/2, client certificates, no Range."""

import os
import random
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from servers import PASSWORD, UID, USER, Nginx, Sshd, Vsftpd
from worker import Answer, assert_arrived, assert_failed, fetch, fetch_job, start

SIZE = 3_000_000
CONTENT, OTHER = random.Random(1).randbytes(SIZE), random.Random(2).randbytes(SIZE)
ALL = {"protocols": ["https", "http", "ftps", "ftp", "sftp"]}


def running(server):
    put(server, CONTENT)
    return server


def put(server, content, at=1_600_000_000):
    (server.files / "fw.bin").write_bytes(content)
    os.utime(server.files / "fw.bin", (at, at))


@pytest.fixture(scope="module")
def nginx():
    with running(Nginx()) as server:
        yield server


@pytest.fixture(scope="module", params=["ftp", "ftps", "sftp"])
def files_server(request):
    """One that speaks FTP, FTPS or SFTP, and what a job needs for it."""
    with running(Sshd() if request.param == "sftp" else Vsftpd(tls=request.param == "ftps")) as server:
        server.more = {"protocols": [request.param], **({"ca_file": server.ca} if request.param == "ftps" else {})}
        server.warns = request.param == "sftp"
        yield server


@pytest.fixture(autouse=True)
def fresh(request):
    for name in {"nginx", "files_server", "sshd"} & set(request.fixturenames):
        put(request.getfixturevalue(name), CONTENT)


@pytest.fixture(scope="module")
def sshd():
    with running(Sshd()) as server:
        yield server


@pytest.fixture
def file(tmp_path):
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool/fw.part"


@pytest.fixture
def logins(tmp_path):
    """Writes a credentials file."""
    def write(*lines):
        path = tmp_path / "credentials"
        path.write_text("# host user password\n\n" + "".join(line + "\n" for line in lines))
        return {"credentials_file": str(path)}
    return write


def get(server, file, url=None, **more):
    return fetch(url or server.login + "/files/fw.bin", file, warns=server.warns, **{**server.more, **more})


def start_slowly(server, file, url, **more):
    """A worker that is under way."""
    file.unlink(missing_ok=True)
    worker = start(fetch_job(url, file, **{**server.more, "rate": 500_000, **more}))
    deadline = time.monotonic() + 30
    while (file.stat().st_size if file.exists() else 0) < 100_000:
        assert time.monotonic() < deadline and worker.poll() is None, worker.communicate()
        time.sleep(0.01)
    return worker


def kill_half_way(server, file, url):
    worker = start_slowly(server, file, url)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert file.stat().st_size < SIZE


# ---- FTP, FTPS, SFTP ----

def test_arrives(files_server, file):
    assert_arrived(get(files_server, file), file, CONTENT)


def test_goes_on(files_server, file):
    """What stands there is not fetched again: it is other bytes here, and stays so."""
    kill_half_way(files_server, file, files_server.login + "/files/fw.bin")
    had = file.stat().st_size
    file.write_bytes(OTHER[:had])
    assert_arrived(get(files_server, file), file, OTHER[:had] + CONTENT[had:])


def test_goes_on_with_the_whole_there_already(files_server, file):
    kill_half_way(files_server, file, files_server.login + "/files/fw.bin")
    file.write_bytes(OTHER)
    assert_arrived(get(files_server, file), file, OTHER)


@pytest.mark.parametrize("change", [
    lambda server: put(server, OTHER, at=1_600_000_001),
    lambda server: put(server, OTHER[:-1]),
    lambda server: put(server, OTHER + b"x"),
    lambda server: put(server, OTHER[:100_000]),  # shorter than what we have
])
def test_a_changed_file_begins_anew(files_server, file, change):
    kill_half_way(files_server, file, files_server.login + "/files/fw.bin")
    change(files_server)
    assert_arrived(get(files_server, file), file, (files_server.files / "fw.bin").read_bytes())


def test_an_empty_file(files_server, file):
    """Of which libcurl tells no length over SFTP."""
    put(files_server, b"")
    answer = get(files_server, file)
    assert answer.done == {"size": 0} and os.listdir(file.parent) == ["fw.part"]


def test_too_large_before_the_first_byte(files_server, file):
    assert_failed(get(files_server, file, max_size=SIZE - 1), True, "too-large")
    assert file.stat().st_size == 0


def test_missing_file(files_server, file):
    answer = get(files_server, file, files_server.login + "/files/none.bin")
    assert_failed(answer, True, "ssh" if files_server.warns else "ftp-550")


def test_forbidden_file(files_server, file):
    (files_server.files / "secret.bin").write_bytes(b"x")
    (files_server.files / "secret.bin").chmod(0)
    answer = get(files_server, file, files_server.login + "/files/secret.bin")
    assert_failed(answer, True, "ssh" if files_server.warns else "ftp-550")


def test_wrong_password(files_server, file):
    answer = get(files_server, file, files_server.login.replace(PASSWORD, "wr0ng") + "/files/fw.bin")
    assert_failed(answer, True, "login" if files_server.warns else "ftp-530")
    assert "wr0ng" not in answer.text + answer.stderr.decode()


def test_credentials_of_the_file(files_server, file, logins):
    keys = files_server.keys if files_server.warns else [""]
    more = logins("elsewhere x y", *(f"LocalHost {USER} {PASSWORD} {key}" for key in keys))
    answer = get(files_server, file, files_server.url + "/files/fw.bin", **more)
    assert_arrived(answer, file, CONTENT)
    assert answer.stderr == b""


def test_credentials_of_the_url_come_first(files_server, file, logins):
    assert_arrived(get(files_server, file, **logins(f"localhost {USER} wr0ng")), file, CONTENT)


def test_nobody_listens(files_server, file):
    answer = get(files_server, file, files_server.url.split("localhost")[0] + "localhost:1/fw.bin")
    assert_failed(answer, False, "connect")


@pytest.mark.parametrize("path", ["/", "/files/", "/files/fw.bin;type=a", "/files;type=d", "/fw.bin;TYPE=A"])
def test_what_is_no_file_is_not_fetched(files_server, file, path):
    """A listing is no firmware, nor is a file whose line ends were changed."""
    assert_failed(get(files_server, file, files_server.login + path), True, "scheme")


def test_nobody_answers(files_server, file):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"{files_server.url.split(':')[0]}://localhost:{listener.getsockname()[1]}/fw.bin"
        assert_failed(get(files_server, file, url, stall_timeout=1), False, "connect")


def test_a_link_goes_dead(files_server, file):
    """And works again later. The file is more than the kernel's buffers hold."""
    content, more = OTHER * 6, {"max_size": 1 << 30}
    put(files_server, content)
    url = files_server.login + "/files/fw.bin"
    worker = start_slowly(files_server, file, url, stall_timeout=3, rate=40_000_000, **more)
    files_server.signal(signal.SIGSTOP)
    try:
        answer = Answer(worker)
    finally:
        files_server.signal(signal.SIGCONT)
    assert_failed(answer, False, "stalled")
    had = file.stat().st_size
    assert 0 < had == answer.progress[-1]["now"] < len(content)
    assert_arrived(get(files_server, file, **more), file, content)


def test_a_line_break_in_a_user_is_no_second_command(files_server, file):
    user = USER + "%0d%0aDELE%20fw.bin"
    answer = get(files_server, file, files_server.login.replace(USER, user, 1) + "/fw.bin")
    assert_failed(answer, True, "scheme")


def test_ftp_is_not_ftps(file):
    """Which of the two is asked for stands in the URL, and the list decides."""
    with running(Vsftpd(tls=True)) as server:
        plain = server.login.replace("ftps:", "ftp:") + "/files/fw.bin"
        assert_failed(fetch(plain, file, protocols=["ftps"]), True, "scheme")
        assert_failed(fetch(plain, file, protocols=["ftp"]), True, "ftp-530")  # this server wants TLS
        assert_failed(fetch(server.login + "/files/fw.bin", file, protocols=["ftp"], ca_file=server.ca), True, "scheme")
        assert_failed(fetch(server.login + "/files/fw.bin", file, protocols=["ftps"]), False, "tls")


def test_ftps_without_tls_gets_no_password(file):
    with running(Vsftpd()) as server:
        assert_failed(fetch(server.login.replace("ftp:", "ftps:") + "/files/fw.bin", file, protocols=["ftps"]), False, "tls")
        assert '"AUTH TLS"' in server.log() and '"PASS' not in server.log()


def test_ftps_on_its_own_port_begins_with_tls(file):
    """990 is no port for a test: a listener there would be everybody's. What reaches it first tells."""
    with socket.create_server(("127.0.0.1", 990)) as listener:
        worker = start(fetch_job("ftps://localhost:990/fw.bin", file, protocols=["ftps"]))
        peer, _ = listener.accept()
        with peer:
            assert peer.recv(1) == b"\x16"  # a TLS handshake
        worker.communicate()


# ---- host keys ----

def test_a_host_key_that_is_pinned(sshd, file, logins):
    answer = fetch(sshd.login + "/files/fw.bin", file, **ALL, **logins(*(f"localhost - - {key}" for key in sshd.keys)))
    assert_arrived(answer, file, CONTENT)


def test_another_host_key_than_the_pinned(sshd, file, logins):
    answer = fetch(sshd.login + "/files/fw.bin", file, **ALL, **logins("localhost - - SHA256:" + 43 * "A"))
    assert_failed(answer, True, "ssh")
    assert any(key in answer.failed["message"] for key in sshd.keys)
    assert "Accepted password" not in sshd.log().splitlines()[-1]


def test_a_host_key_that_nobody_pinned(sshd, file, logins):
    """A password of the order's goes there, and that is told; one of the file does not."""
    answer = fetch(sshd.login + "/files/fw.bin", file, warns=True, **ALL)
    assert_arrived(answer, file, CONTENT)
    assert any(key.encode() in answer.stderr for key in sshd.keys) and answer.stderr.count(b"\n") == 1
    before = sshd.log().count("Accepted password")
    assert_failed(fetch(sshd.url + "/files/fw.bin", file, **ALL, **logins(f"localhost {USER} {PASSWORD}")), True, "ssh")
    assert sshd.log().count("Accepted password") == before


@pytest.mark.parametrize("line", ["localhost", "localhost user", "localhost user pass MD5:xx", "a b c SHA256:x e"])
def test_a_credentials_file_that_cant_be_read(sshd, file, logins, line):
    assert_failed(fetch(sshd.login + "/files/fw.bin", file, **ALL, **logins(line)), True, "file")
    assert_failed(fetch(sshd.login + "/files/fw.bin", file, **ALL, credentials_file="/none"), True, "file")


# ---- nginx ----

def test_http_2(nginx, file):
    assert_arrived(fetch(nginx.h2 + "/fw.bin", file, ca_file=nginx.ca), file, CONTENT)
    assert nginx.has_logged('"GET /fw.bin HTTP/2.0" 200')


@pytest.mark.parametrize("base", ["http", "https", "h2"])
def test_nginx_goes_on(nginx, file, base):
    nginx.more = {"ca_file": nginx.ca}
    url = getattr(nginx, base) + "/fw.bin"
    kill_half_way(nginx, file, url)
    had = file.stat().st_size
    file.write_bytes(OTHER[:had])
    assert_arrived(fetch(url, file, **nginx.more), file, OTHER[:had] + CONTENT[had:])
    kill_half_way(nginx, file, url)
    put(nginx, OTHER, at=1_600_000_001)
    assert_arrived(fetch(url, file, **nginx.more), file, OTHER)


def test_nginx_without_range_begins_anew(nginx, file):
    nginx.more = {}
    kill_half_way(nginx, file, nginx.http + "/whole/fw.bin")
    put(nginx, OTHER)
    assert_arrived(fetch(nginx.http + "/whole/fw.bin", file), file, OTHER)


@pytest.mark.parametrize("which", [["csms_ca_file"], ["ca_file", "csms_ca_file"], ["installed_ca_file"],
                                   ["csms_ca_file", "installed_ca_file"]])
def test_roots_of_the_csms_count_too(nginx, file, tmp_path, which):
    (tmp_path / "other.pem").write_text((nginx.folder / "client.pem").read_text())
    roots = dict.fromkeys(which, str(tmp_path / "other.pem")) | {which[-1]: nginx.ca}
    assert_arrived(fetch(nginx.https + "/fw.bin", file, **{name: roots[name] for name in which}), file, CONTENT)


@pytest.mark.parametrize("key", ["client.key", "file:{}/client.key", None])
def test_client_certificate(nginx, file, tmp_path, key):
    """Where no key is named, it stands in the certificate's file."""
    pair = tmp_path / "pair.pem"
    pair.write_text("".join((nginx.folder / name).read_text() for name in ("client.pem", "client.key")))
    given = {"client_cert_file": str(pair)}
    if key:
        key = key.format(nginx.folder) if ":" in key else str(nginx.folder / key)
        given = {"client_cert_file": str(nginx.folder / "client.pem"), "client_key": key}
    assert_arrived(fetch(nginx.mutual + "/fw.bin", file, ca_file=nginx.ca, **given), file, CONTENT)


@pytest.mark.parametrize("given, code", [
    ({}, "http-400"),
    ({"client_cert_file": "client.pem", "client_key": "server.key"}, "tls"),
    ({"client_cert_file": "none.pem", "client_key": "client.key"}, "tls"),
    ({"client_cert_file": "client.pem", "client_key": "none.key"}, "tls"),
    ({"client_cert_file": "client.pem"}, "tls"),
    ({"client_key": "client.key"}, "tls"),
])
def test_without_a_good_client_certificate(nginx, file, given, code):
    given = {name: str(nginx.folder / value) for name, value in given.items()}
    answer = fetch(nginx.mutual + "/fw.bin", file, ca_file=nginx.ca, **given)
    assert_failed(answer, code != "tls", code)
