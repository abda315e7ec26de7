"""An operator's day, in real Chromium, by clicks and keys alone: firmware to a real agent on a real RAUC, a roll-out whose canary finds a bad build, and logs of
everybody. What the pages say is held to the frames on the wire. At both widths; nothing is loaded anew all day long."""
import contextlib
import json
import os
import signal

import pytest
from selenium.webdriver.support.ui import Select

from browser import DESKTOP, PHONE, Keys, browser, chromium  # noqa: F401
from fleet import Fleet
from mockcsms import wait_until
from stage import Stage

AGENT, COUNT, CANARY = "CS001", 100, 10
WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
SECONDS = 60  # that something may take which others than the browser do
UPDATES = ("UpdateFirmware", "SignedUpdateFirmware")

ROW = """return [...document.querySelectorAll(arguments[0])].filter((r) => r.checkVisibility() && r.children[0].textContent.startsWith(arguments[1]))
    .map((r) => [...r.children].map((c) => c.textContent.trim()))[0] ?? null"""
BADGE = "document.querySelector('main .head .badge').textContent"
STEPS = "return [...document.querySelectorAll('[aria-label=\"Last update\"] tbody th')].map((th) => th.firstChild.data)"


class Day:
    """What one has before oneself: the stage, and the browser in one width."""

    def __init__(self, browser, charger, width):  # noqa: F811
        self.browser, self.charger, self.width = browser, charger, width
        self.number = list(WIDTHS).index(width) + 2  # of the versions that this day brings
        self.trace = len(self.frames(0))
        browser.look(WIDTHS[width])
        browser.open(charger.csms, heading="Fleet")
        browser.script("window.day = 1")

    def frames(self, since=None):
        """The day's frames of the whole wire so far."""
        with open(self.charger.csms.trace, encoding="utf-8") as file:
            lines = file.read().split("\n")[:-1]
        return [json.loads(line) for line in lines[self.trace if since is None else since:]]

    def told(self, name):
        """The stations that were told of this file, as often as they were."""
        return sorted(f["station"] for f in self.frames() if f["from"] == "csms" and f["frame"][0] == 2 and f["frame"][2] in UPDATES
                      and f"/{name}" in json.dumps(f["frame"][3]))

    def boots(self, station):
        """Its BootNotifications of the day."""
        return [f for f in self.frames() if f["station"] == station and f["frame"][2:3] == ["BootNotification"]]

    def to(self, page):
        self.browser.press("link", f"={page}", self.browser.find("navigation", "Pages"))
        self.browser.until_heading(page)

    def see(self, name):
        """A stage of the day: kept as a picture, and for everybody."""
        self.browser.shot(f"day-{name}")
        assert self.browser.a11y("check")["found"] == [], name

    def row(self, start, rows=".grid-body .grid-row"):
        """The texts of the row that begins so."""
        return self.browser.script(ROW, rows, start)

    def until_row(self, start, *texts, rows=".grid-body .grid-row"):
        """Waits until that row has these texts in it."""
        self.browser.until(f"const row = (() => {{ {ROW} }})(); return row && arguments[2].every((text) => row.some((cell) => cell.includes(text)))", rows, start, texts,
                           seconds=SECONDS, what=f"{start} with {texts}")

    def choose(self, label, start):
        """The option that begins so, once it is there, as one who clicks it does."""
        box = self.browser.find("combobox", label)
        text = self.browser.until("return [...arguments[0].options].find((o) => o.text.startsWith(arguments[1]))?.text", box, start, what=f"{label}: {start}")
        Select(box).select_by_visible_text(text)

    def sure(self, title, button):
        """Presses this in the dialog that asks."""
        self.browser.press("button", f"={button}", self.browser.find("dialog", title))

    def upload(self, path, version=None):
        """By the page of firmware, at which it ends."""
        b = self.browser
        self.to("Firmware")
        b.until("return / files?$/.test(document.querySelector('.head [role=status]').textContent)")
        if not b.all("button", "choose a file"):
            b.press("button", "Upload a file")
        b.find("button", "choose a file")
        b.driver.find_element("css selector", ".drop input[type=file]").send_keys(str(path))
        b.until_text(f"{path.name}, ")
        if version:
            b.press("button", "Of a file that is no RAUC bundle")
            b.write("=Version", version)
        b.press("button", "=Upload")
        b.until_heading(path.name)

    def build(self, version, word=""):
        """A file that the simulated stations take."""
        path = self.charger.folder / f"box-{version}{word}.bin"
        path.write_bytes(os.urandom(5000))
        self.upload(path, version)
        return path.name


@pytest.fixture(scope="module")
def charger(keys):
    """The real one: it wants signed firmware. Its hook, its boot loader and the CSMS can be slow, so that the test decides how long a step takes."""
    options = {"manufacturer_roots": keys / "manufacturer/root.pem", "require_signed": "yes"}
    with Stage(keys, csms_options=lambda charger: ["--rauc-keyring", charger.pki / "rauc/root.pem"], firmware=options) as stage:
        stage.may_download = stage.folder / "may-download"
        stage.settings["firmware"]["pre_download_check"] = stage.script("check", f"while [ ! -e {stage.may_download} ]; do sleep 0.05; done\n")
        stage.boot_until_known()
        yield stage


@pytest.fixture(params=WIDTHS)
def day(browser, charger, request):  # noqa: F811
    today = Day(browser, charger, request.param)
    yield today
    assert browser.script("return window.day") == 1, "the page was loaded anew"


@contextlib.contextmanager
def simulated(charger, *options):
    """The other stations, all connected."""
    with Fleet(charger.csms, "--count", COUNT, "--ramp", 1000, "--speed", 300, *options, url=f"{charger.csms.ocpp}/") as fleet:
        wait_until(lambda: fleet.report()["accepted"] == COUNT, SECONDS)
        yield fleet


def sign(day):
    b, pki = day.browser, day.charger.pki
    b.find("filepicker", "Signing certificate").send_keys(str(pki / "firmware/rsa3072.pem"))
    b.find("filepicker", "Private key").send_keys(str(pki / "firmware/rsa3072.key"))
    b.until_text("rsa3072.key was read")
    b.press("button", "=Sign")
    b.until_text("signed, RSASSA-PSS")


def push(day, name):
    """Chooses, looks at the draft and sends it: the frame that was shown."""
    b = day.browser
    day.to("Push")
    b.press("link", "New push")
    b.until_heading("New push")
    b.press("radio", "one by one")
    b.write("Search stations", AGENT)
    b.press("checkbox", f"Choose {AGENT}")
    b.until_text(f"{AGENT} is chosen.")
    day.choose("File", name)
    day.see("push-new")
    b.press("button", "Make the draft")
    frame = json.loads(b.until("return document.querySelector('.frame-text')?.textContent"))
    day.see("push-draft")
    assert day.told(name) == []
    b.press("button", "Send …")
    b.find("dialog", "Send push")
    b.tab()
    assert b.driver.switch_to.active_element.text == "Send to 1"
    b.keys(Keys.ENTER)
    return frame


def until_steps(b, *words):
    """Waits until the time line has all of them."""
    b.until(f"const steps = (() => {{ {STEPS} }})(); return arguments[0].every((s) => steps.includes(s))", words, seconds=SECONDS, what=words)


def test_firmware_comes_to_the_real_agent(day):
    b, charger, version = day.browser, day.charger, f"{day.number}.0.0"
    bundle = charger.build_bundle(f"charger-{version}", version=version)
    old, = [s["firmwareVersion"] for s in charger.csms.stations() if s["id"] == AGENT]
    hold = charger.boot_loader.trap
    day.until_row(AGENT, "connected", old)
    hold("hold", "set-primary")
    charger.may_download.unlink(missing_ok=True)
    day.upload(bundle)
    b.until("return [...document.querySelectorAll('.badge')].some((badge) => badge.textContent === 'verified')", what="the bundle's own signature")
    sign(day)
    day.see("firmware")
    shown = push(day, bundle.name)
    day.until_row(AGENT, "accepted")
    told, = [f["frame"] for f in day.frames() if f["from"] == "csms" and f["frame"][0] == 2 and f["frame"][2] in UPDATES]
    assert told[2:] == shown[2:] and told[3]["firmware"]["signature"]
    day.see("push-sent")

    b.press("gridcell", f"={AGENT}")
    b.press("link", "To the station")
    b.until_heading(AGENT)
    until_steps(b, "Ordered by UpdateFirmware", "Answer: Accepted")
    assert len(b.script(STEPS)) == 2
    charger.may_download.touch()
    until_steps(b, "Downloading", "Downloaded", "Signature verified", "Installing")
    assert "Rebooting" not in b.script(STEPS)
    day.see("station-installing")
    hold("hold", "set-primary", on=False)
    until_steps(b, "Rebooting")
    wait_until(lambda: charger.reboot_asked, SECONDS)
    charger.power_off()
    b.until(f"return {BADGE} === 'offline'")
    day.see("station-rebooting")

    day.to("Fleet")
    day.until_row(AGENT, "offline", old, "Rebooting")
    charger.csms.fault(AGENT, kind="pending", action="BootNotification", seconds=1, times=0)  # what is accepted only later
    charger.boot()
    day.until_row(AGENT, "connected", version, "Rebooting")
    day.see("fleet-new-version")
    b.press("link", f"={AGENT}")
    b.until_heading(AGENT)
    until_steps(b, "Booted")
    assert "Installed" not in b.script(STEPS)
    charger.csms.fault(AGENT, kind="none", action="BootNotification")
    until_steps(b, "Installed")
    b.until("return document.querySelector('[aria-label=\"Last update\"] .badge').textContent === 'Installed'")
    assert list(dict.fromkeys(b.script(STEPS))) == ["Ordered by UpdateFirmware", "Answer: Accepted", "Downloading", "Downloaded", "Signature verified", "Installing",
                                                    "Rebooting", "Booted", "Installed"]
    day.see("station-installed")
    day.to("Fleet")
    day.until_row(AGENT, "connected", version, "Installed")
    assert charger.version_of(charger.slot) == version


def plan(day, name, file):
    """A roll-out of the simulated stations: ten, then all. Until it is started."""
    b = day.browser
    day.to("Roll-outs")
    b.press("link", "New roll-out")
    b.until_heading("New roll-out")
    b.write("=Name", name)
    day.choose("Firmware", file)
    day.see("rollout-what")
    b.press("button", "=Next")
    b.press("button", "Remove internal")
    b.press("button", "Remove gradual")
    canary = b.find("region", "canary")
    for label, text in (("=Share", str(CANARY)), ("So many must have it", "70%"), ("… for", "0"), ("So many failures stop it", "3")):
        b.write(label, text, canary)
    b.press("button", "Draw shares not from all")
    b.press("button", "Add a condition", b.find("group", "Only from those"))
    day.choose("Condition", "identity fits (* is any text)")
    b.write("Value", "FLEET*")
    b.until_text(f"{COUNT} stations fit.")
    day.see("rollout-groups")
    b.press("button", "=Next")
    b.write("So many failures of all stop it", "")
    b.write("Tell it again, times", "0")
    day.see("rollout-limits")
    b.press("button", "=Next")
    b.until_text(f"{CANARY} stations, drawn from those that are left")
    b.until_text(f"{COUNT - CANARY} stations: all that are left.")
    day.see("rollout-preview")
    b.press("button", "Create and start …")
    day.sure("Start", "Start")
    b.until_heading(name)


def group(day, name, *texts):
    """Waits for this in the table of groups."""
    day.until_row(name, *texts, rows="[aria-label=Groups] tbody tr")


def test_canary_stops_a_bad_build(day):
    b, charger = day.browser, day.charger
    name, others, why = f"autumn-{day.width}", COUNT - CANARY, "the first can't be installed"
    with simulated(charger, "--failures", "install:60,rollback:40", "--bad-build", "broken") as fleet:
        bad = day.build(f"{day.number}.1.0", "-broken")
        plan(day, name, bad)
        b.until_text("It has stopped by itself.", seconds=SECONDS)
        b.until_text(f"Show the failed stations ({CANARY})", seconds=SECONDS)
        reason = b.script("return document.querySelector('.rollout-cause').textContent")
        assert "canary" in reason and "3" in reason
        b.until(f"return {BADGE} === 'stopped by itself'")
        group(day, "canary", f"{CANARY} of 3")
        group(day, "full", "not begun", f"{others} waiting")
        day.see("rollout-stopped")

        b.press("button", "Show the failed stations")
        b.until_text(f"{CANARY} listed")
        canaries = sorted(b.script("return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden).map((r) => r.children[0].textContent)"))
        day.see("rollout-failed")
        assert day.told(bad) == canaries and len(set(canaries)) == CANARY  # nobody else was told, and nobody twice
        fallen = next(s for s in canaries if len(day.boots(s)) > 1)  # back to the old firmware
        b.press("link", f"={fallen}")
        b.until_heading(fallen)
        b.until("return document.querySelector('[aria-label=\"Last update\"] [role=alert]')?.textContent.includes('not with the new firmware')", what="what went wrong")
        assert b.script(STEPS)[-2:] == ["Booted", "Installation failed"]
        day.see("rollout-failed-station")

        good = day.build(f"{day.number}.2.0")
        day.to("Roll-outs")
        b.press("link", f"={name}")
        b.until_heading(name)
        b.press("button", "Supersede …")
        dialog = b.find("dialog", "Supersede")
        assert f"{others} stations are told it in their turn; {CANARY} that have failed are told it, too." in dialog.text
        day.choose("Firmware instead", good)
        b.write("Reason", why)
        day.see("rollout-supersede")
        day.sure("Supersede", "Supersede")
        group(day, "canary", f"{CANARY} waiting")
        day.until_row("", "⇄ superseded", "operator", why, rows=".rollout-chart tbody tr")
        b.press("button", "due", b.find("region", "Stations"))
        b.until_text(f"{CANARY} listed")
        day.until_row(canaries[0], "due")
        b.until_text("due again: resume when you are ready")
        assert day.told(good) == []
        day.see("rollout-superseded")
        b.press("button", "=Resume")
        day.sure("Resume", "Resume")
        b.until_text(f"{COUNT} stations: {COUNT} installed", seconds=SECONDS)
        b.until(f"return {BADGE} === 'finished'")
        b.until_text("✓ finished")
        day.see("rollout-finished")
        assert day.told(good) == sorted(f"FLEET{i:05}" for i in range(1, COUNT + 1)) and day.told(bad) == canaries

        day.to("Fleet")
        day.choose("Firmware", f"{day.number}.2.0")
        b.until_text(f"{COUNT} listed")
        day.see("fleet-updated")
        assert fleet.report()["notUnderstood"] == 0


def open_log(day, station, text, file=None):
    """Of the list: the log of this station, and in it a file; waits until it can be read."""
    b = day.browser
    b.write("Station", station)
    b.press("link", f"={station}")  # the newest, if there are several
    b.until_text(f" of {station}")
    if file:
        b.press("gridcell", file)
    b.until("return document.querySelector('.log-lines')?.textContent.includes(arguments[0])", text, what=text)


def test_logs_of_everybody_arrive_and_are_read(day):
    b, charger, everybody = day.browser, day.charger, COUNT + 1
    agent = charger.agent.process.pid
    with simulated(charger):
        day.to("Logs")
        b.press("link", "Ask for logs")
        b.until_heading("Ask for logs")
        b.press("button", f"Choose all {everybody} listed")
        b.until_text(f"{everybody} chosen")
        day.see("logs-ask")
        os.kill(agent, signal.SIGSTOP)  # its log is what is waited for
        try:
            b.press("button", f"Ask {everybody} stations …")
            day.sure("Ask", "Ask")
            b.until_heading("Logs")
            b.until_text(f"{everybody} asked for, 1 on the way, {everybody - 1} here", seconds=SECONDS)
            assert "1 on the way" in b.text()
            day.see("logs-arriving")
        finally:
            os.kill(agent, signal.SIGCONT)
        b.until_text(f"{everybody} asked for, {everybody} here", seconds=SECONDS)
        open_log(day, AGENT, f"identity {AGENT}", "agent.txt")
        day.see("log-agent")
        day.to("Logs")
        open_log(day, "FLEET00042", "FLEET00042 Box")
        day.see("log-simulated")
