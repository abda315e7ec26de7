"""Real Chromium, without a screen, for the tests of the dashboard. It asks nobody but this machine; a test fails on whatever its console or
its Content-Security-Policy complains about. What is found is found as a screen reader finds it: by role and name (a11y.js)."""
import os
import re
import time
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys  # noqa: F401

from mockcsms import BINARY_DIR

A11Y = (Path(__file__).parent / "a11y.js").read_text()
SHOTS = BINARY_DIR / "screenshots"
DESKTOP, PHONE = (1440, 900), (390, 844)
# No sandbox: the tests are root. Nothing is asked of anybody elsewhere, by name or by address.
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
         "--disable-features=Translate,OptimizationHints,MediaRouter,AutofillServerCommunication", "--metrics-recording-only",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--js-flags=--expose-gc")
# Before any script of the page: what its policy refuses, and what is nobody's error yet.
WATCH = """window.complaints = [];
performance.setResourceTimingBufferSize(100000);
addEventListener("securitypolicyviolation", (e) => complaints.push(`CSP ${e.violatedDirective}: ${e.blockedURI} ${e.sample}`));
addEventListener("error", (e) => complaints.push(`error: ${e.message}`));
addEventListener("unhandledrejection", (e) => complaints.push(`rejected: ${e.reason}`));"""

UNSEEN = re.compile("(?!\r\n|[\n\t])[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\U000e0000-\U000e007f]")


def legible(text):
    """As the dashboard shows it: what can't be seen is told by its number."""
    return UNSEEN.sub(lambda c: f"⟨U+{ord(c[0]):04X}⟩", text)


class Browser:
    def __init__(self):
        options = webdriver.ChromeOptions()
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(60)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.base = None

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def begin(self):
        """As a browser that has just been started: nothing is remembered."""
        self.driver.get("about:blank")
        if self.base:
            self.cdp("Storage.clearDataForOrigin", origin=self.base, storageTypes="all")
        self.driver.get_log("browser")
        self.expected = []
        self.look(DESKTOP, "light")

    def look(self, size, scheme="light"):
        """The size of the window, and whether the system is light or dark."""
        self.size, self.scheme = size, scheme
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                         {"name": "prefers-reduced-motion", "value": "reduce"}])

    def open(self, csms, page="fleet", heading=None):
        """Opens a page of the dashboard anew, and waits until it has its heading."""
        self.base = f"http://127.0.0.1:{csms if isinstance(csms, int) else csms.port}"
        self.driver.get("about:blank")  # another hash alone would load nothing
        self.driver.get(f"{self.base}/#/{page}")
        self.until_heading(heading)
        return self

    def go(self, page, heading=None):
        """To another page, as a link would."""
        self.script("document.querySelector('main').replaceChildren(); location.hash = arguments[0]", f"#/{page}")
        self.until_heading(heading)

    def until_heading(self, heading=None):
        self.until("const h = document.querySelector('main h1'); return h && (!arguments[0] || h.textContent === arguments[0])", heading,
                   what=f"heading {heading or ''}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def wait(self, text, *arguments):
        """What a script that awaits gives."""
        done = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; (async function () {" + text +
            "}).apply(null, arguments).then((v) => done({v}), (e) => done({e: String(e)}))", *arguments)
        assert "e" not in done, done["e"]
        return done["v"]

    def until(self, text, *arguments, seconds=20, what=None):
        """Waits until the script gives something that is true, and gives it. What it reads may not be there yet."""
        end, error = time.monotonic() + seconds, ""
        while True:
            try:
                if value := self.script(text, *arguments):
                    return value
            except JavascriptException as e:
                error = e.msg
            assert time.monotonic() < end, f"never came: {what or text} {error}\n{self.text()[-1500:]}\n{self.complaints()}"
            time.sleep(0.03)

    def text(self):
        return self.script("return document.body.innerText")

    def until_text(self, text, seconds=20):
        """Waits until this can be read on the page."""
        self.until("return document.body.innerText.includes(arguments[0])", text, seconds=seconds, what=repr(text))

    def a11y(self, call, *arguments):
        return self.script(f"if (!window.a11y) {{ {A11Y} }} return window.a11y.{call}(...arguments)", *arguments)

    def all(self, role, name=None, within=None):
        """The elements in sight with this role and name (a part of it, unless it begins with =)."""
        return self.a11y("find", role, name, within)

    def find(self, role, name=None, within=None, seconds=20):
        """The first of them, which is waited for."""
        end = time.monotonic() + seconds
        while not (found := self.all(role, name, within)):
            assert time.monotonic() < end, f"there is no {role} {name!r}\n{self.text()[-1500:]}\n{self.complaints()}"
            time.sleep(0.03)
        return found[0]

    def press(self, role, name=None, within=None):
        """Clicks it, once it can be pressed; one that the page has put in its place meanwhile is as good."""
        end = time.monotonic() + 20
        while True:
            try:
                button = self.find(role, name, within)
                self.until("return !arguments[0].disabled", button, what=f"{role} {name} to be pressed")
                self.script("arguments[0].scrollIntoView({block: 'center'})", button)
                button.click()
                return button
            except StaleElementReferenceException:
                if time.monotonic() > end:
                    raise

    def keys(self, *keys):
        """What the keyboard sends to where the focus is."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def tab(self):
        for kind in ("rawKeyDown", "keyUp"):
            self.cdp("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def write(self, label, text, within=None):
        """Into the field with this label."""
        roles = ("textbox", "searchbox", "spinbutton")
        field = next((f for role in roles for f in self.all(role, label, within)), None) or self.find("textbox", label, within)
        field.send_keys(Keys.CONTROL + "a", Keys.NULL, Keys.DELETE, text)  # clear() says nothing to the page
        return field

    def choose(self, label, value):
        """An option of a <select>, by its value or its text, once it is there."""
        box = self.find("combobox", label)
        find = "[...box.options].find((o) => o.value === value || o.textContent === value)"
        self.until(f"const [box, value] = arguments; return {find} !== undefined", box, value, what=f"{value} among {label}")
        self.script(f"""const [box, value] = arguments;
            box.value = {find}.value;
            box.dispatchEvent(new Event("input", {{bubbles: true}}));
            box.dispatchEvent(new Event("change", {{bubbles: true}}));""", box, value)

    def shot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(SHOTS / f"{name}-{self.size[0]}-{self.scheme}.png"))

    def expect(self, *texts):
        """Complaints of the console with one of these in them are meant."""
        self.expected += texts

    def complaints(self):
        told = [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
        told += self.script("return window.complaints ? complaints.splice(0) : []")
        told += [f"asked elsewhere: {url}" for url in self.script(
            "return performance.getEntriesByType('resource').map((e) => e.name).filter((n) => !n.startsWith(location.origin) && !n.startsWith('blob:'))")]
        return [text for text in told if not any(e in text for e in self.expected)]

    def close(self):
        self.driver.quit()


@pytest.fixture(scope="module")
def chromium():
    """One for all tests of a module: its start takes longest."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    running = Browser()
    yield running
    running.close()


@pytest.fixture
def browser(chromium, request):
    chromium.begin()
    yield chromium
    complaints = chromium.complaints()
    if request.session.testsfailed:
        chromium.shot(f"failed-{request.node.name[:60].replace('/', '_')}")
    assert not complaints, "\n".join(complaints)
