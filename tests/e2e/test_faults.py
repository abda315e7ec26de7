"""What goes wrong around an update: power cuts, restarts at a bad moment, a CSMS, a RAUC, a boot loader or a
disk that does not do its part. The real programs; see stage.py."""
import json
import shutil
import signal
import sqlite3
import time

import pytest

from stage import BINARIES, Stage, ctl, in_seconds, wait_for
from parts import run


# ---- the trial ----

def test_confirmed_slot_outlives_many_boots_without_the_csms(keys):
    """The slot is confirmed, the CSMS says Pending for days: each boot costs an attempt, so each must mark it."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallRebooting")
        charger.csms.fault(charger.station, action="BootNotification", kind="pending", seconds=1, times=0)
        wait_for(charger.tick, "the reboot")
        charger.until_job("trial-accept")
        for _ in range(4):
            charger.power_off()
            charger.boot()
            assert charger.slot == "B"
            charger.until_job("trial-accept")
            wait_for(lambda: charger.boot_loader.attempts("B") == 3, "the mark")
        charger.csms.fault(charger.station, action="BootNotification", kind="none")
        charger.until_status("Installed")
        assert charger.finals() == ["Installed"]


def test_restart_before_the_reboot_after_a_power_cut_in_the_install(keys):
    """The boot in which the install was finished is another than the one in which it was begun."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.boot_loader.trap("hold", "set-primary")
        charger.ask()
        wait_for(lambda: charger.loader_calls("set-primary B"), "the end of the install")
        charger.power_off(signal.SIGKILL)
        charger.boot_loader.trap("hold", "set-primary", on=False)
        charger.boot()
        assert charger.slot == "A"
        wait_for(lambda: charger.reboot_asked, "the reboot")
        charger.stop_agent(signal.SIGKILL)
        (charger.folder / "reboot-asked").unlink()
        charger.start_agent()
        wait_for(lambda: charger.reboot_asked or charger.finals(), "the reboot")
        assert charger.finals() == []
        charger.until_status("Installed", ticking=True)
        assert charger.finals() == ["Installed"]
        assert charger.slot_holds("B", "update")


def test_power_cut_in_a_download(keys):
    """It is fetched again, and Installed is said once, after the install."""
    with Stage(keys, firmware={"download_rate": "2M"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        wait_for(lambda: (charger.agent_percent() or 0) > 20, "a part of the file")
        charger.until_outbox_empty()
        charger.power_off(signal.SIGKILL)
        charger.boot()
        charger.until_status("Downloaded")
        assert charger.statuses() == ["Downloading", "Downloaded"]
        charger.until_status("Installed", ticking=True)
        assert charger.finals() == ["Installed"] and charger.slot_holds("B", "update")


def test_rauc_missing_in_the_new_system(keys):
    """An empty answer is no success: nothing is said, and the way back is taken when RAUC is there."""
    with Stage(keys, firmware={"health_within": "2s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallRebooting")
        wait_for(lambda: charger.reboot_asked, "the reboot")
        start, charger.rauc.start = charger.rauc.start, lambda slot: None
        charger.power_off()
        charger.boot()
        charger.rauc.start = start
        assert charger.slot == "B"
        charger.until_job("rolling-back")
        assert charger.finals() == [] and len(charger.boot_reports()) == 1
        start("B")
        charger.until_status("InstallVerificationFailed", ticking=True)
        assert charger.slot == "A"


def test_interrupted_install_is_begun_anew(keys):
    """A slot that says ok may be one of several: only a whole install makes it the next boot's."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.boot_loader.trap("hold", "set-primary")
        charger.ask()
        wait_for(lambda: charger.loader_calls("set-primary B"), "the end of the install")
        charger.power_off(signal.SIGKILL)
        charger.boot_loader.trap("hold", "set-primary", on=False)
        before = charger.loader_calls("set-state B bad")
        charger.boot()
        wait_for(lambda: charger.reboot_asked, "the reboot")
        assert charger.loader_calls("set-state B bad") == before + 1  # RAUC's first deed
        charger.until_status("Installed", ticking=True)
        assert charger.finals() == ["Installed"]


def test_rauc_gone_for_good_after_a_restart_ends_the_update(keys):
    with Stage(keys, firmware={"install_timeout": "3s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        wait_for(lambda: charger.boot_loader.attempts("A") == 3, "the mark of this boot")
        charger.boot_loader.trap("hold", "set-state")
        charger.ask()
        wait_for(lambda: charger.loader_calls("set-state B bad"), "the begin of the install")
        charger.stop_agent(signal.SIGKILL)
        charger.rauc.stop(signal.SIGKILL)
        charger.boot_loader.trap("hold", "set-state", on=False)
        charger.start_agent()
        wait_for(charger.finals, "the end of the update")
        assert charger.finals() == ["InstallationFailed"]
        assert charger.job == "owing"
        charger.rauc.start("A")
        charger.until_job("idle")
        assert charger.boot_loader.primary == "A"
        assert charger.finals() == ["InstallationFailed"]


def test_undo_that_is_lost_is_tried_at_intervals(keys):
    with Stage(keys, firmware={"reboot_timeout": "1s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_job("rebooting")
        for command in "set-primary", "set-state":
            charger.boot_loader.trap("lose", command)
        charger.until_job("undoing")
        wait_for(lambda: charger.loader_calls("set-primary A"), "the undo")
        before = charger.loader_calls("set-primary A")
        time.sleep(3)
        assert charger.loader_calls("set-primary A") <= before + 1
        assert charger.finals() == []
        for command in "set-primary", "set-state":
            charger.boot_loader.trap("lose", command, on=False)
        charger.until_status("InstallationFailed")
        assert charger.boot_loader.primary == "A"


def test_install_waits_for_the_proof_of_the_first_slot(keys):
    """A new charger whose health check is not done yet: the request is no failure."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        good = charger.folder / "well"
        charger.settings["firmware"]["verify_update_script"] = charger.script("health", f"[ -e {good} ]\n")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("Downloaded")
        time.sleep(1)
        assert charger.finals() == []
        good.touch()
        charger.until_status("Installed", ticking=True, seconds=60)
        assert charger.finals() == ["Installed"]


def test_confirmed_slot_with_other_content_is_looked_at(keys):
    """A technician's install: the name alone proves nothing. The record is made that of another install."""
    with Stage(keys) as charger:
        asked = charger.folder / "asked"
        charger.settings["firmware"]["verify_update_script"] = charger.script("health", f": >{asked}\n")
        charger.boot_until_known()
        wait_for(lambda: "Slot rootfs.0 is confirmed" in charger.log(), "the proof of the first slot")
        asked.unlink()
        charger.restart_agent()
        wait_for(lambda: charger.loader_calls("set-state A good") == 2, "the second mark")
        assert not asked.exists()
        charger.stop_agent()
        charger.database("UPDATE value SET value = value || '7' WHERE name = 'confirmed-slot'")
        charger.start_agent()
        wait_for(asked.exists, "the health check")
        wait_for(charger.events, "the event")
        assert charger.events()[0] == "FirmwareUpdated"


def test_file_that_failed_three_trials_is_refused(keys):
    """… before a byte of it is written. Another file is taken."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        charger.build_bundle("other", version="3.0.0")
        bad = charger.folder / "bad"
        bad.touch()
        charger.settings["firmware"]["verify_update_script"] = charger.script("health", f"[ ! -e {bad} ] || exit 2\n")
        bad.unlink()
        charger.boot_until_known()
        wait_for(lambda: charger.boot_loader.attempts("A") == 3, "the proof of the first slot")
        bad.touch()

        def ended(count):
            charger.tick()
            return len(charger.finals()) == count and charger.job == "idle" and charger.csms.is_online(charger.station)

        for number in range(3):
            charger.ask(requestId=number)
            wait_for(lambda n=number: ended(n + 1), "the end of the update")
        assert charger.finals() == ["InstallVerificationFailed"] * 3
        boots = len(charger.boots)
        charger.ask(requestId=3)
        wait_for(lambda: len(charger.finals()) == 4, "the refusal")
        assert charger.finals()[3] == "InstallationFailed"
        assert len(charger.boots) == boots
        bad.unlink()
        charger.ask(requestId=4, location=charger.csms.file_url("other.raucb"))
        charger.until_status("Installed", ticking=True)


@pytest.mark.parametrize("starts,end", [(9, None), (10, "DownloadFailed")])
def test_download_that_never_gets_further_is_given_up(keys, starts, end):
    """A job that brings the agent down is not begun for ever; the row is as ten starts leave it, none of which
    got a byte further."""
    with Stage(keys, firmware={"download_rate": "512K", "retries": "3"}) as charger:
        bundle = charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("Downloading")
        charger.stop_agent(signal.SIGKILL)
        with sqlite3.connect(charger.folder / "state" / "agent.db") as db:
            db.execute("UPDATE job SET restores = ?, furthest_byte = ?", (starts, bundle.stat().st_size))
        db.close()
        charger.start_agent()
        if end:
            charger.until_status(end)
        else:
            charger.until_job("downloading")
            assert charger.finals() == []


def certificate_for_seconds(charger, seconds):
    """A signing certificate of the manufacturer's with the key rsa3072 and a short life."""
    folder, root = charger.folder, charger.pki / "manufacturer/root"
    (folder / "ca.index").touch()
    (folder / "ca.conf").write_text(f"[ca]\ndefault_ca = ca\n[ca]\ndatabase = {folder}/ca.index\nrand_serial = yes\n"
                                    f"new_certs_dir = {folder}\ndefault_md = sha256\npolicy = any\n"
                                    "[any]\ncommonName = supplied\n")
    end = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
    run("openssl", "req", "-new", "-key", charger.pki / "firmware/rsa3072.key", "-subj", "/CN=short",
        "-out", folder / "short.csr")
    run("openssl", "ca", "-batch", "-notext", "-config", folder / "ca.conf", "-cert", f"{root}.pem", "-keyfile",
        f"{root}.key", "-enddate", end, "-in", folder / "short.csr", "-out", folder / "short.pem")
    return (folder / "short.pem").read_text()


def test_certificate_that_runs_out_while_the_update_waits(keys):
    """It was good when the request came."""
    with Stage(keys, firmware={"manufacturer_roots": keys / "manufacturer/root.pem"}) as charger:
        bundle = charger.build_bundle("update")
        charger.boot_until_known()
        signature = charger.sign(bundle)
        answer = charger.ask(retrieveDateTime=in_seconds(6), signature=signature,
                             signingCertificate=certificate_for_seconds(charger, 4))
        assert answer["result"]["status"] == "Accepted"
        charger.until_status("SignatureVerified")


@pytest.mark.parametrize("kills,end", [(2, "Installed"), (3, "InstallationFailed")])
def test_worker_that_is_killed_while_it_hashes(keys, kills, end):
    """For want of memory, say: the file is still there, and is hashed again."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        left = charger.folder / "kills-left"
        left.write_text("x" * kills)
        real = charger.binaries / "rauc-ocpp-transfer"
        charger.binaries = charger.folder / "bin"
        charger.binaries.mkdir()
        shutil.copy(BINARIES / "rauc-ocpp-agent", charger.binaries)
        charger.script("bin/rauc-ocpp-transfer", f'''read -r job
case $job in *'"hash"'*)
    left=$(cat {left})
    if [ -n "$left" ]; then
        printf %s "${{left#x}}" >{left}
        kill -9 $$
    fi
esac
printf %s "$job" | {real}
''')
        charger.boot_until_known()
        charger.ask()
        charger.until_status(end, ticking=True, seconds=60)
        assert charger.finals() == [end]
        assert charger.log().count("Can't hash") == kills


def test_health_has_its_time_once_a_boot(keys):
    """However often the agent is started again in it."""
    with Stage(keys, firmware={"health_within": "8s"}) as charger:
        charger.build_bundle("update")
        mood = charger.folder / "mood"
        mood.write_text("0")
        charger.settings["firmware"]["verify_update_script"] = charger.script("health", f"exit $(cat {mood})\n")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallRebooting")
        mood.write_text("1")
        wait_for(charger.tick, "the reboot")
        begun = time.monotonic()
        for _ in range(2):
            charger.until_job("trial-health")
            time.sleep(3)
            charger.stop_agent(signal.SIGKILL)
            charger.start_agent()
        charger.until_job("rolling-back", "rollback-held", "rollback-rebooting")
        assert 7 < time.monotonic() - begun < 16
        charger.until_status("InstallVerificationFailed", ticking=True)


def test_where_others_mark_the_agent_marks_nothing(keys):
    """A bad system stays until they go back."""
    with Stage(keys, firmware={"mark_good": "integrator"}) as charger:
        charger.build_bundle("update")
        bad = charger.folder / "bad"
        charger.settings["firmware"]["verify_update_script"] = charger.script("health", f"[ ! -e {bad} ] || exit 2\n")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallRebooting")
        bad.touch()
        before = charger.loader_calls("set-primary A"), charger.loader_calls("set-state B bad")
        wait_for(charger.tick, "the reboot")
        charger.until_status("InstallVerificationFailed")
        assert charger.slot == "B" and not charger.reboot_asked
        assert (charger.loader_calls("set-primary A"), charger.loader_calls("set-state B bad")) == before
        assert charger.loader_calls("set-state B good") == 0


def test_csms_that_never_answers_the_new_system(keys):
    """Back to the one that it answered, told from there, and not counted as the file's failure."""
    with Stage(keys, firmware={"rollback_offline": "3s"}, csms={"message_timeout": "1s"}) as charger:
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallRebooting")
        charger.csms.fault(charger.station, action="BootNotification", kind="never", times=0)
        wait_for(charger.tick, "the reboot")
        assert charger.slot == "B"
        wait_for(charger.tick, "the way back", 30)
        assert charger.slot == "A"
        charger.csms.fault(charger.station, action="BootNotification", kind="none")
        charger.until_status("InstallVerificationFailed", seconds=60)
        assert charger.finals() == ["InstallVerificationFailed"]
        assert charger.boot_loader.primary == "A"
        assert charger.database("SELECT count(*) FROM value WHERE name = 'failed-trials'") == [(0,)]


def shown(charger):
    return json.loads(ctl(charger, "status", "--json")[1])


@pytest.mark.parametrize("key,version,words", [("allow_downgrade", "0.9.0", "older than"),
                                               ("allow_same_version", "1.0.0", "runs already")])
def test_version_that_is_not_wanted_is_not_installed(keys, key, version, words):
    with Stage(keys, firmware={key: "no"}) as charger:
        charger.build_bundle("unwanted", version=version)
        charger.build_bundle("update")
        charger.boot_until_known()
        charger.ask(requestId=1, location=charger.csms.file_url("unwanted.raucb"))
        charger.until_status("InstallationFailed")
        assert words in charger.log() and key in charger.log()
        assert charger.version_of("B") is None
        status = shown(charger)
        assert words in status["reason"] and status["bundleVersion"] == version
        charger.ask(requestId=2)
        charger.until_status("Installed", ticking=True)
        status = shown(charger)  # after the restart too
        assert (status["bundleCompatible"], status["bundleVersion"]) == ("demo-charger", "2.0.0")


def test_bundle_that_rauc_does_not_believe(keys):
    """Field note 1: the signature of the request was right, RAUC's own is not."""
    with Stage(keys) as charger:
        charger.build_bundle("update", signer="foreign")
        charger.boot_until_known()
        charger.ask()
        charger.until_status("InstallVerificationFailed")
        assert charger.statuses() == ["Downloading", "Downloaded", "Installing", "InstallVerificationFailed"]
        assert charger.version_of("B") is None
        assert charger.boot_loader.primary == "A"


def test_other_slot_is_booted_before_anything_was_written(keys):
    """It becomes the one that the update comes from, and the update goes on."""
    with Stage(keys) as charger:
        charger.build_bundle("update")
        with open(charger.slot_image("B"), "r+b") as image:
            image.write(charger.slot_image("A").read_bytes()[:1 << 20])
        charger.boot_until_known()
        wait_for(lambda: charger.boot_loader.attempts("A") == 3, "the mark of this boot")
        charger.boot_loader.trap("hold", "set-state")  # or RAUC has written all before the power is cut
        charger.ask()
        wait_for(lambda: charger.loader_calls("set-state B bad"), "the begin of the install")
        charger.power_off(signal.SIGKILL)
        charger.boot_loader.trap("hold", "set-state", on=False)
        charger.database("UPDATE job SET install_accepted = 0")
        charger.boot_loader.run("set-primary", "B")
        charger.boot()
        assert charger.slot == "B"
        charger.until_status("InstallRebooting")
        wait_for(charger.tick, "the reboot")
        assert charger.slot == "A"
        charger.until_status("Installed")
        assert charger.finals() == ["Installed"]
        assert charger.slot_holds("A", "update")
