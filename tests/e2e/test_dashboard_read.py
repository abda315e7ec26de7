"""Who may only read sees on every page of the dashboard what he can't press, and why; and nothing that would change something is asked."""
import json

import pytest

from a11y import assert_accessible
from browser import browser, chromium  # noqa: F401
from mockcsms import BOOT, MockCsms, wait_until
from test_dashboard_fleet import TOKENS
from test_mock_csms_loglist import place
from wsclient import Station

OPERATOR = {"Authorization": "Bearer operatoroperator"}
# page: what there is to press that an operator alone may.
PAGES = {
    "fleet": [],
    "station/CP1": ["Get log", "Trigger", "Reset", "Forget", "Change the tags", "Change the time zone", "End the fault"],
    "station/CP1?tab=frames": [],
    "station/CP1?tab=variables": ["Ask the station"],
    "station/CP1?tab=security": ["Ask the station"],
    "station/CP1?tab=logs": ["Get log"],
    "station/CP1?tab=call": ["Send"],
    "firmware": ["=Upload", "=Add"],
    "firmware/1": ["=Delete", "=Sign"],
    "push": [],
    "push/new": ["Make the draft"],
    "push/1": ["Send", "Delete the draft"],
    "push/2": ["Delete"],
    "rollouts": [],
    "rollouts/1": ["Start", "Delete"],
    "rollouts/2": ["Pause", "Abort"],
    "logs": ["Delete"],
    "logs/ask": ["Ask"],
    "logs/1": ["Delete"],
}
SENT = """window.sent = [];
const before = window.fetch, opened = XMLHttpRequest.prototype.open;
window.fetch = (address, options) => { if ((options?.method ?? "GET") !== "GET") sent.push(`${options.method} ${address}`); return before(address, options); };
XMLHttpRequest.prototype.open = function (method, address) { sent.push(`${method} ${address}`); return opened.apply(this, arguments); };"""
# All that can be pressed or sent, twice: a dialog may be open then. Links lead away.
PRESS = """for (const form of document.querySelectorAll("form"))
    form.dispatchEvent(new Event("submit", {cancelable: true}));
for (const e of document.querySelectorAll("main button, main summary, main input[type=checkbox], dialog button[type=submit]"))
    e.click();"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    file = tmp_path_factory.mktemp("tokens") / "tokens"
    file.write_text(TOKENS)
    file.chmod(0o600)
    with MockCsms("--tokens", file) as csms, Station(csms.port, "CP1") as station:
        def post(path, body):
            answer = csms.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), OPERATOR)
            assert answer.status in (200, 201, 202), answer.body

        station.call("BootNotification", BOOT["ocpp2.0.1"])
        post("/api/firmware?name=box.bin&version=2.0", b"x")
        post("/api/logs", {"stations": ["CP1"]})
        ask = station.next_call()
        station.answer(ask[1], {"status": "Accepted", "filename": "x"})
        assert csms.request("PUT", "/" + place(ask[3]) + "x.log", b"text\n").status == 201
        post("/api/pushes", {"stations": ["CP1"], "firmware": 1})
        post("/api/pushes", {"stations": ["CP1"], "firmware": 1, "send": True})
        station.answer(station.next_call()[1], {"status": "Accepted"})
        groups = [{"name": "all", "filter": {}}]
        for name in "spring", "summer":
            post("/api/rollouts", {"name": name, "firmware": 1, "groups": groups})
        post("/api/rollouts/2/start", {})
        station.answer(station.next_call()[1], {"status": "Accepted"})
        post("/api/faults", {"kind": "never", "action": "Heartbeat", "station": "CP1"})
        csms.get_as_operator = lambda path: csms.request("GET", path, None, OPERATOR).json
        wait_until(lambda: csms.get_as_operator("/api/pushes/2")["counts"]["accepted"] == 1)
        yield csms


def enter(browser, csms, token, page):  # noqa: F811
    """As one who has signed in before in this tab."""
    browser.base = f"http://127.0.0.1:{csms.port}"
    browser.expect("favicon.ico")
    browser.driver.get(f"{browser.base}/dashboard/icon.svg")
    browser.script("sessionStorage.setItem('mock-csms-token', arguments[0])", token)
    browser.driver.get("about:blank")
    browser.driver.get(f"{browser.base}/#/{page}")


def everything(csms):
    """What could have been changed."""
    return [csms.get_as_operator(f"/api/{path}") for path in ("firmware", "pushes", "rollouts", "faults", "logs", "stations/CP1")]


@pytest.mark.parametrize("page", PAGES)
def test_what_changes_something_can_not_be_pressed(guarded, browser, page):  # noqa: F811
    before = everything(guarded)
    enter(browser, guarded, "readreadreadread", page)
    browser.until_heading()
    browser.find("note", None)
    assert "Read-only: what is marked ⊘ changes something" in browser.text()
    browser.wait("await new Promise((r) => setTimeout(r, 300))")
    browser.script("for (const d of document.querySelectorAll('main details')) d.open = true")
    for name in PAGES[page]:
        button = browser.find("button", name, browser.find("main"))
        told = browser.script("""const b = arguments[0]; return {disabled: b.disabled, title: b.title, mark: getComputedStyle(b, "::before").content,
                                 why: document.getElementById(b.getAttribute("aria-describedby"))?.textContent}""", button)
        assert told["disabled"] and "operator" in told["title"] and "⊘" in told["mark"] and "operator" in told["why"], (name, told)
    browser.script(SENT)
    browser.expect("File chooser dialog")  # no hand has pressed it
    for _ in range(2):
        browser.script(PRESS)
        browser.wait("await new Promise((r) => setTimeout(r, 100))")
    assert browser.script("return sent") == []
    assert everything(guarded) == before


def test_new_rollout_can_be_tried_but_not_made(guarded, browser):  # noqa: F811
    before = everything(guarded)
    enter(browser, guarded, "readreadreadread", "rollouts/new")
    browser.find("textbox", "Name").send_keys("winter")
    browser.press("button", "Next")
    browser.until_text("2. Groups")
    browser.script("for (const b of [...document.querySelectorAll('button')].filter((b) => b.ariaLabel?.startsWith('Remove')).slice(0, 3)) b.click()")
    for _ in range(3):
        browser.script("document.querySelector('[aria-label^=\"Remove internal\"], [aria-label^=\"Remove canary\"], [aria-label^=\"Remove gradual\"]')?.click()")
    browser.press("button", "Next")
    browser.until_text("3. Limits")
    browser.press("button", "Next")
    browser.until_text("Nothing is told to any station until it is started.")
    for name in "=Create", "Create and start":
        button = browser.find("button", name)
        assert not button.is_enabled() and "operator" in button.get_attribute("title")
    assert_accessible(browser, "rollouts-new-read", tab=False)
    assert everything(guarded) == before


def test_operator_is_told_nothing_of_it(guarded, browser):  # noqa: F811
    enter(browser, guarded, "operatoroperator", "station/CP1")
    browser.until_heading("CP1")
    assert "Read-only" not in browser.text() and not browser.script("return document.querySelector('.locked')")
