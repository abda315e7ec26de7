"""Who may use mock-csms's REST calls: tokens, where a request comes from, pages of other hosts."""
import concurrent.futures
import ctypes
import fcntl
import http.client
import socket
import struct

import openapi
import pytest

from mockcsms import MockCsms, trusting
from wsclient import Station

READ, OPERATOR = "read-0123456789abcdef", "operator-0123456789abcdef"
ELSEWHERE = "192.0.2.7"  # RFC 5737: of no machine
CLONE_NEWNET = 0x40000000
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 1


@pytest.fixture
def tokens(tmp_path):
    file = tmp_path / "tokens"
    file.touch(0o600)
    file.write_text(f"# of the lab\nread:{READ}\noperator:{OPERATOR}\n")
    return file


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# Tokens ---------------------------------------------------------------------------------------------------------------

def test_token_says_who_may_what(tokens):
    with MockCsms("--tokens", tokens) as csms, Station(csms.port, "CP1"):
        body = '{"action":"Heartbeat","kind":"none"}'
        for token, read, order in [(READ, 200, 403), (OPERATOR, 200, 204), ("unknown-0123456789", 401, 401)]:
            assert csms.request("GET", "/api/stations", headers=bearer(token)).status == read
            assert csms.request("HEAD", "/api/stations", headers=bearer(token)).status == read
            assert csms.request("POST", "/api/stations/CP1/fault", body, bearer(token)).status == order
    assert csms.errors.count("A wrong token came from 127.0.0.1") == 1 and "0123456789" not in csms.errors


@pytest.mark.parametrize("method, path", [("GET", "/api/stations"), ("GET", "/api/nothing"), ("GET", "/api/openapi.json"), ("DELETE", "/api/stations"),
                                          ("POST", "/api/stations/CP1/raw"), ("GET", "/api/stations?x=1"), ("GET", "/api/events")])
def test_nothing_below_api_without_a_token(tokens, method, path):
    with MockCsms("--tokens", tokens) as csms:
        answer = csms.request(method, path, "x" if method == "POST" else None)
        assert answer.status == 401 and answer.headers["www-authenticate"] == 'Bearer realm="mock-csms"'
        answer = csms.request(method, path, "x" if method == "POST" else None, bearer("wrong"))
        assert answer.status == 401 and answer.headers["www-authenticate"] == 'Bearer realm="mock-csms", error="invalid_token"'


def test_server_says_what_the_token_may(tokens):
    with MockCsms("--tokens", tokens) as csms:
        assert [csms.request("GET", "/api/self", headers=bearer(token)).json["role"] for token in (READ, OPERATOR)] == ["read", "operator"]


def test_each_operation_wants_its_role(tokens):
    with MockCsms("--tokens", tokens) as csms:
        for method, path, operation in openapi.operations():
            if operation["x-role"] == "operator":
                path = path.replace("{", "").replace("}", "")
                assert csms.request(method, path, "{}", bearer(READ)).status == 403, operation["operationId"]
                assert csms.request(method, path, "{}", bearer(OPERATOR)).status not in (401, 403), operation["operationId"]


def test_long_body_is_refused_before_it_comes(tokens):
    with MockCsms("--tokens", tokens) as csms, socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.sendall(b"POST /api/stations/CP1/raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 401")


def test_stations_and_files_need_no_token(tokens, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "fw.raucb").write_bytes(b"x")
    with MockCsms("--tokens", tokens, "--files", tmp_path / "files") as csms:
        with Station(csms.port, "CP1") as station:
            assert station.call("Heartbeat")[0] == 3
        assert csms.get("/files/fw.raucb").body == b"x"
        assert csms.request("PUT", "/files/uploads/log", b"y").status == 201


@pytest.mark.parametrize("text, mode, words", [
    (f"read:{READ}\n", 0o644, "others may not read"), (f"\nadmin:{READ}\n", 0o600, "line 2: expected read:TOKEN or operator:TOKEN"),
    ("read:short\n", 0o600, "line 1: expected"), ("\n", 0o600, "has no token"),
])
def test_bad_file_of_tokens_stops_the_start(tokens, text, mode, words):
    tokens.write_text(text)
    tokens.chmod(mode)
    with pytest.raises(RuntimeError, match=words) as error:
        MockCsms("--tokens", tokens)
    assert "exit code 1" in str(error.value) and "short" not in str(error.value) and READ not in str(error.value)


# Pages of other hosts -------------------------------------------------------------------------------------------------

def test_page_of_another_host_may_nothing(csms, station):
    evil = {"Origin": "http://evil.example", "Content-Type": "text/plain"}
    assert csms.request("GET", "/api/stations", headers=evil).status == 403
    assert csms.request("POST", "/api/stations/CP1/raw", "x", evil).status == 403
    assert csms.request("POST", "/files/uploads/x", "x", evil).status == 403
    own = {"Origin": f"http://127.0.0.1:{csms.port}"}
    assert csms.request("GET", "/api/stations", headers=own).status == 200
    assert csms.request("POST", "/api/stations/CP1/raw", "x", own).status == 204


def test_name_that_a_dns_may_give_is_refused(csms):
    answer = csms.request("GET", "/api/stations", headers={"Host": f"evil.example:{csms.port}"})
    assert answer.status == 403 and "localhost" in answer.json["title"]
    assert csms.request("GET", "/api/stations", headers={"Host": f"localhost:{csms.port}"}).status == 200


@pytest.mark.parametrize("end", ["%0a", "%0d%0a"])
@pytest.mark.parametrize("before", ["", "?a", "?a=1%20HTTP/1.1"])
def test_header_in_the_url_is_none(csms, before, end):
    target = f"/api/stations{before}{end}Host:%20localhost{end}x:"
    assert csms.request("GET", target, headers={"Host": "evil.example"}).status == 403


@pytest.mark.parametrize("path", ["/", "/api/stations", "/api/nothing", "/files/nothing", "/nothing"])
def test_headers_of_caution_are_everywhere(csms, path):
    headers = csms.get(path).headers
    assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'") and headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method, path, allowed", [
    ("POST", "/api/stations", {"GET", "HEAD"}), ("GET", "/api/stations/CP1/call", {"POST"}), ("PUT", "/api/stations/CP1/raw", {"POST"}),
    ("OPTIONS", "/api/stations", {"GET", "HEAD"}), ("PUT", "/files/x", {"GET", "HEAD"}),
])
def test_wrong_method_is_told_the_right_ones(csms, method, path, allowed):
    answer = csms.request(method, path, "x" if method == "PUT" else None)
    assert answer.status == 405 and allowed <= set(answer.headers["allow"].split(", "))


# From elsewhere -------------------------------------------------------------------------------------------------------

def in_own_network(function):
    """Runs it in a thread that is alone in a network, whose loopback has an address that is none of the loopback's."""
    def enter():
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
            fcntl.ioctl(sock, SIOCSIFADDR, struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(ELSEWHERE)))
        return function()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(enter).result()


class Reached(MockCsms):
    """Listens on all addresses, and is asked from elsewhere."""

    def __init__(self, *options, tls=None):
        super().__init__(*options, "--listen", "0.0.0.0:0", tls=tls)

    def connection(self, timeout=10):
        if self.tls:
            return http.client.HTTPSConnection(ELSEWHERE, self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection(ELSEWHERE, self.port, timeout=timeout)


def ask_from_elsewhere(options, headers, tls=None):
    """The answer to listStations, the one to a file, whether a station could connect; what was logged."""
    def ask():
        with Reached(*options, tls=tls) as csms:
            answer = csms.request("GET", "/api/stations", headers=headers)
            file = csms.request("GET", "/files/fw")
            station = Station(csms.port, "CP1", host=ELSEWHERE, tls=tls)
            with station:
                met = station.call("Heartbeat")[0] == 3
            here = http.client.HTTPConnection("127.0.0.1", csms.port, timeout=10)
            local = None
            if not tls:
                here.request("GET", "/api/stations", headers=headers)
                local = here.getresponse().status
            here.close()
        return answer, file.status, met, local, csms.errors
    return in_own_network(ask)


def test_without_tokens_rest_is_for_this_machine(tmp_path):
    (tmp_path / "fw").write_bytes(b"x")
    answer, file, met, local, log = ask_from_elsewhere(["--files", tmp_path], {})
    assert (answer.status, file, met, local) == (403, 200, True, 200)
    assert all(word in answer.json["title"] for word in ("TLS", "--tokens", "--tls-cert"))
    assert "REST is served to this machine only: from elsewhere it needs TLS (--tls-cert, --tls-key) and a token (--tokens)" in log


def test_token_may_not_go_over_plain_http(tokens, tmp_path):
    (tmp_path / "fw").write_bytes(b"x")
    answer, file, met, local, log = ask_from_elsewhere(["--files", tmp_path, "--tokens", tokens], bearer(OPERATOR))
    assert (answer.status, file, met, local) == (403, 200, True, 200)
    assert "TLS" in answer.json["title"] and "REST is served to this machine only: from elsewhere it needs TLS" in log


@pytest.mark.parametrize("token, status", [(OPERATOR, 200), (READ, 200), ("x" * 20, 401), (None, 403)])
def test_with_tls_and_a_token_rest_is_served_everywhere(tokens, tmp_path, certificate, token, status):
    (tmp_path / "fw").write_bytes(b"x")
    tls = trusting(certificate / "cert.pem")
    tls.check_hostname = False
    options = ["--files", tmp_path, "--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem"]
    answer, file, met, _, log = ask_from_elsewhere(options + (["--tokens", tokens] if token else []), bearer(token) if token else {}, tls)
    assert (answer.status, file, met) == (status, 200, True)
    assert ("REST is served to this machine only" in log) == (token is None)
