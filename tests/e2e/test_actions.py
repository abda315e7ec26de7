"""Every action of every version, once: what is served gets an answer of its own, what is not is refused by name, and
nothing is met by silence. That the answers are valid is judged over all tests together (see record.py)."""
import json
import subprocess

import pytest

from stage import BINARIES, Stage, wait_for

# What would end the session, or has tests of its own that wait for its end.
ELSEWHERE = {"Reset", "UpdateFirmware", "SignedUpdateFirmware"}


def tables(what):
    done = subprocess.run([BINARIES / "ocpp-tables", what], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.splitlines()


def actions(protocol):
    """{action of the CSMS: served or refused}"""
    rows = (line.split() for line in tables("actions"))
    return {action: kind for p, side, action, kind in rows if p == protocol and side == "csms"}


def least_requests(protocol):
    """{action: the barest request that is valid}"""
    messages = (json.loads(line) for line in tables("messages"))
    return {m["message"].removesuffix(".req"): m["payload"] for m in messages
            if m["protocol"] == protocol and m["message"].endswith(".req")}


PROTOCOLS = sorted({line.split()[0] for line in tables("actions")}) if (BINARIES / "ocpp-tables").exists() else []


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_action_is_answered(keys, protocol):
    with Stage(keys, csms={"protocols": protocol}) as charger:
        charger.boot_until_known()
        wait_for(charger.boot_reports, "BootNotification")
        requests = least_requests(protocol)
        for action, kind in actions(protocol).items():
            if action in ELSEWHERE:
                continue
            answer = charger.csms.call(charger.station, action, requests.get(action, {}))
            if kind == "refused":
                assert answer["error"]["code"] == "NotSupported", (action, answer)
            else:
                assert "result" in answer, (action, answer)
        answer = charger.csms.call(charger.station, "MakeCoffee", {})
        assert answer["error"]["code"] == "NotImplemented"
        charger.beat()
