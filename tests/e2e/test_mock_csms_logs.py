"""mock-csms from outside: the REST call that orders logs, and the folder that takes them."""
import http.client
import socket
import stat
import subprocess

import pytest

from mockcsms import BOOT, MockCsms, in_background, trusting, wait_until
from wsclient import Station

UPLOADS = "/files/uploads/"
MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}
WANTED = {"remoteLocation": "https://example.com/logs/", "retries": 2, "retryInterval": 10}
TIMES = {"oldestTimestamp": "2029-01-01T00:00:00Z", "latestTimestamp": "2029-01-02T00:00:00Z"}


@pytest.fixture
def serving(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    with MockCsms("--files", folder) as csms:
        csms.folder = folder
        yield csms


def stored(csms):
    """What is in the folder for uploads: {name: content}."""
    return {path.name: path.read_bytes() for path in (csms.folder / "uploads").glob("*")}


# The REST call --------------------------------------------------------------------------------------------------------

def ask_logs(csms, station, body):
    asked = in_background(csms.post, station.identity, "logs", body)
    frame = station.next_call()
    station.answer(frame[1], {"status": "Accepted", "filename": "x"})
    assert asked.result().json == {"result": {"status": "Accepted", "filename": "x"}}
    return frame[2], frame[3]


@pytest.mark.parametrize("protocol", sorted(BOOT))
def test_get_log(csms, protocol):
    with Station(csms.port, "CP1", [protocol]) as station:
        body = WANTED | TIMES | {"logType": "SecurityLog", "requestId": 0}
        assert ask_logs(csms, station, body) == ("GetLog", {
            "logType": "SecurityLog", "requestId": 0, "retries": 2, "retryInterval": 10,
            "log": {"remoteLocation": WANTED["remoteLocation"]} | TIMES})


def test_get_log_picks_type_and_request_id(csms):
    with Station(csms.port, "CP1") as station:
        first = ask_logs(csms, station, {"remoteLocation": "x"})[1]
        second = ask_logs(csms, station, {"remoteLocation": "x"})[1]
        assert first == {"logType": "DiagnosticsLog", "requestId": first["requestId"], "log": {"remoteLocation": "x"}}
        assert second["requestId"] == first["requestId"] + 1


def test_16_without_a_type_is_asked_for_diagnostics(csms):
    with Station(csms.port, "CP1", ["ocpp1.6"]) as station:
        assert ask_logs(csms, station, WANTED | TIMES | {"requestId": 5}) == ("GetDiagnostics", {
            "location": WANTED["remoteLocation"], "retries": 2, "retryInterval": 10,
            "startTime": TIMES["oldestTimestamp"], "stopTime": TIMES["latestTimestamp"]})


def test_logs_come_here_where_no_place_is_named(serving):
    with Station(serving.port, "CP1") as station:
        assert ask_logs(serving, station, {})[1]["log"] == {
            "remoteLocation": f"http://127.0.0.1:{serving.port}{UPLOADS}"}
    with Station(serving.port, "CP2", ["ocpp1.6"]) as station:
        assert ask_logs(serving, station, {}) == ("GetDiagnostics", {
            "location": f"http://127.0.0.1:{serving.port}{UPLOADS}"})


def test_logs_come_by_tls_where_the_station_does(certificate, tmp_path):
    tls = trusting(certificate / "cert.pem")
    with MockCsms("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem", "--files", tmp_path,
                  tls=tls) as csms:
        with Station(csms.port, "CP1", tls=tls) as station:
            url = ask_logs(csms, station, {})[1]["log"]["remoteLocation"]
            assert url.startswith("https://") and url.endswith(f":{csms.port}{UPLOADS}")
        assert csms.request("PUT", f"{UPLOADS}a", b"x" * 100000).status == 201
        assert (tmp_path / "uploads/a").read_bytes() == b"x" * 100000


@pytest.mark.parametrize("host", ["a b", "joe@h", "h/x?", "x" * 300])
def test_a_host_that_is_none_is_not_told_to_the_station(serving, host):
    with socket.create_connection(("127.0.0.1", serving.port), 10) as sock:
        sock.sendall(f"GET /ocpp/CP1 HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n".encode())
        assert b" 101 " in sock.recv(4096)
        wait_until(lambda: "CP1" in serving.stations())
        assert "remoteLocation is missing" in serving.post("CP1", "logs", {}).json["title"]


@pytest.mark.parametrize("protocol", sorted(BOOT))
@pytest.mark.parametrize("body, word", [
    ({}, "--files"), (WANTED | {"location": "x"}, "only"), (WANTED | {"retries": "2"}, "numbers"),
    (WANTED | {"logType": 1}, "strings"), (WANTED | {"remoteLocation": None}, "strings"),
    (WANTED | {"oldestTimestamp": 1}, "strings"), (WANTED | {"requestId": "1"}, "numbers"), ([], "object"), ("{", "object"),
])
def test_bad_request_for_logs_is_refused(csms, protocol, body, word):
    with Station(csms.port, "CP1", [protocol]) as station:
        answer = csms.post("CP1", "logs", body)
        assert answer.status == 400 and word in answer.json["title"]
        assert answer.headers["content-type"] == "application/problem+json"
        assert station.call("Heartbeat")[0] == 3


# Uploads --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("size", [0, 1, 3 << 20])
def test_upload(serving, method, size):
    content = bytes(i % 251 for i in range(size))
    answer = serving.request(method, f"{UPLOADS}CS_1-x.tar.gz", content)
    assert (answer.status, answer.body) == (201, b"")
    assert stored(serving) == {"CS_1-x.tar.gz": content}
    assert serving.get(f"{UPLOADS}CS_1-x.tar.gz").body == content
    assert stat.S_IMODE((serving.folder / "uploads/CS_1-x.tar.gz").stat().st_mode) & 0o137 == 0


def test_upload_in_the_place_of_an_older_one(serving):
    for content in (b"a long first one", b"second"):
        assert serving.request("PUT", f"{UPLOADS}a", content).status == 201
        assert stored(serving) == {"a": content}


def test_curl_that_asks_first_is_told_to_go_on(serving, tmp_path):
    """Without an answer it would wait for ten minutes."""
    (tmp_path / "big").write_bytes(bytes(5 << 20))
    subprocess.run(["curl", "-sfT", tmp_path / "big", "-H", "Expect: 100-continue", "--expect100-timeout", "600",
                    f"http://127.0.0.1:{serving.port}{UPLOADS}big"], check=True, timeout=60)
    assert stored(serving) == {"big": bytes(5 << 20)}


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "sub/x", "../x", "..%2fx", "%2e%2e/x", "a%00b", "a%20b",
                                  "%c3%a4", "x" * 129, "../uploads/../x"])
def test_upload_by_another_name_is_refused(serving, name):
    answer = send_as_it_is(serving, name)
    assert not answer or answer.split()[1] in (b"400", b"403", b"404", b"405"), answer
    assert [path for path in serving.folder.parent.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name, tidy", [("%2fx", "x"), ("/x", "x"), ("./x", "x"), ("sub/../x", "x")])
def test_upload_by_a_path_that_is_tidied_up(serving, name, tidy):
    assert send_as_it_is(serving, name).split()[1] == b"201"
    assert [path for path in serving.folder.parent.rglob("*") if path.is_file()] == [serving.folder / "uploads" / tidy]


def send_as_it_is(csms, name):
    """Uploads a byte; the answer. http.client would not send every name."""
    with socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.sendall(f"PUT {UPLOADS}{name} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx".encode())
        answer = b""
        while data := sock.recv(4096):
            answer += data
    return answer


@pytest.mark.parametrize("path", ["/files/x", "/files/uploads", "/files/uploadsx", "/files/sub/uploads/x"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_nothing_is_taken_elsewhere(serving, method, path):
    assert serving.request(method, path, b"x").status == 405
    assert list(serving.folder.iterdir()) == []


def test_upload_does_not_follow_links(serving, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    assert serving.request("PUT", f"{UPLOADS}a", b"x").status == 201
    (serving.folder / "uploads/link").symlink_to(tmp_path / "secret")
    assert serving.request("PUT", f"{UPLOADS}link", b"mine").status == 201
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (serving.folder / "uploads/link").is_symlink()
    (serving.folder / "uploads").rename(tmp_path / "elsewhere")
    (serving.folder / "uploads").symlink_to(tmp_path / "elsewhere")
    assert serving.request("PUT", f"{UPLOADS}b", b"x").status == 500
    assert not (tmp_path / "elsewhere/b").exists()


def test_upload_in_the_place_of_a_folder_fails(serving):
    (serving.folder / "uploads/sub").mkdir(parents=True)
    assert serving.request("PUT", f"{UPLOADS}sub", b"x").status == 500
    wait_until(lambda: [path.name for path in (serving.folder / "uploads").iterdir()] == ["sub"])


@pytest.mark.parametrize("length, status", [((128 << 20) + 1, 413), (2**63, 411), (-1, 411), ("x", 411), (None, 411)])
def test_upload_of_a_length_that_is_not_taken(serving, length, status):
    connection = serving.connection()
    connection.putrequest("PUT", f"{UPLOADS}a")
    if length is not None:
        connection.putheader("Content-Length", str(length))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == status and response.read()
    connection.close()
    assert list(serving.folder.iterdir()) == []


def test_upload_of_a_form_is_refused(serving):
    answer = serving.request("POST", f"{UPLOADS}a", b"--x--", MULTIPART)
    assert answer.status == 415 and stored(serving) == {}


def test_no_uploads_without_the_option(csms):
    assert csms.request("PUT", f"{UPLOADS}a", b"x").status == 404


def test_upload_that_breaks_off_leaves_nothing(serving):
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=10)
    connection.putrequest("PUT", f"{UPLOADS}a")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"x" * 500)
    wait_until(lambda: [len(content) for content in stored(serving).values()] == [500])
    assert "a" not in stored(serving)
    connection.close()
    wait_until(lambda: stored(serving) == {})
