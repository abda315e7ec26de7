"""openapi.json itself, what the server gives of it, and that answers which it does not name are noticed."""
import json
import urllib.error
import urllib.request

import jsonschema
import openapi
import pytest

STATION = {"id": "CP1", "online": True, "protocol": "ocpp1.6", "vendor": None, "model": None, "serialNumber": None, "firmwareVersion": None, "bootedSlot": None,
           "reason": None, "update": None, "tags": [], "timezone": None, "firstSeen": "2026-11-24T04:10:00.123Z",
           "lastSeen": "2026-11-24T04:10:00.123Z", "connectedSince": None}
JSON = {"content-type": "application/json"}
PAGE = JSON | {"Total-Count": "1"}
PROBLEM = {"content-type": "application/problem+json"}


def schemas(thing):
    """All schemas of the document."""
    if isinstance(thing, dict):
        for name, inner in thing.items():
            if name in ("schema", "x-line"):
                yield inner
            elif name == "schemas":
                yield from inner.values()
            yield from schemas(inner)
    elif isinstance(thing, list):
        for inner in thing:
            yield from schemas(inner)


def test_schemas_are_such():
    for schema in schemas(openapi.DOCUMENT):
        jsonschema.Draft202012Validator.check_schema(schema)
        openapi.validator_of(json.dumps(schema)).is_valid(None)  # all that it refers to is there


def test_lists_that_come_by_pages_say_how_many_there_are():
    paged = [operation for _, _, operation in openapi.operations() if {"after", "limit"} <= {parameter.get("name") for parameter in operation.get("parameters", [])}]
    assert len(paged) == 6
    for operation in paged:
        assert {"Total-Count", "Next-After"} <= set(operation["responses"]["200"]["headers"]), operation["operationId"]


def test_server_gives_the_file(csms):
    answer = csms.get("/api/openapi.json")
    assert answer.status == 200 and answer.json == openapi.DOCUMENT


@pytest.mark.parametrize("query", ["?x=1", "?since=1&binary", "?" + "x" * 300, "?sinc=1", "?" + "%c3%a4" * 40])
def test_unknown_argument_is_refused_by_name(csms, station, query):
    answer = csms.get(f"/api/stations/CP1/frames{query}")
    assert answer.status == 400 and answer.json["title"].startswith("There is no argument ") and answer.json["title"].endswith(" since,limit.")
    assert csms.get(f"/api/stations/CP1{query}").json["title"] == "This call has no arguments."


@pytest.mark.parametrize("query", ["?since=%ff", "?%ff%c3=1", "?since=%ed%a0%80"])
def test_argument_that_is_no_text_is_refused(csms, station, query):
    answer = csms.get(f"/api/stations/CP1/frames{query}")
    assert answer.status == 400 and answer.json["title"].endswith("no text in UTF-8.")


def test_too_many_arguments_are_refused(csms):
    assert csms.get("/api/stations?" + "&".join("abcdefghijklmnopq")).status == 400


@pytest.mark.parametrize("method, target, status, headers, body", [
    ("GET", "/api/stations", 200, PAGE, [STATION]), ("GET", "/api/stations?x=1", 400, PROBLEM, {"status": 400, "title": "So."}),
    ("HEAD", "/api/stations", 200, PAGE, None), ("POST", "/api/stations/x/raw", 204, {}, None),
    ("GET", "/api/nothing", 404, PROBLEM, {"status": 404, "title": "So."}),
], ids=range(5))
def test_good_answer_passes(method, target, status, headers, body):
    openapi.check_answer(method, target, status, headers, b"" if body is None else json.dumps(body).encode())


@pytest.mark.parametrize("method, target, status, headers, body", [
    ("GET", "/api/stations", 200, PAGE, [STATION | {"more": 1}]), ("GET", "/api/stations", 200, PAGE, [STATION | {"online": 1}]),
    ("GET", "/api/stations", 200, JSON, [STATION]), ("GET", "/api/stations", 200, PAGE | {"Total-Count": "-1"}, [STATION]),
    ("GET", "/api/stations", 200, {"Total-Count": "1"}, [STATION]), ("GET", "/api/stations", 204, {}, None), ("GET", "/api/stations", 504, PROBLEM, {"status": 504, "title": "So."}),
    ("GET", "/api/stations", 503, JSON, {"status": 503, "title": "So."}), ("GET", "/api/stations", 503, {}, None),
    ("GET", "/api/stations", 503, PROBLEM, {"status": 503, "title": "no sentence"}), ("GET", "/api/nothing", 200, JSON, {}),
    ("POST", "/api/stations/x/raw", 204, JSON, None), ("POST", "/api/stations/x/raw", 204, {}, {}),
    ("GET", "/api/stations/x/frames", 200, {"content-type": "application/jsonl"}, {"frame": []}),
], ids=range(14))
def test_answer_that_is_not_named_is_noticed(method, target, status, headers, body):
    with pytest.raises(AssertionError, match="openapi.json"):
        openapi.check_answer(method, target, status, headers, b"" if body is None else json.dumps(body).encode())


def test_urllib_is_judged_too(csms, monkeypatch):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), openapi.Judge())
    assert json.loads(opener.open(f"http://127.0.0.1:{csms.port}/api/stations", timeout=10).read()) == []
    with pytest.raises(urllib.error.HTTPError) as error:
        opener.open(f"http://127.0.0.1:{csms.port}/api/stations?x=1", timeout=10)
    assert error.value.code == 400 and json.loads(error.value.read())["title"].startswith("There is no argument \"x\"")
    monkeypatch.delitem(openapi.DOCUMENT["paths"], "/api/stations")
    with pytest.raises(AssertionError, match="openapi.json has no such call"):
        opener.open(f"http://127.0.0.1:{csms.port}/api/stations", timeout=10)
