"""./dev demo, every case in every version of OCPP: the whole chain with the real programs."""
import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import pytest

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BINARIES = pathlib.Path(os.environ.get("BINARY_DIR", SOURCE / "build/dev")) / "bin"
sys.path.insert(0, str(SOURCE / "tools" / "demo"))
from demo import CASES, DIALECTS  # noqa: E402

COMMAND = [sys.executable, SOURCE / "tools/demo/demo.py", "--binaries", BINARIES]
# 2.1 lies over 2.0.1: some cases show that it is spoken.
OF_21 = ("ok", "bad-signature", "bad-certificate", "missing-file")
PLAYED = [(version, case) for version, dialect in DIALECTS.items() for case in CASES
          if (dialect.signed or case != "bad-certificate") and (version != "2.1" or case in OF_21)]

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # the loopback needs no proxy
AT_ONCE = 4  # each is mostly waiting


def play(folder, version, case):
    return subprocess.run([*COMMAND, "--ocpp", version, "--case", case, "--trace",
                           folder / "trace.jsonl"],
                          capture_output=True, text=True, timeout=240, check=False,
                          env={**os.environ, "TMPDIR": str(folder)})


@pytest.fixture(name="demos", scope="module")
def start_demos(request, tmp_path_factory):
    """Those that were selected, begun together: {(version, case): (folder, future)}."""
    wanted = [(i.callspec.params["version"], i.callspec.params["case"])
              for i in request.session.items if getattr(i, "originalname", "") == "test_demo"]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        demos = {}
        for version, case in wanted:
            folder = tmp_path_factory.mktemp("demo")
            demos[version, case] = folder, pool.submit(play, folder, version, case)
        yield demos


@pytest.mark.parametrize("version,case", PLAYED)
def test_demo(demos, version, case):
    folder, future = demos[version, case]
    done = future.result()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout  # plain when nobody sees it
    checked = subprocess.run(["node", SOURCE / "tests/e2e/check-trace.js", folder / "trace.jsonl"], capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [p.name for p in folder.iterdir()] == ["trace.jsonl"]


def test_no_certificate_in_plain_1_6():
    done = subprocess.run([*COMMAND, "--ocpp", "1.6", "--case", "bad-certificate"], timeout=60,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "1.6-signed" in done.stderr


def processes_in(folder):
    """Processes whose command line names the folder."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in entry.read_bytes():
                found.append(entry.parent.name)
        except OSError:
            pass  # gone meanwhile
    return found


@pytest.fixture(name="short_path")
def make_short_path():
    """A folder whose path leaves room for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="demo.") as folder:
        yield pathlib.Path(folder)


@pytest.mark.parametrize("number,status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_leaves_nothing(short_path, number, status):
    with subprocess.Popen([*COMMAND, "--dashboard"], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "TMPDIR": str(short_path)}) as demo:
        for line in demo.stdout:
            if "BootNotification" in line:
                break
        assert len(processes_in(short_path)) >= 4
        demo.send_signal(number)
        demo.stdout.read()
        assert demo.wait(60) == status
    assert not processes_in(short_path)
    assert not list(short_path.iterdir())


def rest(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    with OPENER.open(urllib.request.Request(url, data, method=method, headers={"Content-Type": "application/json"}), timeout=60) as reply:
        return json.load(reply)


def await_that(condition, seconds=180):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def use_dashboard(url):
    """What the demo says one could do there."""
    with OPENER.open(url, timeout=60) as page:
        assert page.headers["Content-Type"].startswith("text/html")
    assert sum(s["online"] for s in rest(f"{url}api/stations")) == 201
    assert [r["state"] for r in rest(f"{url}api/rollouts")] == ["ready"]
    assert rest(f"{url}api/firmware")[0]["verified"] is True
    await_that(lambda: rest(f"{url}api/logs?station=CS001")[0]["state"] == "received")
    log = rest(f"{url}api/logs?station=CS001")[0]["id"]
    assert "manifest.json" in [e["name"] for e in rest(f"{url}api/logs/{log}/entries")["entries"]]
    assert rest(f"{url}api/stations/CS001")["bootedSlot"] == "rootfs.0"
    push = rest(f"{url}api/pushes", "POST", {"firmware": 1, "stations": ["CS001"]})["id"]
    rest(f"{url}api/pushes/{push}/send", "POST")
    await_that(lambda: (rest(f"{url}api/stations/CS001")["update"] or {}).get("status") == "Installed")
    assert rest(f"{url}api/stations/CS001")["firmwareVersion"] == "2.0.0"
    await_that(lambda: rest(f"{url}api/stations/CS001")["bootedSlot"] == "rootfs.1")


def test_dashboard(short_path):
    with subprocess.Popen([*COMMAND, "--dashboard"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "TMPDIR": str(short_path)}) as demo:
        try:
            told = []
            for line in demo.stdout:
                told.append(line)
                if line.split()[:1] == ["Open"]:
                    break
            else:
                pytest.fail("".join(told))
            use_dashboard(line.split()[1])
        finally:
            demo.send_signal(signal.SIGINT)
            demo.stdout.read()
        assert demo.wait(60) == 130
    assert not processes_in(short_path)
    assert not list(short_path.iterdir())
