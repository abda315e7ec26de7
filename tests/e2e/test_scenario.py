"""The scenario runner of mock-csms: every kind of step when it is fulfilled and when it is not, what it says of it, its exit
code, bad files, strict mode. A WebSocket client plays the station."""
import json
import os
import signal
import subprocess
import time
import xml.etree.ElementTree

import pytest

from stage import TOP
from mockcsms import BOOT, MOCK_CSMS, MockCsms, wait_until
from wsclient import Closed, Refused, Station

TRIGGER = {"call": {"action": "TriggerMessage", "payload": {"requestedMessage": "Heartbeat"}}}
STATUS = "FirmwareStatusNotification"


def expect(payload=None, action=STATUS, **more):
    return {"expect": {"action": action, **({} if payload is None else {"payload": payload})}, **more}


def status(word, **more):
    return expect({"status": word}, **more)


class Runner(MockCsms):
    """mock-csms with one scenario or several."""

    def __init__(self, folder, *scenarios, options=(), boots=True, version="ocpp2.0.1"):
        self.junit, self.boots, self.version = folder / "junit.xml", boots, version
        files = []
        for number, scenario in enumerate(scenarios):
            files.append(folder / f"{number}.json")
            files[-1].write_text(json.dumps({"id": f"S{number}", "name": "a scenario", **scenario}))
        words = [word for file in files for word in ("--scenario", file)]
        super().__init__("--message-timeout", 2, *words, "--station", "CP1", "--junit", self.junit, *options)

    def station(self):
        station = Station(self.port, "CP1", [self.version])
        if self.boots:
            station.call("BootNotification", BOOT[self.version])
        return station

    def end(self, timeout=20):
        """Waits for it: (exit code, all that it printed)."""
        code = self.process.wait(timeout)
        out = self.process.stdout.read()
        self.stop()
        assert "Sanitizer" not in self.errors and "runtime error" not in self.errors, self.errors
        return code, out

    def cases(self):
        return xml.etree.ElementTree.parse(self.junit).findall("./testsuite/testcase")

    def __exit__(self, *_):
        self.stop(signal.SIGKILL)


def play(folder, steps, *acts, options=(), **scenario):
    """Runs these steps on a station that does these acts, functions of it: (exit code, output)."""
    with Runner(folder, {"steps": steps, **scenario}, options=options) as csms, csms.station() as station:
        try:
            for act in acts:
                act(station)
        except Closed:  # a scenario that failed early
            pass
        return csms.end()


def say(word, **more):
    return lambda station: station.call(STATUS, {"status": word, "requestId": 1, **more})


def send(action, payload=None):
    return lambda station: station.call(action, payload)


def answer(result):
    def act(station):
        call = station.next_call()
        station.answer(call[1], result)
    return act


# ---- every kind of step: (steps, what the station does, the end of the reason or None if it passes) ----

ANY = {"any_order": [status("A"), status("B"), {"optional": {"action": "LogStatusNotification"}}], "within": "1s"}
ONE = {"one_of": [[status("A"), status("B")], [status("C")]], "within": "1s"}
MAYBE = {"optional": {"action": STATUS, "payload": {"status": "A"}}, "within": "300ms"}
NO = {"no": {"action": STATUS, "payload": {"status": "B"}, "for": "300ms"}}
CASES = {
    "expect": ([status("A")], [say("A")], None),
    "expect, another value": ([status("A")], [say("B")], 'came instead: FirmwareStatusNotification {"status":"B","requestId":1}; '
                              'status: expected "A", got "B"'),
    "expect, another action": ([status("A")], [send("LogStatusNotification", {"status": "Idle"})],
                               'awaited FirmwareStatusNotification {"status":"A"}; came instead: '
                               'LogStatusNotification {"status":"Idle"}'),
    "expect, nothing": ([status("A", within="300ms")], [], "within 0.3 s there did not come: "
                        'FirmwareStatusNotification {"status":"A"}'),
    "expect, the usual is passed over": ([status("A")], [send("Heartbeat"), say("A")], None),
    "expect in order": ([status("A"), status("B")], [say("A"), say("B")], None),
    "expect in another order": ([status("A"), status("B")], [say("B")], 'expected "A", got "B"'),
    "once too often": ([status("A"), {"wait": "300ms"}], [say("A"), say("A")], 'and no step awaits it: '
                       'FirmwareStatusNotification {"status":"A","requestId":1}'),
    "any order": ([ANY], [say("B"), send("LogStatusNotification"), say("A")], None),
    "any order, without the optional one": ([ANY, status("C")], [say("B"), say("A"), say("C")], None),
    "any order, one twice": ([ANY], [say("B"), say("B")], 'awaited FirmwareStatusNotification {"status":"A"} and '
                             '[LogStatusNotification]; came instead: FirmwareStatusNotification {"status":"B","requestId":1}; '
                             'status: expected "A", got "B"'),
    "any order, one missing": ([ANY], [say("B")], 'there did not come: FirmwareStatusNotification {"status":"A"} and '
                               '[LogStatusNotification]'),
    "one of, the first": ([ONE], [say("A"), say("B")], None),
    "one of, the second": ([ONE], [say("C")], None),
    "one of, neither": ([ONE], [say("B")], 'awaited FirmwareStatusNotification {"status":"A"}, then '
                        'FirmwareStatusNotification {"status":"B"} or FirmwareStatusNotification {"status":"C"}; came instead: '
                        'FirmwareStatusNotification {"status":"B","requestId":1}; status: expected "A", got "B"'),
    "one of, mixed": ([ONE], [say("A"), say("C")], 'expected "B", got "C"'),
    "optional came": ([MAYBE, status("B")], [say("A"), say("B")], None),
    "optional did not come": ([MAYBE, status("B")], [say("B")], None),
    "optional did not come in time": ([MAYBE, {"wait": "1ms"}], [], None),
    "optional, another came": ([MAYBE, status("B")], [say("C")], 'expected "A", got "C"'),
    "no": ([NO, status("A")], [say("A")], None),
    "no, and it came": ([NO], [say("A"), say("B")], "came, and must not: "
                        'FirmwareStatusNotification {"status":"B","requestId":1}'),
    "call": ([{"call": {**TRIGGER["call"], "result": {"status": "Accepted"}}}], [answer({"status": "Accepted"})], None),
    "call, another answer": ([{"call": {**TRIGGER["call"], "result": {"status": "Accepted"}}}],
                             [answer({"status": "Rejected"})], 'the answer\'s status: expected "Accepted", got "Rejected"'),
    "call, an error": ([TRIGGER], [lambda s: s.refuse(s.next_call()[1], "NotSupported", "no")],
                       'awaited an answer; came instead: CALLERROR NotSupported "no"'),
    "call, the error that it wants": ([{"call": {**TRIGGER["call"], "error": {"$one_of": ["NotSupported", "X"]}}}],
                                      [lambda s: s.refuse(s.next_call()[1], "NotSupported")], None),
    "call, another error": ([{"call": {**TRIGGER["call"], "error": "X"}}],
                            [lambda s: s.refuse(s.next_call()[1], "NotSupported")], 'expected "X", got "NotSupported"'),
    "call, no error": ([{"call": {**TRIGGER["call"], "error": "X"}}], [answer({})],
                       "awaited a CALLERROR; came instead: {}"),
    "call, no answer": ([TRIGGER], [lambda s: s.next_call()], "no answer within the message timeout"),
    "call, no answer in time": ([{**TRIGGER, "within": "200ms"}], [lambda s: s.next_call()], "no answer within 0.2"),
    "call, gone": ([TRIGGER], [lambda s: (s.next_call(), s.close())], "the station went away before it answered"),
    "forget": ([{"wait": "300ms"}, {"forget": True}, status("B")],
               [say("A"), lambda s: time.sleep(0.5), say("B")], None),
    "hook without a program": ([{"hook": ["x"]}], [], "there is no program to run: --hook PROGRAM"),
}


@pytest.mark.parametrize("name", CASES)
def test_step(tmp_path, name):
    steps, acts, reason = CASES[name]
    with Runner(tmp_path, {"steps": steps}) as csms, csms.station() as station:
        try:
            for act in acts:
                act(station)
        except Closed:
            pass
        code, out = csms.end()
        case, = csms.cases()
        failure = case.find("failure")
        assert code == (0 if reason is None else 1), out
        assert (failure is None) == (reason is None)
        assert reason is None or reason in failure.get("message"), failure.get("message")
        assert reason is None or f"           {failure.get('message')}\n" in out  # people read the same
        assert out.endswith("1 passed, 0 failed, 0 skipped\n" if reason is None else "0 passed, 1 failed, 0 skipped\n")


PATTERNS = [
    ({"a": 1}, {"a": 1, "b": 2}, {"a": 2}, 'a: expected 1, got 2'),
    ({"a": {"$any": True}}, {"a": None}, {}, 'a: expected {"$any":true}, got nothing'),
    ({"a": {"$absent": True}}, {}, {"a": 0}, 'a: expected {"$absent":true}, got 0'),
    ({"a": {"$one_of": [1, "x"]}}, {"a": "x"}, {"a": 2}, "a: expected"),
    ({"a": {"$not": {"b": 1}}}, {"a": {"b": 2}}, {"a": {"b": 1}}, "a: expected"),
    ({"a": {"$range": [1, None]}}, {"a": 7}, {"a": 0.5}, "a: expected"),
    ({"a": {"$length": [1, 3]}}, {"a": "äöü"}, {"a": "abcd"}, "a: expected"),
    ({"a": {"$length": [0, 1]}}, {"a": [1]}, {"a": [1, 2]}, "a: expected"),
    ({"a": {"$prefix": "CP1-", "$length": [5, None]}}, {"a": "CP1-x"}, {"a": "CP1-"}, "a: expected"),
    ({"a": {"$prefix": "${station}"}}, {"a": "CP1"}, {"a": "CP2"}, "a: expected"),
    ({"a": {"$contains": {"b": 1}}}, {"a": [{"b": 0}, {"b": 1}]}, {"a": [{"b": 0}]}, "a: expected"),
    ({"a": {"$time": ["${now-1m}", "${now+1m}"]}}, "now", {"a": "2001-01-01T00:00:00Z"}, "a: expected"),
    ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}]}, {"a": [1, {"b": 3}]}, "a[1].b: expected 2, got 3"),
    ({"a": [1]}, {"a": [1]}, {"a": [1, 2]}, "a: expected an array of 1, got [1,2]"),
    ({"a": {"b": {}}}, {"a": {"b": {}}}, {"a": {"b": 1}}, "a.b: expected an object, got 1"),
]


@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_pattern(tmp_path, number):
    pattern, good, bad, reason = PATTERNS[number]
    if good == "now":
        good = {"a": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    steps = [expect(pattern, "DataTransfer")]
    assert play(tmp_path, steps, send("DataTransfer", good))[0] == 0
    code, out = play(tmp_path, steps, send("DataTransfer", bad))
    assert code == 1 and reason in out


def test_example_of_the_manual(tmp_path):
    """Is run as it stands in docs/mock-csms.md."""
    text = (TOP / "docs" / "mock-csms.md").read_text()
    example = json.loads(text[text.index('{\n  "id": "LOGS"'):].split("\n```", 1)[0])
    (tmp_path / "files").mkdir()
    with Runner(tmp_path, example, options=["--files", tmp_path / "files", "--strict"]) as csms, csms.station() as station:
        _, identifier, _, payload = station.next_call()
        station.answer(identifier, {"status": "Accepted", "filename": "log"})
        assert payload["log"]["remoteLocation"] == f"http://127.0.0.1:{csms.port}/files/uploads/"
        for word in "Uploading", "Uploading", "Uploaded":
            station.call("LogStatusNotification", {"status": word, "requestId": payload["requestId"]})
        assert csms.end()[0] == 0


# ---- values ----

def test_values(tmp_path):
    """Saved of a message and of an answer, set, from the command line; with their type, or within a text."""
    steps = [
        {"call": {"action": "GetLog", "payload": {"requestId": "${id}", "now": "${now+1h}", "text": "<${id}|${list}|${word}>"},
                  "save": {"name": "filename"}}},
        expect({"status": "A", "requestId": "${id}"}) | {"mark": "m"},
        {"expect": {"action": "DataTransfer", "save": {"deep": "data.1.x"}}},
        {"set": {"both": "${name}/${deep}", "copy": "${list}"}},
        {"call": {"action": "Reset", "payload": {"type": "${both}", "list": "${copy}", "station": "${station}"}}},
    ]
    variables = {"id": "${fresh}", "list": [1, 2], "word": None}
    with Runner(tmp_path, {"steps": steps, "variables": variables}, options=["--set", "word=a=b"]) as csms, \
            csms.station() as station:
        _, identifier, action, payload = station.next_call()
        assert action == "GetLog" and isinstance(payload["requestId"], int)
        assert payload["text"] == f"<{payload['requestId']}|[1,2]|a=b>"
        ahead = time.mktime(time.strptime(payload["now"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone - time.time()
        assert 3590 < ahead < 3610
        station.answer(identifier, {"filename": "log"})
        station.call(STATUS, {"status": "A", "requestId": payload["requestId"]})
        station.call("DataTransfer", {"vendorId": "x", "data": [0, {"x": True}]})
        call = station.next_call()
        assert call[3] == {"type": "log/true", "list": [1, 2], "station": "CP1"}
        station.answer(call[1])
        assert csms.end()[0] == 0


@pytest.mark.parametrize("steps,reason", [
    ([{"expect": {"action": STATUS, "save": {"x": "a.b"}}}], "there is nothing to save at a.b"),
    ([{"expect": {"action": STATUS, "save": {"x": "list.x"}}}], "there is nothing to save at list.x"),
    ([{"expect": {"action": STATUS, "payload": {"status": "${x}"}}}, {"set": {"x": 1}}], "there is no value for x"),
    ([{"call": {"action": "Reset", "payload": {"a": "${uploads}"}}}], "there is no value for ${uploads}"),
])
def test_value_that_is_not_there(tmp_path, steps, reason):
    code, out = play(tmp_path, steps, say("A", list=[1]))
    assert code == 1 and reason in out


def test_values_do_not_grow_without_end(tmp_path):
    double = {"set": {"x": "${x}${x}"}}
    code, out = play(tmp_path, [{"set": {"x": "0123456789"}}, *[double] * 16])
    assert code == 0
    code, out = play(tmp_path, [{"set": {"x": "0123456789"}}, *[double] * 17])
    assert code == 1 and "with its values it has more than 1048576 bytes" in out
    code, out = play(tmp_path, [{"set": {f"x{n}": n for n in range(128)}}])
    assert code == 1 and "can't set x" in out


def test_too_many_fixed_answers(tmp_path):
    code, out = play(tmp_path, [{"answer": {"action": f"A{n}", "payload": {}}} for n in range(33)])
    assert code == 1 and "FAILED  33 answer" in out and "more than 32 fixed answers" in out


# ---- answers, faults, the connection ----

def test_fixed_answer_and_fault(tmp_path):
    """Taken back when the scenario is over."""
    steps = [{"answer": {"action": "BootNotification", "times": 1,
                         "payload": {"status": "Pending", "interval": 7, "currentTime": "${now}"}}},
             {"answer": {"action": "Unheard", "payload": {"x": "${station}"}}},
             {"fault": {"action": STATUS, "kind": "callerror", "code": "InternalError", "times": 0}},
             expect(action="BootNotification"), expect(action="BootNotification"), expect(action="Unheard"), status("A")]
    second = {"steps": [status("B")]}
    with Runner(tmp_path, {"steps": steps}, second) as csms, csms.station() as station:
        time.sleep(0.3)
        results = [station.call("BootNotification", BOOT["ocpp2.0.1"])[2] for _ in range(2)]
        assert [(r["status"], r["interval"]) for r in results] == [("Pending", 7), ("Accepted", 300)]
        assert station.call("Unheard")[2] == {"x": "CP1"}
        assert station.call(STATUS, {"status": "A"})[2] == "InternalError"
        time.sleep(0.3)
        assert station.call(STATUS, {"status": "B"})[0] == 3
        code, out = csms.end()
        assert code == 0 and "2 passed" in out


def test_connection(tmp_path):
    """Closed, refused so many times, and the times between."""
    steps = [{"refuse": {"times": 2}}, {"disconnect": True}, {"expect": {"event": "disconnected"}, "mark": "lost"},
             {"expect": {"event": "refused"}, "since": "lost", "at_least": "200ms", "at_most": "2s", "mark": "first"},
             {"expect": {"event": "refused"}, "since": "first",
              "at_least": {"times": 1.5, "from": "lost", "to": "first"}, "mark": "second"},
             {"expect": {"event": "connected"}}, expect(action="BootNotification")]

    def come_back(waits):
        with Runner(tmp_path, {"steps": steps}) as csms:
            with csms.station() as station, pytest.raises(Closed):
                station.recv_message()
            for seconds in waits:
                time.sleep(seconds)
                with pytest.raises(Refused) as refused:
                    csms.station()
                assert refused.value.status == 503
            if len(waits) == 2 and waits[0] * 1.5 < waits[1]:
                csms.station().close()
            return csms.end()

    assert come_back([0.4, 0.9])[0] == 0
    code, out = come_back([0.05])
    assert code == 1 and 'after "lost"; awaited at least 0.200 s' in out
    code, out = come_back([0.5, 0.3])
    assert code == 1 and 'after "first"; awaited at least 0.7' in out


def test_refused_for_a_time(tmp_path):
    steps = [{"refuse": {"for": "500ms"}}, {"disconnect": True}, {"expect": {"event": "connected"}}]
    with Runner(tmp_path, {"steps": steps}, boots=False) as csms:
        with csms.station() as station, pytest.raises(Closed):
            station.recv_message()
        with pytest.raises(Refused):
            csms.station()
        Station(csms.port, "CP2").close()  # others may
        time.sleep(0.6)
        with csms.station():
            assert csms.end()[0] == 0


# ---- the hook ----

def hook(folder, text):
    path = folder / "hook"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return ["--hook", path]


def test_hook(tmp_path):
    """No shell looks at its words; what it prints is not mixed with the report."""
    options = hook(tmp_path, f'printf "%s\\n" "$@" >{tmp_path}/words; echo noise\n')
    code, out = play(tmp_path, [{"hook": ["restart", "$(x) ${station}", ""]}], options=options)
    assert code == 0 and "noise" not in out
    assert (tmp_path / "words").read_text() == "restart\n$(x) CP1\n\n"


@pytest.mark.parametrize("text,reason", [("exit 3", "the hook ended with 3"), ("kill -9 $$", "the hook was killed by a signal"),
                                         ("exec sleep 60", "the hook did not end within 0.3 s")])
def test_hook_that_fails(tmp_path, text, reason):
    code, out = play(tmp_path, [{"hook": ["x"], "within": "300ms" if "sleep" in text else "10s"}], options=hook(tmp_path, text))
    assert code == 1 and reason in out


def test_signal_while_the_hook_runs(tmp_path):
    options = hook(tmp_path, f"echo $$ >{tmp_path}/pid; exec sleep 60\n")
    with Runner(tmp_path, {"steps": [{"hook": ["x"]}]}, options=options) as csms, csms.station():
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
        assert csms.stop() == 1
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / "pid").read_text()), 0)


def test_hook_that_is_not_there(tmp_path):
    code, out = play(tmp_path, [{"hook": ["x"]}], options=["--hook", "/nowhere"])
    assert code == 1 and "can't run the hook: No such file or directory" in out


# ---- the whole ----

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


# ---- files and arguments that are no good ----

def run(folder, text, *options, station=True):
    path = folder / "bad.json"
    path.write_text(text if isinstance(text, str) else json.dumps({"id": "X", "name": "x", "steps": [{"wait": "1s"}], **text}))
    return subprocess.run([MOCK_CSMS, "--listen", "127.0.0.1:0", "--scenario", path, *(["--station", "CP1"] if station else []),
                           *options], capture_output=True, text=True, timeout=20, check=False)


def bad_step(step):
    return {"steps": [{"wait": "1s"}, step]}


@pytest.mark.parametrize("text,complaint", [
    ('{\n"id": "x",\n"name" "y"}', "line 3: expected JSON"),
    ("", "expected JSON"),
    ("[]", "expected an object"),
    ('{"id":"x","name":"y"}', 'expected a member "steps"'),
    ('{"id":"x","id":"y","name":"y","steps":[{"wait":"1s"}]}', "id: given twice"),
    ({"steps": []}, "steps: expected a list, not empty"),
    ({"stepps": []}, "stepps: not known here; expected id, name, proves, protocols, charger, variables, allow, only, "
                     "station_within or steps"),
    ({"id": "x" * 65}, "id: expected at most 64 bytes"),
    ({"protocols": ["a", 1]}, "protocols[1]: expected a string"),
    ({"station_within": "1"}, "station_within: expected a time of at most 24h"),
    ({"station_within": "25h"}, "station_within: expected a time of at most 24h"),
    ({"variables": {"1": 1}}, "variables.1: expected a name"),
    ({"variables": {"a": "${b}"}}, "variables.a: ${b} is no variable"),
    ({"variables": {"a": None}}, "variables.a: has no value: expected --set NAME=VALUE"),
    ({"steps": [{"wait": "1s"}] * 1001}, "steps: expected at most 1000 steps"),
    (bad_step({}), "steps[1]: expected an object with one of expect, any_order"),
    (bad_step({"wait": "1s", "set": {}}), "steps[1].set: not known here; expected wait, comment or mark"),
    (bad_step({"wait": "soon"}), "steps[1].wait: expected a time"),
    (bad_step({"wait": "1s", "within": "1s"}), "steps[1].within: not known here"),
    (bad_step({"expect": {}}), 'steps[1].expect: expected a member "action"'),
    (bad_step({"expect": {"action": "x" * 65}}), "steps[1].expect.action: expected at most 64 bytes"),
    (bad_step({"expect": {"action": "x", "payload": 1}}), "steps[1].expect.payload: expected an object"),
    (bad_step({"expect": {"action": "x", "payload": {"a": {"$re": 1}}}}), "steps[1].expect.payload.a.$re: expected $any, $absent"),
    (bad_step({"expect": {"action": "x", "payload": {"a": {"b": 1, "$any": True}}}}), "payload.a: expected operators"),
    (bad_step({"expect": {"action": "x", "payload": {"a": {"$range": [1]}}}}), "payload.a.$range: expected [min, max]"),
    (bad_step({"expect": {"action": "x", "payload": {"a": {"$one_of": 1}}}}), "payload.a.$one_of: expected a list"),
    (bad_step({"expect": {"action": "x", "payload": {"a": {"$time": [1, 2]}}}}), "payload.a.$time: expected [from, to]"),
    (bad_step({"expect": {"action": "x", "save": {"a b": "c"}}}), "steps[1].expect.save.a b: expected a name"),
    (bad_step({"expect": {"action": "x", "save": {"a": 1}}}), "steps[1].expect.save.a: expected the path"),
    (bad_step({"expect": {"action": "x", "for": "1s"}}), "steps[1].expect.for: not known here"),
    (bad_step({"expect": {"event": "born"}}), "steps[1].expect.event: expected connected, disconnected or refused"),
    (bad_step({"any_order": [{"call": {}}]}), "steps[1].any_order[0].call: expected expect, any_order, one_of or optional"),
    (bad_step({"any_order": [[{"expect": {"action": "a"}}, {}]]}), "steps[1].any_order[0][1]: expected an object with one"),
    (bad_step({"one_of": []}), "steps[1].one_of: expected a list of 1 to 100"),
    (bad_step({"no": {"action": "x"}}), 'steps[1].no: expected a member "for"'),
    (bad_step({"no": {"action": "x", "for": "1s", "save": {"a": "b"}}}), "steps[1].no: there is nothing to save"),
    (bad_step({"call": {"action": "x", "wait": 1}}), "steps[1].call.wait: not known here"),
    (bad_step({"call": {"action": "x", "payload": {"a": "${b}"}}}), "steps[1]: ${b} is no variable, and nothing saves or sets it"),
    (bad_step({"call": {"action": "x", "payload": {"a": "${"}}}), 'steps[1]: expected "${name}"'),
    (bad_step({"answer": {"action": "x"}}), 'steps[1].answer: expected a member "payload"'),
    (bad_step({"answer": {"action": "x", "payload": {}, "times": 0}}), "steps[1].answer.times: expected a whole number from 1 on"),
    (bad_step({"fault": {"action": "Heartbeat", "kind": "odd"}}), "steps[1].fault: kind must be late"),
    (bad_step({"fault": {"action": "Heartbeat", "kind": "pending"}}), "steps[1].fault: Only BootNotification"),
    (bad_step({"disconnect": False}), "steps[1].disconnect: expected true"),
    (bad_step({"refuse": {}}), 'steps[1].refuse: expected "for" or "times"'),
    (bad_step({"hook": "restart"}), "steps[1].hook: expected a list of 1 to 16 strings"),
    (bad_step({"hook": ["a"] * 17}), "steps[1].hook: expected a list of 1 to 16 strings"),
    (bad_step({"set": {"a b": 1}}), "steps[1].set.a b: expected a name"),
    (bad_step({"expect": {"action": "x"}, "since": "m", "at_least": "1s"}), 'steps[1]: no step before has the mark "m"'),
    (bad_step({"expect": {"action": "x"}, "at_least": "1s"}), 'steps[1]: expected "since" together with'),
    (bad_step({"expect": {"action": "x"}, "since": "m", "at_least": {"times": 0, "from": "m", "to": "m"}}),
     "steps[1].at_least.times: expected a number above 0"),
])
def test_bad_file(tmp_path, text, complaint):
    done = run(tmp_path, text)
    assert done.returncode == 2 and not done.stdout
    assert f"mock-csms: {tmp_path}/bad.json: {complaint}" in done.stderr or \
        (f"mock-csms: {tmp_path}/bad.json: " in done.stderr and complaint in done.stderr), done.stderr
    assert "Sanitizer" not in done.stderr


def test_awaits_nested_too_deep(tmp_path):
    step = {"any_order": [{"expect": {"action": "x"}}]}
    for _ in range(9):
        step = {"any_order": [step]}
    done = run(tmp_path, bad_step(step))
    assert done.returncode == 2 and "nested deeper than 8" in done.stderr


def test_file_that_is_not_there_or_too_large(tmp_path):
    for path, words in ("/nowhere.json", "No such file"), (tmp_path / "large.json", "File too large"):
        (tmp_path / "large.json").write_bytes(b" " * ((1 << 20) + 1))
        done = run(tmp_path, {}, "--scenario", path)
        assert done.returncode == 2 and f"mock-csms: {path}: {words}" in done.stderr


@pytest.mark.parametrize("options", [["--set", "x"], ["--set", "unknown=1"], ["--set", "=1"]])
def test_bad_values(tmp_path, options):
    done = run(tmp_path, {}, *options)
    assert done.returncode == 2 and "mock-csms: --set: " in done.stderr


@pytest.mark.parametrize("options,complaint", [
    (["--station", "CP1"], "--scenario"), (["--junit", "x"], "--junit"), (["--strict"], "--strict"), (["--hook", "x"], "--hook"),
    (["--set", "a=1"], "--set"), (["--strict=yes"], "unknown"),
    (["--scenario", "x"] * 257, "too often"), (["--set", "a=1"] * 65, "too often"),
])
def test_wrong_arguments(options, complaint):
    done = subprocess.run([MOCK_CSMS, "--listen", "127.0.0.1:0", *options], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2 and complaint in done.stderr and "usage: " in done.stderr


def test_wrong_station(tmp_path):
    done = run(tmp_path, {}, "--station", "a/b")
    assert done.returncode == 2 and "--station" in done.stderr
    assert run(tmp_path, {}, station=False).returncode == 2
