"""A state that can't be written for a while: nobody is told what is not on the disk, and all goes on by itself when it can be written
again. What fails is a trigger in the database until a moment, or a disk that is full."""
import json
import os
import sqlite3
import subprocess
import time

import pytest

from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station

PLAN = {"name": "spring", "order": {"location": "http://x/u"}, "groups": [{"name": "all", "filter": {}}]}
FAILS = 4  # seconds; longer than it takes until the call comes


def post(csms, path, body=None):
    return csms.request("POST", path, json.dumps(body or {}))


def fail_for_a_while(state, what, how):
    """From now on; state is nobody's. ROLLBACK is what SQLite may do by itself when a disk is full."""
    with sqlite3.connect(state) as db:
        db.execute(f"CREATE TRIGGER trouble BEFORE {what} WHEN unixepoch() < {int(time.time()) + FAILS} "
                   f"BEGIN SELECT RAISE({how}, 'no room'); END")
    db.close()


def sound(state):
    with sqlite3.connect(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state.db"


def join(csms, name):
    station = Station(csms.port, name)
    station.call("BootNotification", BOOT["ocpp2.0.1"])
    return station


def is_told_once(csms, station):
    _, identifier, action, payload = station.next_call(60)
    station.answer(identifier, {"status": "Accepted"})
    station.call("Heartbeat")
    assert not station.parked
    return action, payload


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_a_push_goes_on(state, how):
    with MockCsms("--state", state):
        pass
    fail_for_a_while(state, "UPDATE ON push_target", how)
    with MockCsms("--state", state) as csms, join(csms, "CP1") as one, join(csms, "CP2") as two:
        assert post(csms, "/api/pushes", {"filter": {}, "location": "http://x/u", "send": True}).status == 201
        for station in (one, two):
            assert is_told_once(csms, station)[0] == "UpdateFirmware"
        wait_until(lambda: csms.get("/api/pushes/1").json["counts"]["accepted"] == 2, 30)
    assert "can't go on yet" in csms.errors
    sound(state)


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_logs_are_asked_for_later(state, how):
    with MockCsms("--state", state):
        pass
    fail_for_a_while(state, "UPDATE ON log", how)
    with MockCsms("--state", state) as csms, join(csms, "CP1") as one, join(csms, "CP2") as two:
        assert post(csms, "/api/logs", {"filter": {}}).status == 202
        for station in (one, two):
            assert is_told_once(csms, station)[0] == "GetLog"
        wait_until(lambda: [log["state"] for log in csms.get("/api/logs").json] == ["accepted"] * 2, 30)
    assert "can be asked for logs yet" in csms.errors
    sound(state)


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_a_roll_out_rests_and_goes_on(state, how):
    """It is listed all the while as it is stored, and so are those behind it."""
    with MockCsms("--state", state):
        pass
    fail_for_a_while(state, "UPDATE ON rollout", how)
    with MockCsms("--state", state) as csms, join(csms, "CP1") as one, join(csms, "CP2") as two:
        assert post(csms, "/api/rollouts", PLAN).status == 201
        assert post(csms, "/api/rollouts", PLAN | {"name": "summer"}).status == 201
        assert post(csms, "/api/rollouts/1/start").status == 503
        assert [(r["id"], r["state"]) for r in csms.get("/api/rollouts").json] == [(1, "ready"), (2, "ready")]
        wait_until(lambda: post(csms, "/api/rollouts/1/start").status == 200, 30)
        for station in (one, two):
            assert is_told_once(csms, station)[0] == "UpdateFirmware"
    assert "rests until it can" in csms.errors
    sound(state)


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_what_is_told_of_a_station_is_on_the_disk_or_nowhere(state, how):
    def tell(csms, settings):
        return csms.request("PATCH", "/api/stations/CP1", json.dumps(settings)).status

    with MockCsms("--state", state) as csms:
        with join(csms, "CP1"):
            pass
        assert tell(csms, {"tags": ["a", "b"], "timezone": "Europe/Berlin"}) == 200
        wait_until(lambda: not csms.stations()["CP1"]["online"])
    fail_for_a_while(state, "UPDATE ON station", how)
    with MockCsms("--state", state) as csms:
        before = csms.stations()["CP1"]
        assert before["tags"] == ["a", "b"] and before["timezone"] == "Europe/Berlin"
        for settings in {"tags": ["c"]}, {"tags": []}, {"timezone": None}, {"tags": ["c"], "timezone": "Asia/Tokyo"}, {}:
            assert tell(csms, settings) == 503
            assert csms.stations()["CP1"] == before
        wait_until(lambda: tell(csms, {"tags": ["c"], "timezone": None}) == 200, 30)
        after = csms.stations()["CP1"]
        assert after["tags"] == ["c"] and after["timezone"] is None
    with MockCsms("--state", state) as csms:
        assert csms.stations()["CP1"] == after


@pytest.mark.parametrize("how", ["ABORT", "ROLLBACK"])
def test_a_station_is_forgotten_by_all_or_by_none(state, how):
    with MockCsms("--state", state) as csms, join(csms, "CP1"):
        pass
    fail_for_a_while(state, "DELETE ON station", how)
    with MockCsms("--state", state) as csms:
        assert csms.request("DELETE", "/api/stations/CP1").status == 503
        assert list(csms.stations()) == ["CP1"] and csms.frames("CP1")
        wait_until(lambda: csms.request("DELETE", "/api/stations/CP1").status == 204, 30)
        assert csms.get("/api/stations/CP1").status == 404
    with MockCsms("--state", state) as csms:
        assert csms.stations() == {}
    sound(state)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", disk], check=True)
    try:
        with MockCsms("--state", disk / "state.db") as csms, join(csms, "CP1") as one, open(disk / "fill", "wb", buffering=0) as fill:
            assert post(csms, "/api/rollouts", PLAN).status == 201
            with pytest.raises(OSError):
                while True:
                    fill.write(bytes(4096))
            for _ in range(200):
                one.call("Heartbeat")
            assert post(csms, "/api/rollouts", PLAN | {"name": "summer"}).status == 503
            assert post(csms, "/api/rollouts/1/start").status == 503
            assert post(csms, "/api/pushes", {"filter": {}, "location": "http://x/u", "send": True}).status == 507
            assert post(csms, "/api/logs", {"filter": {}}).status == 503
            assert csms.request("POST", "/api/firmware?name=a", bytes(100000)).status == 507
            assert [r["state"] for r in csms.get("/api/rollouts").json] == ["ready"]
            fill.truncate(0)
            wait_until(lambda: post(csms, "/api/rollouts/1/start").status == 200, 30)
            assert is_told_once(csms, one)[0] == "UpdateFirmware"
        sound(disk / "state.db")
    finally:
        subprocess.run(["umount", disk], check=True)
