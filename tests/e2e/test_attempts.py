"""Downloads over links and from servers that break: what counts as an attempt, what is kept of a part. The real
programs; see stage.py."""
import http.server
import signal
import threading
import time

import pytest

from killing import Record
from stage import Stage, ctl, in_seconds, wait_for


class Depot(http.server.ThreadingHTTPServer):
    """Serves one file, with Range; cuts each answer after so many bytes, or holds it there."""
    daemon_threads = True

    def __init__(self, file):
        self.file, self.tag = file, '"1"'
        self.piece = None  # bytes of an answer before it is cut; None: all
        self.holds = False  # … and kept open there
        self.refusal = None  # (status, Retry-After): what is answered instead
        self.requests = []  # (when, first byte asked for)
        self.sent = 0
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/update.raucb"

    def begins(self):
        return [begin for _, begin in self.requests]

    def handle_error(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        depot, content = self.server, self.server.file.read_bytes()
        begin, refusal = 0, depot.refusal  # which may end as soon as the request is seen
        if "Range" in self.headers and self.headers.get("If-Range", depot.tag) == depot.tag:
            begin = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0])
        depot.requests.append((time.monotonic(), begin))
        if refusal:
            self.send_response(refusal[0])
            self.send_header("Retry-After", refusal[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", depot.tag)
        self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        piece = content[begin:] if depot.piece is None else content[begin:begin + depot.piece]
        self.wfile.write(piece)
        depot.sent += len(piece)
        if depot.holds and begin + len(piece) < len(content):
            depot.over.wait(60)

    def log_message(self, *_):
        pass


def spool(charger):
    return sorted(p.name for p in (charger.folder / "state/spool").glob("*"))


def part_bytes(charger):
    part = charger.folder / "state/spool/bundle.part"
    return part.stat().st_size if part.exists() else 0


NOW = {"retry_interval": "0", "retries": "0"}


def test_link_that_drops_costs_no_attempt(keys):
    """Eight breaks, each after something new, and the one attempt that there is goes on."""
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        size = depot.file.stat().st_size
        depot.piece = size // 8
        charger.boot_until_known()
        charger.ask(location=depot.url)
        charger.until_status("Downloaded")
        assert charger.statuses() == ["Downloading", "Downloaded"]
        assert 8 <= len(depot.requests) <= 10 and depot.sent <= 1.02 * size
        assert "the attempt goes on" in charger.log() and "the next attempt" not in charger.log()
        charger.until_status("Installed", ticking=True)
        assert charger.slot_holds("B", "update") and spool(charger) == []


def test_breaks_without_anything_new_are_counted(keys):
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        depot.piece = 0
        charger.boot_until_known()
        charger.ask(location=depot.url, retries=2)
        charger.until_status("DownloadFailed")
        assert charger.statuses() == ["Downloading", "DownloadFailed"]
        assert depot.begins() == [0, 0, 0]
        wait_for(lambda: spool(charger) == [], "the part to be deleted")


def test_server_that_wants_a_rest_gets_it(keys):
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        depot.refusal = (503, "3")
        charger.boot_until_known()
        charger.ask(location=depot.url, retries=1)
        wait_for(lambda: depot.requests, "the first request")
        depot.refusal = None
        charger.until_status("Downloaded")
        (first, _), (second, _) = depot.requests
        assert second - first > 2.9
        assert "the next attempt begins in 3 s" in charger.log()


def test_restart_in_a_download_goes_on_where_it_was(keys):
    """With no attempt to spare: there was something new before it."""
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        size = depot.file.stat().st_size
        depot.piece, depot.holds = size // 2, True
        charger.boot_until_known()
        charger.ask(location=depot.url)
        wait_for(lambda: part_bytes(charger) == depot.piece, "half of the file")
        charger.until_outbox_empty()
        charger.power_off(signal.SIGKILL)
        depot.holds, depot.piece = False, None
        charger.boot()
        charger.until_status("Downloaded")
        assert depot.begins() == [0, size // 2] and depot.sent == size
        assert charger.statuses() == ["Downloading", "Downloaded"]


def test_restart_before_the_first_byte_is_an_attempt(keys):
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        depot.piece, depot.holds = 0, True
        charger.boot_until_known()
        charger.ask(location=depot.url)
        wait_for(lambda: depot.requests, "the request")
        charger.restart_agent()
        charger.until_status("DownloadFailed")
        assert len(depot.requests) == 1


def test_restart_right_after_the_last_byte(keys):
    """The file is complete, but that is not stored yet: it is neither an attempt nor fetched again."""
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        record = Record(charger.folder / "points")
        charger.agent_env = {"RAUC_OCPP_FAILPOINT_FILE": str(record.path),
                             "RAUC_OCPP_FAILPOINT": "before-store/verifying:1"}
        charger.boot_until_known()
        charger.ask(location=depot.url)
        wait_for(lambda: record.stopped_at("before-store/verifying:1"), "the end of the download")
        charger.agent_env = {}
        charger.restart_agent()
        charger.until_status("Installed", ticking=True)
        assert len(depot.requests) == 1 and charger.finals() == ["Installed"]


def test_file_that_changes_is_begun_anew(keys):
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("other", version="3.0.0")) as depot:
        update = charger.build_bundle("update")
        depot.piece, depot.holds = depot.file.stat().st_size // 2, True
        charger.boot_until_known()
        charger.ask(location=depot.url, retries=1)
        wait_for(lambda: part_bytes(charger) == depot.piece, "half of the file")
        depot.file, depot.tag, depot.piece = update, '"2"', None
        depot.over.set()
        charger.until_status("Installed", ticking=True)
        assert depot.begins() == [0, 0] and charger.slot_holds("B", "update")


def test_pause_keeps_what_has_come(keys):
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        depot.piece, depot.holds = depot.file.stat().st_size // 2, True
        charger.boot_until_known()
        charger.ask(location=depot.url)
        wait_for(lambda: part_bytes(charger) == depot.piece, "half of the file")
        assert ctl(charger, "pause")[0] == 0
        charger.until_status("DownloadPaused")
        assert part_bytes(charger) == depot.piece
        begin, depot.piece = depot.piece, None
        assert ctl(charger, "resume")[0] == 0
        charger.until_status("Downloaded")
        assert depot.begins() == [0, begin]
        assert charger.statuses() == ["Downloading", "DownloadPaused", "Downloading", "Downloaded"]


@pytest.mark.parametrize("same", [True, False])
def test_part_of_a_superseded_update(keys, same):
    """Kept for one with the same address, else deleted at once."""
    with Stage(keys, firmware=NOW) as charger, Depot(charger.build_bundle("update")) as depot:
        depot.piece, depot.holds = depot.file.stat().st_size // 2, True
        charger.boot_until_known()
        charger.ask(requestId=1, location=depot.url)
        wait_for(lambda: part_bytes(charger) == depot.piece, "half of the file")
        charger.ask(requestId=2, location=depot.url if same else depot.url + "?other",
                    retrieveDateTime=in_seconds(3600))
        charger.until_status("DownloadScheduled")
        assert part_bytes(charger) == (depot.piece if same else 0)


def test_what_is_left_over_in_the_spool_goes(keys):
    with Stage(keys) as charger:
        folder = charger.folder / "state/spool"
        folder.mkdir(parents=True)
        for name in ("bundle.part", "bundle.part.json", "bundle.raucb", "mine"):
            (folder / name).write_text("?")
        charger.boot_until_known()
        assert spool(charger) == ["mine"]
