"""What means harm stands in every place of the dashboard that a station can write: it is shown as text, is never run, hides nothing
and breaks no page."""
import contextlib
import http.client
import io
import json
import re
import tarfile
import threading
import time
from urllib.parse import quote

import pytest

from browser import DESKTOP, PHONE, UNSEEN, browser, chromium, legible  # noqa: F401
from mockcsms import MockCsms, wait_until
from test_dashboard_fleet import boot, encode
from test_mock_csms_loglist import place
from wsclient import Closed, Station

LONG = "Wide" * 100
TEXTS = {
    "script": "<script>window.pwned=1</script>",
    "handler": "\"><img src=x onerror=window.pwned=1 style=position:fixed;inset:0>",
    "svg": "<svg onload=window.pwned=1><iframe srcdoc='<script>top.pwned=1</script>'>",
    "url": "javascript:window.pwned=1",
    "template": "{{7*7}}${window.pwned=1}#{1}<%=1%>`",
    "entity": "&lt;b&gt;&#60;script&#62;&amp;",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069\u061c",
    "hidden": "a\u200b\ufeff\u00adb\u3164\U000e0041",
    "control": "\u0001\u001b[31m\u007f\u0085\u2028",
    "nul": "a\u0000b",
    "break": "one\r\ntwo\tthree\rfour",
    "right": "\u05d0\u05d1\u05d2 123 (\u0627\u0644\u0639)",
    "long": LONG,
    "proto": "__proto__",
    "constructor": "constructor",
}
WORDS = """const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), words = [];
for (let node = walker.nextNode(); node; node = walker.nextNode())
    words.push(node.data);
for (const e of document.querySelectorAll("*"))
    words.push(...["title", "aria-label", "placeholder"].map((name) => e.getAttribute(name)).filter(Boolean));
words.push(document.title);
return words"""
HARM = """const found = [];
if (window.pwned !== undefined || ({}).pwned !== undefined || "polluted" in {})
    found.push("it has run");
for (const e of document.querySelectorAll("main script, main img, main iframe, main object, main [srcdoc], dialog script, dialog img, dialog iframe"))
    found.push(`an element: ${e.outerHTML}`);
for (const e of document.querySelectorAll("*"))
    for (const {name, value} of e.attributes)
        if (name.startsWith("on") || (["href", "src", "action", "formaction"].includes(name) && !/^(#|[/]dashboard[/])/.test(value) && e.closest("main, dialog")))
            found.push(`${name}=${value}`);
for (const e of [document.documentElement, document.body, document.querySelector("main")])
    if (e.scrollWidth > e.clientWidth + 1)
        found.push(`${e.localName} is ${e.scrollWidth} wide where there are ${e.clientWidth}: ` +
                   [...document.querySelectorAll("main *")].filter((x) => x.getBoundingClientRect().right > innerWidth + 1 && !x.closest(".table, .grid, pre"))
                       .slice(0, 5).map((x) => x.outerHTML.slice(0, 120)).join(" | "));
for (const e of document.querySelectorAll(".head, h1, .card, .grid, .table, .tiles, dialog[open]"))
    if (e.getBoundingClientRect().right > innerWidth + 1)
        found.push(`out of the page: ${e.outerHTML.slice(0, 120)}`);
return found"""


def archive(text):
    """A log whose members mean harm: names, folders, contents."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name in (f"{text[:80]}.log".replace("/", "|").replace("\0", ""), f"{text[:60]}/{text[:60]}".replace("\0", ""), "__proto__/constructor", "b"):
            data = f"{text}\n\x1b[31mred\x1b[0m\n".encode() * 3
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Liar:
    """A station that says the same text wherever it may say any."""

    def __init__(self, csms, name, text, protocol):
        self.csms, self.text, self.protocol, self.old = csms, text, protocol, protocol == "ocpp1.6"
        self.identity = (name + "".join(c for c in text if c >= " " and c not in "/:\u007f\u0085"))[:48] if name not in ("proto", "constructor") else text
        self.station = Station(csms.port, self.identity, [protocol])
        self.update = None
        self.boot()
        threading.Thread(target=self.live, daemon=True).start()

    def boot(self):
        request = {} if self.old else {"requestId": 1}
        info = {} if self.protocol != "ocpp2.1" else {"statusInfo": {"reasonCode": self.text, "additionalInfo": self.text}}
        self.station.call("BootNotification", boot(self.text, self.protocol, ""))
        self.station.call("SecurityEventNotification", {"type": self.text, "timestamp": "2029-01-01T00:00:00Z", "techInfo": self.text})
        self.station.call("FirmwareStatusNotification", {"status": self.text, **request, **info})
        self.station.call(self.text, {self.text: [self.text, {"__proto__": {"polluted": 1}}]})
        self.station.send_frame(json.dumps([self.text, self.text, self.text, {}]))

    def ask(self, action, payload):
        with contextlib.suppress(OSError):
            self.station.send_frame(json.dumps([2, f"own-{time.monotonic_ns()}", action, payload]))

    def live(self):
        with contextlib.suppress(Closed, OSError):
            while True:
                frame = self.station.recv_json(600)
                if frame[0] == 2:
                    self.hear(*frame[1:])

    def hear(self, number, action, payload):
        text = self.text
        info = {"reasonCode": text, "additionalInfo": text}
        answers = {
            "GetLog": {"status": "Accepted", "filename": text, "statusInfo": info}, "GetDiagnostics": {"fileName": text},
            "GetConfiguration": {"configurationKey": [{"key": text, "readonly": False, "value": text}, {"key": "b", "readonly": True, "value": text}]},
            "GetInstalledCertificateIds": {"status": "Accepted", "certificateHashDataChain": [self.chain()], "certificateHashData": [self.hash()]},
        }
        refused = {"UpdateFirmware": {"status": text or "Rejected", "statusInfo": info}, "SignedUpdateFirmware": {"status": text}}
        if action in refused and self.csms.refuse == "error":
            self.station.refuse(number, text, text, {text: text})
        else:
            self.station.answer(number, {**answers, **refused}.get(action, {"status": "Accepted", "statusInfo": info, text: text}))
        if action in ("GetLog", "GetDiagnostics"):
            self.upload(payload)
        if action == "GetBaseReport":
            named = {"name": text, "instance": text}
            self.ask("NotifyReport", {"requestId": payload["requestId"], "seqNo": 0, "tbc": False, "generatedAt": "2029-01-01T00:00:00Z", "reportData": [
                {"component": named, "variable": named, "variableAttribute": [{"type": text, "value": text}, {"value": text, "mutability": "ReadOnly"}],
                 "variableCharacteristics": {"dataType": text, "unit": text, "valuesList": text, "supportsMonitoring": False}}]})

    def hash(self):
        return dict.fromkeys(("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber"), self.text)

    def chain(self):
        return {"certificateType": self.text, "certificateHashData": self.hash(), "childCertificateHashData": [self.hash()]}

    def upload(self, payload):
        connection = http.client.HTTPConnection("127.0.0.1", self.csms.port, timeout=60)
        connection.request("PUT", f"/{place(payload)}{quote(self.text[:60].replace(chr(0), ''), safe='')}", archive(self.text))
        assert connection.getresponse().read() is not None
        connection.close()
        self.ask(*(("DiagnosticsStatusNotification", {"status": self.text}) if "log" not in payload
                   else ("LogStatusNotification", {"status": self.text, "requestId": payload["requestId"]})))


def post(csms, path, body=None):
    answer = csms.request("POST", path, json.dumps(body or {}), timeout=60)
    assert answer.status in (200, 201, 202), answer.body
    return answer.json


@pytest.fixture(scope="module")
def harmed():
    with MockCsms("--interval", "600", "--message-timeout", "10") as csms:
        csms.refuse = "status"
        csms.liars = {name: Liar(csms, name, text, ("ocpp2.1", "ocpp2.0.1", "ocpp1.6")[i % 3]) for i, (name, text) in enumerate(TEXTS.items())}
        order = {"location": "http://127.0.0.1:9/x.raucb"}
        csms.draft = post(csms, "/api/pushes", {"filter": {}, **order})["id"]
        csms.sent = []
        for csms.refuse in ("status", "error"):
            csms.sent.append(post(csms, "/api/pushes", {"filter": {}, **order, "send": True})["id"])
            wait_until(lambda: csms.get(f"/api/pushes/{csms.sent[-1]}").json["counts"]["ready"] + csms.get(f"/api/pushes/{csms.sent[-1]}").json["counts"]["sent"] == 0, 30)
        csms.rollout = post(csms, "/api/rollouts", {"name": "harm", "order": order, "failureLimit": "1", "groups": [{"name": "all", "filter": {}}]})["id"]
        post(csms, f"/api/rollouts/{csms.rollout}/start")
        wait_until(lambda: csms.get(f"/api/rollouts/{csms.rollout}").json["state"] == "paused", 30)
        csms.logs = {log["station"]: log["id"] for log in post(csms, "/api/logs", {"filter": {}})["logs"]}
        wait_until(lambda: all(csms.get(f"/api/logs/{number}").json["file"] for number in csms.logs.values()), 60)
        yield csms
        for liar in csms.liars.values():
            liar.station.close()


def settled(browser):  # noqa: F811
    browser.wait("await new Promise((r) => setTimeout(r, 60)); await new Promise(requestAnimationFrame)")


def assert_harmless(browser, *texts, name=None):  # noqa: F811
    """texts: must be among what can be read."""
    settled(browser)
    words = browser.script(WORDS)
    assert not (hidden := [w for w in words if UNSEEN.search(w)]), ascii(hidden[:3])
    for text in texts:
        assert any(text in w for w in words), f"not to be read: {ascii(text)}\n{browser.text()[:2000]}"
    for size in (PHONE, DESKTOP) if name else (PHONE,):
        browser.look(size)
        settled(browser)
        assert not (found := browser.script(HARM)), f"{size}: {found}"
        if name:
            browser.shot(name)
    browser.look(DESKTOP)


def identities(csms):
    return [liar.identity for liar in csms.liars.values()]


def test_lists_of_stations(browser, harmed):  # noqa: F811
    browser.open(harmed, heading="Fleet")
    browser.until("return document.querySelectorAll('.grid-body .grid-row:not([hidden])').length >= arguments[0]", len(TEXTS))
    told = harmed.stations()
    assert_harmless(browser, *map(legible, identities(harmed)), *(legible(s["vendor"]) for s in told.values() if s["vendor"]), name="hostile-fleet")
    assert len({s["vendor"] for s in told.values()}) > 10
    for page in "push/new", "logs/ask", "rollouts/new":
        browser.open(harmed, page)
        settled(browser)
        if page == "push/new":
            browser.script("document.querySelector('input[value=hand]').click()")
        if page != "rollouts/new":
            browser.until_text("script<script>")
            assert_harmless(browser, legible(harmed.liars["bidi"].identity), name=f"hostile-{page.replace('/', '-')}")
        else:
            assert_harmless(browser)


@pytest.mark.parametrize("name", TEXTS)
def test_station(browser, harmed, name):  # noqa: F811
    liar = harmed.liars[name]
    text, told = legible(liar.text), harmed.stations()[liar.identity]
    browser.open(harmed, f"station/{encode(liar.identity)}")
    browser.until("return document.querySelector('table, .empty')")
    assert_harmless(browser, legible(liar.identity), *([legible(told["vendor"])] if told["vendor"] else []), *([legible(told["update"]["status"])] if told["update"] else []),
                    name=f"hostile-station-{name}")
    open_tab(browser, "Frames")
    open_security_event(browser)
    assert_harmless(browser, legible(json.dumps(liar.text, ensure_ascii=False)))
    open_tab(browser, "Variables")
    browser.press("button", "Ask the station", browser.find("region", "=Variables"))
    browser.until("return document.querySelector('[data-tab=variables] td, [data-tab=variables] .trouble')")
    assert_harmless(browser, *([] if browser.script("return document.querySelector('[data-tab=variables] .trouble') !== null") else [text]))
    open_tab(browser, "Security")
    browser.press("button", "Ask the station")
    browser.until("return document.querySelector('[data-tab=security] code, [data-tab=security] .trouble')")
    assert_harmless(browser, text)
    open_tab(browser, "Logs")
    browser.until("return document.querySelector('[data-tab=logs] a')")
    assert_harmless(browser)
    open_tab(browser, "Call")
    browser.choose("Action", "ClearCache")
    browser.press("button", "Send")
    browser.press("button", "Send it", browser.find("dialog"))
    browser.until("return document.querySelector('.call-answer, [data-tab=call] .trouble')")
    assert_harmless(browser)


def open_security_event(browser):  # noqa: F811
    """Of the frames, that one; its text is to be read."""
    browser.until("return document.querySelectorAll('[aria-label=Action] option').length > 3")
    browser.choose("Action", "SecurityEventNotification")
    browser.choose("Type", "CALL")
    browser.until("const rows = document.querySelectorAll('.grid-body .grid-row:not([hidden])'); rows[0]?.click(); return rows.length === 1")
    browser.until("return document.querySelector('.frame-opened pre')?.textContent.includes('techInfo')")


def open_tab(browser, name):  # noqa: F811
    browser.find("link", f"={name}", browser.find("navigation", "Sections of the station")).click()
    settled(browser)


def test_set_value_is_what_the_station_has(browser, harmed):  # noqa: F811
    """What is shown is marked; what is edited, sent and copied is the text itself."""
    liar = harmed.liars["bidi"]
    browser.open(harmed, f"station/{encode(liar.identity)}?tab=variables")
    browser.press("button", "Ask the station", browser.find("region", "=Variables"))
    browser.until("return document.querySelector('[data-tab=variables] [role=status]').textContent.includes('shown, told')")
    browser.press("button", "Set ")
    assert browser.script("return document.querySelector('dialog input').value") == liar.text
    assert_harmless(browser)


def test_copied_frame_is_the_original(browser, harmed):  # noqa: F811
    liar = harmed.liars["bidi"]
    browser.open(harmed, f"station/{encode(liar.identity)}?tab=frames")
    browser.script("""window.copied = null;
        Object.defineProperty(navigator, "clipboard", {value: {writeText: async (text) => { window.copied = text; }}});""")
    open_security_event(browser)
    browser.press("button", "Copy")
    copied = browser.until("return window.copied")
    assert json.loads(copied)[3]["techInfo"] == liar.text
    assert legible(liar.text) in browser.script("return document.querySelector('.frame-opened pre').textContent")


def test_pushes(browser, harmed):  # noqa: F811
    browser.open(harmed, f"push/{harmed.draft}")
    browser.until_text("The messages")
    names = [harmed.liars[n].identity for n in ("script", "bidi", "constructor")]
    assert_harmless(browser, *map(legible, names), name="hostile-push-draft")
    browser.until("return document.querySelector('.frame-text')")
    for push, texts in zip(harmed.sent, ([TEXTS["script"], TEXTS["bidi"], TEXTS["proto"]], [TEXTS["script"]])):
        targets = {t["station"]: t for t in harmed.get(f"/api/pushes/{push}/targets?limit=100").json}
        browser.open(harmed, f"push/{push}")
        browser.until("return document.querySelectorAll('.grid-body .grid-row:not([hidden])').length > 10")
        details = [targets[harmed.liars[n].identity]["detail"] for n in ("script", "bidi", "proto")]
        assert set(texts) & set(details), details
        assert_harmless(browser, *(legible(d) for d in details if d), name=f"hostile-push-{push}")
        browser.script("document.querySelector('.grid-body .grid-row:not([hidden])').click()")
        browser.until("return document.querySelector('dialog pre')")
        assert_harmless(browser)
        browser.press("button", "Close")
    browser.open(harmed, "push")
    assert_harmless(browser)


def test_rollouts(browser, harmed):  # noqa: F811
    browser.open(harmed, "rollouts")
    assert_harmless(browser)
    browser.open(harmed, f"rollouts/{harmed.rollout}?state=failed", heading="harm")
    browser.until("return document.querySelectorAll('.grid-body .grid-row:not([hidden])').length > 0")
    failed = [t["station"] for t in harmed.get(f"/api/rollouts/{harmed.rollout}/targets?state=failed").json]
    assert failed
    assert_harmless(browser, legible(failed[0]), name="hostile-rollout")


def test_logs(browser, harmed):  # noqa: F811
    browser.open(harmed, "logs")
    browser.until("return document.querySelectorAll('.grid-body .grid-row:not([hidden])').length >= arguments[0]", len(TEXTS))
    assert_harmless(browser, *map(legible, identities(harmed)), name="hostile-logs")


@pytest.mark.parametrize("name", TEXTS)
def test_log(browser, harmed, name):  # noqa: F811
    liar = harmed.liars[name]
    number = harmed.logs[liar.identity]
    browser.open(harmed, f"logs/{number}")
    log = harmed.get(f"/api/logs/{number}").json
    rows = browser.until("return document.querySelectorAll('.log-entries .grid-body .grid-row:not([hidden])').length")
    assert_harmless(browser, legible(liar.identity), legible(log["file"]["name"]), *([legible(log["status"])] if log["status"] else []), name=f"hostile-log-{name}")
    seen = 0
    browser.expect("status of 404")  # no address can name a member with an end of line in its name
    for i in range(rows):
        browser.script("document.querySelectorAll('.log-entries .grid-body .grid-row:not([hidden])')[arguments[0]].click()", i)
        browser.until("return !document.querySelector('.log-text').textContent.includes('Reading …')")
        settled(browser)
        if browser.script("return document.querySelector('.log-line') !== null"):
            browser.until_text("⟨U+001B⟩[31mred")
            lines = browser.script("return [...document.querySelectorAll('.log-line')].map((l) => l.textContent)")
            first = re.split(r"\r?\n", liar.text)[0].replace("\0", "\ufffd")
            assert lines[0] == legible(first), ascii(lines[:3])
            seen += 1
    assert seen
    assert_harmless(browser)
    browser.script("[...document.querySelectorAll('.log-entries .grid-row:not([hidden])')].find((r) => r.firstChild.textContent === 'b').click()")
    browser.until("return document.querySelector('.log-text h3')?.textContent === 'b' && document.querySelector('.log-line')")
    browser.write("Find in the text", "red")
    assert_harmless(browser)
    assert browser.script("return document.querySelectorAll('.log-line mark').length") >= 3


def test_addresses(browser, harmed):  # noqa: F811
    """What stands in the address is no better: words that every object has, and texts."""
    browser.expect("status of 404", "status of 400")
    for page in ("__proto__", "constructor", "station/__proto__?tab=constructor", "station/" + encode("<img src=x onerror=window.pwned=1>"), "fleet?state=constructor",
                 "logs?state=__proto__", "rollouts/1?state=constructor", "push/" + encode(TEXTS["script"]), "logs/" + encode(TEXTS["handler"]), "firmware/__proto__"):
        browser.driver.get("about:blank")
        browser.driver.get(f"http://127.0.0.1:{harmed.port}/#/{page}")
        browser.until_heading()
        assert "Something went wrong" not in browser.text(), page
        assert_harmless(browser)
