"""mock-csms from outside, the real program: its command line, stations good and hostile, calls to them."""
import http.client
import json
import re
import signal
import socket
import subprocess
import time

import pytest

from mockcsms import BOOT, MOCK_CSMS, RFC_3339_MS, MockCsms, in_background, wait_until
from wsclient import BINARY, Closed, Refused, Station


# The command line -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [
    [], ["--bogus"], ["--listen"], ["--listen", "127.0.0.1"], ["--listen", "localhost:0"], ["--listen", "127.0.0.1:65536"],
    ["--listen", "127.0.0.1:0", "--tls-cert", "x"], ["--listen", "127.0.0.1:0", "--interval", "-1"],
    ["--listen", "127.0.0.1:0", "--client-ca", "x"], ["--listen", "127.0.0.1:0", "--protocols", "ocpp1.5"],
    ["--listen", "127.0.0.1:0", "--protocols", ""], ["--listen", "127.0.0.1:0", "--protocols", "ocpp1.6,"],
    ["--listen", "127.0.0.1:0", "--message-timeout", "0"], ["--listen", "127.0.0.1:0", "stray"], ["--help=x"],
])
def test_wrong_arguments_give_usage(arguments):
    done = subprocess.run([MOCK_CSMS, *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2
    assert done.stderr.startswith("mock-csms: ") and "\nusage: mock-csms" in done.stderr and not done.stdout


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
    with MockCsms("--files", tmp_path) as csms, Station(csms.port, "A") as a, Station(csms.port, "B", ["ocpp1.6"]), \
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
    known = csms.stations()["CP1"]
    times = [known.pop(name) for name in ("firstSeen", "connectedSince", "lastSeen")]
    assert times == sorted(times)
    assert known == {
        "id": "CP1", "online": True, "protocol": station.protocol, "vendor": "ACME", "model": "Box",
        "serialNumber": None, "firmwareVersion": "1.0", "bootedSlot": None, "reason": BOOT[station.protocol].get("reason"), "update": None,
        "tags": [], "timezone": None}


@pytest.mark.parametrize("protocol, actions", [
    ("ocpp1.6", ["StatusNotification", "FirmwareStatusNotification", "SignedFirmwareStatusNotification",
                 "LogStatusNotification", "DiagnosticsStatusNotification", "SecurityEventNotification", "MeterValues"]),
    ("ocpp2.0.1", ["StatusNotification", "FirmwareStatusNotification", "LogStatusNotification",
                   "SecurityEventNotification", "NotifyEvent", "NotifyReport", "TransactionEvent"]),
    ("ocpp2.1", ["StatusNotification", "FirmwareStatusNotification", "NotifyReport", "NotifySettlement", "BatterySwap"]),
])
def test_notifications_get_an_empty_answer(csms, protocol, actions):
    with Station(csms.port, "CP1", [protocol]) as station:
        for action in actions:
            assert station.call(action)[2] == {}, action
        assert list(station.call("Heartbeat")[2]) == ["currentTime"]


@pytest.mark.parametrize("protocol, action", [
    ("ocpp1.6", "NotifyEvent"), ("ocpp2.0.1", "SignedFirmwareStatusNotification"),
    ("ocpp2.0.1", "DiagnosticsStatusNotification"), ("ocpp1.6", "heartbeat"), ("ocpp2.0.1", "Rubbish"),
    ("ocpp2.0.1", "NotifySettlement"), ("ocpp2.1", "NotifyPeriodicEventStream"),
])
def test_other_actions_are_not_implemented(csms, protocol, action):
    with Station(csms.port, "CP1", [protocol]) as station:
        answer = station.call(action)
        assert (answer[0], answer[2]) == (4, "NotImplemented")


@pytest.mark.parametrize("offer, chosen", [
    (["ocpp1.6", "ocpp2.0.1"], "ocpp1.6"), (["ocpp2.0.1", "ocpp1.6"], "ocpp2.0.1"),
    (["ocpp2.1", "ocpp1.6", "ocpp2.0.1"], "ocpp2.1"), (["ocpp1.5", "ocpp2.0.1"], "ocpp2.0.1"),
])
def test_first_known_version_of_the_client_is_taken(csms, offer, chosen):
    with Station(csms.port, "CP1", offer) as station:
        assert station.protocol == chosen
        assert csms.stations()["CP1"]["protocol"] == chosen


@pytest.mark.parametrize("spoken, offer, chosen", [
    ("ocpp1.6", ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"], "ocpp1.6"), ("ocpp1.6,ocpp2.0.1", ["ocpp2.1", "ocpp2.0.1"], "ocpp2.0.1"),
    ("ocpp2.1", ["ocpp2.0.1", "ocpp1.6"], None), ("ocpp2.0.1", ["ocpp2.1", "http"], None),
])
def test_versions_that_are_not_spoken(spoken, offer, chosen):
    with MockCsms("--protocols", spoken) as csms:
        if chosen:
            with Station(csms.port, "CP1", offer) as station:
                assert station.protocol == chosen
            return
        with pytest.raises(Refused) as refused:
            Station(csms.port, "CP1", offer)
        assert refused.value.status == 400


def test_newer_frames_of_21(csms):
    """CALLRESULTERROR and SEND are kept among the frames and never answered."""
    with Station(csms.port, "CP1", ["ocpp2.1"]) as station:
        for text in ('[5,"a","FormatViolation","no",{}]', '[6,"b","NotifyPeriodicEventStream",{"id":1}]', '[7,"c"]'):
            station.send_frame(text)
        assert station.call("Heartbeat")[0] == 3
        assert not station.parked
        frames = [entry["frame"] for entry in csms.frames("CP1")]
        assert [frame[0] for frame in frames] == [5, 6, 7, 2, 3]


@pytest.mark.parametrize("arguments, status", [
    ({"protocols": []}, 400), ({"protocols": ["ocpp2.2"]}, 400), ({"protocols": ["http"]}, 400),
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
        assert csms.stations()["CP2"]["update"] | {"since": 0} == {
            "requestId": None, "status": "Installed", "phase": "installed", "since": 0}
        station.call("SignedFirmwareStatusNotification", {"status": "Downloaded", "requestId": -7})
        assert csms.stations()["CP2"]["update"] | {"since": 0} == {
            "requestId": -7, "status": "Downloaded", "phase": "running", "since": 0}


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
    with Station(csms.port, "deaf"):
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
@pytest.mark.parametrize("protocol, action", [("ocpp2.1", "UpdateFirmware"), ("ocpp2.0.1", "UpdateFirmware"), ("ocpp1.6", "SignedUpdateFirmware")])
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
