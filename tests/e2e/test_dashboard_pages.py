"""Every page of the dashboard with something on it is for everybody: at both widths, in both colours (a11y.js); and is not there for nobody."""
import json

import pytest

from a11y import assert_accessible
from browser import browser, chromium  # noqa: F401
from fleet import Fleet
from mockcsms import MockCsms, wait_until
from test_dashboard_fleet import HOSTILE

COUNT = 24
PAGES = ["firmware", "firmware/1", "firmware/2", "push", "push/new", "push/1", "push/2", "rollouts", "rollouts/new", "rollouts/1", "rollouts/2", "logs", "logs/ask", "logs/1",
         "station/FLEET00001", "station/FLEET00002"]


def post(csms, path, body=None):
    data = body if isinstance(body, bytes) else json.dumps(body or {})
    answer = csms.request("POST", path, data)
    assert answer.status in (200, 201, 202), answer.body
    return answer.json


@pytest.fixture(scope="module")
def full():
    """Something of everything, also with texts that mean harm where an operator may write what he likes."""
    with MockCsms("--interval", "600") as csms, Fleet(csms, "--count", COUNT, "--ramp", 1000, "--speed", 200, "--failures", "download:30") as fleet:
        wait_until(lambda: fleet.report()["accepted"] == COUNT, 60)
        post(csms, "/api/firmware?name=box-2.0.0.bin&version=2.0.0", bytes(5000))
        post(csms, "/api/firmware/elsewhere", {"url": "http://127.0.0.1:9/x.raucb", "version": HOSTILE[0][:30], "description": HOSTILE[1]})
        post(csms, "/api/pushes", {"filter": {}, "firmware": 1})
        post(csms, "/api/pushes", {"stations": ["FLEET00001", "FLEET00002"], "firmware": 1, "send": True})
        groups = [{"name": "<b>canary", "share": "30%", "success": "90%", "failureLimit": "2"}, {"name": "all", "share": "100%"}]
        for name in ("spring", HOSTILE[1][:30]):
            post(csms, "/api/rollouts", {"name": name, "firmware": 1, "groups": groups})
        post(csms, "/api/rollouts/1/start")
        post(csms, "/api/logs", {"filter": {}})
        wait_until(lambda: csms.get("/api/logs/1").json["state"] == "received", 30)
        wait_until(lambda: csms.get("/api/rollouts/1").json["state"] in ("paused", "completed", "done", "finished"), 60)
        yield csms


@pytest.mark.parametrize("page", PAGES)
def test_page_is_for_everybody(browser, full, page):  # noqa: F811
    browser.open(full, page)
    browser.wait("await new Promise((r) => setTimeout(r, 400))")  # what a page asks for after its heading
    assert_accessible(browser, page.replace("/", "-"))
    assert browser.script("return window.pwned === undefined && !document.querySelector('main script, main img')")


@pytest.mark.parametrize("page", ["firmware/99", "push/99", "rollouts/99", "logs/99", "station/nobody"])
def test_what_is_not_there_is_told(browser, full, page):  # noqa: F811
    browser.expect("status of 404")
    browser.driver.get(f"http://127.0.0.1:{full.port}/#/{page}")
    browser.until("return document.querySelector('main [role=alert], main .empty, main .trouble')")
    assert browser.script("return document.querySelector('main h1')"), browser.text()
