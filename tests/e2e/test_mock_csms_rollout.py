"""Roll-outs of mock-csms with scripted stations: a canary that fails stops by itself, what follows reaches everybody, and a
mock-csms that is killed goes on where it was."""
import contextlib
import json
import resource
import signal
import threading

import pytest

from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station

GOOD = ("Downloading", "Downloaded", "Installing", "Installed")
VERSIONS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")


class Fleet:
    """Stations that take every update as they are told to: `bad` names locations whose download fails."""

    def __init__(self, csms, names, bad=(), hold=()):
        self.csms, self.bad, self.hold = csms, set(bad), set(hold)
        self.told, self.ending, self.go = {name: [] for name in names}, False, threading.Event()
        self.threads = [threading.Thread(target=self._live, args=(name, VERSIONS[i % 3]), daemon=True)
                        for i, name in enumerate(names)]
        for thread in self.threads:
            thread.start()

    def _live(self, name, protocol):
        while not self.ending:
            with contextlib.suppress(Exception):  # mock-csms is away: again
                with Station(self.csms.port, name, [protocol]) as station:
                    station.call("BootNotification", BOOT[protocol])
                    while not self.ending:
                        with contextlib.suppress(TimeoutError):
                            self._serve(name, station, protocol)
            threading.Event().wait(0.05)

    def _serve(self, name, station, protocol):
        _, identifier, action, payload = station.next_call(timeout=0.2)
        inner = payload.get("firmware", payload)
        location, request = inner["location"], payload.get("requestId")
        self.told[name].append((location, request))
        station.answer(identifier, {"status": "Accepted"} if action != "UpdateFirmware" or protocol != "ocpp1.6" else {})
        if location in self.hold and not self.go.is_set():
            return
        for status in ("Downloading", "DownloadFailed") if location in self.bad else GOOD:
            told = {"status": status} if request is None else {"status": status, "requestId": request}
            station.call("FirmwareStatusNotification", told)

    def __enter__(self):
        wait_until(lambda: sum(s["online"] for s in self.csms.get("/api/stations?limit=1000").json) == len(self.told), 30)
        return self

    def __exit__(self, *_):
        self.ending = True
        for thread in self.threads:
            thread.join(10)

    def tellings(self, location):
        return sorted(name for name, told in self.told.items() if location in [where for where, _ in told])


def post(csms, path, body=None, status=200):
    answer = csms.request("POST", "/api/rollouts" + path, json.dumps(body or {}))
    assert answer.status == status, answer.body
    return answer.json


def get(csms, rollout):
    return csms.get(f"/api/rollouts/{rollout}").json


def plan(name="spring", location="http://x/bad", **more):
    return {"name": name, "order": {"location": location}, "groups": [
        {"name": "canary", "share": "20%", "success": "90%", "failureLimit": "3"}, {"name": "all", "share": "100%"}]} | more


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


def names(n):
    return [f"CP{i:02}" for i in range(n)]


def test_canary_that_fails_stops_and_a_fix_reaches_all(state):
    with MockCsms("--state", state) as csms, Fleet(csms, names(50), bad=["http://x/bad"]) as fleet:
        preview = post(csms, "/preview", plan())
        assert [len(group["stations"]) for group in preview["groups"]] == [10, 40]
        assert csms.get("/api/rollouts").json == []
        made = post(csms, "", plan(), 201)
        assert made["state"] == "ready" and made["can"] == ["start", "abort", "supersede"]
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: get(csms, made["id"])["counts"].get("failed") == 10 or
                   get(csms, made["id"])["state"] == "paused" and "downloading" not in get(csms, made["id"])["counts"], 20)
        paused = get(csms, made["id"])
        assert (paused["state"], paused["by"]) == ("paused", "mock-csms") and "canary" in paused["reason"]
        canary = sorted(preview["groups"][0]["stations"])
        assert set(fleet.tellings("http://x/bad")) <= set(canary)
        post(csms, f"/{made['id']}/supersede", {"order": {"location": "http://x/good"}, "version": "2"})
        post(csms, f"/{made['id']}/resume")
        wait_until(lambda: get(csms, made["id"])["state"] == "finished", 30)
        assert get(csms, made["id"])["counts"] == {"installed": 50}
        assert fleet.tellings("http://x/good") == names(50)
        assert set(fleet.tellings("http://x/bad")) <= set(canary)
        requests = [request for told in fleet.told.values() for _, request in told if request is not None]
        assert len(requests) == len(set(requests))
        page = csms.get(f"/api/rollouts/{made['id']}/targets?state=installed&limit=30")
        targets, after = page.json, page.headers["next-after"]
        assert page.headers["total-count"] == "50"
        for query, total in {"state=failed": 0, f"group={preview['groups'][0]['name']}&limit=1": len(canary)}.items():
            assert csms.get(f"/api/rollouts/{made['id']}/targets?{query}").headers["total-count"] == str(total)
        rest = csms.get(f"/api/rollouts/{made['id']}/targets?after={after}").json
        assert sorted(target["station"] for target in targets + rest) == names(50)


def test_half_a_signature_is_refused(csms):
    for half in "signature", "signingCertificate":
        assert post(csms, "", plan(order={"location": "http://x/u", half: "QUJD"}), 400)["title"] == "signingCertificate and signature belong together."


@pytest.mark.parametrize("size, limit, reason", [(4, "1", "1 of 4 stations{} has failed."), (4, "2", "2 of 4 stations{} have failed."), (1, "1", "1 of 1 station{} has failed.")])
@pytest.mark.parametrize("group", ["", "all"])
def test_reason_is_a_sentence(csms, size, limit, reason, group):
    with Fleet(csms, names(size), bad=["http://x/bad"]):
        limits = {"failureLimit": limit}
        made = post(csms, "", plan(inFlightMax=1, groups=[{"name": "all", "share": "100%"} | (limits if group else {})], **({} if group else limits)), 201)
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: get(csms, made["id"])["state"] == "paused", 20)
        assert get(csms, made["id"])["reason"] == reason.format(f" of group {group}" if group else "")


def test_killed_in_the_middle_it_goes_on_and_tells_nobody_twice(state):
    csms = MockCsms("--state", state)
    with Fleet(csms, names(20), hold=["http://x/good"]) as fleet:
        made = post(csms, "", plan(location="http://x/good", answerTimeout=3600, inFlightMax=3,
                                   groups=[{"name": "all", "share": "100%"}]), 201)
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: len(fleet.tellings("http://x/good")) == 3, 20)
        wait_until(lambda: get(csms, made["id"])["counts"].get("accepted", 0) == 3, 20)
        told = fleet.tellings("http://x/good")
        csms.stop(signal.SIGKILL)
        with MockCsms("--state", state) as again:
            fleet.csms = again
            wait_until(lambda: sum(s["online"] for s in again.get("/api/stations?limit=1000").json) == 20, 30)
            assert fleet.tellings("http://x/good") == told
            assert get(again, made["id"])["counts"] in ({"accepted": 3, "due": 17}, {"told": 3, "due": 17}, {"telling": 3, "due": 17})
            for name in told:  # they are done in the end
                wait_until(lambda: again.stations()[name]["online"])
            fleet.go.set()
            post(again, f"/{made['id']}/supersede", {"order": {"location": "http://x/better"}})
            wait_until(lambda: get(again, made["id"])["state"] == "finished", 30)
            assert get(again, made["id"])["counts"] == {"installed": 20}
            assert fleet.tellings("http://x/good") == told and fleet.tellings("http://x/better") == names(20)
            assert all(len(asked) == (2 if name in told else 1) for name, asked in fleet.told.items())
            fleet.ending = True


def test_abort_keeps_away_those_not_told_and_supersede_reaches_those_told(csms):
    with Fleet(csms, names(6), hold=["http://x/good"]) as fleet:
        made = post(csms, "", plan(location="http://x/good", inFlightMax=2, groups=[{"name": "all", "share": "100%"}]), 201)
        post(csms, f"/{made['id']}/start")
        wait_until(lambda: get(csms, made["id"])["counts"].get("accepted") == 2)
        told = fleet.tellings("http://x/good")
        assert post(csms, "", plan("other", groups=[{"name": "one", "stations": told}]), 201)["id"] != made["id"]
        post(csms, f"/{made['id'] + 1}/start", status=409)
        aborted = post(csms, f"/{made['id']}/abort", {"reason": "It smokes."})
        assert (aborted["state"], aborted["reason"], aborted["by"]) == ("aborted", "It smokes.", "operator")
        assert aborted["counts"] == {"accepted": 2, "skipped": 4} and aborted["can"] == ["supersede"]
        post(csms, f"/{made['id']}/resume", status=409)
        assert csms.request("DELETE", f"/api/rollouts/{made['id']}").status == 409
        post(csms, f"/{made['id']}/supersede", {"order": {"location": "http://x/old"}})
        wait_until(lambda: get(csms, made["id"])["counts"] == {"installed": 2, "skipped": 4})
        assert fleet.tellings("http://x/old") == told
        assert csms.request("DELETE", f"/api/rollouts/{made['id']}").status == 204
        assert csms.get(f"/api/rollouts/{made['id']}").status == 404


def test_firmware_that_is_kept_here_is_needed_until_all_have_it(csms):
    made = csms.request("POST", "/api/firmware?name=box.bin&version=7", b"firmware", timeout=60).json
    with Fleet(csms, names(3)) as fleet:
        wanted = {"name": "kept", "firmware": made["id"], "groups": [{"name": "all", "share": "100%"}]}
        rollout = post(csms, "", wanted, 201)
        assert rollout["version"] == "7" and rollout["firmware"] == made["id"]
        assert csms.request("DELETE", f"/api/firmware/{made['id']}").status == 409
        post(csms, f"/{rollout['id']}/start")
        wait_until(lambda: get(csms, rollout["id"])["state"] == "finished", 20)
        assert all(told[0][0].endswith("/box.bin") and len(told) == 1 for told in fleet.told.values())
        assert csms.request("DELETE", f"/api/firmware/{made['id']}").status == 204
    assert csms.request("POST", "/api/rollouts", json.dumps(wanted | {"name": "again"})).status == 400


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_times_of_day_are_those_of_a_push(csms, protocol):
    how = {"retrieve": "2099-12-01T02:00", "spread": 3600, "retries": 2, "retryInterval": 30}
    with Station(csms.port, "CP1", [protocol]) as station:
        station.call("BootNotification", BOOT[protocol])
        csms.request("PATCH", "/api/stations/CP1", json.dumps({"timezone": "Asia/Tokyo"}))
        draft = csms.request("POST", "/api/pushes", json.dumps({"stations": ["CP1"], "location": "http://x/u"} | how)).json
        looked_at = csms.get(f"/api/pushes/{draft['id']}/targets").json[0]["payload"]
        made = post(csms, "", plan(location="http://x/u", groups=[{"name": "all", "share": "100%"}], **how), 201)
        assert made | how == made
        post(csms, f"/{made['id']}/start")
        _, _, action, payload = station.next_call(timeout=10)
        assert action == "UpdateFirmware" and payload | {"requestId": 0} == looked_at | {"requestId": 0}
        assert "2099-11-30T17:" in json.dumps(payload)


def test_times_that_the_order_has_itself_stand(csms):
    order = {"location": "http://x/u", "retrieveDateTime": "2031-01-01T00:00:00Z", "retries": 7}
    with Station(csms.port, "CP1", ["ocpp2.0.1"]) as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        made = post(csms, "", plan(order=order, groups=[{"name": "all", "share": "100%"}], retrieve="04:00", retries=1,
                                   install="2031-01-02T00:00:00Z"), 201)
        post(csms, f"/{made['id']}/start")
        _, _, _, payload = station.next_call(timeout=10)
    assert payload["retries"] == 7
    assert payload["firmware"] == {"location": "http://x/u", "retrieveDateTime": "2031-01-01T00:00:00Z",
                                   "installDateTime": "2031-01-02T00:00:00.000Z"}


def limit_files(csms, size):
    resource.prlimit(csms.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_full_disk_lets_it_rest_and_it_goes_on_by_itself(state):
    with MockCsms("--state", state) as csms:
        with Fleet(csms, names(6)):
            pass
        made = post(csms, "", plan(location="http://x/good", groups=[{"name": "all", "share": "100%"}]), 201)
        assert made["trouble"] is None
        limit_files(csms, 4096)
        post(csms, f"/{made['id']}/start", status=503)
        resting = get(csms, made["id"])
        assert resting["state"] == "ready" and resting["trouble"] and resting == csms.get("/api/rollouts").json[0]
        limit_files(csms, resource.RLIM_INFINITY)
        assert post(csms, f"/{made['id']}/start")["trouble"] is None  # at once: an operator asks
        limit_files(csms, 4096)
        with Fleet(csms, names(6)) as fleet:
            wait_until(lambda: get(csms, made["id"])["trouble"], 20)
            assert get(csms, made["id"])["counts"] == {"due": 6} and not fleet.tellings("http://x/good")
            limit_files(csms, resource.RLIM_INFINITY)
            wait_until(lambda: get(csms, made["id"])["state"] == "finished", 60)
            assert get(csms, made["id"])["counts"] == {"installed": 6}
            assert all(len(told) == 1 for told in fleet.told.values())


@pytest.mark.parametrize("change, words", [
    ({"name": ""}, "name"), ({"groups": []}, "groups"), ({"groups": [{"name": "a"}]}, "share"), ({"order": {}}, "location"),
    ({"groups": [{"name": "a", "share": "101%"}]}, "share"), ({"groups": [{"name": "a", "stations": ["nobody"]}]}, "stations"),
    ({"firmware": 1}, "firmware"), ({"answerTimeout": 0}, "time-out"), ({"nonsense": 1}, "nonsense"),
    ({"groups": [{"name": "a", "filter": {"id": "nobody*"}}]}, "no station"), ({"retry": {"failures": ["Odd"]}}, "failures"),
    ({"startAt": "soon"}, "startAt"), ({"failureLimit": "many"}, "share"),
    ({"retrieve": "noon"}, "retrieve"), ({"spread": -1}, "spread"),
], ids=range(15))
def test_bad_plans_are_refused_with_a_sentence(csms, station, change, words):
    answer = csms.request("POST", "/api/rollouts", json.dumps(plan(groups=[{"name": "all", "share": "100%"}]) | change))
    assert answer.status == 400 and words in answer.json["title"], answer.body
    assert csms.get("/api/rollouts").json == []
