"""The scenario runner of mock-csms as a whole: several scenarios, its exit code, its report, strict mode."""
import json
import socket
import time
import xml.etree.ElementTree

import pytest

from mockcsms import BOOT
from scenarios import STATUS, TRIGGER, Runner, answer, play, say, send, status
from wsclient import Station


def test_several_scenarios(tmp_path):
    """One after the other, whatever becomes of one; a version that it is not for is skipped."""
    good, bad = {"steps": [status("A")]}, {"steps": [status("B")], "name": 'a "<&>" \x01 name'}
    other = {"steps": [status("A")], "protocols": ["ocpp1.6"]}
    with Runner(tmp_path, bad, good, other) as csms, csms.station() as station:
        station.call(STATUS, {"status": "A"})
        time.sleep(0.3)
        station.call(STATUS, {"status": "A"})
        code, out = csms.end()
        assert code == 1 and out.endswith("1 passed, 1 failed, 1 skipped\n")
        cases = csms.cases()
        assert [(c.get("name"), c.get("classname"), [e.tag for e in c]) for c in cases] == [
            ("S0", "CP1", ["failure", "system-out"]), ("S1", "CP1", ["system-out"]), ("S2", "CP1", ["skipped", "system-out"])]
        suite = xml.etree.ElementTree.parse(csms.junit).find("testsuite")
        assert [suite.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["3", "1", "1", "0"]
        assert cases[0].findtext("system-out").startswith('a "<&>" ? name\nFAILED')
        assert cases[2].find("skipped").get("message") == "it is not for ocpp2.0.1"
        assert all(float(case.get("time")) >= 0 for case in cases)


def test_nothing_but_skipped_is_no_success(tmp_path):
    assert play(tmp_path, [status("A")], protocols=["ocpp1.6"])[0] == 1


def test_only_what_is_awaited(tmp_path):
    steps = [status("A")]
    code, out = play(tmp_path, steps, send("Heartbeat"), only=True)
    assert code == 1 and "came instead: Heartbeat {}" in out
    assert play(tmp_path, steps, send("Heartbeat"), say("A"), only=True, allow=["Heartbeat"])[0] == 0
    assert play(tmp_path, steps, send("DataTransfer"), say("A"), allow=["DataTransfer"])[0] == 0


def test_station_that_does_not_come(tmp_path):
    with Runner(tmp_path, {"steps": [status("A")], "station_within": "300ms"}) as csms, Station(csms.port, "CP2"):
        code, out = csms.end()
        assert code == 1 and "the station did not come within 0.3 s" in out


def test_station_that_comes_back_without_boot(tmp_path):
    """After 3 s it is taken for one that has booted before."""
    with Runner(tmp_path, {"steps": [status("A")]}, boots=False) as csms, csms.station() as station:
        time.sleep(3.5)
        station.call(STATUS, {"status": "A"})
        assert csms.end()[0] == 0


def test_what_comes_right_behind_the_boot_is_seen(tmp_path):
    """Also where both come at once."""
    with Runner(tmp_path, {"steps": [status("A", within="5s")]}, boots=False) as csms, csms.station() as station:
        station.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        for number, (action, payload) in enumerate([("BootNotification", BOOT["ocpp2.0.1"]), (STATUS, {"status": "A", "requestId": 1})]):
            station.send_frame(json.dumps([2, str(number), action, payload]))
        station.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        assert csms.end()[0] == 0


def test_signal_ends_it(tmp_path):
    """With code 1, and what was not run counts as failed."""
    with Runner(tmp_path, {"steps": [status("A"), status("B")]}, {"steps": [status("A")]}) as csms, csms.station() as station:
        station.call(STATUS, {"status": "A"})
        time.sleep(0.2)
        assert csms.stop() == 1
        assert [c.find("failure").get("message") for c in csms.cases()] == ["the run was ended before it"] * 2


def test_the_last_message_is_answered(tmp_path):
    with Runner(tmp_path, {"steps": [status("A")]}) as csms, csms.station() as station:
        assert station.call(STATUS, {"status": "A"})[0] == 3
        assert csms.end()[0] == 0


def test_more_messages_than_are_kept(tmp_path):
    code, out = play(tmp_path, [{"wait": "20s"}], lambda s: [s.send_frame('[2,"%d","Heartbeat",{}]' % n) for n in range(1100)])
    assert code == 1 and "more messages came than are kept" in out


def test_bytes_of_a_peer_in_the_report(tmp_path):
    """No terminal obeys them, and the XML stays well formed (test_step() parses it)."""
    with Runner(tmp_path, {"steps": [status("A")]}) as csms, csms.station() as station:
        station.send_frame(json.dumps([2, "1", "\x1b[31m<&\ufffe", {"x": "\x1b\u2028"}]))
        code, out = csms.end()
        assert code == 1 and "\x1b" not in out
        assert "came instead: ?[31m<&" in csms.cases()[0].find("failure").get("message").replace("\x1b", "!")


def test_unwritable_junit_file(tmp_path):
    with Runner(tmp_path, {"steps": [status("A")]}, options=["--junit", "/nowhere/x"]) as csms, csms.station() as station:
        station.call(STATUS, {"status": "A"})
        code, _ = csms.end()
        assert code == 1 and "/nowhere/x" in csms.errors


# ---- strict mode ----

@pytest.mark.parametrize("act,reason", [
    (send("Heartbeat", {"x": 1}), "strict: CALL Heartbeat: x is not known"),
    (send(STATUS, {}), "strict: CALL FirmwareStatusNotification: status is missing"),
    (say("Whatever"), "strict: CALL FirmwareStatusNotification: status is not a known word"),
    (lambda s: s.send_frame("no JSON"), "strict: a frame is no message of OCPP-J"),
    (lambda s: s.send_frame(b"\0", 2), "strict: a frame is no message of OCPP-J"),
    (lambda s: s.send_frame('[9,"x",{}]'), "strict: a frame has an unknown message type"),
    (lambda s: s.answer("nobody"), "strict: a frame answers what nobody asked"),
])
def test_strict(tmp_path, act, reason):
    code, out = play(tmp_path, [status("Installed", within="2s")], act, options=["--strict"])
    assert code == 1 and reason in out
    assert reason not in play(tmp_path, [status("Installed", within="300ms")], act)[1]


def test_strict_answer(tmp_path):
    code, out = play(tmp_path, [TRIGGER, {"wait": "300ms"}], answer({"status": 1}), options=["--strict"])
    assert code == 1 and "strict: CALLRESULT of TriggerMessage: status is not a string" in out


@pytest.mark.parametrize("version,good", [
    ("ocpp2.0.1", [("StatusNotification", {"timestamp": "2026-11-24T04:10:00Z", "connectorStatus": "Occupied", "evseId": 1,
                                           "connectorId": 1}),
                   ("SecurityEventNotification", {"type": "StartupOfTheDevice", "timestamp": "2026-11-24T04:10:00Z"})]),
    ("ocpp1.6", [("StatusNotification", {"connectorId": 1, "errorCode": "GroundFailure", "status": "Charging"})]),
])
def test_strict_knows_what_our_agent_never_says(tmp_path, version, good):
    """And names what it can't check."""
    with Runner(tmp_path, {"steps": [status("Installed")], "allow": ["MeterValues"]}, options=["--strict"],
                version=version) as csms, csms.station() as station:
        for action, payload in good:
            station.call(action, payload)
        station.call("MeterValues", {"x": 1})
        station.call(STATUS, {"status": "Installed", **({"requestId": 1} if version == "ocpp2.0.1" else {})})
        code, out = csms.end()
        assert code == 0, out
        assert "MeterValues is in no table, and was not checked" in csms.cases()[0].findtext("system-out")
