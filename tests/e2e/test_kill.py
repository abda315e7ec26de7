"""Proof by killing: agent, worker, RAUC, bus and CSMS are each killed with -9 at the agent's fail points and started
again, in each version of OCPP. What the CSMS then has on record is what it would have without the kill, but for a
message that was said once more since its answer was lost; and the machine ends as it would have.

`./dev test` tries a sample, another one each time; `./dev test --all` tries all. One alone:
KILL="2.0.1 ok agent after-store/downloading:1"; the same sample again: KILL_OFFSET=N.
"""
import concurrent.futures
import os
import subprocess
import time

import pytest

from killcases import CASES
from killing import RESTARTING, Depot, Killed, Trouble, name_of
from stage import BINARIES, STARTS
from demo import CASES as DEMO_CASES, DIALECTS, NEW, expected_statuses

AT_ONCE = 6
VICTIMS = ("agent", "worker", "rauc", "bus", "csms")
ALL = os.environ.get("TEST_ALL") == "1"
ONE = os.environ.get("KILL", "").split()
SAMPLE = 40  # runs
OFFSET = int(os.environ.get("KILL_OFFSET", int(time.time())))
# What is stored and when is the same in 2.1 as in 2.0.1.
VERSIONS = {version: dialect for version, dialect in DIALECTS.items() if version != "2.1"}
PLAYED = [(version, name) for version, dialect in VERSIONS.items() for name, case in CASES.items()
          if dialect.signed or case.plain]

# Points that no update here passes, and why.
NEVER = {
    "store/outbox-drop": "the configuration names another CSMS: no part of an update",
    "store/owing": "the boot loader did not obey for install_timeout: test_rauc_gone_for_good_… plays it",
    "store/reset": "an order of the CSMS's: test_reset.py",
    "store/inoperative": "an order of the CSMS's: test_availability.py",
    "sent/Heartbeat": "no part of an update",
    "sent/NotifyReport": "an order of the CSMS's: test_reports.py",
}

# In every sample: where a kill would cost most.
ALWAYS = (
    ("2.0.1", "ok", "agent", "after-do/install:1"), ("1.6-signed", "ok", "agent", "after-store/trial-confirm:1"),
    ("1.6", "ok", "agent", "after-store/idle:1"), ("2.0.1", "ok", "rauc", "after-do/install:1"),
    ("2.0.1", "ok", "bus", "after-do/confirm:1"), ("2.0.1", "ok", "worker", "worker/fetch-bytes:1"),
    ("1.6-signed", "ok", "csms", "sent/SignedFirmwareStatusNotification:6"),
    ("1.6", "bad", "agent", "before-do/roll-back:1"), ("2.0.1", "logs", "agent", "after-store/log-uploading:1"),
)


def run(depot, version, case, victim=None, point=None):
    """One update to its end. The charger (closed) with what is known of it in .result."""
    charger = Killed(depot, CASES[case], version, victim, point)
    with charger:
        trouble = None
        try:
            charger.play()
        except (Trouble, OSError) as e:
            trouble = str(e)
        if charger.agent:
            charger.stop_agent()
        charger.read_frames()
        charger.passed = charger.record.points()
        charger.trouble = trouble or charger.complaints_of_sanitizers()
        charger.end = None if trouble or charger.missed else charger.end_state()
        charger.log_text = charger.last_words(charger.folder / "agent.log", 40)
    return charger


# ---- the comparison ----

def repeated_once(said, wanted, first_free, last_free):
    """Is it what was wanted, or that with one message repeated right away, which was said first at one of the places
    first_free … last_free?"""
    if said == wanted:
        return True
    return any(said == wanted[:i + 1] + wanted[i:] for i in range(max(first_free, 0), min(last_free + 1, len(wanted))))


def without_pauses(words):
    """A CSMS that is away between two tries to download makes it a pause, which is told: docs/behaviour.md."""
    found = []
    for word in words:
        found.append(word)
        if [w[0] for w in found[-3:]] == ["DownloadPaused", "Downloading", "DownloadPaused"]:
            found = found[:-2]
    return found


def compare_reports(calm, killed):
    """Statuses and security events: the same, in order. The last one before the kill may come twice, where the
    answer to it may have been lost: not where RAUC or a worker died."""
    wanted = [words for words, _ in calm.reports()]
    said = [words for words, _ in killed.reports()]
    before = sum(1 for _, i in killed.reports() if i < killed.kill_mark)
    if killed.victim == "csms":
        wanted, said = without_pauses(wanted), without_pauses(said)
        if calm.case.closes:  # that order went with it
            wanted, said = [list(dict.fromkeys(words)) for words in (wanted, said)]
    if killed.victim in ("rauc", "worker"):
        return said == wanted
    # A frame may have been on its way to the CSMS when the mark was set.
    return repeated_once(said, wanted, before - 1, before)


def compare_boots(calm, killed):
    """BootNotification: the same reason and version for each boot of the machine. One more where the agent is started
    again: the same once more if it was not accepted yet, else the restart of the agent alone. Once more as it was, if
    the CSMS died with it. The update itself may open the connection anew before that one is answered: then twice."""
    wanted, said = calm.boot_reports(), killed.boot_reports()
    if said == wanted:
        return True
    if calm.case.reconnects and killed.victim in RESTARTING and said[-1:] == said[-2:-1] and len(said) > len(wanted) + 1:
        said.pop()
    if killed.victim not in RESTARTING + ("csms",):
        return False
    for i, (boot, reason, version) in enumerate(said):
        if said[:i] + said[i + 1:] != wanted or boot != killed.kill_boots:
            continue
        if (boot, reason, version) in wanted:
            return True
        if killed.victim in RESTARTING and reason == "ApplicationReset":
            return version in [v for b, _, v in wanted if b == boot]
    return False


def compare_connectors(calm, killed):
    """Told after each BootNotification that was accepted, and again if that was not answered."""
    wanted, said = calm.connectors(), killed.connectors()
    if killed.victim in ("rauc", "worker"):
        return said == wanted
    return set(said) == set(wanted) and all(wanted[c] <= said[c] <= wanted[c] + 2 for c in said)


def judge(calm, killed):
    """What is wrong with it, None: nothing."""
    label = f'KILL="{" ".join((killed.version, killed.name, killed.victim, killed.point))}"'
    if killed.missed:
        return None
    wrong = []
    if killed.trouble:
        wrong.append(killed.trouble)
    elif killed.kill_mark is None:
        wrong.append("the point was not passed")
    else:
        if not compare_reports(calm, killed):
            wrong.append(f"said {[w[0] for w, _ in killed.reports()]}, without the kill "
                         f"{[w[0] for w, _ in calm.reports()]}; before the kill "
                         f"{sum(1 for _, i in killed.reports() if i < killed.kill_mark)}")
        if not compare_boots(calm, killed):
            wrong.append(f"BootNotifications {killed.boot_reports()}, without the kill {calm.boot_reports()}; killed "
                         f"in boot {killed.kill_boots}")
        if not compare_connectors(calm, killed):
            wrong.append(f"connectors {dict(killed.connectors())}, without the kill {dict(calm.connectors())}")
        if killed.end != calm.end:
            wrong.append(f"in the end {killed.end}, without the kill {calm.end}")
    return f"{label}\n  " + "\n  ".join(wrong) + f"\n{killed.log_text}" if wrong else None


# ---- what is tried ----

def worker_lives(passed):
    """The points at which the agent has a worker, by the worker's own."""
    found = set()
    ends = {f"worker/{job}-begin": f"worker/{job}-end" for job in ("resolve", "fetch", "upload")}
    for i, point in enumerate(passed):
        name = name_of(point)
        if name.startswith("worker/") and name.endswith("-begin"):
            last = next((j for j in range(i, len(passed)) if name_of(passed[j]) == ends.get(name)), i)
            found.update(passed[max(i - 1, 0):last + 1])
    return found


def points_of(calms, version, case):
    """All of the update that goes well; of the others what they alone pass."""
    passed = calms[version, case].passed
    if case == "ok":
        return passed
    known = {name_of(p) for p in calms[version, "ok"].passed}
    return [p for p in passed if name_of(p) not in known]


def everything(calms):
    """(version, case, victim, point) of all that can be tried."""
    for version, case in calms:
        lives = worker_lives(calms[version, case].passed)
        for point in points_of(calms, version, case):
            for victim in VICTIMS:
                if victim != "worker" or point in lives:
                    yield version, case, victim, point


def chosen(calms, say):
    if ONE:
        return [tuple(ONE)]
    all_of_them = list(everything(calms))
    if ALL:
        return all_of_them
    stride = max(len(all_of_them) // SAMPLE, 1)
    say(f"KILL_OFFSET={OFFSET % stride}: every {stride}th of {len(all_of_them)} kills")
    return list(dict.fromkeys((*ALWAYS, *all_of_them[OFFSET % stride::stride])))


@pytest.fixture(name="pool", scope="module")
def make_pool():
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        yield pool
        pool.shutdown(cancel_futures=True)


@pytest.fixture(name="depot", scope="module")
def make_depot(tmp_path_factory, keys):
    depot = Depot(tmp_path_factory.mktemp("kill"), keys)
    yield depot
    depot.close()


@pytest.fixture(name="calms", scope="module")
def play_calmly(pool, depot):
    """Each update without a kill: {(version, case): charger}."""
    calms = {key: pool.submit(run, depot, *key) for key in PLAYED if not ONE or key == tuple(ONE[:2])}
    calms = {key: future.result() for key, future in calms.items()}
    for (version, case), calm in calms.items():
        assert not calm.trouble, f"{version} {case}: {calm.trouble}\n{calm.log_text}"
    return calms


def test_calm_updates_end_as_they_should(calms):
    """What the kills are compared with."""
    for (version, name), calm in calms.items():
        case, end = calm.case, calm.end
        assert end["slot"] == end["primary"] == end[case.slot].replace("good", case.slot), (version, name, end)
        assert (end["version"] == NEW) == case.written, (version, name, end)
        assert end["job"] in ("idle", None) and end["logs"] in ("idle", None) and end["outbox"] == 0 and not end["spool"], (version, name, end)
    if not ONE:
        for version, dialect in VERSIONS.items():
            said = tuple(words[0] for words, _ in calms[version, "ok"].reports())
            assert tuple(w for w in said if w in STARTS) == ("StartupOfTheDevice", "ResetOrReboot")
            assert tuple(w for w in said if w not in STARTS) == expected_statuses(
                DEMO_CASES["ok"], dialect) + ("FirmwareUpdated",)


def run_and_judge(calms, depot, version, case, victim, point):
    killed = run(depot, version, case, victim, point)
    killed.version, killed.name = version, case
    return killed.missed, judge(calms[version, case], killed)


@pytest.fixture(name="kills", scope="module")
def start_kills(request, pool, calms, depot):
    """All that were chosen, begun together: {(version, case, victim): [future]}."""
    kills = {}
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    for version, case, victim, point in chosen(calms, lambda line: reporter.write_line(f"\n{line}")):
        kills.setdefault((version, case, victim), []).append(
            pool.submit(run_and_judge, calms, depot, version, case, victim, point))
    return kills


def test_every_point_is_listed_and_passed(calms):
    listed = subprocess.run([BINARIES / "rauc-ocpp-agent", "--list-failpoints"], capture_output=True, text=True,
                            check=True, timeout=30).stdout.split()
    if ONE:
        return
    passed = {name_of(point) for calm in calms.values() for point in calm.passed}
    assert passed <= set(listed)
    never = {f"{moment}{name}" for name in NEVER for moment in ("before-", "after-", "")} & set(listed)
    assert set(listed) - passed == never


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("version", VERSIONS)
def test_kill(kills, version, victim):
    """Every point of every case that was chosen. A worker that had ended by itself in the moment was not killed."""
    ended = [future.result() for (v, _, w), futures in kills.items() if (v, w) == (version, victim)
             for future in futures]
    wrong = [verdict for _, verdict in ended if verdict]
    print(f"{version} {victim}: {len(ended)} kills, {sum(missed for missed, _ in ended)} came too late")
    assert not wrong, f"{len(wrong)} of {len(ended)}\n" + "\n\n".join(wrong)
