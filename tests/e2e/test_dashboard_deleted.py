"""What is deleted meanwhile leaves the dashboard's pages by itself."""
import json

import pytest

from a11y import assert_accessible
from browser import browser, chromium  # noqa: F401
from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station

ROWS = "return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden).length"


@pytest.fixture
def csms():
    """Two pushes and two roll-outs for a station that has gone."""
    with MockCsms() as running:
        with Station(running.port, "CP1") as station:
            station.call("BootNotification", BOOT["ocpp2.0.1"])
            for name in "first", "second":
                for path, body in (("pushes", {"stations": ["CP1"], "location": "http://x/u"}),
                                   ("rollouts", {"name": name, "order": {"location": "http://x/u"}, "groups": [{"name": "g", "filter": {}}]})):
                    assert running.request("POST", f"/api/{path}", json.dumps(body)).status == 201
        wait_until(lambda: not running.stations()["CP1"]["online"])
        yield running


def delete(csms, path):
    assert csms.request("DELETE", f"/api/{path}").status == 204


def test_pushes(csms, browser):  # noqa: F811
    browser.open(csms, "push", heading="Push")
    browser.until(f"{ROWS} === 2")
    delete(csms, "pushes/1")
    browser.until(f"{ROWS} === 1")
    browser.until_text("1 push")
    browser.go("push/2", heading="Push 2")
    browser.until_text("The messages")
    browser.wait("await new Promise((r) => setTimeout(r, 500))")  # what it asks for as it opens is there
    delete(csms, "pushes/2")
    browser.until_text("This push is deleted")
    assert_accessible(browser, "push-deleted")
    browser.press("link", "To all pushes")
    browser.until_text("There is no push yet")


def test_rollouts(csms, browser):  # noqa: F811
    browser.open(csms, "rollouts", heading="Roll-outs")
    browser.until("return document.querySelectorAll('tbody tr').length === 2")
    delete(csms, "rollouts/1")
    browser.until("return document.querySelectorAll('tbody tr').length === 1")
    browser.go("rollouts/2", heading="second")
    browser.until(f"{ROWS} === 1")
    browser.until_text("Nothing yet.")
    delete(csms, "rollouts/2")
    browser.until_text("This roll-out is deleted")
    assert_accessible(browser, "rollout-deleted")
    browser.press("link", "To all roll-outs")
    browser.until_text("No roll-out yet")


def test_firmware_is_used_by_nobody_then(csms, browser):  # noqa: F811
    assert csms.request("POST", "/api/firmware?name=box.bin", b"x").status == 201
    made = csms.request("POST", "/api/pushes", json.dumps({"stations": ["CP1"], "firmware": 1})).json
    browser.open(csms, "firmware/1", heading="box.bin")
    browser.until_text(f"Push {made['id']}")
    delete(csms, f"pushes/{made['id']}")
    browser.until_text("Nobody yet.")


def test_station(csms, browser):  # noqa: F811
    browser.open(csms, "station/CP1", heading="CP1")
    browser.until_text("offline")
    browser.wait("await new Promise((r) => setTimeout(r, 500))")  # what it asks for as it opens is there
    delete(csms, "stations/CP1")
    browser.until_text("This station is not known here")
    assert_accessible(browser, "station-deleted")


def test_station_of_a_push_and_a_rollout(csms, browser):  # noqa: F811
    """It stays in them: they tell what was; but what was known of it is not."""
    with Station(csms.port, "CP2") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
    browser.open(csms, "push/1", heading="Push 1")
    browser.until("return document.querySelector('.grid-body .grid-row').textContent.includes('offline')")
    delete(csms, "stations/CP1")
    browser.until("return !document.querySelector('.grid-body .grid-row').textContent.includes('offline')")
    assert browser.script(ROWS) == 1
    browser.go("rollouts/1", heading="first")
    browser.until(f"{ROWS} === 1")
    browser.until("return document.querySelector('.grid-body .grid-row').textContent.includes('offline')")
