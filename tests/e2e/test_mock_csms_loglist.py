"""mock-csms from outside: logs of many stations. Asked for, heard of, received, kept over a restart, deleted."""
import contextlib
import hashlib
import http.client
import json
import signal
import stat

import pytest

from mockcsms import BOOT, MockCsms, in_background, wait_until
from wsclient import Station

PLAIN = ["ocpp1.6"]


@pytest.fixture
def keeping(tmp_path):
    with MockCsms("--state", tmp_path / "state", "--message-timeout", "1") as csms:
        csms.folder = tmp_path / "state.logs"
        yield csms


def ask(csms, status=202, **body):
    answer = csms.request("POST", "/api/logs", json.dumps(body))
    assert answer.status == status, answer.body
    return answer.json


def log(csms, number):
    return csms.get(f"/api/logs/{number}").json


def until_log(csms, number, **expected):
    wait_until(lambda: expected.items() <= log(csms, number).items())
    return log(csms, number)


def place(payload):
    """Host and path of where a station is told to upload."""
    url = payload["log"]["remoteLocation"] if "log" in payload else payload["location"]
    return url.partition("//")[2].partition("/")[2]


def take(csms, station, name="x.tar.gz", **body):
    """Asks the station alone, which accepts: (id, path of its place, requestId)."""
    asked = ask(csms, stations=[station.identity], **body)
    number = asked["logs"][0]["id"]
    frame = station.next_call()
    station.answer(frame[1], {"fileName": name} if frame[2] == "GetDiagnostics" else {"status": "Accepted", "filename": name})
    until_log(csms, number, state="accepted")
    return number, "/" + place(frame[3]), frame[3].get("requestId")


def stored(csms):
    """What lies in the folder, also what is on its way; that may be gone before it is read."""
    found = []
    for path in csms.folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(path.read_bytes())
    return sorted(found)


# Asking ---------------------------------------------------------------------------------------------------------------

def test_each_station_has_a_row_and_a_place_of_its_own(keeping):
    with Station(keeping.port, "CP1") as one, Station(keeping.port, "CP2", PLAIN) as two, Station(keeping.port, "CP3", PLAIN):
        wait_until(lambda: len(keeping.stations()) == 3)
        asked = ask(keeping, stations=["CP2", "CP1", "CP1", "nobody"], retries=2, retryInterval=5,
                    oldestTimestamp="2026-01-01T00:00:00Z")
        assert [row["station"] for row in asked["logs"]] == ["CP1", "CP2"]
        assert asked["skipped"] == [{"station": "nobody", "reason": "unknown"}]
        first, second = one.next_call(), two.next_call()
        assert first[2] == "GetLog" and first[3]["logType"] == "DiagnosticsLog" and first[3]["retries"] == 2
        assert first[3]["log"]["oldestTimestamp"] == "2026-01-01T00:00:00.000Z"
        assert second[2] == "GetDiagnostics" and second[3]["retryInterval"] == 5
        places = [place(frame[3]) for frame in (first, second)]
        assert all(path.startswith("logs/") and path.endswith("/") and len(path) > 30 for path in places)
        assert places[0] != places[1]
        row = until_log(keeping, asked["logs"][0]["id"], state="asked")
        assert row["requestId"] == first[3]["requestId"] and row["asked"] and row["file"] is None
        assert log(keeping, asked["logs"][1]["id"])["requestId"] is None
        again = ask(keeping, stations=["CP1", "CP3"])["logs"]
        assert [row["request"] for row in keeping.get("/api/logs").json] == [asked["logs"][0]["id"]] * 2 + [again[0]["id"]] * 2


def test_stations_are_chosen_by_a_filter_and_offline_ones_are_told(keeping):
    with Station(keeping.port, "A1"), Station(keeping.port, "B1") as other:
        wait_until(lambda: len(keeping.stations()) == 2)
        other.sock.close()
        wait_until(lambda: not keeping.stations()["B1"]["online"])
        asked = ask(keeping, filter={})
        assert [row["station"] for row in asked["logs"]] == ["A1"]
        assert asked["skipped"] == [{"station": "B1", "reason": "offline"}]
        assert ask(keeping, filter={"id": "C*"}) == {"logs": [], "skipped": []}


@pytest.mark.parametrize("body, words", [
    ({}, "Either stations or filter"), ({"stations": ["A"], "filter": {}}, "Either"), ({"stations": []}, "stations"),
    ({"stations": "A"}, "stations"), ({"filter": {"x": 1}}, "x"), ({"filter": 1}, "filter"), ({"filter": {}, "via": "pigeon"}, "via"),
    ({"filter": {}, "via": "ftp"}, "--ftp-url"), ({"filter": {}, "via": "elsewhere"}, "remoteLocation"),
    ({"filter": {}, "via": "http", "remoteLocation": "http://x/"}, "remoteLocation"), ({"filter": {}, "retries": -1}, "retries"),
    ({"filter": {}, "oldestTimestamp": "yesterday"}, "oldestTimestamp"), ({"filter": {}, "more": 1}, "more"),
], ids=range(13))
def test_bad_request_is_refused(keeping, body, words):
    assert words in ask(keeping, 400, **body)["title"]
    assert keeping.get("/api/logs").json == []


@pytest.mark.parametrize("answer, word", [
    ({"status": "Rejected"}, "Rejected"), ({}, "Rejected"), ({"status": "x" * 1000}, "x" * 64), (None, "timeout")])
def test_refusals_are_remembered(keeping, answer, word):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number = ask(keeping, stations=["CP1"])["logs"][0]["id"]
        frame = station.next_call()
        if answer is not None:
            station.answer(frame[1], answer)
        row = until_log(keeping, number, state="failed")
        assert row["answer"] == word and row["answered"]


def test_a_callerror_and_one_who_goes_away(keeping):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        first = ask(keeping, stations=["CP1"])["logs"][0]["id"]
        station.refuse(station.next_call()[1], "InternalError", "no \u00e4")
        assert until_log(keeping, first, state="failed")["note"] == "InternalError: no \u00e4"
        second = ask(keeping, stations=["CP1"])["logs"][0]["id"]
        station.next_call()
        station.sock.close()
        assert until_log(keeping, second, state="failed")["answer"] == "gone"


# What comes -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("protocol", sorted(BOOT))
def test_log_is_asked_for_heard_of_received_and_had(keeping, protocol, method):
    content = bytes(range(256)) * 5000
    with Station(keeping.port, "CP1", [protocol]) as station:
        wait_until(lambda: keeping.stations())
        number, path, request = take(keeping, station, "told.tgz")
        action, more = ("LogStatusNotification", {"requestId": request}) if request is not None else ("DiagnosticsStatusNotification", {})
        station.call(action, {"status": "Uploading", **more})
        assert until_log(keeping, number, status="Uploading")["state"] == "accepted"
        assert keeping.request(method, path + "own.tgz", content).status == 201
        station.call(action, {"status": "Uploaded", **more})
        row = until_log(keeping, number, status="Uploaded", state="received")
    assert row["filename"] == "told.tgz"
    assert row["file"] | {"received": 0} == {"name": "own.tgz", "size": len(content), "method": method, "received": 0,
                                             "sha256": hashlib.sha256(content).hexdigest()}
    answer = keeping.get(f"/api/logs/{number}/file")
    assert answer.body == content and answer.headers["content-disposition"] == 'attachment; filename="own.tgz"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    part = keeping.get(f"/api/logs/{number}/file", Range="bytes=10-19")
    assert part.status == 206 and part.body == content[10:20]
    assert keeping.get(f"/api/logs/{number}/file", Range="bytes=99999999-").status == 416
    assert [stat.S_IMODE(path.stat().st_mode) & 0o137 for path in keeping.folder.iterdir()] == [0]


def test_a_failure_is_heard_and_other_requests_are_left_alone(keeping):
    with Station(keeping.port, "CP1") as station, Station(keeping.port, "CP2") as other:
        wait_until(lambda: len(keeping.stations()) == 2)
        number, _, request = take(keeping, station)
        other.call("LogStatusNotification", {"status": "Uploaded", "requestId": request})
        station.call("LogStatusNotification", {"status": "Uploaded", "requestId": request + 1})
        station.call("LogStatusNotification", {"status": "Idle"})
        station.call("LogStatusNotification", {"status": "nonsense", "requestId": request})
        assert log(keeping, number)["status"] is None
        station.call("LogStatusNotification", {"status": "PermissionDenied", "requestId": request})
        assert until_log(keeping, number, state="failed")["status"] == "PermissionDenied"


def test_diagnostics_of_16_are_about_the_last_open_one(keeping):
    with Station(keeping.port, "CP1", PLAIN) as station:
        wait_until(lambda: keeping.stations())
        first = take(keeping, station)[0]
        station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
        assert until_log(keeping, first, status="Uploaded")["state"] == "uploaded"  # it says so, but nothing is here
        second = take(keeping, station)[0]
        station.call("DiagnosticsStatusNotification", {"status": "UploadFailed"})
        assert until_log(keeping, second, status="UploadFailed")["state"] == "failed"
        station.call("DiagnosticsStatusNotification", {"status": "Uploaded"})
        assert log(keeping, first)["status"] == "Uploaded" and log(keeping, second)["status"] == "UploadFailed"


def test_16_that_has_nothing_names_no_file(keeping):
    with Station(keeping.port, "CP1", PLAIN) as station:
        wait_until(lambda: keeping.stations())
        number = ask(keeping, stations=["CP1"])["logs"][0]["id"]
        station.answer(station.next_call()[1], {})
        assert until_log(keeping, number, state="failed")["answer"] == "Rejected"


def test_16_that_names_no_file_and_uploads_after_all_has_not_failed(keeping):
    with Station(keeping.port, "CP1", PLAIN) as station:
        wait_until(lambda: keeping.stations())
        number = ask(keeping, stations=["CP1"])["logs"][0]["id"]
        station.answer(station.next_call()[1], {"status": "Accepted"})  # as ocpp-ws-cli's simulator does
        until_log(keeping, number, state="failed")
        station.call("DiagnosticsStatusNotification", {"status": "Uploading"})
        assert until_log(keeping, number, state="accepted")["note"] is None


def test_the_last_whole_one_counts(keeping):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, _ = take(keeping, station)
        for content in (b"a long first one", b"second"):
            assert keeping.request("PUT", path + "a", content).status == 201
            assert stored(keeping) == [content]
        broken = http.client.HTTPConnection("127.0.0.1", keeping.port, timeout=10)
        broken.putrequest("PUT", path + "a")
        broken.putheader("Content-Length", "1000")
        broken.endheaders(b"x" * 500)
        wait_until(lambda: len(stored(keeping)) == 2)
        assert keeping.get(f"/api/logs/{number}/file").body == b"second"
        broken.close()
        wait_until(lambda: stored(keeping) == [b"second"])


@pytest.mark.parametrize("name, kept", [
    ("", "x.tar.gz"), ("a/b/c.txt", "c.txt"), ("%22%0d%0aX:%20y", "_"), ("%22x%5c", "_x_"), ("%c3%a4", "__"),
    ("x" * 700, "x" * 255), (".hidden", ".hidden"), ("a%25", "a_")])
def test_whatever_name_the_station_chooses(keeping, name, kept):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, _ = take(keeping, station)
        assert keeping.request("PUT", path + name, b"content").status == 201
        assert log(keeping, number)["file"]["name"] == kept
        assert keeping.get(f"/api/logs/{number}/file").headers["content-disposition"] == f'attachment; filename="{kept}"'
        assert stored(keeping) == [b"content"]


@pytest.mark.parametrize("path", ["/logs/", "/logs/x", "/logs//x", "/logs/0000/x", "/logs/00000000-0000-0000-0000-000000000000/x"])
def test_nothing_is_taken_elsewhere(keeping, path):
    assert keeping.request("PUT", path, b"x").status in (400, 404)
    assert keeping.get(path).status in (400, 405)
    assert stored(keeping) == []


@pytest.mark.parametrize("name", ["../x", "..%2f..%2fx", "..%2f..%2f..%2fetc%2fpasswd"])
def test_no_way_leads_out_of_a_place(keeping, name):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, _ = take(keeping, station)
        assert keeping.request("PUT", path + name, b"x").status in (403, 404)
        assert stored(keeping) == [] and log(keeping, number)["file"] is None


def form(content, name="my.zip", end="--\r\n"):
    return (b'--xyz\r\nContent-Disposition: form-data; name="uploadedfile"; filename="' + name.encode() +
            b'"\r\nContent-Type: application/octet-stream\r\n\r\n' + content + b"\r\n--xyz" + end.encode())


def test_a_form_and_a_name_in_a_header(keeping):
    """N01.FR.19."""
    content, multipart = bytes(range(256)) * 3000 + b"\r\n--xy", {"Content-Type": "multipart/form-data; boundary=xyz"}
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, _ = take(keeping, station)
        assert keeping.request("POST", path, form(content), multipart).status == 201
        assert stored(keeping) == [content] and log(keeping, number)["file"]["name"] == "my.zip"
        for bad, kind in (form(content, end="-"), multipart), (b"--xyz--", multipart), (b"x", multipart), (form(b"x"), {"Content-Type": "multipart/form-data"}):
            assert keeping.request("POST", path, bad, kind).status == 400
            wait_until(lambda: stored(keeping) == [content])
        named = {"Content-Type": "application/octet-stream", "Content-Disposition": 'form-data; name="uploadedfile"; filename="logfile_x.zip"'}
        assert keeping.request("POST", path, b"raw", named).status == 201
        assert stored(keeping) == [b"raw"] and log(keeping, number)["file"]["name"] == "logfile_x.zip"


def test_a_place_gives_nothing(keeping):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        _, path, _ = take(keeping, station)
        assert keeping.request("PUT", path + "x", b"secret").status == 201
        assert keeping.get(path + "x").status == 405
        assert keeping.request("DELETE", path + "x").status == 405
        assert keeping.request("POST", path + "x", b"--x--", {"Content-Type": "text/plain"}).status == 201


def test_limits(tmp_path):
    with MockCsms("--logs", tmp_path / "logs", "--log-max", 2, "--logs-max", 3) as csms, Station(csms.port, "CP1") as station:
        csms.folder = tmp_path / "logs"
        wait_until(lambda: csms.stations())
        number, path, _ = take(csms, station)
        _, second, _ = take(csms, station)
        too_long = csms.connection()
        too_long.putrequest("PUT", path + "x")
        too_long.putheader("Content-Length", str((2 << 20) + 1))
        too_long.endheaders()
        assert too_long.getresponse().status == 413
        too_long.close()
        assert csms.request("PUT", path + "x", bytes(2 << 20)).status == 201
        answer = csms.request("PUT", second + "x", bytes(2 << 20))
        assert answer.status == 507 and "--logs-max" in answer.json["title"]
        assert csms.request("PUT", second + "x", bytes(1 << 20)).status == 201
        assert csms.request("DELETE", f"/api/logs/{number}").status == 204
        assert csms.request("PUT", second + "x", bytes(2 << 20)).status == 201
        assert len(stored(csms)) == 1


def test_a_deleted_one_takes_nothing(keeping):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, request = take(keeping, station)
        assert keeping.request("PUT", path + "x", b"1").status == 201
        assert keeping.request("DELETE", f"/api/logs/{number}").status == 204
        assert stored(keeping) == [] and keeping.get(f"/api/logs/{number}").status == 404
        assert keeping.request("PUT", path + "x", b"1").status == 404
        station.call("LogStatusNotification", {"status": "Uploaded", "requestId": request})
        assert keeping.request("DELETE", f"/api/logs/{number}").status == 404
        assert take(keeping, station)[0] > number


# Lists, events, restarts ----------------------------------------------------------------------------------------------

def test_pages_and_choices(keeping):
    with Station(keeping.port, "CP1") as one, Station(keeping.port, "CP2") as two:
        wait_until(lambda: len(keeping.stations()) == 2)
        numbers = [take(keeping, station)[0] for station in (one, two, one)]
        first = keeping.get("/api/logs?limit=2")
        assert [row["id"] for row in first.json] == numbers[:2] and first.headers["total-count"] == "3"
        rest = keeping.get(f"/api/logs?limit=2&after={first.headers['next-after']}")
        assert [row["id"] for row in rest.json] == numbers[2:] and "next-after" not in rest.headers
        assert [row["id"] for row in keeping.get("/api/logs?station=CP1&state=accepted").json] == numbers[::2]
        assert keeping.get("/api/logs?state=failed").json == []
        assert keeping.get("/api/logs?state=x").status == 400 and keeping.get("/api/logs?limit=0").status == 400


def test_file_that_is_not_there(keeping):
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, _ = take(keeping, station)
        assert keeping.get(f"/api/logs/{number}/file").status == 404
        assert keeping.request("PUT", path + "x", b"1").status == 201
        next(keeping.folder.iterdir()).unlink()
        assert "disk" in keeping.get(f"/api/logs/{number}/file").json["title"]


def test_all_of_it_outlives_a_kill(tmp_path):
    options = "--state", tmp_path / "state"
    csms = MockCsms(*options)
    csms.folder = tmp_path / "state.logs"
    with Station(csms.port, "CP1") as station, Station(csms.port, "CP2") as silent:
        wait_until(lambda: len(csms.stations()) == 2)
        number, path, request = take(csms, station)
        waiting = ask(csms, stations=["CP2"])["logs"][0]["id"]
        silent_path = "/" + place(silent.next_call()[3])
        assert csms.request("PUT", path + "x", b"whole").status == 201
        broken = http.client.HTTPConnection("127.0.0.1", csms.port, timeout=10)
        broken.putrequest("PUT", path + "x")
        broken.putheader("Content-Length", "1000")
        broken.endheaders(b"x" * 500)
        wait_until(lambda: len(stored(csms)) == 2)
        before = log(csms, number)
        csms.stop(signal.SIGKILL)
        broken.close()
    with MockCsms(*options) as csms:
        csms.folder = tmp_path / "state.logs"
        assert stored(csms) == [b"whole"]
        assert log(csms, number) == before and csms.get(f"/api/logs/{number}/file").body == b"whole"
        assert log(csms, waiting)["answer"] == "lost" and log(csms, waiting)["state"] == "failed"
        # who was asked may still upload, and tell of it
        with Station(csms.port, "CP1") as station:
            assert csms.request("PUT", path + "y", b"again").status == 201
            assert csms.request("PUT", silent_path + "y", b"late").status == 201
            station.call("LogStatusNotification", {"status": "Uploaded", "requestId": request})
            assert until_log(csms, number, status="Uploaded")["file"]["name"] == "y"
        assert log(csms, waiting)["state"] == "received" and stored(csms) == [b"again", b"late"]


def test_a_temporary_folder_goes_with_the_process(tmp_path):
    with MockCsms(environment={"TMPDIR": str(tmp_path)}) as csms, Station(csms.port, "CP1") as station:
        wait_until(lambda: csms.stations())
        _, path, _ = take(csms, station)
        assert list(tmp_path.iterdir()) == []  # not before there is something to put there
        assert csms.request("PUT", path + "x", b"1").status == 201
        assert [file.read_bytes() for file in tmp_path.glob("mock-csms-*/*")] == [b"1"]
    assert list(tmp_path.iterdir()) == []


def test_files_of_another_state_are_left_alone(tmp_path):
    """What no row has any more was hidden by a dot before its row went."""
    for state in ("one", "two"):
        with MockCsms("--state", tmp_path / state, "--logs", tmp_path / "logs") as csms, Station(csms.port, "CP1") as station:
            wait_until(lambda: csms.stations())
            _, path, _ = take(csms, station)
            for content in b"old", state.encode():
                assert csms.request("PUT", path + "x", content).status == 201
    files = sorted((tmp_path / "logs").iterdir(), key=lambda file: file.read_bytes())
    assert [file.read_bytes() for file in files] == [b"one", b"two"]
    rest = [file.rename(file.with_name("." + file.name)) for file in files]
    with MockCsms("--state", tmp_path / "two", "--logs", tmp_path / "logs"):
        assert list((tmp_path / "logs").iterdir()) == [files[1]] and not rest[0].exists()


def test_a_folder_is_one_process_own(tmp_path):
    with MockCsms("--logs", tmp_path / "logs"), pytest.raises(RuntimeError, match="Another mock-csms has the folder"):
        MockCsms("--logs", tmp_path / "logs")


def test_each_change_is_an_event(keeping):
    connection = keeping.connection()
    connection.request("GET", "/api/events?types=log")
    stream = connection.getresponse()
    with Station(keeping.port, "CP1") as station:
        wait_until(lambda: keeping.stations())
        number, path, request = take(keeping, station)
        keeping.request("PUT", path + "x", b"1")
        keeping.request("DELETE", f"/api/logs/{number}")
        heard = []
        while not heard or heard[-1]["what"] != "deleted":
            line = stream.readline().decode()
            if line.startswith("data: "):
                heard.append(json.loads(line[6:]))
    connection.close()
    assert [(event["what"], event["state"]) for event in heard] == [
        ("added", "waiting"), ("changed", "asked"), ("changed", "accepted"), ("changed", "received"), ("deleted", "received")]
    assert {event["id"] for event in heard} == {number}
