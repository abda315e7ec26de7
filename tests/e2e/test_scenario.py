"""The scenario runner of mock-csms: every kind of step when it is fulfilled and when it is not, and what it says of it."""
import json
import os
import time

import pytest

from mockcsms import BOOT, wait_until
from scenarios import STATUS, TRIGGER, Runner, answer, expect, play, say, send, status
from stage import TOP
from wsclient import Closed, Refused, Station

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
    assert code == 1 and 'after "first"; awaited at least ' in out


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
