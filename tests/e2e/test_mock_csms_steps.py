"""mock-csms from outside: the last update of a station, step by step."""
import contextlib
import json
import signal
import sqlite3
import time

import pytest
from mockcsms import BOOT, MockCsms, in_background, moment, wait_until
from wsclient import Station

ORDER = {"location": "http://127.0.0.1/x"}
REPORT = {"ocpp1.6": "SignedFirmwareStatusNotification", "ocpp2.0.1": "FirmwareStatusNotification", "ocpp2.1": "FirmwareStatusNotification"}


def update(csms, station="CP1"):
    return csms.get(f"/api/stations/{station}").json["update"]


def steps(csms, station="CP1"):
    return (update(csms, station) or {}).get("steps", [])


def words(csms):
    return [step["status"] for step in steps(csms)]


def order(csms, station, answer=None, body=ORDER, refuse=None):
    """Orders an update; what the station was told."""
    told = in_background(csms.post, "CP1", "update", body)
    call = station.next_call()
    if refuse:
        station.refuse(call[1], refuse)
    else:
        station.answer(call[1], answer)
    assert told.result().status == 200
    return call[2], call[3]


def report(station, status, request=None, action=None):
    payload = {"status": status} | ({} if request is None else {"requestId": request})
    assert station.call(action or REPORT[station.protocol], payload)[0] == 3


def boot(station, version):
    payload = json.loads(json.dumps(BOOT[station.protocol]))
    payload.get("chargingStation", payload)["firmwareVersion"] = version
    assert station.call("BootNotification", payload)[0] == 3


def test_an_update_from_its_order_to_the_new_version(csms, station):
    boot(station, "1.0")
    assert update(csms) is None
    begin = time.time()
    signed = {"signingCertificate": "x", "signature": "y"} if station.protocol == "ocpp1.6" else {}
    action, payload = order(csms, station, {"status": "Accepted"}, ORDER | signed)
    known = update(csms)
    assert known | {"steps": 0} == {"requestId": None, "status": None, "phase": "none", "since": None, "steps": 0}
    assert csms.stations()["CP1"]["update"] is None
    for status in ("Downloading", "Downloaded", "Installing", "Installing", "InstallRebooting"):
        report(station, status, payload["requestId"])
    boot(station, "2.0")
    report(station, "Installed", payload["requestId"])
    for version in ("2.0", "3.0"):
        boot(station, version)  # one of them counts
    told = steps(csms)
    times = [moment(step.pop("at")) for step in told]
    assert times == sorted(times) and begin - 1 < times[0] and times[-1] < time.time() + 1
    assert told == [
        {"kind": "order", "status": "Ordered", "action": action, "requestId": payload["requestId"]}, {"kind": "answer", "status": "Accepted"},
        *({"kind": "status", "status": status} for status in ("Downloading", "Downloaded", "Installing", "InstallRebooting")),
        {"kind": "boot", "status": "BootNotification", "firmwareVersion": "2.0"}, {"kind": "status", "status": "Installed"},
        {"kind": "boot", "status": "BootNotification", "firmwareVersion": "2.0"}]
    listed = csms.stations()["CP1"]
    assert listed["update"] | {"steps": 0} == update(csms) | {"steps": 0} and "steps" not in listed["update"]
    assert csms.request("PATCH", "/api/stations/CP1", '{"tags":["x"]}').json["update"] == update(csms)


def test_the_newest_order_begins_anew(csms, station):
    for _ in range(2):
        order(csms, station, {"status": "Accepted"} if station.protocol != "ocpp1.6" else {})
        report(station, "Downloading")
    assert words(csms) == ["Ordered", "Accepted" if station.protocol != "ocpp1.6" else "Answered", "Downloading"]


@pytest.mark.parametrize("first, then, expected", [
    ([("Idle", None)], [], []), ([("Downloading", 1)], [("Idle", None)], ["Downloading", "Idle"]),
    ([("Downloading", 1), ("DownloadFailed", 1)], [("Downloading", 2)], ["Downloading"]),
    ([("Downloading", 1), ("DownloadFailed", 1)], [("Downloading", 1)], ["Downloading", "DownloadFailed", "Downloading"]),
    ([("Installing", None), ("Installed", None)], [("Downloading", None)], ["Downloading"]),
    ([("Installing", None), ("InstallationFailed", None)], [("Downloading", None)], ["Installing", "InstallationFailed", "Downloading"]),
], ids=range(6))
def test_statuses_without_an_order(csms, station, first, then, expected):
    for status, request in first + then:
        report(station, status, request)
    assert words(csms) == expected
    if expected:
        request = (first + then)[-len(expected)][1]
        assert steps(csms)[0].get("requestId") == request


def test_orders_that_come_to_nothing(csms, station):
    order(csms, station, refuse="NotSupported")
    assert words(csms) == ["Ordered", "NotSupported"]
    told = in_background(csms.post, "CP1", "update", ORDER)
    station.next_call()
    assert told.result().status == 504 and words(csms) == ["Ordered", "timeout"]
    told = in_background(csms.post, "CP1", "update", ORDER)
    identifier = station.next_call()[1]
    waits = in_background(csms.post, "CP1", "call", {"action": "UpdateFirmware"})  # is never sent
    station.close()
    assert identifier and told.result().status == waits.result().status == 409 and words(csms) == ["Ordered", "gone"]


def test_a_push_is_an_order(csms, station):
    made = csms.request("POST", "/api/pushes", json.dumps({"stations": ["CP1"], **ORDER})).json
    assert csms.request("POST", f"/api/pushes/{made['id']}/send").status in (200, 202)
    call = station.next_call()
    station.answer(call[1], {"status": "Accepted"})
    wait_until(lambda: words(csms)[1:] == ["Accepted"])
    assert steps(csms)[0].get("requestId") == call[3].get("requestId")
    assert ("requestId" in call[3]) == (station.protocol != "ocpp1.6")


def test_other_calls_are_no_steps(csms, station):
    told = in_background(csms.post, "CP1", "call", {"action": "Reset"})
    station.answer(station.next_call()[1], {"status": "Accepted"})
    assert told.result().status == 200 and update(csms) is None


def test_the_order_and_the_newest_of_many_are_kept(csms, station):
    order(csms, station, {"status": "Accepted"})
    for i in range(50):
        report(station, f"Word{i}", action="FirmwareStatusNotification")
    assert words(csms) == ["Ordered", *(f"Word{i}" for i in range(19, 50))]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_steps_survive_a_restart(tmp_path, how):
    csms = MockCsms("--state", tmp_path / "state.db")
    with Station(csms.port, "CP1") as station, Station(csms.port, "CP2"):
        _, payload = order(csms, station, {"status": "Accepted"})
        report(station, "x\"ä\\", payload["requestId"])
        before = update(csms)
        assert csms.request("PATCH", "/api/stations/CP2", '{"tags":[]}').status == 200  # flushes
        csms.stop(how)
    csms = MockCsms("--state", tmp_path / "state.db")
    assert update(csms) == before and len(before["steps"]) == 3
    with Station(csms.port, "CP1") as station:
        report(station, "Downloading", payload["requestId"])
        assert words(csms) == ["Ordered", "Accepted", "x\"ä\\", "Downloading"]
    assert csms.stop() == 0


@pytest.mark.parametrize("text", ["", "x", "{}", "[]", "[1]", '[{"status":"x","at":"y"}]', '[{"kind":"x","status":"x","at":"y"}]',
                                  '[{"kind":"boot","status":"x","at":"y","more":1}]', json.dumps([{"kind": "boot", "status": "x", "at": "y"}] * 33)])
def test_steps_that_are_damaged(tmp_path, text):
    state = tmp_path / "state.db"
    csms = MockCsms("--state", state)
    with Station(csms.port, "CP1"):
        pass
    wait_until(lambda: not csms.stations()["CP1"]["online"])
    assert csms.stop() == 0
    with contextlib.closing(sqlite3.connect(state, isolation_level=None)) as db:
        db.execute("UPDATE station SET steps = ?", (text,))
    with pytest.raises(RuntimeError, match="damaged: station 1"):
        MockCsms("--state", state)
