"""Planning a roll-out of a file elsewhere in the dashboard, with its certificate and signature."""
import json

import pytest

from a11y import assert_accessible
from browser import browser, chromium  # noqa: F401
from mockcsms import BOOT, MockCsms, wait_until
from wsclient import Station

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"


@pytest.fixture
def csms():
    with MockCsms() as running:
        yield running


def paste(browser, label, text):  # noqa: F811
    browser.script("""const [area, text] = arguments;
        area.value = text;
        area.dispatchEvent(new Event("input", {bubbles: true}));""", browser.find("textbox", label), text)


def next_step(browser, text):  # noqa: F811
    browser.press("button", "Next")
    browser.until_text(text)


def test_certificate_and_signature_of_a_file_elsewhere(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1", ["ocpp1.6"]) as old, Station(csms.port, "CP2") as new:
        for station in old, new:
            station.call("BootNotification", BOOT[station.protocol])
        browser.open(csms, "rollouts/new", heading="New roll-out")
        browser.choose("What stations are told", "location")
        browser.write("Name", "spring")
        browser.write("Location", "https://example.com/x.raucb")
        browser.press("button", "Signed: its certificate and signature")
        paste(browser, "Signing certificate", CERTIFICATE)
        next_step(browser, "A certificate needs the signature.")
        assert browser.find("textbox", "Signature").get_attribute("aria-invalid") == "true"
        assert_accessible(browser, "rollouts-new-signed", tab=False)
        paste(browser, "Signature", "QUJD\nREVG\n")
        next_step(browser, "2. Groups")
        browser.press("button", "Remove internal")
        browser.press("button", "Remove canary")
        browser.press("button", "Remove gradual")
        next_step(browser, "3. Limits")
        next_step(browser, "4. Preview")
        browser.press("button", "Create and start")
        browser.press("button", "Start", browser.find("dialog"))
        browser.until_heading("spring")
        told = old.next_call(), new.next_call()
        assert told[0][2] == "SignedUpdateFirmware" and told[1][2] == "UpdateFirmware"
        for call in told:
            assert call[3]["firmware"]["signingCertificate"] == CERTIFICATE and call[3]["firmware"]["signature"] == "QUJDREVG"
        assert csms.get("/api/rollouts/1").json["order"] == {"location": "https://example.com/x.raucb", "signingCertificate": CERTIFICATE, "signature": "QUJDREVG"}
        browser.until("return [...document.querySelectorAll('dt')].some((t) => t.textContent === 'Signature' && t.nextSibling.textContent === 'told')")


def test_superseded_by_a_file_elsewhere(csms, browser):  # noqa: F811
    with Station(csms.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        plan = {"name": "spring", "order": {"location": "https://example.com/old"}, "groups": [{"name": "all", "filter": {}}]}
        assert csms.request("POST", "/api/rollouts", json.dumps(plan)).status == 201
        browser.open(csms, "rollouts/1", heading="spring")
        browser.press("button", "Supersede …")
        dialog = browser.find("dialog", "Supersede")
        browser.write("Location", "https://example.com/new")
        browser.script("arguments[0].querySelector('details').open = true", dialog)
        paste(browser, "Signing certificate", CERTIFICATE)
        paste(browser, "Signature", "QUJD")
        browser.press("button", "=Supersede", dialog)
        wait_until(lambda: csms.get("/api/rollouts/1").json["order"] == {"location": "https://example.com/new", "signingCertificate": CERTIFICATE, "signature": "QUJD"})
