"""Holds answers of mock-csms to its openapi.json: what the file does not name fails the test that got it."""
import functools
import io
import json
import re
import urllib.request
import urllib.response
from pathlib import Path

import jsonschema

FILE = Path(__file__).parents[2] / "tools" / "mock-csms" / "openapi.json"
DOCUMENT = json.loads(FILE.read_text())
PROBLEM = "application/problem+json"
METHODS = {"get", "put", "post", "delete", "patch"}


def follow(thing):
    """What a reference means."""
    while "$ref" in thing:
        path = thing["$ref"].removeprefix("#/").split("/")
        thing = functools.reduce(lambda inner, word: inner[word], path, DOCUMENT)
    return thing


@functools.lru_cache(maxsize=None)
def validator_of(schema):
    """Of a schema in text. What it refers to is beside it."""
    return jsonschema.Draft202012Validator(json.loads(schema) | {"components": DOCUMENT["components"]},
                                           format_checker=jsonschema.FormatChecker())


def validate(value, schema, where):
    error = jsonschema.exceptions.best_match(validator_of(json.dumps(schema)).iter_errors(value))
    assert error is None, f"{where}: openapi.json: {error.json_path}: {error.message}"


def operations():
    """Each as (method, path, operation)."""
    return [(method.upper(), path, operation) for path, calls in DOCUMENT["paths"].items()
            for method, operation in calls.items() if method in METHODS]


@functools.lru_cache(maxsize=None)
def pattern_of(path):
    return re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")))


def find(method, target):
    """The operation of a request; None: there is none. A path in so many words goes before one with parameters."""
    path = target.partition("?")[0]
    wanted = "GET" if method == "HEAD" else method
    fitting = [(pattern.count("{"), operation) for known, pattern, operation in operations()
               if known == wanted and pattern_of(pattern).fullmatch(path)]
    return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


def check_headers(named, headers, where):
    for name, header in ((name, follow(header)) for name, header in named.items()):
        assert name in headers or not header.get("required"), f"{where}: openapi.json wants a header {name}"
        if name in headers:
            number = follow(header["schema"]).get("type") == "integer"
            validate(int(headers[name]) if number else headers[name], header["schema"], f"{where}: {name}")


def check_body(media, kind, body, where):
    if "x-line" in media:
        for line in filter(None, body.decode().split("\n")):  # U+2028 ends no line here
            validate(json.loads(line), media["x-line"], where)
    elif kind == "application/json" or kind.endswith("+json"):
        validate(json.loads(body), media["schema"], where)


def check_answer(method, target, status, headers, body):
    """The answer to a request below /api/. body: None where it was not read, as that of a stream."""
    operation = find(method, target)
    where = f"{method} {target[:200]}: {status}"
    kind = headers.get("content-type", "").partition(";")[0]
    if operation is None:
        assert status in (400, 401, 403, 404, 405, 411, 413), f"{where}: openapi.json has no such call"
        answers = {str(status): {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}}
    else:
        answers = operation["responses"]
    assert str(status) in answers, f"{where}: openapi.json names no such answer"
    answer = follow(answers[str(status)])
    check_headers(answer.get("headers", {}), headers, where)
    if "content" not in answer:
        assert not body and not kind, f"{where}: openapi.json names no body"
        return
    fitting = [media for name, media in answer["content"].items() if kind == name]
    assert fitting, f"{where}: openapi.json names no {kind}"
    if body is not None and method != "HEAD":
        check_body(fitting[0], kind, body, where)


class Judge(urllib.request.BaseHandler):
    """Checks what an opener of urllib gets."""
    handler_order = 500  # before errors become exceptions

    def http_response(self, request, response):
        if not request.selector.startswith("/api/"):
            return response
        body = response.read()
        check_answer(request.get_method(), request.selector, response.status, response.headers, body)
        again = urllib.response.addinfourl(io.BytesIO(body), response.headers, response.url, response.status)
        again.msg = response.msg
        return again

    https_response = http_response
