"""What a page about a roll-out draws and says: its history over time, live counts, what a command would do."""
import signal
import sqlite3
import time

from mockcsms import MockCsms, wait_until
from test_mock_csms_events import Stream
from test_mock_csms_rollout import Fleet, get, names, plan, post

ALL = [{"name": "all", "share": "100%"}]


def history(csms, rollout):
    return csms.get(f"/api/rollouts/{rollout}/history").json


def marks(told):
    return [(mark["what"], mark["group"]) for mark in told["marks"]]


def check(told, sizes):
    """Each sample has all stations, none is as the one before, and time goes on."""
    samples = told["samples"]
    for sample in samples:
        assert [sum(group.values()) for group in sample["groups"]] == sizes
    assert all(a["groups"] != b["groups"] for a, b in zip(samples, samples[1:], strict=False))
    times = [sample["at"] for sample in samples]
    assert times == sorted(times) and told["from"] <= times[0] and times[-1] <= told["to"]
    assert [mark["at"] for mark in told["marks"]] == sorted(mark["at"] for mark in told["marks"])


def test_history_of_a_canary_that_fails_and_a_fix_survives_a_kill(tmp_path):
    state = tmp_path / "state"
    csms = MockCsms("--state", state)
    with Fleet(csms, names(20), bad=["http://x/bad"]) as fleet:
        made = post(csms, "", plan(), 201)
        where = made["id"]
        assert history(csms, where) == {"from": None, "to": None, "groups": ["canary", "all"], "samples": [], "marks": []}
        post(csms, f"/{where}/start", {"reason": "It is spring."})
        wait_until(lambda: get(csms, where)["counts"].get("failed") == 4)
        told = history(csms, where)
        check(told, [4, 16])
        assert told["samples"][0]["groups"] == [{"waiting": 4}, {"waiting": 16}]
        assert told["samples"][-1]["groups"] == [{"failed": 4}, {"waiting": 16}]
        assert marks(told) == [("started", None), ("begun", "canary"), ("paused", None)]
        started, _, paused = told["marks"]
        assert (started["by"], started["reason"], started["state"]) == ("operator", "It is spring.", "running")
        assert (paused["by"], paused["reason"], paused["state"]) == ("mock-csms", get(csms, where)["reason"], "paused")
        csms.stop(signal.SIGKILL)
        with MockCsms("--state", state) as again:
            fleet.csms = again
            kept = history(again, where)
            assert kept["marks"] == told["marks"] and kept["samples"][0] == told["samples"][0]
            assert kept["samples"][-1]["groups"] == told["samples"][-1]["groups"]
            post(again, f"/{where}/supersede", {"order": {"location": "http://x/good"}, "reason": "A fix."})
            post(again, f"/{where}/resume", {"reason": "Go on."})
            wait_until(lambda: get(again, where)["state"] == "finished", 30)
            told = history(again, where)
            check(told, [4, 16])
            assert told["samples"][-1]["groups"] == [{"installed": 4}, {"installed": 16}]
            assert marks(told)[3:] == [("superseded", None), ("resumed", None), ("reached", "canary"), ("begun", "all"),
                                       ("reached", "all"), ("finished", None)]
            assert [mark["reason"] for mark in told["marks"][3:5]] == ["A fix.", "Go on."]
            assert told["to"] == told["samples"][-1]["at"]
            assert again.request("DELETE", f"/api/rollouts/{where}").status == 204
            assert again.get(f"/api/rollouts/{where}/history").status == 404
            fleet.ending = True
        with sqlite3.connect(state) as database:
            assert database.execute("SELECT (SELECT count(*) FROM rollout_sample) + (SELECT count(*) FROM rollout_mark)").fetchone() == (0,)


def test_live_counts_are_told_but_not_too_often():
    with MockCsms() as csms, Fleet(csms, names(50)):
        with Stream(csms, "?types=rollout,rollout-target") as stream:
            began = time.monotonic()
            made = post(csms, "", plan(location="http://x/good", groups=ALL), 201)
            post(csms, f"/{made['id']}/start")
            events = []
            while not events or (events[-1]["state"], events[-1]["counts"]) != ("finished", {"installed": 50}):
                kind, data, _ = stream.next()
                events += [data] if kind == "rollout" else []
            # the first is at once, the others 200 ms apart: a slow machine makes this more true
            assert len(events) <= 1 + (time.monotonic() - began) / 0.2
            assert events[-1] == get(csms, made["id"])


def test_effects_tell_numbers_of_what_a_command_would_do(csms):
    with Fleet(csms, names(6), hold=["http://x/good"]) as fleet:
        made = post(csms, "", plan(location="http://x/good", inFlightMax=2, failureLimit="50%", groups=[
            ALL[0] | {"success": "50%", "failureLimit": "1"}]), 201)
        assert made["effects"] == {"start": "6 stations are told, group by group.", "abort": "6 stations are never told.",
                                   "supersede": "6 stations are told it in their turn."}
        group = made["groups"][0]
        assert (made["failureCount"], group["failureCount"], group["successCount"]) == (3, 1, 3)
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: get(csms, made["id"])["counts"].get("accepted") == 2)
        running = get(csms, made["id"])
        assert sorted(running["effects"]) == sorted(running["can"])
        assert running["effects"]["abort"] == "4 stations are never told; 2 that were told go on, and can only be superseded."
        assert running["effects"]["pause"] == "4 stations are not told until it is resumed; 2 that were told go on."
        aborted = post(csms, f"/{made['id']}/abort")
        assert aborted["effects"] == {"supersede": "2 stations that were told are told the new firmware at once; 4 are never told."}
        assert len(fleet.tellings("http://x/good")) == 2


def test_limits_as_numbers_count_from_where_failures_were_accepted(csms):
    with Fleet(csms, names(6), bad=["http://x/bad"]):
        made = post(csms, "", plan(inFlightMax=1, groups=[ALL[0] | {"success": "50%", "failureLimit": "1"}]), 201)
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: get(csms, made["id"])["state"] == "paused")
        paused = get(csms, made["id"])
        assert paused["effects"]["resume"] == ("5 stations are told in their turn; 1 has failed, which is accepted: "
                                               "limits count from there.")
        assert post(csms, f"/{made['id']}/resume")["groups"][0]["failureCount"] == 2
        wait_until(lambda: get(csms, made["id"])["counts"].get("failed") == 2)


def test_marks_are_bounded_and_the_newest_stay(csms, station):
    made = post(csms, "", plan(location="http://x/good", startAt="2099-01-01T00:00:00Z", groups=ALL), 201)
    post(csms, f"/{made['id']}/start")
    for n in range(150):
        post(csms, f"/{made['id']}/pause", {"reason": f"{n}"})
        post(csms, f"/{made['id']}/resume")
    told = history(csms, made["id"])["marks"]
    assert len(told) == 256 and told[-1]["what"] == "resumed" and told[-2]["reason"] == "149"
