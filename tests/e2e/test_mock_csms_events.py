"""GET /api/events: what happens, as server-sent events."""
import json
import socket

import pytest
import openapi
from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station


class Stream:
    """Reads events as a browser's EventSource would."""

    def __init__(self, csms, query="", **headers):
        self.connection = csms.connection(timeout=30)
        self.connection.request("GET", f"/api/events{query}", headers={name.replace("_", "-"): v for name, v in headers.items()})
        self.response = self.connection.getresponse()

    def next(self):
        event = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line:
                name, _, value = line.partition(":")
                if name:  # else a comment
                    event[name] = value.removeprefix(" ")
            elif event:
                return event["event"], json.loads(event["data"]), event["id"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.response.close()
        self.connection.close()


@pytest.fixture
def csms():
    with MockCsms() as csms:
        yield csms


def test_station_is_told_as_it_changes(csms):
    with Stream(csms) as stream:
        assert stream.response.status == 200 and stream.response.headers["Content-Type"] == "text/event-stream"
        with Station(csms.port, "CP1", protocols=["ocpp2.0.1"]) as station:
            kind, data, _ = stream.next()
            assert (kind, data["id"], data["online"], data["vendor"]) == ("station", "CP1", True, None)
            station.call("BootNotification", BOOT["ocpp2.0.1"])
            assert stream.next()[1]["firmwareVersion"] == "1.0"
            station.call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 7})
            assert stream.next()[1]["update"]["status"] == "Downloading"
        assert stream.next()[1]["online"] is False


def test_who_comes_back_misses_nothing(csms):
    with Stream(csms) as stream, Station(csms.port, "CP1", protocols=["ocpp1.6"]):
        last = stream.next()[2]
    with Station(csms.port, "CP2", protocols=["ocpp1.6"]):
        csms.get("/api/stations")
    with Stream(csms, Last_Event_ID=last) as stream:
        assert [stream.next()[1]["id"] for _ in range(3)] == ["CP1", "CP2", "CP2"]
    with Stream(csms, f"?lastEventId={last}") as stream:
        assert stream.next()[1]["id"] == "CP1"


@pytest.mark.parametrize("last", ["x", "00000000-0000-0000-0000-000000000000-1", "-1", "9" * 60])
def test_id_of_another_run_is_told_that_events_are_lost(csms, last):
    with Stream(csms, Last_Event_ID=last) as stream:
        assert stream.next()[:2] == ("lost", {})


def test_slow_reader_is_told_that_events_are_lost(csms):
    with Stream(csms, "?types=frame,station&station=CP1") as stream, Station(csms.port, "CP1", protocols=["ocpp1.6"]) as station:
        text = "x" * 900_000
        for i in range(40):  # more than is kept and than the sockets take
            station.call("DataTransfer", {"vendorId": "v", "data": text})
        kinds = []
        while not kinds or kinds[-1] != "lost":
            kinds.append(stream.next()[0])
        station.call("Heartbeat")
        assert stream.next()[1]["line"]["frame"][2] == "Heartbeat"


def test_frames_of_one_station_are_told_to_who_wants_them(csms):
    with Stream(csms, "?types=frame&station=CP1") as stream:
        with Station(csms.port, "CP1", protocols=["ocpp1.6"]) as station, Station(csms.port, "CP2", protocols=["ocpp1.6"]) as other:
            other.call("Heartbeat")
            station.call("Heartbeat")
            first, second = stream.next(), stream.next()
            assert first[1]["number"] == 1 and first[1]["line"]["frame"][2:] == ["Heartbeat", {}]
            assert second[1]["line"]["from"] == "csms"


def test_faults_are_told_from_their_begin_to_their_end(csms):
    def post(**fault):
        answer = csms.request("POST", "/api/faults", json.dumps({"action": "Heartbeat", **fault}))
        return answer.json["id"] if answer.status == 201 else None

    with Station(csms.port, "CP1", protocols=["ocpp1.6"]) as station, \
            Stream(csms, "?types=fault,fault-applied,fault-ended") as stream:
        def told(event, **members):
            name, data, _ = stream.next()
            assert name == event and data == {**data, **members}
            return data

        fault = post(kind="callerror", station="CP1")  # used up
        data = told("fault", id=fault, station="CP1", applied=0, stationsCount=1)
        openapi.validate(data, {"$ref": "#/components/schemas/FaultState"}, "fault")
        station.call("Heartbeat")
        assert told("fault-applied") == {"id": fault, "kind": "callerror", "applied": 1, "station": "CP1"}
        assert told("fault-ended") == {"id": fault, "kind": "callerror", "applied": 1, "why": "used-up"}
        first, second = post(kind="never", times=0), post(kind="callerror", times=0)  # one in the place of the other
        told("fault", id=first, station=None)
        told("fault-ended", id=first, why="replaced")
        told("fault", id=second)
        csms.post("CP1", "fault", {"action": "Heartbeat", "kind": "none"})  # without this station, then for none
        told("fault", id=second, stationsCount=0)
        assert csms.request("DELETE", f"/api/faults/{second}").status == 204
        told("fault-ended", id=second, why="deleted")
        third = post(kind="twice", duration=0.1)
        told("fault", id=third)
        told("fault-ended", id=third, why="over")
        post(kind="twice", station="CP1")
        post(kind="none", station="CP1")
        told("fault", kind="twice")
        told("fault-ended", kind="twice", why="deleted")


def test_faults_of_other_stations_are_not_told(csms):
    with Stream(csms, "?station=CP1&types=fault,fault-ended") as stream:
        for station in "CP2", "CP1":
            csms.request("POST", "/api/faults", json.dumps({"kind": "disconnect", "station": station}))
        assert csms.request("DELETE", "/api/faults").status == 204
        assert [(kind, data["id"]) for kind, data, _ in (stream.next() for _ in range(2))] == [("fault", 2), ("fault-ended", 2)]


def test_what_is_deleted_is_told(csms):
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        push = csms.request("POST", "/api/pushes", json.dumps({"stations": ["CP1"], "location": "http://x/u"})).json["id"]
        rollout = csms.request("POST", "/api/rollouts", json.dumps({"name": "r", "order": {"location": "http://x/u"}, "groups": [{"name": "g", "filter": {}}]})).json["id"]
    wait_until(lambda: not csms.stations()["CP1"]["online"])
    with Stream(csms, "?types=push-deleted,rollout-deleted,station-deleted") as stream:
        for path, told in ((f"pushes/{push}", ("push-deleted", {"id": push})), (f"rollouts/{rollout}", ("rollout-deleted", {"id": rollout})),
                           ("stations/CP1", ("station-deleted", {"id": "CP1"}))):
            assert csms.request("DELETE", f"/api/{path}").status == 204
            assert stream.next()[:2] == told


@pytest.mark.parametrize("query", ["?types=frame", "?types=nothing", "?types=", "?types=station,"])
def test_unknown_types_are_refused(csms, query):
    answer = csms.get(f"/api/events{query}")
    assert answer.status == 400 and answer.json["title"].startswith("types must be")


def asking(csms, request, body=""):
    """A socket on which this has been asked."""
    client = socket.create_connection(("127.0.0.1", csms.port), timeout=10)  # less than until a listener's next sign of life
    client.sendall(f"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    return client


def hang_up(client):
    """Waits until mock-csms has done so, too."""
    client.shutdown(socket.SHUT_WR)
    while client.recv(10000):
        pass
    client.close()


def test_listeners_that_hang_up_make_room(csms):
    """Though nothing happens that they could be told."""
    clients = [asking(csms, "GET /api/events?types=firmware") for _ in range(64)]
    for client in clients:
        assert client.recv(10000).startswith(b"HTTP/1.1 200 ")
    for client in clients:
        hang_up(client)
    with Stream(csms) as stream:
        assert stream.response.status == 200


def test_who_waits_for_a_station_may_hang_up(tmp_path):
    with MockCsms("--files", tmp_path) as csms, Station(csms.port, "CP1", protocols=["ocpp1.6"]) as station:
        client = asking(csms, "POST /api/stations/CP1/logs")
        asked = station.next_call()
        hang_up(client)
        station.answer(asked[1])  # to nobody
        assert "currentTime" in station.call("Heartbeat")[2]
        assert csms.get("/api/self").status == 200


def test_listeners_are_limited(csms):
    streams = [Stream(csms) for _ in range(64)]
    assert csms.get("/api/events").status == 503
    streams.pop().__exit__()
    for stream in streams:
        stream.__exit__()
