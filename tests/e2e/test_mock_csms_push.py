"""Pushes of mock-csms: the exact message of each station looked at, then sent to all of them."""
import json
import signal
import sqlite3
from contextlib import ExitStack

import pytest
from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station

VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
END = {"accepted", "refused", "offline", "untellable", "no-answer"}


def join(csms, identity, protocol="ocpp2.0.1"):
    station = Station(csms.port, identity, protocols=[protocol])
    station.call("BootNotification", BOOT[protocol])
    return station


def make(csms, **body):
    answer = csms.request("POST", "/api/pushes", json.dumps(body), {"Content-Type": "application/json"})
    assert answer.status == 201, answer.body
    return answer.json


def targets(csms, push, query=""):
    return {target["station"]: target for target in csms.get(f"/api/pushes/{push['id']}/targets{query}").json}


def push_is_over(csms, push):
    counts = csms.get(f"/api/pushes/{push['id']}").json["counts"]
    return not counts["ready"] and not counts["sent"]


@pytest.fixture
def csms(tmp_path):
    with MockCsms("--state", tmp_path / "state.db") as csms:
        yield csms


def test_what_is_looked_at_is_what_goes_out(csms):
    with ExitStack() as stack:
        stations = {version: stack.enter_context(join(csms, f"CP-{version}", version)) for version in VERSIONS}
        push = make(csms, filter={}, location="http://x/update.raucb", signingCertificate="C", signature="S", retries=2,
                    install="2026-12-01T02:00:00Z")
        assert push["sent"] is None and push["counts"]["ready"] == 3
        shown = targets(csms, push)
        assert shown["CP-ocpp1.6"]["action"] == "SignedUpdateFirmware" and shown["CP-ocpp2.1"]["action"] == "UpdateFirmware"
        csms.request("POST", f"/api/pushes/{push['id']}/send")
        for version, station in stations.items():
            _, message, action, payload = station.next_call()
            assert (action, payload) == (shown[f"CP-{version}"]["action"], shown[f"CP-{version}"]["payload"])
            assert payload["firmware"]["installDateTime"] == "2026-12-01T02:00:00.000Z" and payload["retries"] == 2
            station.answer(message, {"status": "Accepted"})
        wait_until(lambda: push_is_over(csms, push))
        assert {target["state"] for target in targets(csms, push).values()} == {"accepted"}
        stations["ocpp2.1"].call("FirmwareStatusNotification",
                                 {"status": "Downloading", "requestId": shown["CP-ocpp2.1"]["payload"]["requestId"]})
        assert targets(csms, push)["CP-ocpp2.1"]["status"] == "Downloading"
        assert targets(csms, push)["CP-ocpp1.6"]["status"] is None


def test_every_end(csms):
    with ExitStack() as stack:
        here = {name: stack.enter_context(join(csms, name)) for name in ("no", "error", "gone", "old")}
        with join(csms, "away"):
            pass
        with join(csms, "plain", "ocpp1.6"):
            pass
        push = make(csms, stations=["no", "error", "gone", "old", "away", "plain"], location="http://x/u",
                    install="2026-12-01T02:00:00Z", send=True)
        message = here["no"].next_call()[1]
        here["no"].answer(message, {"status": "Rejected"})
        message = here["error"].next_call()[1]
        here["error"].refuse(message, "NotSupported")
        here["gone"].next_call()
        here["gone"].sock.close()
        message = here["old"].next_call()[1]
        here["old"].answer(message, {"status": "AcceptedCanceled"})
        wait_until(lambda: push_is_over(csms, push))
        found = {name: (target["state"], target["detail"]) for name, target in targets(csms, push).items()}
        assert found == {
            "no": ("refused", "Rejected"), "error": ("refused", "NotSupported"),
            "gone": ("no-answer", "It went away before it answered."), "old": ("accepted", "AcceptedCanceled"),
            "away": ("offline", None), "plain": ("untellable", "OCPP 1.6 UpdateFirmware has no installDateTime."),
        }
        assert set(targets(csms, push, "?state=refused")) == {"no", "error"}
        assert list(targets(csms, push, "?limit=2&after=error")) == ["gone", "no"]
        whole = targets(csms, push, "?payload=true")
        assert whole == targets(csms, push) and "payload" in whole["no"]
        assert targets(csms, push, "?payload=false") == {station: {name: value for name, value in target.items() if name != "payload"} for station, target in whole.items()}
        assert csms.get(f"/api/pushes/{push['id']}/targets?payload=no").status == 400
        assert csms.get(f"/api/pushes/{push['id']}/targets?limit=2&after=error").headers["next-after"] == "no"
        for query, total in {"": 6, "?limit=2&after=error": 6, "?state=refused&limit=1": 2, "?state=sent": 0}.items():
            assert csms.get(f"/api/pushes/{push['id']}/targets{query}").headers["total-count"] == str(total)
        assert csms.get("/api/pushes?limit=1").headers["next-after"] == str(push["id"])
        assert "next-after" not in csms.get("/api/pushes").headers
        make(csms, stations=["no"], location="http://x/u")
        assert csms.get("/api/pushes?limit=1").headers["total-count"] == csms.get("/api/pushes?after=99").headers["total-count"] == "2"


def test_hour_of_the_station_and_a_window(csms):
    zones = {"Tokyo": "Asia/Tokyo", "Berlin": "Europe/Berlin", "nowhere": None}
    for name, zone in zones.items():
        with join(csms, name):
            pass
        assert csms.request("PATCH", f"/api/stations/{name}", json.dumps({"timezone": zone})).status == 200
    push = make(csms, stations=list(zones), location="http://x/u", retrieve="2026-12-01T02:00", install="2026-12-01T03:00")
    times = {name: (t["payload"]["firmware"]["retrieveDateTime"], t["payload"]["firmware"]["installDateTime"])
             for name, t in targets(csms, push).items()}
    assert times == {
        "Tokyo": ("2026-11-30T17:00:00.000Z", "2026-11-30T18:00:00.000Z"),
        "Berlin": ("2026-12-01T01:00:00.000Z", "2026-12-01T02:00:00.000Z"),
        "nowhere": ("2026-12-01T02:00:00.000Z", "2026-12-01T03:00:00.000Z"),
    }
    spread = make(csms, stations=list(zones), location="http://x/u", retrieve="2026-12-01T02:00:00Z", spread=3600)
    again = make(csms, stations=list(zones), location="http://x/u", retrieve="2026-12-01T02:00:00Z", spread=3600)
    offsets = [t["payload"]["firmware"]["retrieveDateTime"] for t in targets(csms, spread).values()]
    assert offsets == [t["payload"]["firmware"]["retrieveDateTime"] for t in targets(csms, again).values()]
    assert len(set(offsets)) == 3 and all("2026-12-01T02:00:00" <= o < "2026-12-01T03:00:00" for o in offsets)


@pytest.mark.parametrize("body, sentence", [
    ({"location": "http://x/u"}, "Either stations or filter is needed, and not both."),
    ({"stations": ["CP1"], "filter": {}, "location": "http://x/u"}, "Either stations or filter is needed, and not both."),
    ({"stations": ["CP1"]}, "Either firmware or location is needed, and not both."),
    ({"stations": ["CP1"], "firmware": 1, "location": "http://x/u"}, "Either firmware or location is needed, and not both."),
    ({"stations": ["CP1"], "location": "http://x/u", "signature": "S"}, "signingCertificate and signature belong together, and to a location."),
    ({"stations": ["CP2"], "location": "http://x/u"}, "No station CP2 was ever seen."),
    ({"stations": [1], "location": "http://x/u"}, "stations must be identities."),
    ({"stations": [], "location": "http://x/u"}, "No station fits."),
    ({"filter": {"vendor": "nobody"}, "location": "http://x/u"}, "No station fits."),
    ({"filter": {"vender": "x"}, "location": "http://x/u"}, None),
    ({"stations": ["CP1"], "location": "http://x/u", "retrieve": "tomorrow"}, None),
    ({"stations": ["CP1"], "location": "http://x/u", "spread": -1}, None),
    ({"stations": ["CP1"], "location": "http://x/u", "retry": 1}, None),
    ({"stations": ["CP1"], "location": 1}, None),
    ({"stations": ["CP1"], "location": "http://x/u", "spread": "x"}, "spread is not an integer."),
])
def test_bad_body_is_refused_and_nothing_is_kept(csms, body, sentence):
    with join(csms, "CP1"):
        answer = csms.request("POST", "/api/pushes", json.dumps(body))
        assert answer.status == 400 and answer.json["title"] and sentence in (None, answer.json["title"])
        assert csms.get("/api/pushes").json == []


def test_unknown_firmware(csms):
    with join(csms, "CP1"):
        answer = csms.request("POST", "/api/pushes", json.dumps({"stations": ["CP1"], "firmware": 7}))
        assert (answer.status, answer.json["title"]) == (404, "There is no firmware of this id.")


def test_draft_is_sent_once_and_deleted_when_over(csms):
    with join(csms, "CP1") as station:
        push = make(csms, stations=["CP1", "CP1"], location="http://x/u")
        path = f"/api/pushes/{push['id']}"
        assert csms.request("POST", f"{path}/send").status == 200
        assert csms.request("POST", f"{path}/send").status == 409
        message = station.next_call()[1]
        assert csms.request("DELETE", path).status == 409
        station.answer(message, {"status": "Accepted"})
        wait_until(lambda: push_is_over(csms, push))
        assert csms.request("DELETE", path).status == 204
        assert csms.get(path).status == 404 and csms.request("DELETE", path).status == 404
        assert csms.get("/api/pushes").json == []


def test_killed_in_the_middle_nobody_is_told_twice(tmp_path):
    """What was sent and not answered is told so; what was not sent yet is sent by the next one."""
    count = 1300
    names = [f"CP{i:03}" for i in range(count)]
    csms = MockCsms("--state", tmp_path / "state.db")
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(join(csms, name))
        push = make(csms, filter={}, location="http://x/u", send=True)
        csms.stop(signal.SIGKILL)
    with MockCsms("--state", tmp_path / "state.db") as csms:
        wait_until(lambda: push_is_over(csms, push))
        found = targets(csms, push, "?limit=20000")
        assert len(found) == count and {t["state"] for t in found.values()} <= {"no-answer", "offline"}
        first = [t for t in found.values() if t["state"] == "no-answer"]
        assert all(t["detail"] == "mock-csms was ended before it answered." for t in first)


def test_many_stations_are_told_in_slices(csms):
    count = 500
    with ExitStack() as stack:
        stations = [stack.enter_context(join(csms, f"CP{i:03}")) for i in range(count)]
        push = make(csms, filter={"online": True}, location="http://x/u", send=True)
        for station in stations:
            message = station.next_call()[1]
            station.answer(message, {"status": "Accepted"})
        wait_until(lambda: push_is_over(csms, push), 20)
        assert csms.get(f"/api/pushes/{push['id']}").json["counts"]["accepted"] == count


def test_others_have_their_turn_between_slices(tmp_path):
    """A request is answered while a long push goes on."""
    count, path = 20000, tmp_path / "state.db"
    with MockCsms("--state", path):
        pass
    with sqlite3.connect(path) as db:
        db.executemany("INSERT INTO station (key, id, protocol, first_seen, last_seen, last_frame) VALUES (?, ?, 'ocpp1.6', 1, 1, 1)",
                       [(i, f"CP{i:05}") for i in range(1, count + 1)])
    db.close()
    with MockCsms("--state", path) as csms:
        push = make(csms, filter={}, location="http://x/u", send=True)
        assert csms.get(f"/api/pushes/{push['id']}").json["counts"]["ready"] > 0
        wait_until(lambda: push_is_over(csms, push), 60)
        assert csms.get(f"/api/pushes/{push['id']}").json["counts"]["offline"] == count


def test_file_that_is_needed_is_not_deleted(csms):
    """By a draft, by stations that may still fetch it, by a roll-out; and then it is."""
    with join(csms, "CP1") as station:
        number = csms.request("POST", "/api/firmware?name=a.bin", b"firmware", {"Content-Type": "application/octet-stream"}).json["id"]
        push = make(csms, stations=["CP1"], firmware=number)
        path = f"/api/firmware/{number}"
        answer = csms.request("DELETE", path)
        assert answer.status == 409 and f"push {push['id']}" in answer.json["title"]
        csms.request("POST", f"/api/pushes/{push['id']}/send")
        _, message, _, payload = station.next_call()
        assert payload["firmware"]["location"] == f"http://127.0.0.1:{csms.port}/firmware/{number}/a.bin"
        assert csms.get(f"/firmware/{number}/a.bin").body == b"firmware"
        station.answer(message, {"status": "Accepted"})
        wait_until(lambda: push_is_over(csms, push))
        assert csms.request("DELETE", path).status == 409
        station.call("FirmwareStatusNotification", {"status": "Installed", "requestId": payload["requestId"]})
        plan = {"name": "r", "firmware": number, "groups": [{"name": "all", "share": "100%"}]}
        rollout = csms.request("POST", "/api/rollouts", json.dumps(plan)).json["id"]
        answer = csms.request("DELETE", path)
        assert answer.status == 409 and f"roll-out {rollout}" in answer.json["title"]
        assert csms.request("DELETE", f"/api/rollouts/{rollout}").status == 204
        assert csms.request("DELETE", path).status == 204 and csms.get(path).status == 404
