"""A station's page in the dashboard: it is forgotten, a report that never comes, a table that is filled anew under one's hands; and which
logs were asked for together."""
import json
import threading

import pytest

from a11y import assert_accessible
from browser import browser, chromium  # noqa: F401
from mockcsms import BOOT, MockCsms, in_background, wait_until
from wsclient import Station

LOCATION = {"location": "http://x/u"}


@pytest.fixture
def csms():
    with MockCsms() as running:
        yield running


def variables(*names, value="1"):
    return [{"component": {"name": "Ctrlr"}, "variable": {"name": name}, "variableAttribute": [{"value": value, "mutability": "ReadWrite"}]} for name in names]


def notify(station, request, data, seq=0, tbc=False):
    station.call("NotifyReport", {"requestId": request, "seqNo": seq, "tbc": tbc, "generatedAt": "2029-01-01T00:00:00Z", "reportData": data})


def ask_for_report(browser, station):  # noqa: F811
    """Its requestId, of a report that the station has accepted."""
    browser.press("button", "Ask the station", browser.find("region", "=Variables"))
    call = station.next_call()
    assert call[2] == "GetBaseReport"
    station.answer(call[1], {"status": "Accepted"})
    return call[3]["requestId"]


def hasten(browser):  # noqa: F811
    """What would be done in half a minute or later is done soon."""
    browser.script("const real = setTimeout; window.setTimeout = (work, wait, ...more) => real(work, wait >= 30000 ? 300 : wait, ...more)")


def test_station_is_forgotten(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        station.call("Heartbeat")
        assert csms.request("PATCH", "/api/stations/CP1", json.dumps({"tags": ["a", "b"], "timezone": "Asia/Tokyo"})).status == 200
        asked = in_background(csms.request, "POST", "/api/logs", json.dumps({"stations": ["CP1"]}))
        call = station.next_call()
        station.answer(call[1], {"status": "Accepted", "filename": "x"})
        assert asked.result().status == 202
        browser.open(csms, "station/CP1", heading="CP1")
        button = browser.find("button", "Forget")
        assert not button.is_enabled() and "only a station that is away" in button.get_attribute("title")
    browser.press("button", "Forget")
    dialog = browser.find("dialog", "Forget CP1?")
    for words in ("6 frames kept of it", "what it told of itself", "2 tags", "its time zone", "Its 1 log and what pushes and roll-outs tell of it stay;", "a new station"):
        assert words in dialog.text, dialog.text
    assert_accessible(browser, "station-forget", tab=False)
    browser.press("button", "Not now")
    assert "CP1" in csms.stations()
    browser.press("button", "Forget")
    browser.press("button", "Forget it", browser.find("dialog"))
    browser.until_heading("Fleet")
    browser.until_text("No station has connected yet")
    assert csms.stations() == {} and len(csms.get("/api/logs").json) == 1


def test_report_that_never_comes(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        browser.open(csms, "station/CP1?tab=variables", heading="CP1")
        hasten(browser)
        ask_for_report(browser, station)
        browser.until_text("no NotifyReport has come")
        assert "on its way" not in browser.text()
        assert_accessible(browser, "station-no-report", tab=False)
        request = ask_for_report(browser, station)  # then it begins, and stops in the middle
        notify(station, request, variables("A"), tbc=True)
        browser.until_text("the rest has not come")
        assert "1 of 1 shown" in browser.text() and "on its way" not in browser.text()
        notify(station, request, variables("B"), 1)  # late, but there
        browser.until_text("2 of 2 shown")
        assert "has not come" not in browser.text()


def test_focus_stays_where_it_is(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        browser.open(csms, "station/CP1?tab=variables", heading="CP1")
        request = ask_for_report(browser, station)
        notify(station, request, variables(*(f"V{i}" for i in range(30))), tbc=True)
        browser.until_text("30 of 30 shown")
        browser.script("window.table = document.querySelector('[data-tab=variables] .table'); arguments[0].focus()", browser.find("button", "=Set V20"))
        notify(station, request, variables("New", "V3", value="2"), 1)
        browser.until_text("31 of 31 shown")
        assert browser.script("return document.activeElement.getAttribute('aria-label')") == "Set V20"
        assert browser.script("return window.table === document.querySelector('[data-tab=variables] .table')")
        browser.keys("\n")  # and when it is set, too
        browser.find("dialog", "Set V20?")
        threading.Thread(target=lambda: station.answer(station.next_call()[1], {"setVariableResult": [{"attributeStatus": "Accepted"}]})).start()
        browser.write("Ctrlr · V20", "7\n")
        browser.until_text("V20: Accepted.")
        browser.until("return document.activeElement.getAttribute('aria-label') === 'Set V20'")
        assert browser.script("return document.activeElement.closest('tr').textContent.includes('7')")


def test_tags_are_told_with_the_steps_of_the_update(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        told = in_background(csms.post, "CP1", "update", LOCATION)
        station.answer(station.next_call()[1], {"status": "Accepted"})
        assert told.result().status == 200
        whole = csms.get("/api/stations/CP1").json
        assert [s["kind"] for s in whole["update"]["steps"]] == ["order", "answer"]
        browser.open(csms, "station/CP1", heading="CP1")
        browser.until_text("Ordered by UpdateFirmware")
        browser.press("button", "Change the tags")
        browser.write("Tags", "canary\n")
        browser.until_text("canary")
        assert "Ordered by UpdateFirmware" in browser.text()
        wait_until(lambda: csms.stations()["CP1"]["tags"] == ["canary"])
        patched = csms.request("PATCH", "/api/stations/CP1", '{"tags":[]}').json
        assert patched["update"] == whole["update"]


def test_logs_that_were_asked_for_together(csms, browser):  # noqa: F811
    """Also where calls follow each other at once, and the first log of a call is deleted."""
    with Station(csms.port, "CP1") as one, Station(csms.port, "CP2") as other:
        wait_until(lambda: len(csms.stations()) == 2)
        for _ in range(2):
            assert csms.request("POST", "/api/logs", '{"filter":{}}').status == 202
        for station in (one, other) * 2:
            station.answer(station.next_call()[1], {"status": "Accepted", "filename": "x"})
        browser.open(csms, "logs?request=3", heading="Logs")
        listed = "return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden).map((r) => r.children[1].textContent).sort().join()"
        browser.until(f"return (() => {{ {listed} }})() === '3,4'")
        assert len(browser.script("return [...document.querySelector('[aria-label=Request]').options].map((o) => o.textContent)")) == 3
        assert csms.request("DELETE", "/api/logs/3").status == 204
        browser.until(f"return (() => {{ {listed} }})() === '4'")
        browser.open(csms, "logs/2")
        browser.press("link", "all logs of this request")
        browser.until(f"return (() => {{ {listed} }})() === '1,2'")
