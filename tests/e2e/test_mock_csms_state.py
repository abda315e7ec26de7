"""mock-csms from outside: what it remembers over a restart, and the list of stations."""
import contextlib
import json
import signal
import sqlite3
import time
from urllib.parse import unquote

import pytest
from mockcsms import BOOT, MockCsms, in_background, moment, wait_until
from wsclient import Station

BOOT_16 = {"chargePointVendor": "ACME", "chargePointModel": "Box", "chargePointSerialNumber": "0815", "firmwareVersion": "1.0"}


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state.db"


def restarted(csms, state, how=signal.SIGTERM, options=()):
    csms.stop(how)
    return MockCsms("--state", state, *options)


def database(state):
    return contextlib.closing(sqlite3.connect(state, isolation_level=None))


def change(csms, station, **settings):
    return csms.request("PATCH", f"/api/stations/{station}", json.dumps(settings))


# Restarts -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["ended", "killed"])
def test_everything_known_survives(state, how):
    csms = MockCsms("--state", state)
    with Station(csms.port, "CP1", ["ocpp1.6"]) as one, Station(csms.port, "Säule 2", ["ocpp2.1"]) as two:
        one.call("BootNotification", BOOT_16)
        one.call("SignedFirmwareStatusNotification", {"status": "Installing", "requestId": 7})
        two.call("BootNotification", BOOT["ocpp2.1"])
        before = csms.stations()
        assert before["CP1"]["serialNumber"] == "0815" and before["Säule 2"]["reason"] == "PowerUp"
        frames = {station: csms.frames(station) for station in before}  # writes them
        settings = change(csms, "CP1", tags=["canary", "außen"], timezone="Europe/Berlin")  # flushes all that is written
        assert settings.status == 200
        before["CP1"] = settings.json
        before["CP1"]["update"].pop("steps")
        csms = restarted(csms, state, how)
    after = csms.stations()
    for station, known in before.items():
        assert after[station]["lastSeen"] >= known["lastSeen"]
        assert after[station] == known | {"online": False, "connectedSince": None, "lastSeen": after[station]["lastSeen"]}
        assert csms.frames(station) == frames[station]
        alone = csms.get(f"/api/stations/{'S%C3%A4ule%202' if station != 'CP1' else station}").json
        (alone["update"] or {}).pop("steps", None)
        assert alone == after[station]
    with Station(csms.port, "CP1", ["ocpp2.0.1"]) as one:
        one.call("Heartbeat")
        assert csms.stations()["CP1"] | {"lastSeen": 0, "connectedSince": 0} == after["CP1"] | {
            "online": True, "protocol": "ocpp2.0.1", "lastSeen": 0, "connectedSince": 0}
        answer = csms.get("/api/stations/CP1/frames?since=4")
        assert answer.headers["last-frame"] == "6" and len(answer.body.splitlines()) == 2
    assert csms.stop() == 0


@pytest.mark.parametrize("options, told", [((), True), (("--frames", "0"), False)], ids=["frames", "no-frames"])
def test_numbers_of_frames_go_on_after_a_kill(state, options, told):
    csms = MockCsms("--state", state, *options)
    for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        with Station(csms.port, "CP1") as station, Station(csms.port, "CP2"):
            first = int(csms.get("/api/stations/CP1/frames").headers["last-frame"])
            for _ in range(70):
                station.call("Heartbeat")
            last = int(csms.get("/api/stations/CP1/frames").headers["last-frame"])
            seen = csms.stations()["CP1"]["lastSeen"]
            assert last == first + 140
            change(csms, "CP2", tags=[])  # flushes, and writes nothing of CP1 itself
            csms = restarted(csms, state, how, options)
        answer = csms.get("/api/stations/CP1/frames")
        now = int(answer.headers["last-frame"])
        assert now == last if told or how == signal.SIGTERM else last <= now < last + 64
        assert bool(answer.body) == told
        # after a kill it is the time of its last frame, which was taken a moment before or after
        assert abs(moment(csms.stations()["CP1"]["lastSeen"]) - moment(seen)) < 1 or not told
    csms.stop()


def test_killed_again_and_again_in_the_midst(state):
    """What was told before the last flush is there, and the database is sound."""
    csms = MockCsms("--state", state)
    for round in range(5):
        stations = [Station(csms.port, f"CP{round}{i}", ["ocpp1.6"]) for i in range(10)]
        for station in stations:
            station.call("BootNotification", BOOT_16)
        assert change(csms, f"CP{round}0", tags=[f"round{round}"]).status == 200
        for station in stations:
            station.send_frame(b'[2,"1","Heartbeat",{}]')
        csms = restarted(csms, state, signal.SIGKILL)
        for station in stations:
            station.sock.close()
        known = csms.stations()
        assert len(known) == 10 * (round + 1) and {station["model"] for station in known.values()} == {"Box"}
        assert [known[f"CP{i}0"]["tags"] for i in range(round + 1)] == [[f"round{i}"] for i in range(round + 1)]
    csms.stop()
    with database(state) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_request_ids_are_never_given_again(state):
    csms, given = MockCsms("--state", state), []
    for _ in range(3):
        with Station(csms.port, "CP1") as station:
            for _ in range(7):
                asked = in_background(csms.post, "CP1", "update", {"location": "http://127.0.0.1/x"})
                _, identifier, _, payload = station.next_call()
                given.append(payload["requestId"])
                station.answer(identifier, {"status": "Accepted"})
                assert asked.result(10).status == 200
        csms = restarted(csms, state, signal.SIGKILL)
    csms.stop()
    assert len(set(given)) == 21


def test_file_is_for_its_owner(state):
    csms = MockCsms("--state", state)
    modes = [(state.parent / name).stat().st_mode & 0o027 for name in (state.name, state.name + "-wal")]
    assert modes == [0, 0]
    csms.stop()


def test_without_a_file_nothing_is_left(tmp_path):
    with MockCsms() as csms, Station(csms.port, "CP1"):
        assert csms.stations()
    with MockCsms() as csms:
        assert csms.stations() == {}


# Files that are no good -----------------------------------------------------------------------------------------------

def refuses(state, *words, options=()):
    with pytest.raises(RuntimeError, match="exit code 1") as error:
        MockCsms("--state", state, *options)
    for word in (*words, str(state)):
        assert word in str(error.value)


def test_state_that_another_has(state):
    csms = MockCsms("--state", state)
    refuses(state, "in use")
    csms.stop()


def test_state_that_is_none(state):
    state.write_text("Dear diary, " * 1000)
    refuses(state, "no state of mock-csms")
    assert state.read_text().startswith("Dear diary")


def test_state_of_another_program(state):
    with database(state) as db:
        db.execute("CREATE TABLE diary (dear TEXT)")
    refuses(state, "no state of mock-csms")


@pytest.mark.parametrize("layout,word", [(99, "newer"), (1, "older")])
def test_state_of_another_version(state, layout, word):
    MockCsms("--state", state).stop()
    with database(state) as db:
        db.execute(f"PRAGMA user_version = {layout}")
    refuses(state, word)


def test_state_that_is_damaged(state):
    csms = MockCsms("--state", state)
    for i in range(50):
        with Station(csms.port, f"CP{i}") as station:
            station.call("BootNotification", BOOT["ocpp2.0.1"])
    csms.stop()
    data = bytearray(state.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    state.write_bytes(data)
    refuses(state, "damaged")


@pytest.mark.parametrize("column, value", [("protocol", "ocpp9"), ("id", ""), ("id", "a/b"), ("vendor", "x" * 65), ("model", b"\xff")])
def test_state_of_stations_that_can_not_be(state, column, value):
    csms = MockCsms("--state", state)
    Station(csms.port, "CP1").sock.close()
    csms.stop()
    with database(state) as db:
        db.execute(f"UPDATE station SET {column} = ?", (value,))
    refuses(state, "damaged")


def test_state_that_can_not_be_made(tmp_path):
    refuses(tmp_path / "nothing" / "state.db", "can't be opened")


# Frames kept ----------------------------------------------------------------------------------------------------------

def test_oldest_frames_of_all_go_first(state):
    csms = MockCsms("--state", state, "--frames", "200")
    with Station(csms.port, "A") as a, Station(csms.port, "B") as b:
        for _ in range(60):
            a.call("Heartbeat")
        for _ in range(50):
            b.call("Heartbeat")
        frames = {station: csms.frames(station) for station in "AB"}
        assert 136 <= len(frames["A"] + frames["B"]) <= 200 and len(frames["B"]) == 100
        assert csms.frames("A", since=119) == frames["A"][-1:]
        assert csms.get("/api/stations/B/frames").headers["last-frame"] == "100"
    csms = restarted(csms, state, options=("--frames", "10"))
    assert len(csms.frames("A")) == 0 and 0 < len(csms.frames("B")) <= 10
    csms = restarted(csms, state, options=("--frames", "0"))
    assert len(csms.frames("B")) == 0 and csms.get("/api/stations/B/frames").headers["last-frame"] == "100"
    csms.stop()


def test_frames_by_pages(csms):
    with Station(csms.port, "CP1") as station:
        for _ in range(30):
            station.call("Heartbeat")
    whole, pages, since = csms.get("/api/stations/CP1/frames").body, b"", "0"
    assert len(whole.splitlines()) == 60
    for size in (25, 25, 10, 0):
        answer = csms.get(f"/api/stations/CP1/frames?since={since}&limit=25")
        assert len(answer.body.splitlines()) == size
        pages, since = pages + answer.body, answer.headers["last-frame"]
    assert pages == whole and since == "60"
    assert csms.get("/api/stations/CP1/frames?limit=3").body == b"".join(whole.splitlines(True)[-3:])


# One station ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("body, sentence", [
    ({"tags": "canary"}, "tags is not a list."), ({"tags": ["a b"]}, "A tag must be a word without blanks and commas."),
    ({"tags": ["a,b"]}, "A tag must be a word without blanks and commas."), ({"tags": [""]}, "A tag must be a word without blanks and commas."),
    ({"tags": ["x" * 33]}, "tags is too long."), ({"tags": ["x"] * 17}, "tags has too many elements."),
    ({"timezone": "Europe/Nowhere"}, None), ({"timezone": "../../../etc/passwd"}, None), ({"timezone": "/etc/passwd"}, None),
    ({"timezone": "Europe"}, None), ({"timezone": 1}, "timezone is not a string."), ({"vendor": "x"}, "vendor is not known."),
], ids=range(12))
def test_bad_settings_change_nothing(csms, body, sentence):
    with Station(csms.port, "CP1"):
        assert change(csms, "CP1", tags=["a"], timezone="UTC").status == 200
        answer = change(csms, "CP1", **body)
        assert answer.status == 400
        assert answer.json["title"] == (sentence or "timezone must be a name that this machine knows, as Europe/Berlin, or null.")
        assert (csms.stations()["CP1"]["tags"], csms.stations()["CP1"]["timezone"]) == (["a"], "UTC")


def test_settings_stay_where_they_are_not_named(csms):
    with Station(csms.port, "CP1"):
        change(csms, "CP1", tags=["a", "b"], timezone="UTC")
        assert change(csms, "CP1", timezone=None).json["timezone"] is None
        assert csms.stations()["CP1"]["tags"] == ["a", "b"]
        assert change(csms, "CP1", tags=[]).json["tags"] == []


def test_station_is_forgotten_when_it_is_gone(state):
    csms = MockCsms("--state", state)
    with Station(csms.port, "CP1") as station:
        station.call("Heartbeat")
        assert csms.request("DELETE", "/api/stations/CP1").status == 409
        csms.post("CP1", "fault", {"action": "Heartbeat", "kind": "late", "seconds": 1000})
        station.send_frame(b'[2,"1","Heartbeat",{}]')
    wait_until(lambda: not csms.stations()["CP1"]["online"])
    assert csms.request("DELETE", "/api/stations/CP1").status == 204
    assert csms.stations() == {} and csms.get("/api/stations/CP1/frames").status == 404
    csms = restarted(csms, state, signal.SIGKILL)
    assert csms.stations() == {}
    with Station(csms.port, "CP1") as station:
        station.call("Heartbeat")
        assert len(csms.frames("CP1")) == 2
    csms.stop()


# The list -------------------------------------------------------------------------------------------------------------

@pytest.fixture
def fleet(csms):
    for i in range(25):
        with Station(csms.port, f"CP{i:02}", ["ocpp1.6"] if i % 2 else ["ocpp2.0.1"]) as station:
            boot = dict(BOOT_16, firmwareVersion=f"1.{i % 12}") if i % 2 else BOOT["ocpp2.0.1"]
            station.call("BootNotification", boot)
            if i % 5 == 0:
                station.call("FirmwareStatusNotification", {"status": "Installed" if i else "InstallationFailed"})
    change(csms, "CP03", tags=["canary"])
    wait_until(lambda: not any(station["online"] for station in csms.stations().values()))
    return csms


@pytest.mark.parametrize("query, count", [
    ("protocol=ocpp1.6", 12), ("id=CP1*", 10), ("tag=canary", 1), ("notTag=canary", 24), ("phase=installed", 4), ("phase=failed&id=CP00", 1),
    ("status=Installed&protocol=ocpp1.6", 2), ("belowFirmwareVersion=1.9&serialNumber=0815", 8), ("online=true", 0), ("vendor=ACME&model=Box", 25),
])
def test_list_by_a_filter(fleet, query, count):
    answer = fleet.get(f"/api/stations?{query}")
    assert len(answer.json) == count and answer.headers["total-count"] == str(count) and "next-after" not in answer.headers


@pytest.mark.parametrize("sort", ["id", "-id", "firmwareVersion", "-firmwareVersion", "status", "lastSeen", "-since", "connectedSince", "model"])
def test_pages_have_each_station_once(fleet, sort):
    whole = fleet.get(f"/api/stations?sort={sort}").json
    pages, after = [], ""
    while True:
        answer = fleet.get(f"/api/stations?sort={sort}&limit=7{after}")
        assert answer.headers["total-count"] == "25"
        pages += answer.json
        if "next-after" not in answer.headers:
            break
        after = "&after=" + answer.headers["next-after"]
    assert pages == whole and len({station["id"] for station in whole}) == 25
    ids = [station["id"] for station in whole]
    if sort.endswith("id"):
        assert ids == sorted(ids, reverse=sort[0] == "-")
    if sort == "firmwareVersion":
        assert [station["firmwareVersion"] for station in whole[-2:]] == ["1.11", "1.11"]


def test_page_goes_on_where_a_station_is_forgotten(fleet):
    answer = fleet.get("/api/stations?limit=3")
    assert unquote(answer.headers["next-after"]) == "CP02"
    assert fleet.request("DELETE", "/api/stations/CP02").status == 204
    assert fleet.get("/api/stations?limit=1&after=CP02").json[0]["id"] == "CP03"


@pytest.mark.parametrize("query, word", [
    ("limit=0", "limit"), ("limit=x", "limit"), ("sort=colour", "sort must be id,"), ("sort=", "sort"), ("online=1", "online must be true or false."),
    ("phase=done", "phase must be"), ("protocol=ocpp1.5", "protocol must be"), ("status=Exploded", "status must be"), ("colour=red", "colour"),
    ("id=a&id=b", "id is given twice."), ("vendor=" + "x" * 193, "vendor is too long."),
], ids=range(11))
def test_list_by_what_can_not_be(csms, query, word):
    answer = csms.get(f"/api/stations?{query}")
    assert answer.status == 400 and word in answer.json["title"]


def test_frames_are_on_the_disk_within_their_time(state):
    """Though there is always another one, and nobody reads them."""
    csms = MockCsms("--state", state)
    with Station(csms.port, "CP1", ["ocpp1.6"]) as station:
        end, count = time.monotonic() + 7, 0
        while time.monotonic() < end:
            station.call("DataTransfer", {"vendorId": "v", "data": str(count)})
            count += 1
            time.sleep(0.02)
        csms = restarted(csms, state, signal.SIGKILL)
    told = [line["frame"][3]["data"] for line in csms.frames("CP1") if line["frame"][0] == 2]
    assert 10 < len(told) <= count and told == [str(i) for i in range(len(told))]
    csms.stop()
