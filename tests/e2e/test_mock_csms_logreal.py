"""The real agent sends its logs to mock-csms: asked of many, received by HTTP and by a real vsftpd, opened. And stations
that lie to the FTP server."""
import os

import pytest

import mockcsms
from mockcsms import wait_until
from servers import Vsftpd
from stage import Stage, wait_for
from test_mock_csms_loglist import ask, keeping, log, until_log  # noqa: F401
from wsclient import Station

# What the station speaks, and what it is asked for.
WAYS = {"1.6-core": ("ocpp1.6", {}), "1.6": ("ocpp1.6", {"logType": "DiagnosticsLog"}), "2.0.1": ("ocpp2.0.1", {}), "2.1": ("ocpp2.1", {})}


@pytest.fixture(scope="module")
def ftp():
    with Vsftpd() as server:
        yield server


def ftp_options(server):
    return "--ftp-url", f"{server.login}/upload", "--ftp-dir", server.upload


class LogStage(Stage):
    """A charger whose CSMS knows the FTP server."""

    def __init__(self, keys, protocol, ftp):
        super().__init__(keys, csms_options=lambda charger: ftp_options(ftp), csms={"protocols": protocol})

    def received(self, **body):
        asked = self.csms.rest("POST", "/api/logs", {"filter": {"online": True}, **body})
        number, = [row["id"] for row in asked["logs"]]
        wait_for(lambda: self.row(number)["state"] == "received" and self.row(number)["status"] == "Uploaded",
                 lambda: f"the log, it is {self.row(number)}", 60)
        return self.row(number)

    def row(self, number):
        return self.csms.rest("GET", f"/api/logs/{number}")


@pytest.mark.parametrize("via", ["http", "ftp"])
@pytest.mark.parametrize("way", WAYS)
def test_agent_is_asked_and_its_log_received_and_opened(keys, ftp, way, via):
    protocol, body = WAYS[way]
    with LogStage(keys, protocol, ftp) as charger:
        charger.boot_until_known()
        row = charger.received(via=via, **body)
        assert row["action"] == ("GetDiagnostics" if way == "1.6-core" else "GetLog") and row["answer"] == "Accepted"
        assert row["file"]["name"] == row["filename"] and row["file"]["method"] == ("ftp" if via == "ftp" else row["file"]["method"])
        told = charger.csms.rest("GET", f"/api/logs/{row['id']}/entries")
        names = [entry["name"] for entry in told["entries"]]
        agent, = [name for name in names if name.endswith("agent.txt")]
        assert "identity CS001" in charger.csms.rest("GET", f"/api/logs/{row['id']}/entries/content?name={agent}")
        assert list(ftp.upload.iterdir()) == []  # what was taken is not left behind


# By FTP, stations that do as they like ---------------------------------------------------------------------------------

@pytest.fixture
def csms(ftp, tmp_path):
    with mockcsms.MockCsms("--logs", tmp_path / "logs", "--log-max", 1, *ftp_options(ftp)) as running:
        running.folder = tmp_path / "logs"
        yield running


def by_ftp(csms, station, ftp, name):
    """Asks by FTP: (id, folder of the place, what tells a status)."""
    wait_until(lambda: csms.stations())
    number = ask(csms, stations=[station.identity], via="ftp")["logs"][0]["id"]
    frame = station.next_call()
    url = frame[3]["log"]["remoteLocation"]
    assert url.startswith(f"{ftp.login}/upload/") and url.endswith("/")
    station.answer(frame[1], {"status": "Accepted", **({"filename": name} if name is not None else {})})
    until_log(csms, number, state="accepted")
    folder = ftp.upload / url.rstrip("/").rpartition("/")[2]
    assert folder.is_dir() and folder.stat().st_uid == ftp.upload.stat().st_uid
    return number, folder, lambda: station.call("LogStatusNotification", {"status": "Uploaded", "requestId": frame[3]["requestId"]})


@pytest.mark.parametrize("told, there", [("x.tgz", "x.tgz"), ("y.tgz", "x.tgz"), (None, "x.tgz")])
def test_file_is_taken_from_the_ftp_folder(csms, ftp, told, there):
    with Station(csms.port, "CP1") as station:
        number, folder, uploaded = by_ftp(csms, station, ftp, told)
        (folder / there).write_bytes(b"content")
        uploaded()
        row = until_log(csms, number, state="received")
        assert row["file"]["name"] == there and row["file"]["method"] == "ftp" and csms.get(f"/api/logs/{number}/file").body == b"content"
        wait_until(lambda: not folder.exists())


@pytest.mark.parametrize("make, note", [
    (lambda folder: None, "not in the FTP"), (lambda folder: (folder / "x").symlink_to("/etc/passwd"), "not in the FTP"),
    (lambda folder: (folder / "x").mkdir(), "not in the FTP"), (lambda folder: os.mkfifo(folder / "x"), "not in the FTP"),
    (lambda folder: (folder / "x").write_bytes(bytes((1 << 20) + 1)), "too long"),
    (lambda folder: (folder.rmdir(), folder.symlink_to("/etc")), "not in the FTP"),
], ids=["nothing", "link", "folder", "pipe", "too long", "link in the place of the folder"])
@pytest.mark.parametrize("told", ["x", "../../secret", "/etc/passwd", ".."])
def test_nothing_else_is_taken(csms, ftp, told, make, note):
    (ftp.folder / "secret").write_bytes(b"secret")
    with Station(csms.port, "CP1") as station:
        number, folder, uploaded = by_ftp(csms, station, ftp, told)
        make(folder)
        uploaded()
        wait_until(lambda: log(csms, number)["note"])
        row = log(csms, number)
        assert note in row["note"] and row["state"] == "uploaded" and row["file"] is None
        assert list(csms.folder.iterdir()) == []
        if folder.is_symlink():
            folder.unlink()


def test_via_ftp_needs_the_options(keeping):  # noqa: F811
    assert "--ftp-url" in ask(keeping, 400, filter={}, via="ftp")["title"]


@pytest.mark.parametrize("options", [["--ftp-url", "ftp://x/"], ["--ftp-dir", "/tmp"], ["--ftp-url", "http://x/", "--ftp-dir", "/tmp"],
                                     ["--ftp-url", "ftp://x/", "--ftp-dir", "/nowhere"], ["--log-max", "0"], ["--logs-max", "x"]])
def test_bad_options(options):
    with pytest.raises(RuntimeError):
        mockcsms.MockCsms(*options)
