"""The dashboard's frame and its fleet in real Chromium: 300 simulated stations, what one may do, texts that mean harm."""
import contextlib
import json
import pathlib
import socket
import subprocess

import pytest

from a11y import assert_accessible
from browser import DESKTOP, PHONE, Keys, browser, chromium, legible  # noqa: F401
from fleet import Fleet
from mockcsms import BINARY_DIR, BOOT, MockCsms, wait_until
from wsclient import Station

SOURCE = pathlib.Path(__file__).resolve().parents[2]
COUNT = 300
LISTED = "return document.querySelector('.head [role=status]').textContent"
ROWS = "return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden).map((r) => ({index: Number(r.ariaRowIndex), id: r.children[0].textContent, text: r.innerText}))"
CURRENT = "const r = document.activeElement; return r.matches('.grid-row') ? Number(r.ariaRowIndex) - 1 : null"


@pytest.fixture(scope="module")
def crowd():
    with MockCsms("--interval", "600") as csms, \
            Fleet(csms, "--count", COUNT, "--ramp", 1000, "--protocols", "1.6:1,2.0.1:1,2.1:1", "--models", "Box:2,Pole:1", "--versions", "1.0.0:2,1.10.0:1") as fleet:
        wait_until(lambda: fleet.report()["accepted"] == COUNT, 60)
        yield csms


@pytest.fixture
def empty():
    with MockCsms() as csms:
        yield csms


@pytest.fixture
def shown(browser, crowd):  # noqa: F811
    browser.open(crowd, heading="Fleet")
    until_listed(browser, COUNT)
    return browser


def until_listed(browser, count):  # noqa: F811
    browser.until(f"{LISTED} === '{count} listed'", what=f"{count} listed")


def rows(browser):  # noqa: F811
    return sorted(browser.script(ROWS), key=lambda row: row["index"])


def column(browser, name):  # noqa: F811
    """What the visible rows have there, in their order."""
    heads = [e.text.strip(" ▲▼") for e in browser.all("columnheader")]
    return [row["cells"][heads.index(name)] for row in sorted(browser.script("""return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden)
        .map((r) => ({index: Number(r.ariaRowIndex), cells: [...r.children].map((c) => c.textContent)}))"""), key=lambda row: row["index"])]


def test_only_what_is_to_be_seen_is_in_the_page(shown):
    grid = shown.find("grid", "Stations")
    assert grid.get_attribute("aria-rowcount") == str(COUNT + 1)
    assert len(rows(shown)) == shown.script("return document.querySelectorAll('.grid-body .grid-row').length") < 50
    assert [row["index"] for row in rows(shown)][:3] == [2, 3, 4] and rows(shown)[0]["id"] == "FLEET00001"
    shown.script("const s = document.querySelector('.grid-scroll'); s.scrollTop = s.scrollHeight")
    shown.until(f"return (() => {{ {ROWS} }})().some((r) => r.id === 'FLEET00{COUNT}' && r.index === {COUNT + 1})")
    assert len(rows(shown)) < 50
    shown.shot("fleet-end")


def test_keyboard(shown):
    shown.script("document.querySelector('.grid-row[tabindex=\"0\"]').focus()")
    for keys, row in ((Keys.ARROW_DOWN * 3, 4), (Keys.ARROW_UP, 3), (Keys.END, COUNT), (Keys.ARROW_DOWN, COUNT), (Keys.HOME, 1), (Keys.ARROW_UP, 1),
                      (Keys.ARROW_DOWN, 2)):
        shown.keys(*keys)
        shown.until(f"return (() => {{ {CURRENT} }})() === {row}", what=f"row {row}")
        assert shown.a11y("focused")["found"] == []
    before = shown.script(CURRENT)
    shown.keys(Keys.PAGE_DOWN)
    assert shown.script(CURRENT) > before + 5
    shown.keys(Keys.HOME, Keys.ENTER)
    shown.until("return location.hash === '#/station/FLEET00001'")


def test_search_filters_and_tiles(shown):
    shown.write("Search", "fleet0001")
    until_listed(shown, 10)
    assert all(row["id"].startswith("FLEET0001") for row in rows(shown))
    shown.write("Search", "")
    until_listed(shown, COUNT)
    assert shown.all("combobox", "Tag") and shown.find("grid").get_attribute("aria-rowcount") == str(COUNT + 1)
    shown.choose("Model", "Pole")
    few = int(shown.until("const n = document.querySelector('.head [role=status]').textContent.split(' ')[0]; return n < 300 && n"))
    assert set(column(shown, "Model")) == {"Pole"} and 0 < few < COUNT
    shown.choose("Firmware", "1.10.0")
    shown.until(f"return Number({LISTED.removeprefix('return ')}.split(' ')[0]) < {few}")
    assert set(column(shown, "Firmware")) == {"1.10.0"}
    shown.press("button", "Failed")
    shown.until_text("No station fits")
    shown.press("button", "show all")
    until_listed(shown, COUNT)
    shown.press("button", "Connected")
    assert shown.find("button", "Connected").get_attribute("aria-pressed") == "true"


def test_sorting(shown):
    def sort():
        return {e.text.strip(" ▲▼"): e.get_attribute("aria-sort") for e in shown.all("columnheader")}

    assert sort()["Station"] == "ascending" and sort()["Model"] == "none"
    shown.press("button", "Firmware", shown.find("grid"))
    shown.until("return document.querySelector('[data-name=firmwareVersion]').ariaSort === 'ascending'")
    assert sort()["Station"] == "none" and column(shown, "Firmware")[0] == "1.0.0"
    shown.press("button", "Firmware", shown.find("grid"))
    shown.until("return document.querySelector('[data-name=firmwareVersion]').ariaSort === 'descending'")
    assert column(shown, "Firmware")[0] == "1.10.0"
    shown.press("button", "Station", shown.find("grid"))
    shown.press("button", "Station", shown.find("grid"))
    shown.until(f"return (() => {{ {ROWS} }})().some((r) => r.id === 'FLEET00{COUNT}' && r.index === 2)")


def test_phone_tells_who_is_connected(empty, browser):  # noqa: F811
    """There is no column for it: it stands below the identity."""
    told = "return getComputedStyle(document.querySelector('.grid-body .cell'), '::after').content"
    browser.look(PHONE)
    browser.open(empty, heading="Fleet")
    with Station(empty.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        until_listed(browser, 1)
        browser.until(f"{told}.includes('connected')")
        assert_accessible(browser, "fleet-phone", tab=False)
        browser.look(PHONE)
    browser.until(f"{told}.includes('offline')")
    browser.look(DESKTOP)
    assert browser.script(told) == "none"


def test_change_is_seen_without_reloading(empty, browser):  # noqa: F811
    browser.open(empty, heading="Fleet")
    browser.until_text("No station has connected yet")
    assert_accessible(browser, "fleet-empty")
    browser.script("window.same = true")
    with Station(empty.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        until_listed(browser, 1)
        browser.until_text("connected")
        for status, word in (("Downloading", "Downloading"), ("DownloadFailed", "Download failed")):
            station.call("FirmwareStatusNotification", {"status": status, "requestId": 1})
            browser.until("return document.querySelector('.update .word').textContent === arguments[0]", word)
        browser.until("return document.querySelector('.update').dataset.tone === 'bad'")
        browser.until("return document.querySelector('.tile[data-tone=bad] strong').textContent === '1'")
    browser.until("return document.querySelector('[role=gridcell][data-tone=off]')?.textContent === 'offline'")
    assert empty.request("DELETE", "/api/stations/CP1").status == 204
    browser.until_text("No station has connected yet")
    until_listed(browser, 0)
    assert browser.script("return window.same")


def test_what_has_just_changed_can_be_on_top(browser, empty):  # noqa: F811
    """Each finds its place among the others as it changes: they are not all sorted anew."""
    names = "return [...document.querySelectorAll('.grid-body .grid-row')].filter((r) => !r.hidden).map((r) => r.children[0].textContent).join()"

    def until_order(*order):
        browser.until(f"return (() => {{ {names} }})() === arguments[0]", ",".join(order), what=f"order {order}")

    with contextlib.ExitStack() as stack:
        stations = [stack.enter_context(Station(empty.port, f"CP{i}")) for i in range(1, 6)]
        browser.open(empty, heading="Fleet")
        until_listed(browser, 5)
        for order in ("ascending", "descending"):
            browser.press("button", "Changed", browser.find("grid"))
            browser.until("return document.querySelector('[data-name=since]').ariaSort === arguments[0]", order)
        until_order("CP1", "CP2", "CP3", "CP4", "CP5")  # of none anything is known
        for i, order in ((3, "31245"), (5, "53124"), (3, "35124"), (1, "13524"), (4, "41352")):
            stations[i - 1].call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 1})
            until_order(*(f"CP{n}" for n in order))
        browser.write("Search", "CP5")
        until_order("CP5")
        stations[0].call("FirmwareStatusNotification", {"status": "Downloaded", "requestId": 1})
        browser.write("Search", "")
        until_order("CP1", "CP4", "CP3", "CP5", "CP2")
        browser.choose("State", "Updating")
        until_order("CP1", "CP4", "CP3", "CP5")
        stations[3].call("FirmwareStatusNotification", {"status": "Installed", "requestId": 1})
        until_order("CP1", "CP3", "CP5")
        stations[1].call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 1})
        until_order("CP2", "CP1", "CP3", "CP5")
        stations[2].close()
        wait_until(lambda: not empty.stations()["CP3"]["online"])
        assert empty.request("DELETE", "/api/stations/CP3").status == 204
        until_order("CP2", "CP1", "CP5")
        stations[2] = stack.enter_context(Station(empty.port, "CP3"))  # of which nothing is known any more
        browser.choose("State", "All states")
        until_order("CP2", "CP4", "CP1", "CP5", "CP3")


def test_the_benchmark_of_the_dashboard_still_runs():
    done = subprocess.run([SOURCE / "tests/bench/dashboard", "--quick", "--binaries", BINARY_DIR / "bin"], capture_output=True, text=True,
                          check=False, timeout=300)
    figures = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith("#")]
    assert figures == [f"dashboard-{n}" for n in ("statuses", "rows", "updates", "heap", "nodes", "listeners")], done.stdout + done.stderr  # met or not


def test_frame_tells_whether_it_is_live(browser):  # noqa: F811
    csms = MockCsms()
    with contextlib.ExitStack() as stack:
        stack.callback(csms.stop)
        browser.open(csms, heading="Fleet")
        browser.until("return document.getElementById('live').textContent === 'live'")
        assert "sans" in browser.script("return getComputedStyle(document.body).fontFamily")
        csms.stop()
        browser.until("return document.getElementById('live').textContent === 'reconnecting'")
    browser.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")
    assert_accessible(browser, "fleet-gone")


def test_what_another_mock_csms_never_heard_of_goes(browser):  # noqa: F811
    """Which was begun in the place of the one that the page was from."""
    with MockCsms() as csms:
        for name in ("CP1", "CP2"):
            with Station(csms.port, name):
                pass
        browser.open(csms, heading="Fleet")
        until_listed(browser, 2)
        port = csms.port
    with MockCsms("--listen", f"127.0.0.1:{port}") as csms, Station(csms.port, "CP2"):
        until_listed(browser, 1)
        assert column(browser, "Station") == ["CP2"]
    browser.expect("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE")


def test_colours_are_the_systems_or_chosen(empty, browser):  # noqa: F811
    dark = "return getComputedStyle(document.documentElement).colorScheme === 'dark'"
    browser.look(PHONE, "dark")
    browser.open(empty, heading="Fleet")
    assert browser.script(dark)
    for chosen, is_dark in (("light", False), ("dark", True), ("auto", True)):
        browser.press("button", "Colours")
        assert browser.find("button", f"Colours: {chosen}") and browser.script(dark) == is_dark


TOKENS = "read:readreadreadread\noperator:operatoroperator\n"


@pytest.fixture
def guarded(tmp_path):
    file = tmp_path / "tokens"
    file.write_text(TOKENS)
    file.chmod(0o600)
    with MockCsms("--tokens", file) as csms:
        yield csms


def sign_in(browser, csms, token, page="fleet"):  # noqa: F811
    browser.expect("status of 401")
    browser.driver.get("about:blank")
    browser.driver.get(f"http://127.0.0.1:{csms.port}/#/{page}")
    browser.find("dialog", "Token")
    browser.write("Token", token)
    browser.keys(Keys.ENTER)


def test_token_is_asked_for_until_it_is_right(guarded, browser):  # noqa: F811
    sign_in(browser, guarded, "wrong-wrong-wrong")
    browser.until_text("This token is not known here.")
    assert_accessible(browser, "token")
    browser.write("Token", "operatoroperator")
    browser.press("button", "Sign in")
    browser.until_heading("Fleet")
    assert browser.find("main") and browser.script("return document.getElementById('role').textContent") == "operator"
    browser.driver.refresh()  # this tab remembers it
    browser.until_text("No station has connected yet")  # nothing is being asked any more when mock-csms ends
    assert browser.script("return Object.keys(localStorage).length === 0 && document.cookie === ''")


def test_who_may_only_read_sees_it(guarded, browser):  # noqa: F811
    plan = {"name": "spring", "order": {"location": "http://x/y"}, "groups": [{"name": "all", "filter": {}}]}
    with Station(guarded.port, "CP1") as station:
        station.call("BootNotification", BOOT["ocpp2.0.1"])
        made = guarded.request("POST", "/api/rollouts", json.dumps(plan), {"Authorization": "Bearer operatoroperator"})
    assert made.status == 201, made.body
    sign_in(browser, guarded, "readreadreadread", "rollouts/1")
    browser.until_heading()
    assert browser.script("return document.getElementById('role').textContent") == "read"
    browser.until("return document.querySelector('main button:disabled')?.title.includes('operator')")
    assert_accessible(browser, "rollouts-read")


HOSTILE = ["<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "\"><svg onload=window.pwned=1>", "javascript:window.pwned=1",
           "'\"`${window.pwned=1}", "\u202egnp.exe\u202c \u2066x\u2069", "&lt;b&gt;&amp;", "\u0001\u0007\u001b[31m", "A" * 500, "__proto__", "constructor"]


def boot(text, protocol, fence):
    if protocol == "ocpp1.6":
        return {"chargePointVendor": text, "chargePointModel": text, "chargePointSerialNumber": text, "firmwareVersion": fence + text}
    return {"reason": text, "chargingStation": {"vendorName": text, "model": text, "serialNumber": text, "firmwareVersion": fence + text}}


def test_hostile_texts_are_texts(empty, browser):  # noqa: F811
    with contextlib.ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        fence = f"<img src=http://127.0.0.1:{trap.getsockname()[1]}/x>"
        for i, text in enumerate(HOSTILE):
            protocol = sorted(BOOT)[i % 3]
            station = stack.enter_context(Station(empty.port, identity(i, text), [protocol]))
            station.call("BootNotification", boot(text, protocol, fence))
            station.call("FirmwareStatusNotification", {"status": text, **({"requestId": 1} if protocol != "ocpp1.6" else {})})
            station.call(text, {text: [text, fence]})
        browser.open(empty, heading="Fleet")
        until_listed(browser, len(HOSTILE))
        assert set(column(browser, "Vendor")) == {legible(s["vendor"] or "–") for s in empty.stations().values()}
        assert HOSTILE[0] in column(browser, "Model") and HOSTILE[1] in column(browser, "Model")
        assert_accessible(browser, "fleet-hostile", tab=False)
        for page in ("fleet", "rollouts"):
            browser.open(empty, page)
            assert browser.script("return window.pwned === undefined && ({}).pwned === undefined && !document.querySelector('main script, main img')"), page
        with pytest.raises(TimeoutError):
            trap.accept()


def identity(i, text):
    """What of it may be one."""
    return f"{i}" + "".join(c for c in text if c >= " " and c not in "/:")[:40]


def encode(name):
    return "".join(f"%{b:02X}" for b in name.encode())


@pytest.mark.parametrize("page", ["fleet", "nowhere"])
def test_accessible(shown, page):
    if page != "fleet":
        shown.script("location.hash = '#/nowhere'")
        shown.until_text("There is no such page.")
    assert_accessible(shown, page)
