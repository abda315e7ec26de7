"""The soak of tests/soak in short, on the build that is tested: nothing but the agent's memory must stay as it was."""
import os
import subprocess
import sys

import pytest

from stage import BINARIES, TOP

sys.path.append(str(TOP / "tests/soak"))
from verdicts import Trace  # noqa: E402

SECONDS = 12


@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp1.6"])
def test_nothing_grows_with_a_csms_that_misbehaves(protocol):
    seed = os.environ.get("SOAK_SEED")
    done = subprocess.run([TOP / "tests/soak/soak", str(SECONDS), "--protocol", protocol, "--binaries", BINARIES.parent,
                           *(["--seed", seed] if seed else [])], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("soak: fine\n")


# ---- does it see what it looks for? ----

def said(who, frame, second):
    return {"time": f"2026-11-24T04:10:{second:02}.000Z", "station": "CS001", "from": who, "frame": frame}


def order(number, answer, second):
    """An update and what it is answered."""
    return [said("csms", [2, f"c{number}", "UpdateFirmware", {"requestId": number}], second),
            said("station", [3, f"c{number}", {"status": answer}], second)]


def end(number, word, second, answered=True, late=0):
    call = [2, f"s{number}-{second}", "FirmwareStatusNotification", {"status": word, "requestId": number}]
    return [said("station", call, second)] + ([said("csms", [3, call[1], {}], second + late)] if answered else [])


TRIGGER = said("csms", [2, "t", "TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"}], 20)


@pytest.mark.parametrize("entries, disturbed, wrong", [
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10), [], 0),
    (order(1, "Accepted", 1), [], 1),
    (order(1, "Rejected", 1), [], 0),
    (order(1, "Rejected", 1) + end(1, "DownloadFailed", 10), [], 1),
    (order(1, "Accepted", 1) + order(2, "AcceptedCanceled", 2) + end(2, "InvalidSignature", 10), [], 0),
    (order(1, "Accepted", 1) + order(2, "AcceptedCanceled", 2) + end(1, "DownloadFailed", 9) +
     end(2, "InvalidSignature", 10), [], 1),
    (order(1, "Accepted", 1) + order(2, "Accepted", 2) + end(2, "InvalidSignature", 10), [], 1),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10) + end(1, "InstallationFailed", 30), [], 1),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10) + end(1, "DownloadFailed", 30), [], 1),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10, False) + end(1, "DownloadFailed", 30), [], 0),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10, late=2) + end(1, "DownloadFailed", 30), [], 0),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10) + [TRIGGER] + end(1, "DownloadFailed", 30), [], 0),
    (order(1, "Accepted", 1) + end(1, "DownloadFailed", 10) + end(1, "DownloadFailed", 30), [1795493411.0], 0),
])
def test_soak_sees_ends_that_are_missing_or_too_many(entries, disturbed, wrong):
    assert len(Trace(entries).complaints(disturbed, {"update"})) == wrong
