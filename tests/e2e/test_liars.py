"""Workers that lie, babble, hang or die while they should download: each is one failed attempt and nothing more, and
the agent answers its CSMS meanwhile. What the agent starts is a script; other jobs are done by the real one."""
import contextlib
import shutil

import pytest

from stage import BINARIES, Stage, wait_for

PROGRESS = """printf '{"progress":{"now":%s,"total":%s}}\\n'"""
DONE = """echo '{"done":{"size":3}}'"""
LIES = {
    "dies": "kill -9 $$",
    "exits without a word": "exit 0",
    "says what is no answer": "exec cat /dev/urandom",
    "writes one line without end": "exec cat /dev/zero",
    "babbles": f"while :; do {PROGRESS} 1 2; done",
    "has fetched more than there is": f"{PROGRESS} 9223372036854775808 1; exec sleep 1000",
    "has fetched more than it may": """echo '{"done":{"size":5000000000}}'""",
    "says that it is done twice": f"{DONE}; {DONE}",
    "says that it is done and fails": f"{DONE}; exit 1",
    "answers another question": """echo '{"done":{"addresses":["192.0.2.1"]}}'""",
}


@contextlib.contextmanager
def charger_with(keys, lie):
    """Two attempts, with a worker that does this when it should fetch."""
    with Stage(keys, firmware={"retries": "1", "retry_interval": "0"}) as charger:
        charger.build_bundle("update")
        charger.binaries = charger.folder / "bin"
        charger.binaries.mkdir()
        shutil.copy(BINARIES / "rauc-ocpp-agent", charger.binaries)
        charger.script("bin/rauc-ocpp-transfer", f'''read -r job
case $job in *'"fetch"'*)
    echo x >>{charger.folder}/fetches
    {lie}
    exit
esac
printf %s "$job" | {BINARIES}/rauc-ocpp-transfer
''')
        charger.boot_until_known()
        charger.beat()
        yield charger


def attempts(charger):
    fetches = charger.folder / "fetches"
    return len(fetches.read_text().splitlines()) if fetches.exists() else 0


def assert_same_agent_well(charger):
    charger.beat()
    assert charger.connections() == 1 and len(charger.boot_reports()) == 1


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_a_failed_attempt(keys, lie):
    with charger_with(keys, LIES[lie]) as charger:
        charger.ask()
        charger.until_status("DownloadFailed", seconds=60)
        assert charger.statuses() == ["Downloading", "DownloadFailed"]
        assert attempts(charger) == 2
        told = [line for line in charger.log().splitlines() if line.startswith("warning: download: ")]
        assert len(told) == 2 and all("(worker)" in line for line in told)
        assert_same_agent_well(charger)


def test_done_without_a_file(keys):
    with charger_with(keys, DONE) as charger:
        charger.ask()
        charger.until_status("DownloadFailed")
        assert attempts(charger) == 1
        assert_same_agent_well(charger)


def test_a_file_that_is_none(keys):
    """What is in it is found out by others."""
    lie = '''part=${job#*'"file":"'}; echo abc >"${part%%'"'*}"; ''' + DONE
    with charger_with(keys, lie) as charger:
        charger.ask()
        charger.until_status("InstallVerificationFailed")
        assert attempts(charger) == 1
        assert_same_agent_well(charger)


@pytest.mark.parametrize("lie", ["exec sleep 1000", "kill -STOP $$", f"{PROGRESS} 1 -1; exec sleep 1000"])
def test_the_csms_is_answered_while_a_worker_hangs(keys, lie):
    with charger_with(keys, lie) as charger:
        charger.ask()
        wait_for(lambda: attempts(charger) == 1, "the worker")
        charger.until_status("Downloading")
        for _ in range(3):
            charger.beat()
        before = len(charger.statuses())
        assert charger.trigger("FirmwareStatusNotification") == "Accepted"
        wait_for(lambda: charger.statuses()[before:] == ["Downloading"], "the status that was asked for")
        assert charger.ask(location=charger.csms.file_url("none"))["result"]["status"] == "AcceptedCanceled"
        wait_for(lambda: attempts(charger) == 2, "the next update")
        assert_same_agent_well(charger)
