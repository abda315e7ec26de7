"""mock-csms from outside: the real program, stations and operators on the loopback."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

from mockcsms import MOCK_CSMS, MockCsms, trusting
from wsclient import BINARY, TEXT, Closed, Refused, Station

RFC_3339_MS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
BOOT = {
    "ocpp1.6": {"chargePointVendor": "ACME", "chargePointModel": "Box", "firmwareVersion": "1.0"},
    "ocpp2.0.1": {"reason": "PowerUp",
                  "chargingStation": {"vendorName": "ACME", "model": "Box", "firmwareVersion": "1.0"}},
}


@pytest.fixture
def csms():
    with MockCsms("--interval", "60", "--message-timeout", "1") as running:
        yield running


@pytest.fixture(params=sorted(BOOT))
def station(csms, request):
    with Station(csms.port, "CP1", [request.param]) as connected:
        yield connected


def in_background(function, *arguments, **options):
    """What the function returns, later: .result()."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    future = pool.submit(function, *arguments, **options)
    pool.shutdown(wait=False)
    return future


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.01)


# The command line -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [
    [], ["--bogus"], ["--listen"], ["--listen", "127.0.0.1"], ["--listen", "localhost:0"], ["--listen", "127.0.0.1:65536"],
    ["--listen", "127.0.0.1:0", "--tls-cert", "x"], ["--listen", "127.0.0.1:0", "--interval", "-1"],
    ["--listen", "127.0.0.1:0", "--client-ca", "x"],
    ["--listen", "127.0.0.1:0", "--message-timeout", "0"], ["--listen", "127.0.0.1:0", "stray"], ["--help=x"],
])
def test_wrong_arguments_give_usage(arguments):
    done = subprocess.run([MOCK_CSMS, *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: mock-csms") and not done.stdout


def test_help_and_version():
    assert "--passwords" in subprocess.run([MOCK_CSMS, "--help"], capture_output=True, text=True, check=True).stdout
    version = subprocess.run([MOCK_CSMS, "--version"], capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(r"mock-csms \d+\.\d+\.\d+\n", version)


@pytest.mark.parametrize("options", [
    ["--listen", "127.0.0.1:{port}"], ["--listen", "192.0.2.1:0"], ["--listen", "127.0.0.1:0", "--files", "/nowhere"],
    ["--listen", "127.0.0.1:0", "--passwords", "/nowhere"], ["--listen", "127.0.0.1:0", "--trace", "/nowhere/x"],
    ["--listen", "127.0.0.1:0", "--tls-cert", "/nowhere", "--tls-key", "/nowhere"],
    ["--listen", "127.0.0.1:0", "--tls-cert", "{cert}", "--tls-key", "{key}", "--client-ca", "{key}"],
])
def test_what_cannot_be_had_ends_it_at_the_start(csms, certificate, options):
    known = {"port": csms.port, "cert": certificate / "cert.pem", "key": certificate / "key.pem"}
    done = subprocess.run([MOCK_CSMS, *(o.format(**known) for o in options)], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 1
    assert "error: Can't" in done.stderr and "Sanitizer" not in done.stderr


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_with_everything_open(how, tmp_path):
    (tmp_path / "big").write_bytes(bytes(8 << 20))
    csms = MockCsms("--files", tmp_path)
    with Station(csms.port, "A") as a, Station(csms.port, "B", ["ocpp1.6"]), \
            socket.create_connection(("127.0.0.1", csms.port)) as half, \
            socket.create_connection(("127.0.0.1", csms.port)) as slow:
        half.sendall(b"GET /api/stations HTTP/1.1\r\n")  # headers that never end
        slow.sendall(b"GET /files/big HTTP/1.1\r\nHost: x\r\n\r\n")  # a file that is never read to its end
        assert slow.recv(1000).startswith(b"HTTP/1.1 200")
        asked = in_background(csms.post, "A", "call", {"action": "Reset", "payload": {"type": "OnIdle"}})
        a.next_call()
        assert csms.post("A", "fault", {"action": "Heartbeat", "kind": "late", "seconds": 3000}).status == 204
        a.send_frame('[2,"h","Heartbeat",{}]')
        wait_until(lambda: len(csms.frames("A")) == 2)
        assert csms.stop(how) == 0, csms.errors
        assert "Sanitizer" not in csms.errors
        with pytest.raises((OSError, http.client.HTTPException)):
            asked.result(timeout=10)


# Stations -------------------------------------------------------------------------------------------------------------

def test_boot_is_accepted_and_remembered(csms, station):
    answer = station.call("BootNotification", BOOT[station.protocol])
    assert answer[0] == 3
    assert answer[2]["status"] == "Accepted" and answer[2]["interval"] == 60
    assert RFC_3339_MS.fullmatch(answer[2]["currentTime"])
    assert csms.stations()["CP1"] == {
        "id": "CP1", "online": True, "protocol": station.protocol, "vendor": "ACME", "model": "Box",
        "firmwareVersion": "1.0", "update": None}


@pytest.mark.parametrize("protocol, actions", [
    ("ocpp1.6", ["StatusNotification", "FirmwareStatusNotification", "SignedFirmwareStatusNotification",
                 "LogStatusNotification", "DiagnosticsStatusNotification", "SecurityEventNotification", "MeterValues"]),
    ("ocpp2.0.1", ["StatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
                   "SecurityEventNotification", "NotifyEvent", "NotifyReport", "TransactionEvent"]),
])
def test_notifications_get_an_empty_answer(csms, protocol, actions):
    with Station(csms.port, "CP1", [protocol]) as station:
        for action in actions:
            assert station.call(action)[2] == {}, action
        assert list(station.call("Heartbeat")[2]) == ["currentTime"]


@pytest.mark.parametrize("protocol, action", [
    ("ocpp1.6", "NotifyEvent"), ("ocpp2.0.1", "SignedFirmwareStatusNotification"),
    ("ocpp2.0.1", "DiagnosticsStatusNotification"), ("ocpp1.6", "heartbeat"), ("ocpp2.0.1", "Rubbish"),
])
def test_other_actions_are_not_implemented(csms, protocol, action):
    with Station(csms.port, "CP1", [protocol]) as station:
        answer = station.call(action)
        assert (answer[0], answer[2]) == (4, "NotImplemented")


@pytest.mark.parametrize("offer, chosen", [
    (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"), (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
    (["ocpp2.1", "ocpp1.6", "ocpp2.0.1"], "ocpp1.6"), (["ocpp1.5", "ocpp2.0.1"], "ocpp2.0.1"),
])
def test_first_known_version_of_the_client_is_taken(csms, offer, chosen):
    with Station(csms.port, "CP1", offer) as station:
        assert station.protocol == chosen
        assert csms.stations()["CP1"]["protocol"] == chosen


@pytest.mark.parametrize("arguments, status", [
    ({"protocols": []}, 400), ({"protocols": ["ocpp2.1"]}, 400), ({"protocols": ["http"]}, 400),
    ({"path": "/ocpp/"}, 404), ({"path": "/ocpp"}, 404), ({"path": "/other/CP1"}, 404), ({"path": "/ocpp/a/b"}, 404),
    ({"path": "/ocpp/*"}, 404), ({"path": "/ocpp/a%01"}, 404), ({"path": "/ocpp/a:b"}, 404),
    ({"path": "/ocpp/" + "x" * 193}, 404), ({"path": "/ocpp/%ff"}, 404),
], ids=range(12))
def test_refused_with_a_reason(csms, arguments, status):
    with pytest.raises(Refused) as refused:
        Station(csms.port, "CP1", **arguments)
    assert refused.value.status == status
    assert refused.value.headers["content-type"] == "application/problem+json"
    assert json.loads(refused.value.body)["title"]
    assert csms.stations() == {}


@pytest.mark.parametrize("identity", ["RDAM 123", "50%", "%41", "Zürich-1", "a+b?c=d&e#f", "x" * 192])
def test_identity_is_decoded_once(csms, identity):
    with Station(csms.port, identity) as station:
        station.call("Heartbeat")
        assert csms.stations()[identity]["online"]
        assert csms.frames(identity)[0]["station"] == identity


def test_new_connection_takes_the_place_of_the_old(csms):
    with Station(csms.port, "CP1") as old:
        old.call("Heartbeat")
        with Station(csms.port, "CP1", ["ocpp1.6"]) as new:
            with pytest.raises(Closed) as closed:
                old.recv_message()
            assert closed.value.code == 1001
            old.close()
            assert new.call("Heartbeat")[0] == 3
            assert csms.stations()["CP1"]["online"]
            assert csms.stations()["CP1"]["protocol"] == "ocpp1.6"


def test_station_that_goes_is_offline(csms):
    with Station(csms.port, "CP1"):
        assert csms.stations()["CP1"]["online"]
    wait_until(lambda: not csms.stations()["CP1"]["online"])


def test_update_status_is_kept(csms):
    with Station(csms.port, "CP1") as station:
        station.call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 0})
        update = csms.stations()["CP1"]["update"]
        assert (update["requestId"], update["status"]) == (0, "Downloading")
        assert RFC_3339_MS.fullmatch(update["since"])
    with Station(csms.port, "CP2", ["ocpp1.6"]) as station:
        station.call("FirmwareStatusNotification", {"status": "Installed"})
        assert csms.stations()["CP2"]["update"] | {"since": 0} == {"requestId": None, "status": "Installed", "since": 0}
        station.call("SignedFirmwareStatusNotification", {"status": "Downloaded", "requestId": -7})
        assert csms.stations()["CP2"]["update"] | {"since": 0} == {"requestId": -7, "status": "Downloaded", "since": 0}


# Hostile stations -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("frame", [
    "", "rubbish", "[]", "{}", "null", "[2]", "[2,3,4,5]", '[2,"1","Heartbeat"]', '[2,"1","Heartbeat",[]]', '[3,"none",{}]',
    '[4,"none","GenericError","",{}]', '[9,"1"]', "[" * 5000, '[2,"' + "x" * 5000 + '","Heartbeat",{}]', b"\xff\xfe",
    '[2,"1","Heartbeat",{}]\x00', '[2,"1","BootNotification",{"chargingStation":7}]',
    '[2,"1","BootNotification",{"chargingStation":{"vendorName":"' + "é" * 500 + '","model":[]}}]',
    '[2,"1","FirmwareStatusNotification",{"status":1,"requestId":1e300}]',
], ids=range(19))
def test_bad_frames_harm_nothing(csms, station, frame):
    station.send_frame(frame)
    assert station.call("Heartbeat")[0] == 3
    assert csms.stations()["CP1"]["online"]
    kept = [entry for entry in csms.frames("CP1") if entry["from"] == "station"]
    assert len(kept) == 2


def test_binary_frame_is_traced_but_no_ocpp(csms, station):
    station.send_frame('[2,"1","Heartbeat",{}]', BINARY)
    assert station.call("Heartbeat")[0] == 3
    frames = csms.frames("CP1")
    assert frames[0]["raw"] == '[2,"1","Heartbeat",{}]' and "frame" not in frames[0]
    assert len(frames) == 3


def test_message_in_pieces_is_put_together(csms, station):
    station.send_frame('[2,"1","He', final=False)
    station.send_frame('artbeat",', opcode=0, final=False)
    station.send_frame("{}]", opcode=0)
    assert station.answer_to("1")[0] == 3


def test_many_messages_in_one_segment_are_all_answered(csms, station):
    real, station.sock = station.sock, type("Gather", (), {"data": b"", "sendall": lambda self, data: setattr(
        self, "data", self.data + data)})()
    for i in range(300):
        station.send_frame(f'[2,"{i}","Heartbeat",{{}}]')
    gathered, station.sock = station.sock.data, real
    station.sock.sendall(gathered)
    assert [station.recv_json()[1] for _ in range(300)] == [str(i) for i in range(300)]


def test_message_over_the_limit_closes(csms, station):
    with pytest.raises((Closed, OSError)) as closed:
        station.send_frame("x" * ((1 << 20) + 1))
        station.recv_message()
    assert getattr(closed.value, "code", 1009) in (1009, None)
    wait_until(lambda: not csms.stations()["CP1"]["online"])


def test_message_at_the_limit_is_taken(csms, station):
    head, tail = '[2,"1","DataTransfer",{"data":"', '"}]'
    station.send_frame(head + "x" * ((1 << 20) - len(head) - len(tail)) + tail)
    assert station.answer_to("1")[0] == 3


def test_station_that_never_reads_is_closed(csms):
    with Station(csms.port, "deaf") as station:
        status = 204
        for _ in range(40):
            status = csms.post("deaf", "raw", "x" * (1 << 20)).status
            if status != 204:
                break
        assert status == 503
        wait_until(lambda: not csms.stations()["deaf"]["online"], 15)


def test_frames_kept_are_bounded(csms):
    with Station(csms.port, "CP1") as station:
        for _ in range(600):
            station.call("Heartbeat")
        answer = csms.get("/api/stations/CP1/frames")
        assert len(answer.body.splitlines()) == 1000
        assert answer.headers["last-frame"] == "1200"
        station.call("DataTransfer", {"vendorId": "x" * (1 << 19)})
        station.call("DataTransfer", {"vendorId": "x" * (1 << 19)})
        assert len(csms.get("/api/stations/CP1/frames").body) <= (1 << 20) + 1000


def test_many_stations_at_once(csms):
    stations = [Station(csms.port, f"CP{i:04}", ["ocpp1.6"]) for i in range(200)]
    try:
        for i, station in enumerate(stations):
            station.send_frame(f'[2,"{i}","Heartbeat",{{}}]')
        assert all(station.answer_to(str(i))[0] == 3 for i, station in enumerate(stations))
        listed = [entry["id"] for entry in csms.get("/api/stations").json]
        assert listed == [f"CP{i:04}" for i in range(200)]
    finally:
        for station in stations:
            station.close()


# Calls to stations ----------------------------------------------------------------------------------------------------

def test_call_gives_result(csms, station):
    asked = in_background(csms.post, "CP1", "call", {"action": "TriggerMessage",
                                                    "payload": {"requestedMessage": "Heartbeat"}})
    frame = station.next_call()
    assert frame[2:] == ["TriggerMessage", {"requestedMessage": "Heartbeat"}]
    station.answer(frame[1], {"status": "Accepted"})
    answer = asked.result()
    assert (answer.status, answer.json) == (200, {"result": {"status": "Accepted"}})


def test_call_gives_error_with_details(csms, station):
    asked = in_background(csms.post, "CP1", "call", {"action": "Nonsense"})
    frame = station.next_call()
    assert frame[3] == {}
    station.refuse(frame[1], "NotImplemented", "no such thing", {"more": [1]})
    assert asked.result().json == {
        "error": {"code": "NotImplemented", "description": "no such thing", "details": {"more": [1]}}}


def test_one_call_in_flight_the_others_queue(csms, station):
    first = in_background(csms.post, "CP1", "call", {"action": "First"})
    frame = station.next_call()
    second = in_background(csms.post, "CP1", "call", {"action": "Second"})
    with pytest.raises(TimeoutError):
        station.next_call(timeout=0.3)
    station.answer(frame[1], {"n": 1})
    other = station.next_call()
    station.answer(other[1], {"n": 2})
    assert (first.result().json["result"], second.result().json["result"]) == ({"n": 1}, {"n": 2})


def test_silent_station_gives_504_and_the_next_call_goes_out(csms, station):
    begin = time.monotonic()
    first = in_background(csms.post, "CP1", "call", {"action": "First"})
    station.next_call()
    second = in_background(csms.post, "CP1", "call", {"action": "Second"})
    assert first.result().status == 504
    assert 0.9 < time.monotonic() - begin < 5
    station.answer(station.next_call()[1], {"n": 2})
    assert second.result().json == {"result": {"n": 2}}


def test_station_that_goes_before_it_answers_gives_409(csms, station):
    asked = in_background(csms.post, "CP1", "call", {"action": "First"})
    station.next_call()
    station.close()
    assert asked.result().status == 409


def test_operator_that_goes_is_forgotten(csms, station):
    connection = csms.connection()
    connection.request("POST", "/api/stations/CP1/call", '{"action":"First"}')
    frame = station.next_call()
    connection.close()
    time.sleep(0.1)
    station.answer(frame[1])
    assert station.call("Heartbeat")[0] == 3


def test_too_many_waiting_calls_give_503():
    with MockCsms() as csms, Station(csms.port, "CP1") as station:
        asked = [in_background(csms.post, "CP1", "call", {"action": "X"}) for _ in range(70)]
        wait_until(lambda: sum(one.done() for one in asked) == 6)
        assert {one.result().status for one in asked if one.done()} == {503}
        for _ in range(64):
            station.answer(station.next_call()[1])
        assert sorted(one.result().status for one in asked) == [200] * 64 + [503] * 6


UPDATE = {"location": "https://example.com/fw.raucb", "retries": 2, "retryInterval": 10}
SIGNED = {"signingCertificate": "-----BEGIN CERTIFICATE-----\nx\n", "signature": "c2ln"}


def ask_update(csms, station, body):
    asked = in_background(csms.post, "CP1", "update", body)
    frame = station.next_call()
    station.answer(frame[1], {"status": "Accepted"})
    assert asked.result().json == {"result": {"status": "Accepted"}}
    return frame[2], frame[3]


@pytest.mark.parametrize("extra", [{}, SIGNED, SIGNED | {"installDateTime": "2030-01-01T00:00:00Z"}])
@pytest.mark.parametrize("protocol, action", [("ocpp2.0.1", "UpdateFirmware"), ("ocpp1.6", "SignedUpdateFirmware")])
def test_update_with_request_id(csms, protocol, action, extra):
    if protocol == "ocpp1.6":
        extra = SIGNED | extra
    with Station(csms.port, "CP1", [protocol]) as station:
        said, payload = ask_update(csms, station, UPDATE | extra | {
            "requestId": 0, "retrieveDateTime": "2029-01-01T00:00:00Z"})
        assert said == action
        assert payload == {"requestId": 0, "retries": 2, "retryInterval": 10, "firmware": {
            "location": UPDATE["location"], "retrieveDateTime": "2029-01-01T00:00:00Z"} | extra}


def test_update_picks_request_id_and_time(csms):
    with Station(csms.port, "CP1") as station:
        first = ask_update(csms, station, {"location": "x"})[1]
        second = ask_update(csms, station, {"location": "x"})[1]
        assert second["requestId"] == first["requestId"] + 1
        assert 0 < first["requestId"] < 2**31
        assert RFC_3339_MS.fullmatch(first["firmware"]["retrieveDateTime"])


def test_update_of_plain_16(csms):
    with Station(csms.port, "CP1", ["ocpp1.6"]) as station:
        asked = in_background(csms.post, "CP1", "update", UPDATE | {"retrieveDateTime": "2029-01-01T00:00:00Z"})
        frame = station.next_call()
        station.answer(frame[1])
        assert asked.result().json == {"result": {}}
        assert frame[2:] == ["UpdateFirmware", UPDATE | {"retrieveDate": "2029-01-01T00:00:00Z"}]


@pytest.mark.parametrize("protocol, body", [
    ("ocpp2.0.1", {}), ("ocpp2.0.1", {"location": 1}), ("ocpp2.0.1", UPDATE | {"requestId": "1"}),
    ("ocpp2.0.1", UPDATE | {"retrieveDate": "x"}), ("ocpp2.0.1", []), ("ocpp2.0.1", "{"),
    ("ocpp1.6", UPDATE | {"installDateTime": "2030-01-01T00:00:00Z"}), ("ocpp1.6", UPDATE | {"signature": "x"}),
])
def test_bad_update_is_refused(csms, protocol, body):
    with Station(csms.port, "CP1", [protocol]) as station:
        answer = csms.post("CP1", "update", body)
        assert answer.status == 400 and answer.json["title"] and answer.json["status"] == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert station.call("Heartbeat")[0] == 3


# REST in general ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "/api/stations/nobody/frames", None, 404), ("POST", "/api/stations/nobody/call", '{"action":"X"}', 404),
    ("POST", "/api/stations/nobody/fault", "{}", 404), ("POST", "/api/stations/nobody/raw", "x", 404),
    ("POST", "/api/stations/*/call", '{"action":"X"}', 404), ("GET", "/api/stations/CP1/call", None, 405),
    ("POST", "/api/stations", "{}", 405), ("PUT", "/api/stations/CP1/call", "{}", 405), ("POST", "/api/stations/CP1/logs", "{}", 404),
    ("GET", "/api/", None, 404), ("GET", "/api/stations/CP1", None, 404), ("GET", "/nothing", None, 404),
    ("POST", "/api/stations/CP1/call", "", 400), ("POST", "/api/stations/CP1/call", "[]", 400),
    ("POST", "/api/stations/CP1/call", '{"action":1}', 400), ("POST", "/api/stations/CP1/call", '{"action":"X","payload":[]}', 400),
    ("POST", "/api/stations/CP1/call", '{"action":"X","paylod":{}}', 400), ("POST", "/api/stations/CP1/call", '{"action":"X"}\x00', 400),
    ("POST", "/api/stations/CP1/raw", "x" * ((2 << 20) + 1), 413),
], ids=range(19))
def test_rest_errors(csms, method, path, body, status):
    with Station(csms.port, "CP1") as station:
        try:
            answer = csms.request(method, path, body)
            assert answer.status == status
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json["status"] == status and answer.json["title"].endswith(".")
        except (BrokenPipeError, ConnectionResetError):
            assert status == 413  # it need not read what it doesn't want
        assert station.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("what, body", [("call", {"action": "X"}), ("update", UPDATE), ("raw", "x")])
def test_offline_station_gives_409(csms, what, body):
    with Station(csms.port, "CP1"):
        pass
    wait_until(lambda: not csms.stations()["CP1"]["online"])
    assert csms.post("CP1", what, body).status == 409


def test_body_without_length_gives_411(csms):
    with socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.sendall(b"POST /api/stations/x/call HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 411")


@pytest.mark.parametrize("order", ["PP", "GP", "PG", "GGG", "PPP", "GPGPGP", "EP", "PE", "EEG"])
@pytest.mark.parametrize("pieces", [1, 2, 50])
def test_requests_sent_without_waiting_harm_nothing(csms, order, pieces):
    body = b"x" * 3000
    head = b"POST /api/stations/nobody/raw HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    kinds = {"G": (b"GET /api/stations HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
             "P": (head % len(body) + body, b"404"), "E": (head % 0, b"404")}
    data = b"".join(kinds[kind][0] for kind in order)
    answers = b""
    with socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError):
            for i in range(pieces):
                sock.sendall(data[len(data) * i // pieces:len(data) * (i + 1) // pieces])
            while more := sock.recv(65536):
                answers += more
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) in ([], [kinds[order[0]][1]])
    assert csms.get("/").status == 200


@pytest.mark.parametrize("upgrade, status", [("h2c", 400), ("other", 403)])
def test_other_upgrades_are_refused(csms, upgrade, status):
    headers = {"Upgrade": upgrade, "Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABkAAQAAP__"}
    assert csms.request("GET", "/api/stations", headers=headers).status == status


def test_answer_without_body(csms):
    answer = csms.post("*", "fault", {"action": "Heartbeat", "kind": "none"})
    assert (answer.status, answer.body, answer.headers["connection"]) == (204, b"", "close")


def test_page_for_the_dashboard(csms):
    answer = csms.get("/")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    assert b"dashboard" in answer.body


def test_raw_frame_reaches_the_station_as_it_is(csms, station):
    assert csms.post("CP1", "raw", '[2, "x",').status == 204
    assert station.recv_message() == (TEXT, b'[2, "x",')
    assert csms.post("CP1", "raw?binary=1", b"\x00\xff").status == 204
    assert station.recv_message() == (BINARY, b"\x00\xff")
    assert csms.post("CP1", "raw", "").status == 204
    assert station.recv_message() == (TEXT, b"")
    raw = [frame["raw"] for frame in csms.frames("CP1")]
    assert raw == ['[2, "x",', "\ufffd\ufffd", ""]


# Faults ---------------------------------------------------------------------------------------------------------------

def set_fault(csms, who="CP1", **fault):
    answer = csms.post(who, "fault", fault)
    assert (answer.status, answer.body) == (204, b""), answer.body


def test_fault_late(csms, station):
    set_fault(csms, action="Heartbeat", kind="late", seconds=0.5)
    begin = time.monotonic()
    assert station.call("Heartbeat")[0] == 3
    assert time.monotonic() - begin >= 0.5
    begin = time.monotonic()
    assert station.call("Heartbeat")[0] == 3
    assert time.monotonic() - begin < 0.4


def test_late_answer_is_not_given_to_a_new_connection(csms):
    with Station(csms.port, "CP1") as station:
        set_fault(csms, action="Heartbeat", kind="late", seconds=0.3)
        station.send_frame('[2,"1","Heartbeat",{}]')
        station.send_frame('[2,"2","StatusNotification",{}]')
        station.answer_to("2")
    with Station(csms.port, "CP1") as station:
        with pytest.raises(TimeoutError):
            station.recv_message(timeout=0.8)


def test_fault_never_counts_its_times(csms, station):
    set_fault(csms, action="Heartbeat", kind="never", times=2)
    for identifier in "ab":
        station.send_frame(f'[2,"{identifier}","Heartbeat",{{}}]')
    assert station.call("Heartbeat")[0] == 3
    assert station.parked == []


def test_fault_without_end_until_taken_away(csms, station):
    set_fault(csms, action="Heartbeat", kind="callerror", times=0)
    for _ in range(5):
        assert station.call("Heartbeat")[2] == "InternalError"
    assert station.call("StatusNotification")[0] == 3
    set_fault(csms, action="Heartbeat", kind="none")
    assert station.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("code", ["SecurityError", "FormationViolation", "NoSuchWord"])
def test_fault_callerror_says_the_code_as_given(csms, station, code):
    set_fault(csms, action="BootNotification", kind="callerror", code=code)
    answer = station.call("BootNotification", BOOT[station.protocol])
    assert (answer[0], answer[2], answer[4]) == (4, code, {})


def test_fault_garbled(csms, station):
    set_fault(csms, action="Heartbeat", kind="garbled")
    station.send_frame('[2,"1","Heartbeat",{}]')
    text = station.recv_message()[1]
    assert text.startswith(b'[3,"1"')
    with pytest.raises(ValueError):
        json.loads(text)
    assert csms.frames("CP1")[-1]["raw"] == text.decode()
    assert station.call("Heartbeat")[0] == 3


def test_fault_close(csms, station):
    set_fault(csms, action="Heartbeat", kind="close")
    with pytest.raises(Closed):
        station.call("Heartbeat")
    wait_until(lambda: not csms.stations()["CP1"]["online"])


def test_fault_twice(csms, station):
    set_fault(csms, action="Heartbeat", kind="twice")
    first = station.call("Heartbeat")
    assert station.recv_json() == first
    assert station.call("Heartbeat")[1] != first[1]


@pytest.mark.parametrize("kind, status", [("pending", "Pending"), ("rejected", "Rejected")])
def test_fault_of_boot(csms, station, kind, status):
    set_fault(csms, action="BootNotification", kind=kind, seconds=7)
    answer = station.call("BootNotification", BOOT[station.protocol])[2]
    assert (answer["status"], answer["interval"]) == (status, 7)
    set_fault(csms, action="BootNotification", kind=kind)
    assert station.call("BootNotification", BOOT[station.protocol])[2]["interval"] == 60
    assert station.call("BootNotification", BOOT[station.protocol])[2]["status"] == "Accepted"


def test_fault_for_all_is_for_those_to_come_too(csms):
    with Station(csms.port, "old") as old:
        set_fault(csms, "*", action="BootNotification", kind="rejected")
        with Station(csms.port, "new", ["ocpp1.6"]) as new:
            for station in (old, new):
                assert station.call("BootNotification", BOOT[station.protocol])[2]["status"] == "Rejected"
                assert station.call("BootNotification", BOOT[station.protocol])[2]["status"] == "Accepted"
        set_fault(csms, "*", action="BootNotification", kind="none")
        with Station(csms.port, "newer") as newer:
            assert newer.call("BootNotification", BOOT[newer.protocol])[2]["status"] == "Accepted"


@pytest.mark.parametrize("fault", [
    {}, {"action": "Heartbeat"}, {"action": "Heartbeat", "kind": "odd"}, {"action": "Nonsense", "kind": "never"},
    {"action": "Heartbeat", "kind": "late"}, {"action": "Heartbeat", "kind": "late", "seconds": -1},
    {"action": "Heartbeat", "kind": "never", "times": 1.5}, {"action": "Heartbeat", "kind": "pending"},
    {"action": "Heartbeat", "kind": "rejected"}, {"action": "x" * 65, "kind": "never"},
    {"action": "Heartbeat", "kind": "callerror", "code": "x" * 65}, {"action": "Heartbeat", "kind": "never", "time": 1},
])
def test_bad_fault_is_refused(csms, fault):
    answer = csms.post("*", "fault", fault)
    assert answer.status == 400 and answer.json["title"]


# Frames and trace -----------------------------------------------------------------------------------------------------

def test_frames_since(csms, station):
    station.call("Heartbeat")
    assert [frame["from"] for frame in csms.frames("CP1")] == ["station", "csms"]
    station.send_frame(' [ 2,\n"2",\r\n"Heartbeat", {} ] ')
    station.answer_to("2")
    newer = csms.frames("CP1", since=2)
    assert newer[0]["frame"] == [2, "2", "Heartbeat", {}]
    assert csms.frames("CP1", since=4) == [] == csms.frames("CP1", since=2**64 - 1)


def test_trace_is_written_line_by_line(tmp_path):
    trace = tmp_path / "trace"
    trace.write_text('{"old":1}\n')
    with MockCsms("--trace", trace) as csms, Station(csms.port, 'C"1') as station:
        station.send_frame("no json \x7f")
        station.send_frame('[2,"1","Heartbeat",{"x":1.50,"s":"\\u0000ä"}]')
        station.answer_to("1")
        lines = trace.read_text().splitlines()
        entries = [json.loads(line) for line in lines]
        assert [(entry.get("station"), entry.get("from")) for entry in entries[1:]] == [
            ('C"1', "station"), ('C"1', "csms"), ('C"1', "station"), ('C"1', "csms")]
        assert entries[1]["raw"] == "no json \x7f" and "frame" not in entries[1]
        assert '"frame":[2,"1","Heartbeat",{"x":1.50,"s":"\\u0000ä"}]' in lines[3]
        assert all(RFC_3339_MS.fullmatch(entry["time"]) for entry in entries[1:])
        assert lines[1:] == csms.get("/api/stations/C%221/frames").body.decode().splitlines()


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
        assert answer.headers["content-range"] == f"bytes */{N}" and answer.body == b""
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True, timeout=60)
    return folder


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
