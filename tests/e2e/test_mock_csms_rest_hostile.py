"""Every call of openapi.json with what nobody should send: mock-csms answers each with a sentence, by the file, and goes on."""
import functools
import json
import random
import string

import pytest

import openapi
from mockcsms import BOOT, MockCsms
from wsclient import Station

# Values that fit nowhere, or hardly: for members, and for what the path and the query say.
VALUES = [None, True, False, 0, -1, 1, 1.5, 2**31, 2**53, -2**63, 1e308, "", "x", "\x00", "\ud800", "\U0001f600" * 50, "a" * 70000, "../../etc/passwd",
          "' OR 1=1 --", "%s%n", [], [None], [[]], ["x"] * 3000, {}, {"": ""}, {"x": {"x": {"x": {}}}}, [[[[[[[[[[[[]]]]]]]]]]]]]
TEXTS = ["0", "-1", "1", "99999999999999999999", "1e3", "%00", "%0a", "%ff", "%2e%2e", "*", "x" * 900, "%F0%9F%98%80", "1%3b2", "a%26b", "+", "'"]
BODIES = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b'{"a":1,"a":2}', b"[" * 100000, b'"x"', b"0" * 100000, b'{"x":"\\u0000"}']
CASES = 150  # of a call
SEED = random.SystemRandom().getrandbits(32)


def follow_all(schema):
    """The schema of an object's members, whatever it is put together of."""
    schema = openapi.follow(schema)
    members = dict(schema.get("properties", {}))
    for part in [*schema.get("allOf", []), *schema.get("oneOf", []), *schema.get("anyOf", [])]:
        members |= follow_all(part)
    return members


def good(schema, dice):
    """A value that the schema allows, mostly."""
    schema = openapi.follow(schema)
    if "enum" in schema:
        return dice.choice(schema["enum"])
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: good(inner, dice) for name, inner in follow_all(schema).items() if dice.random() < 0.6}
    return {"string": "CP1", "integer": 1, "number": 1, "boolean": True, "null": None,
            "array": [good(schema.get("items", {}), dice)] if kind == "array" else []}[kind]


def spoil(value, dice):
    """The same with one thing of it that is none of its kind."""
    if not isinstance(value, dict) or not value or dice.random() < 0.1:
        return dice.choice(VALUES)
    name = dice.choice(list(value))
    if dice.random() < 0.2:
        return value | {dice.choice(["x", "", "\x00", name.upper()]): dice.choice(VALUES)}
    return value | {name: spoil(value[name], dice)}


def body_of(operation, dice):
    content = operation.get("requestBody", {}).get("content", {})
    if not content or dice.random() < 0.2:
        return dice.choice(BODIES), dice.choice(list(content) or ["text/plain"])
    kind, media = dice.choice(list(content.items()))
    if kind != "application/json":
        return dice.choice([b"", b"x", bytes(dice.randrange(256) for _ in range(300))]), kind
    value = good(media["schema"], dice)
    return json.dumps(spoil(value, dice) if dice.random() < 0.8 else value).encode(), kind


def target_of(path, operation, dice):
    parts = ["CP1" if part == "{id}" and "/stations/" in path and dice.random() < 0.7 else "1" if part.startswith("{") and dice.random() < 0.6
             else dice.choice(TEXTS) if part.startswith("{") else part for part in path.split("/")]
    names = [openapi.follow(p)["name"] for p in operation.get("parameters", []) if openapi.follow(p)["in"] == "query"]
    query = "&".join(f"{dice.choice([*names, 'x'])}={dice.choice(TEXTS)}" for _ in range(dice.randrange(3)))
    return "/".join(parts) + (f"?{query}" if query else "")


@functools.lru_cache(maxsize=None)
def tokens(folder):
    path = folder / "tokens"
    path.write_text(f"read:{'r' * 20}\noperator:{'o' * 20}\n")
    path.chmod(0o600)
    return path


def is_stream(operation):
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


OPERATIONS = [pytest.param(*o, id=o[2]["operationId"]) for o in openapi.operations() if not is_stream(o[2])]


@pytest.fixture(name="csms", scope="module")
def start(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "files").mkdir()
    with MockCsms("--tokens", tokens(folder), "--state", folder / "state.db", "--files", folder / "files", "--message-timeout", "1") as csms:
        with Station(csms.port, "CP1") as station:
            station.call("BootNotification", BOOT["ocpp2.0.1"])
        yield csms


@pytest.mark.parametrize("method, path, operation", OPERATIONS)
def test_every_call(csms, method, path, operation):
    """MockCsms.request() holds each answer against openapi.json."""
    dice = random.Random(f"{SEED} {operation['operationId']}")
    for case in range(CASES):
        body, kind = body_of(operation, dice)
        target = target_of(path, operation, dice)
        token = dice.choice(["o" * 20] * 8 + ["r" * 20, "x" * 20])
        label = f"SEED {SEED}, case {case}: {method} {target[:200]} {body[:200]!r}"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        try:
            answer = csms.request(method, target, body or None, headers, timeout=20)
        except (ConnectionError, OSError) as e:
            if isinstance(e, TimeoutError):
                raise AssertionError(label) from e
            continue  # hung up on, at the limits of lws itself
        assert answer.status < 500 or answer.status in (503, 504, 507), label
        if answer.status >= 400 and method != "HEAD":
            assert answer.json["title"][0] in string.ascii_letters + "\"'?", label
    assert csms.request("GET", "/api/stations", headers={"Authorization": "Bearer " + "r" * 20}).status == 200


def test_tokens_are_asked_for_first(csms):
    """Nothing is done, nor told of, without one; nor by one that may only read."""
    for method, path, operation in openapi.operations():
        target = path.replace("{id}", "CP1" if "/stations/" in path else "1").replace("{fault}", "1")
        assert csms.request(method, target, b"{}").status == 401, operation["operationId"]
        if operation["x-role"] == "operator":
            answer = csms.request(method, target, b"{}", {"Authorization": "Bearer " + "r" * 20})
            assert answer.status == 403, operation["operationId"]
