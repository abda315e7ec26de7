"""mock-csms from outside: its REST interface, answers that go wrong on demand, frames and trace."""
import contextlib
import json
import re
import shutil
import socket
import time

import openapi
import pytest

from mockcsms import BOOT, RFC_3339_MS, MockCsms, moment, wait_until
from wsclient import BINARY, TEXT, Closed, Station


# REST in general ------------------------------------------------------------------------------------------------------

def test_server_tells_what_it_is_and_may_be_told(csms, tmp_path):
    self = csms.get("/api/self").json
    assert abs(time.time() - moment(self.pop("time"))) < 60
    assert self.pop("rauc") == bool(shutil.which("rauc"))
    assert self == {"version": openapi.DOCUMENT["info"]["version"], "role": "operator", "protocols": ["ocpp2.1", "ocpp2.0.1", "ocpp1.6"],
                    "heartbeatInterval": 60, "messageTimeout": 1, "ftp": False, "firmwareMax": 4096 << 20, "logMax": 128 << 20}
    (tmp_path / "ftp").mkdir()
    with MockCsms("--protocols", "ocpp1.6,ocpp2.1", "--firmware-max", "2", "--log-max", "1", "--ftp-url", "ftp://127.0.0.1/", "--ftp-dir", tmp_path / "ftp",
                  environment={"PATH": str(tmp_path)}) as other:
        self = other.get("/api/self").json
        assert self["protocols"] == ["ocpp2.1", "ocpp1.6"] and self["ftp"] and not self["rauc"]
        assert (self["firmwareMax"], self["logMax"]) == (2 << 20, 1 << 20)
        (tmp_path / "rauc").touch(0o755)
        assert other.get("/api/self").json["rauc"]


@pytest.mark.parametrize("protocol", sorted(BOOT))
def test_actions_of_each_version_with_their_fields(csms, protocol):
    actions = {each["action"]: each["fields"] for each in csms.get(f"/api/actions?protocol={protocol}").json}
    assert list(actions) == sorted(actions) and actions["ReserveNow"] is None and actions["ClearCache"] == []
    reset = {field["name"]: field for field in actions["Reset"]}
    assert reset["type"]["required"] and set(reset["type"]["words"]) == {
        "ocpp1.6": {"Hard", "Soft"}, "ocpp2.0.1": {"Immediate", "OnIdle"}, "ocpp2.1": {"Immediate", "OnIdle", "ImmediateAndResume"}}[protocol]
    if protocol != "ocpp1.6":
        firmware = next(field for field in actions["UpdateFirmware"] if field["name"] == "firmware")
        location = next(field for field in firmware["fields"] if field["name"] == "location")
        assert location == {"name": "location", "type": "string", "required": True, "maxLength": 512 if protocol == "ocpp2.0.1" else 2000}
        assert [field["name"] for field in actions["TriggerMessage"]].count("customTrigger") == (protocol == "ocpp2.1")


@pytest.mark.parametrize("query", ["", "?protocol=", "?protocol=ocpp2.0"])
def test_actions_of_no_version(csms, query):
    answer = csms.get(f"/api/actions{query}")
    assert answer.status == 400 and answer.json["title"] == "protocol must be ocpp2.1, ocpp2.0.1 or ocpp1.6."


@pytest.mark.parametrize("method, path, body, status", [
    ("GET", "/api/stations/nobody/frames", None, 404), ("POST", "/api/stations/nobody/call", '{"action":"X"}', 404),
    ("POST", "/api/stations/nobody/fault", "{}", 404), ("POST", "/api/stations/nobody/raw", "x", 404),
    ("POST", "/api/stations/*/call", '{"action":"X"}', 404), ("GET", "/api/stations/CP1/call", None, 405),
    ("POST", "/api/stations", "{}", 405), ("PUT", "/api/stations/CP1/call", "{}", 405), ("POST", "/api/stations/CP1/log", "{}", 404),
    ("GET", "/api/", None, 404), ("GET", "/api/stations/nobody", None, 404), ("GET", "/nothing", None, 404),
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


@pytest.mark.parametrize("what, body", [("call", {"action": "X"}), ("update", {"location": "x"}), ("logs", {"remoteLocation": "x"}), ("raw", "x")])
def test_offline_station_gives_409(csms, what, body):
    with Station(csms.port, "CP1"):
        pass
    wait_until(lambda: not csms.stations()["CP1"]["online"])
    assert csms.post("CP1", what, body).status == 409


def test_body_without_length_gives_411(csms):
    with socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.sendall(b"POST /api/stations/x/call HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert sock.recv(4096).startswith(b"HTTP/1.1 411")


@pytest.mark.parametrize("path, status, says", [
    ("/api/stations/CP1/update", 400, "location is missing."), ("/api/rollouts/1/start", 404, "There is no roll-out"), ("/api/pushes/1/send", 404, "There is no such push."),
])
@pytest.mark.parametrize("length", ["", "Content-Length: 0\r\n"])
def test_no_body_is_an_empty_one(csms, station, path, status, says, length):
    """As of curl -X POST: RFC 9112 6.3, a request that tells no length has no body."""
    with socket.create_connection(("127.0.0.1", csms.port), 10) as sock:
        sock.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n".encode())
        answer = b"".join(iter(lambda: sock.recv(4096), b"")).decode()
    assert answer.startswith(f"HTTP/1.1 {status} ") and says in answer
    assert station.call("Heartbeat")[0] == 3


@pytest.mark.parametrize("path, method, body", [
    ("/api/stations/CP1", "PATCH", {"tags": 1}), ("/api/stations?online=x", "GET", None),
    ("/api/pushes", "POST", {"filter": {"tag": 1}, "location": "x"}), ("/api/rollouts", "POST", {"name": 1}), ("/api/logs", "POST", {"filter": {"tag": 1}}),
    ("/api/firmware/elsewhere", "POST", {"url": 1}), ("/api/faults", "POST", {"kind": 1}), ("/api/stations/CP1/update", "POST", {"location": 1}),
])
def test_what_is_wrong_is_told_by_one_sentence(csms, station, path, method, body):
    answer = csms.request(method, path, body and json.dumps(body))
    assert answer.status == 400 and re.fullmatch(r"[^.]*[^.:]\.", answer.json["title"]), answer.body
    assert not re.search(r"\b(\w+): \1\b", answer.json["title"]), answer.body


@pytest.mark.parametrize("order", ["PP", "GP", "PG", "GGG", "PPP", "GPGPGP", "EP", "PE", "EEG"])
@pytest.mark.parametrize("pieces", [1, 2, 50])
def test_requests_sent_without_waiting_harm_nothing(csms, order, pieces):
    body = b"x" * 3000
    head = b"POST /api/stations/nobody/raw HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    kinds = {"G": (b"GET /api/stations HTTP/1.1\r\nHost: localhost\r\n\r\n", b"200"),
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
    assert csms.frames("CP1", since=4) == [] == csms.frames("CP1", since=2**63 - 1)


@pytest.mark.parametrize("since", ["x", "", "-1", "%2B1", "0x10", "1.5", "1%202", str(2**63), "1" * 3000])
def test_frames_since_what_is_no_number(csms, station, since):
    answer = csms.get(f"/api/stations/CP1/frames?since={since}")
    assert answer.status == 400 and answer.json["title"].startswith("since must be a number from 0 to ")


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
