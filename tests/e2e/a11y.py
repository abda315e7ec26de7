"""What a page of the dashboard owes to everybody (a11y.js), asked at both widths and in both colours, and by the tabulator key."""
from browser import DESKTOP, PHONE

STOPS_MAX = 45  # of the tabulator key


def tab_through(browser):
    """Each stop is seen and comes behind the one before in the document; the first stops are the frame's."""
    found, before, first = [], -1, None
    browser.script("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    for _ in range(STOPS_MAX):
        browser.tab()
        stop = browser.a11y("focused")
        if stop is None or stop["index"] == first:
            break
        first = stop["index"] if first is None else first
        found += stop["found"]
        if stop["index"] < before:
            found.append(f"the order of the focus goes back: {stop['name']}")
        before = stop["index"]
    return found if before >= 0 else ["nothing takes the focus"]


def assert_accessible(browser, name, tab=True):
    """name: of the screenshots."""
    found = {}
    for size in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            browser.look(size, scheme)
            browser.wait("await new Promise((r) => setTimeout(r, 80)); await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame)")
            seen = browser.a11y("check")
            assert seen["controls"] and seen["texts"], "there is nothing to be seen"
            if (size == DESKTOP) == (scheme == "light"):
                browser.shot(name)
            complaints = seen["found"] + (tab_through(browser) if tab and (size, scheme) == (DESKTOP, "light") else [])
            if complaints:
                found[f"{size[0]} {scheme}"] = complaints
    browser.look(DESKTOP)
    assert not found, "\n".join(f"{where}: {c}" for where, complaints in found.items() for c in complaints)
