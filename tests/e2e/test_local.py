"""Updates and orders that come from the charger itself: rauc-ocpp-ctl install and check. The real programs; see
stage.py."""
import json
import signal
import tarfile

import pytest

from stage import Stage, ctl, wait_for


def said_to_people(charger):
    return [s["status"] for s in json.loads(ctl(charger, "status", "--json")[1])["lastStatuses"]]


@pytest.mark.parametrize("by", ["file", "url"])
def test_local_update_is_told_to_people_alone(keys, by):
    """The same job, also where the CSMS must sign; BootNotification tells the CSMS the version."""
    with Stage(keys, firmware={"require_signed": "yes"}) as charger:
        bundle = charger.build_bundle("update")
        charger.boot_until_known()
        assert ctl(charger, "install", str(bundle) if by == "file" else charger.csms.file_url("update.raucb")) == (
            0, "ordered; rauc-ocpp-ctl monitor follows it\n")
        wait_for(charger.tick, "the reboot", 60)
        charger.until_job("idle")
        assert charger.slot == "B" and charger.slot_holds("B", "update")
        assert said_to_people(charger) == ["Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed"]
        charger.beat()
        assert charger.statuses() == []
        assert charger.boot_reports()[-1]["chargingStation"]["firmwareVersion"] == "2.0.0"
        assert charger.events() == ["FirmwareUpdated"]


def test_local_update_gives_way_to_the_csms(keys):
    with Stage(keys, firmware={"download_rate": "256K"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        assert ctl(charger, "install", charger.csms.file_url("update.raucb"))[0] == 0
        charger.until_job("downloading")
        code, text = ctl(charger, "install", charger.csms.file_url("update.raucb"))
        assert code == 1 and "there is an update already" in text
        assert charger.ask(requestId=5, location=charger.csms.file_url("none"))["result"]["status"] == "Accepted"
        charger.until_status("DownloadFailed")
        assert [(r["status"], r["requestId"]) for r in charger.reports()] == [("Downloading", 5), ("DownloadFailed", 5)]


@pytest.mark.parametrize("begun", [True, False])
def test_copy_that_was_interrupted_is_not_begun_anew(keys, begun):
    """The file was the caller's; the agent can't open it again. begun: had the worker written anything?"""
    with Stage(keys) as charger:
        with open(charger.folder / "large", "wb") as file:
            file.truncate(2 << 30)
        charger.boot_until_known()
        assert ctl(charger, "install", file.name)[0] == 0
        charger.stop_agent(signal.SIGKILL)
        assert charger.database("SELECT state FROM job") == [("downloading",)]
        part = charger.folder / "state" / "spool" / "bundle.part"
        part.parent.mkdir(exist_ok=True)
        part.write_bytes(b"begun") if begun else part.unlink(missing_ok=True)
        charger.start_agent()
        wait_for(lambda: "order the update again" in charger.log(), "the end")
        charger.until_job("idle")
        wait_for(lambda: charger.csms.is_online(charger.station), "the connection")
        charger.beat()
        assert charger.finals() == []


@pytest.mark.parametrize("what,words", [("no-such-file", "No such file"), ("/", "regular file"),
                                        ("gopher://127.0.0.1/f", "transfer_protocols")])
def test_what_can_not_be_installed_is_refused(keys, what, words):
    with Stage(keys) as charger:
        charger.boot_until_known()
        code, text = ctl(charger, "install", what)
        assert code == 1 and words in text
        assert charger.job == "idle"


def test_check_asks_rauc(keys):
    with Stage(keys) as charger:
        bundle = charger.build_bundle("update")
        other = charger.build_bundle("other", compatible="toaster")
        foreign = charger.build_bundle("foreign", signer="foreign")
        charger.boot_until_known()
        code, text = ctl(charger, "check", str(bundle))
        assert code == 0 and "Version      2.0.0" in text
        code, text = ctl(charger, "check", str(other))
        assert code == 1 and "toaster, but this charger is another one" in text
        code, text = ctl(charger, "check", str(foreign))
        assert code == 1 and "journalctl -u rauc" in text
        assert ctl(charger, "check", str(charger.folder / "none"))[0] == 1
        assert charger.job == "idle" and charger.version_of("B") is None


def test_logs_for_who_stands_at_the_charger(keys, tmp_path):
    """The archive that the CSMS would get, written by the caller and not by the agent."""
    with Stage(keys) as charger:
        charger.boot_until_known()
        file = tmp_path / "logs.tar.gz"
        for _ in range(2):  # the second replaces the first
            code, text = ctl(charger, "logs", str(file))
            assert (code, text) == (0, f"{file}: {file.stat().st_size} bytes\n")
        with tarfile.open(file) as tar:
            content = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}
        manifest = json.loads(content["manifest.json"])
        assert (manifest["identity"], manifest["kind"]) == (charger.station, "diagnostics")
        assert "registration accepted" in content["agent.txt"] and "slot " in content["rauc.txt"]
        code, text = ctl(charger, "logs", str(tmp_path / "none" / "logs.tar.gz"))
        assert code == 1 and "No such file or directory" in text
        charger.stop_agent()
        assert ctl(charger, "logs", str(file))[0] == 3
