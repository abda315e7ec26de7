"""GetLog and GetDiagnostics, from the CSMS's request to the archive on a real nginx: answers, statuses, attempts, what
a restart does to them, and the files that the agent keeps for them."""
import http.server
import json
import signal
import stat
import tarfile
import threading

import pytest

from servers import Nginx
from stage import Stage, wait_for
from test_requests import check_schemas

# What the station speaks, and by which messages it is asked and tells.
WAYS = {"2.0.1": ("ocpp2.0.1", "GetLog", "LogStatusNotification"),
        "1.6": ("ocpp1.6", "GetLog", "LogStatusNotification"),
        "1.6-core": ("ocpp1.6", "GetDiagnostics", "DiagnosticsStatusNotification")}


@pytest.fixture(name="nginx", scope="module")
def run_nginx():
    with Nginx() as server:
        yield server


class Slow:
    """An HTTP server that takes an upload, and answers as soon as it is let."""

    def __init__(self):
        self.let, self.began, self.bodies = threading.Event(), threading.Semaphore(0), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.began.release()
                outer.let.wait(60)
                outer.bodies.append((self.path, body))
                self.send_response(201)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/slow/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def until_begun(self):
        assert self.began.acquire(timeout=30), "no upload began"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let.set()
        self.server.shutdown()
        self.server.server_close()


class LogStage(Stage):
    def __init__(self, keys, way="2.0.1", **sections):
        version, self.action, self.message = WAYS[way]
        super().__init__(keys, **{"csms": {"protocols": version}, **sections})
        self.version, self.core = version, way == "1.6-core"

    def want(self, url, request_id=1, kind="DiagnosticsLog", **more):
        """What GetLog, or GetDiagnostics, is answered."""
        if self.core:
            payload = {"location": url, **more}
        else:
            payload = {"logType": kind, "requestId": request_id, "log": {"remoteLocation": url}, **more}
        return self.csms.call(self.station, self.action, payload)["result"]

    def heard(self):
        """[(requestId, status)] of the statuses of logs so far."""
        return [(p.get("requestId"), p["status"]) for p in self.payloads(self.message)]

    def until_heard(self, *expected):
        expected = [(None, s) if self.core else (i, s) for i, s in expected]
        wait_for(lambda: len(self.heard()) >= len(expected), lambda: f"{expected}, heard {self.heard()}")
        self.beat()
        assert self.heard() == expected
        return True

    def word(self, status):
        return "UploadFailed" if self.core else status

    def until_over(self):
        wait_for(lambda: self.log_state() == "idle" and self.outbox() == [], "the end of it")
        assert not (self.folder / "state/spool/logs/logs.tar.gz").exists()

    def log_state(self):
        return self.database("SELECT state FROM logjob")[0][0]


def members(path):
    with tarfile.open(path) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isfile()}


def member(files, end):
    return next(content for name, content in files.items() if name.endswith(end))


# ---- answers, statuses, what comes ----

@pytest.mark.parametrize("way", WAYS)
def test_logs_come_by_the_name_that_was_told(keys, nginx, way):
    """TC_N_25, TC_045_1: Accepted with a name, Uploading, Uploaded; then Idle for who asks."""
    with LogStage(keys, way) as charger:
        (charger.folder / "session.log").write_text("a session\n")
        charger.settings["logs"] = {"session_log_path": charger.folder / "session.log"}
        charger.boot_until_known()
        # GetDiagnostics names a folder, whatever its end; its message is asked for by TriggerMessage
        answer = charger.want(f"{nginx.http}/upload{'' if charger.core else '/'}")
        name = answer["fileName" if charger.core else "filename"]
        assert answer.get("status") == (None if charger.core else "Accepted")
        assert name.startswith("CS001-diagnostics-2") and name.endswith("Z.tar.gz")
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        charger.until_over()
        files = members(nginx.upload / name)
        assert member(files, "session.log") == b"a session\n"
        assert b"slot rootfs.0, booted" in member(files, "rauc.txt")
        assert b"identity CS001" in member(files, "agent.txt")
        assert charger.action.encode() in member(files, "ocpp.log")
        action = "TriggerMessage" if charger.core or charger.version == "ocpp2.0.1" else "ExtendedTriggerMessage"
        assert charger.trigger(charger.message, action) == "Accepted"
        charger.until_heard((1, "Uploading"), (1, "Uploaded"), (None, "Idle"))
        check_schemas(charger, charger.version)


def test_a_span_without_end_is_one(keys, nginx):
    """Some CSMS have no way to leave a time out, and give the first and the last that they know."""
    with LogStage(keys) as charger:
        charger.boot_until_known()
        span = {"oldestTimestamp": "0001-01-01T00:00:00Z", "latestTimestamp": "9999-12-31T23:59:59Z"}
        answer = charger.want(None, log={"remoteLocation": f"{nginx.http}/upload/", **span}, retries=0)
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        assert b"identity CS001" in member(members(nginx.upload / answer["filename"]), "agent.txt")


def test_what_reads_logs_can_not_write_the_bundle(keys):
    """The worker's cage lets it write into the folder of its file."""
    with LogStage(keys) as charger, Slow() as slow:
        charger.boot_until_known()
        charger.want(slow.url)
        slow.until_begun()
        archive, = (charger.folder / "state/spool").rglob("*.tar.gz")
        assert archive.parent != charger.folder / "state/spool"
        slow.let.set()
        charger.until_over()


@pytest.mark.parametrize("way", WAYS)
def test_logs_come_to_mock_csms_itself(keys, way):
    with LogStage(keys, way) as charger:
        charger.boot_until_known()
        more = {} if charger.core else {"logType": "DiagnosticsLog", "requestId": 1}
        answer = charger.csms.logs(charger.station, **more)["result"]
        name = answer["fileName" if charger.core else "filename"]
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        charger.until_over()
        with charger.csms.opener.open(charger.csms.file_url(f"uploads/{name}"), timeout=10) as reply:
            archive = charger.folder / "fetched.tar.gz"
            archive.write_bytes(reply.read())
        files = members(archive)
        assert b"identity CS001" in member(files, "agent.txt")
        assert charger.action.encode() in member(files, "ocpp.log")
        check_schemas(charger, charger.version)


def test_the_name_is_harmless_whatever_the_station_is_called(keys, nginx):
    with LogStage(keys, csms={"protocols": "ocpp2.0.1", "identity": ".CS1*(x)!"}) as charger:
        charger.station = ".CS1*(x)!"
        charger.boot_until_known()
        name = charger.want(f"{nginx.http}/upload/")["filename"]
        assert name.startswith("_CS1__x__-diagnostics-2")
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        assert (nginx.upload / name).exists()


@pytest.mark.parametrize("way", ["2.0.1", "1.6"])
def test_security_log_has_the_events_alone(keys, nginx, way):
    """TC_N_35, TC_N_34: Rejected as long as there is none."""
    with LogStage(keys, way, firmware={"manufacturer_roots": keys / "manufacturer/root.pem"}) as charger:
        charger.boot_until_known()
        (charger.folder / "state/security.log").unlink()  # with the event of the start
        assert charger.want(f"{nginx.http}/upload/", kind="SecurityLog") == {"status": "Rejected"}
        charger.ask(signingCertificate=charger.certificate("expired"), signature="none")
        answer = charger.want(f"{nginx.http}/upload/", kind="SecurityLog")
        assert answer["status"] == "Accepted" and answer["filename"].startswith("CS001-security-")
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        files = members(nginx.upload / answer["filename"])
        event = json.loads(member(files, "security.log"))
        assert event["type"] == "InvalidFirmwareSigningCertificate" and "expired" in event["techInfo"]
        assert not [name for name in files if name.endswith(("ocpp.log", "rauc.txt", "agent.txt"))]
        check_schemas(charger, charger.version)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path, status", [("forbidden", "PermissionDenied"), ("nowhere/x", "UploadFailure")])
def test_every_attempt_is_made_before_it_is_said(keys, nginx, way, path, status):
    """TC_N_26: retries 3 are four attempts, Uploading and the failure once each."""
    before = nginx.access_log().count("PUT")
    with LogStage(keys, way) as charger:
        charger.boot_until_known()
        charger.want(f"{nginx.http}/{path}", retries=3, retryInterval=1)
        charger.until_heard((1, "Uploading"), (1, charger.word(status)))
        charger.until_over()
    assert nginx.access_log().count("PUT") == before + 4


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("url, status", [("ftp://127.0.0.1/", "NotSupportedOperation"), ("rubbish", "BadMessage"),
                                         ("http://a host/", "BadMessage"), ("file:///tmp/", "BadMessage"),
                                         ("gopher://h/", "NotSupportedOperation")])
def test_nothing_is_collected_for_a_location_without_use(keys, way, url, status):
    with LogStage(keys, way, firmware={"transfer_protocols": "http"}) as charger:
        charger.boot_until_known()
        charger.want(url)
        charger.until_heard((1, charger.word(status)))
        charger.until_over()
        assert "are collected" not in charger.log()


# ---- one after the other ----

@pytest.mark.parametrize("way", WAYS)
def test_another_request_takes_its_place(keys, nginx, way):
    """TC_N_36: AcceptedCanceled, in 2.0.1 with the old id too, before the new Uploading. 1.6 has no such status."""
    with LogStage(keys, way) as charger, Slow() as slow:
        charger.boot_until_known()
        charger.want(slow.url, 1)
        slow.until_begun()
        answer = charger.want(f"{nginx.http}/upload/", 2)
        assert answer.get("status") == (None if charger.core else "AcceptedCanceled")
        canceled = [(1, "AcceptedCanceled")] if way == "2.0.1" else []
        charger.until_heard((1, "Uploading"), *canceled, (2, "Uploading"), (2, "Uploaded"))
        charger.until_over()
        assert (nginx.upload / answer["fileName" if charger.core else "filename"]).exists()


def test_the_same_request_again_gets_the_same_answer(keys):
    with LogStage(keys) as charger, Slow() as slow:
        charger.boot_until_known()
        first = charger.want(slow.url, 5)
        slow.until_begun()
        assert charger.want(slow.url, 5) == first
        assert charger.trigger("LogStatusNotification") == "Accepted"  # TC_F_16
        charger.until_heard((5, "Uploading"), (5, "Uploading"))
        slow.let.set()
        charger.until_heard((5, "Uploading"), (5, "Uploading"), (5, "Uploaded"))
        assert [path for path, _ in slow.bodies] == [f"/slow/{first['filename']}"]


def test_logs_go_beside_an_update(keys, nginx):
    with LogStage(keys) as charger, Slow() as slow:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.want(slow.url)
        slow.until_begun()
        charger.ask()
        charger.until_job("rebooting")
        slow.let.set()
        wait_for(lambda: (1, "Uploaded") in charger.heard(), "Uploaded")
        charger.until_status("Installed", seconds=60, ticking=True)


# ---- restarts ----

@pytest.mark.parametrize("retries, status", [(1, "Uploaded"), (0, "UploadFailure")])
def test_an_upload_that_a_restart_cut_off_was_an_attempt(keys, retries, status):
    with LogStage(keys) as charger, Slow() as slow:
        charger.boot_until_known()
        charger.want(slow.url, retries=retries)
        charger.until_heard((1, "Uploading"))
        slow.until_begun()
        charger.restart_agent()
        slow.let.set()
        charger.until_heard((1, "Uploading"), (1, status))
        charger.until_over()
        assert charger.log().count("are collected") == 1  # the archive was still there


def test_a_damaged_archive_is_collected_anew(keys):
    with LogStage(keys) as charger, Slow() as slow:
        charger.boot_until_known()
        charger.want(slow.url, retries=3)
        slow.until_begun()
        charger.stop_agent(signal.SIGKILL)
        with open(charger.folder / "state/spool/logs/logs.tar.gz", "r+b") as archive:
            archive.truncate(10)
        slow.let.set()
        charger.start_agent()
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        assert charger.log().count("are collected") == 2
        assert len(slow.bodies[-1][1]) > 10


def test_logs_for_another_csms_are_not_sent(keys):
    """The one that ordered them is not ours any more."""
    with LogStage(keys) as charger, Slow() as slow:
        charger.boot_until_known()
        charger.want(slow.url, retries=3)
        slow.until_begun()
        charger.stop_agent(signal.SIGKILL)
        charger.settings["csms"] |= {"url": charger.csms.ocpp.replace("127.0.0.1", "localhost")}
        slow.let.set()
        before = len(charger.boot_reports())
        charger.start_agent()
        wait_for(lambda: len(charger.boot_reports()) > before, "BootNotification")
        charger.until_heard((1, "Uploading"))
        charger.until_over()
        assert len(slow.bodies) <= 1


def test_secrets_stay_where_they_are(keys, nginx):
    """Whatever [logs] files takes in: what the agent logs in with, and its database."""
    with LogStage(keys) as charger:
        password = charger.folder / "state/password"
        password.parent.mkdir(exist_ok=True)
        password.write_text("correct horse battery staple\n")
        charger.settings["csms"]["password_file"] = password
        charger.settings["logs"] = {"files": f"{password.parent}/*"}
        charger.boot_until_known()
        answer = charger.want(f"{nginx.http}/upload/")
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        files = members(nginx.upload / answer["filename"])
        assert not any(b"horse battery" in data for data in files.values())
        told = {f.get("path"): f for f in json.loads(member(files, "manifest.json"))["files"]}
        for path in password, password.parent / "agent.db":
            assert told[str(path)]["left_out"] == "it may hold secrets"


# ---- what the agent keeps ----

def test_ocpp_log_keeps_frames_without_secrets(keys, nginx):
    with LogStage(keys) as charger:
        charger.boot_until_known()
        charger.want(f"{nginx.http.replace('//', '//joe:hunter2@')}/upload/")
        charger.until_heard((1, "Uploading"), (1, "Uploaded"))
        path = charger.folder / "ocpp.log"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert {line["from"] for line in lines} == {"station", "csms"}
        assert any(line["frame"][2] == "BootNotification" for line in lines) and lines[0]["time"].endswith("Z")
        assert "hunter2" not in path.read_text() and "/upload/" in path.read_text()
        assert stat.S_IMODE(path.stat().st_mode) & 0o027 == 0


def test_ocpp_log_is_kept_within_its_size(keys):
    with LogStage(keys, logs={"ocpp_log_size": "2000"}) as charger:
        charger.boot_until_known()
        for _ in range(20):
            charger.beat()
        charger.stop_agent()
        old = charger.folder / "ocpp.log.1"
        assert 1000 < old.stat().st_size <= 2000 and (charger.folder / "ocpp.log").stat().st_size <= 2000
        for line in old.read_text().splitlines():
            json.loads(line)


def test_ocpp_log_that_can_not_be_written_hinders_nobody(keys, tmp_path):
    with LogStage(keys, logs={"ocpp_log": tmp_path / "no-such-folder/ocpp.log"}) as charger:
        charger.boot_until_known()
        for _ in range(3):
            charger.beat()
        assert charger.log().count("Can't write to the log") == 1
