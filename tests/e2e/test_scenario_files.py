"""The scenario runner of mock-csms: files and arguments that are no good."""
import json
import subprocess

import pytest

from mockcsms import MOCK_CSMS


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
    (bad_step({"fault": {"action": "Heartbeat", "kind": "odd"}}), "steps[1].fault: kind must be one of none, late"),
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
