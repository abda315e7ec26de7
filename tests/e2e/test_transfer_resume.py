"""Downloads that break off and go on, or must not: a mixture of two files is never taken for one."""

import json
import os
import random
import re
import time

import pytest

from badserver import LATER, LONG_AGO, BadServer, Files, head, raw, validators
from worker import assert_arrived, assert_failed, fetch, fetch_job, start

CONTENT = random.Random(2).randbytes(300_000)
OTHER = random.Random(3).randbytes(300_000)
CUT = 100_000


@pytest.fixture
def file(tmp_path):
    return tmp_path / "fw.part"


def notes(file):
    return file.with_name("fw.part.json")


def break_off(server, file, at=CUT, **more):
    """The first attempt, of which so many bytes come."""
    answer = fetch(server.url, file, **more)
    assert_failed(answer, False, "connection")
    assert file.stat().st_size == at
    assert answer.progress[-1]["now"] == at  # so that the daemon knows how far it came
    return answer


def offsets(server):
    return [request.offset for request in server.requests]


def test_goes_on_where_it_broke_off(file):
    with BadServer(Files(CONTENT, [CUT])) as server:
        break_off(server, file)
        told = json.loads(notes(file).read_text())
        assert (told["url"], told["etag"], told["length"]) == (server.url, '"v1"', len(CONTENT))
        assert notes(file).stat().st_mode & 0o7777 == 0o600
        answer = fetch(server.url, file)
    assert_arrived(answer, file, CONTENT)
    assert offsets(server) == [None, CUT]
    assert server.requests[1].headers["if-range"] == '"v1"'
    assert all(p["now"] >= CUT for p in answer.progress)


def test_twenty_cuts_cost_next_to_nothing(file):
    content = random.Random(4).randbytes(5_000_000)
    with BadServer(Files(content, [len(content) // 21] * 20)) as server:
        for _ in range(20):
            assert_failed(fetch(server.url, file), False, "connection")
        assert_arrived(fetch(server.url, file), file, content)
    assert len(server.requests) == 21
    print(f"bytes sent for one of the file: {server.sent_bytes / len(content):.5f}")
    assert server.sent_bytes <= 1.02 * len(content)


def kill_at(server, file, size):
    """The worker dies when so much was written."""
    worker = start(fetch_job(server.url, file, max_size=1 << 30))
    deadline = time.monotonic() + 30
    while (file.stat().st_size if file.exists() else 0) < size:
        assert time.monotonic() < deadline and worker.poll() is None
        time.sleep(0.01)
    worker.kill()
    worker.communicate()


def test_goes_on_after_a_kill_with_all_that_was_written(file):
    with BadServer(Files(CONTENT, [CUT]), hold=True) as server:
        kill_at(server, file, CUT)
        assert json.loads(notes(file).read_text())["synced"] == 0
        assert_arrived(fetch(server.url, file), file, CONTENT)
    assert offsets(server) == [None, CUT]


def lose_power(file):
    """What was never synced is zeros behind the length, as file systems may leave it."""
    told = notes(file).read_text()
    synced = json.loads(told)["synced"]
    size = file.stat().st_size
    os.truncate(file, synced)
    os.truncate(file, size)
    notes(file).write_text(re.sub('"boot":"[^"]*"', '"boot":"11111111-1111-1111-1111-111111111111"', told))
    return synced


def test_after_a_power_cut_only_what_was_synced_counts(file):
    content = random.Random(5).randbytes(20 << 20)
    with BadServer(Files(content, [18 << 20]), hold=True) as server:
        kill_at(server, file, 18 << 20)
        synced = lose_power(file)
        assert 16 << 20 <= synced < 18 << 20
        assert_arrived(fetch(server.url, file, max_size=1 << 30), file, content)
    assert offsets(server) == [None, synced]


def test_after_a_power_cut_before_any_sync_it_begins_anew(file):
    with BadServer(Files(CONTENT, [CUT]), hold=True) as server:
        kill_at(server, file, CUT)
        assert lose_power(file) == 0
        assert_arrived(fetch(server.url, file), file, CONTENT)
    assert offsets(server) == [None, None]


def test_a_broken_attempt_leaves_all_of_it_synced(file):
    with BadServer(Files(CONTENT, [CUT])) as server:
        break_off(server, file)
        assert lose_power(file) == CUT
        assert_arrived(fetch(server.url, file), file, CONTENT)
    assert offsets(server) == [None, CUT]


@pytest.mark.parametrize("given", [{"etag": '"v2"'}, {"etag": '"v2"', "modified": LATER}, {"etag": None, "modified": None}])
def test_a_changed_file_begins_anew(file, given):
    files = Files(CONTENT, [CUT])
    with BadServer(files) as server:
        break_off(server, file)
        files.content, files.validators = OTHER, validators(**given)
        assert_arrived(fetch(server.url, file), file, OTHER)
    assert offsets(server) == [None, CUT]


@pytest.mark.parametrize("given, condition", [
    ({}, '"v1"'),
    ({"etag": None}, LONG_AGO),
    ({"etag": 'W/"v1"'}, LONG_AGO),
    ({"etag": None, "date": LONG_AGO}, None),  # it could change once more in that second
    ({"etag": None, "date": None}, None),
    ({"etag": 'W/"v1"', "modified": None}, None),
    ({"etag": None, "modified": None}, None),
    ({"etag": '"' + "v" * 2000 + '"', "modified": None}, None),
])
def test_goes_on_only_with_a_strong_validator(file, given, condition):
    with BadServer(Files(CONTENT, [CUT], **given)) as server:
        break_off(server, file)
        assert_arrived(fetch(server.url, file), file, CONTENT)
    again = server.requests[1]
    assert (again.offset, again.headers.get("if-range")) == (CUT if condition else None, condition)


def rest(first=CUT, last=len(CONTENT) - 1, total=len(CONTENT), body=OTHER[CUT:], given=None, length=None):
    return head("206 Partial", f"Content-Range: bytes {first}-{last}/{total}", *validators(**(given or {})),
                length=len(body) if length is None else length) + body


@pytest.mark.parametrize("wrong", [
    rest(given={"etag": '"v2"'}),
    rest(given={"modified": LATER}),
    rest(given={"etag": 'W/"v1"'}),
    rest(total=len(CONTENT) + 1),
    rest(total=len(CONTENT) + 1, last=len(CONTENT)),
    rest(first=0, body=OTHER),
    rest(first=CUT + 1, body=OTHER[CUT + 1:]),
    rest(last=CUT + 9, body=OTHER[:10]),
    rest(last=CUT - 1),
    rest(first="x"),
    rest(first=-1),
    rest(first="99999999999999999999"),
    rest(total=f"{len(CONTENT)}x"),
    rest(total=""),
    rest(length=10),
    head("206 Partial", *validators(), length=200_000) + OTHER[CUT:],
    head("206 Partial", "Content-Type: multipart/byteranges; boundary=x", length=200_000) + OTHER[CUT:],
    head("206 Partial", "Content-Range: lines 100000-299999/300000", length=200_000) + OTHER[CUT:],
    head("416 Range", f"Content-Range: bytes */{CUT + 1}", length=0),
    head("416 Range", f"Content-Range: bytes */{CUT}", length=0),  # the length told at first was another
    head("416 Range", length=3) + b"abc",
])
def test_a_rest_that_is_not_proven_begins_anew(file, wrong):
    """The second request, for the whole, is made at once."""
    files, said = Files(CONTENT, [CUT]), []

    def answer(server, request, peer):
        if request.offset is None:
            files(server, request, peer)
        else:
            said.append(wrong)
            server.send(peer, wrong)

    with BadServer(answer) as server:
        break_off(server, file)
        files.content, files.validators = OTHER, validators(etag='"v2"')
        assert_arrived(fetch(server.url, file), file, OTHER)
    assert offsets(server) == [None, CUT, None] and said


def test_a_rest_of_unknown_length_goes_on_by_the_length_told_first(file):
    answers = [Files(CONTENT, [CUT]), raw(rest(total="*", body=CONTENT[CUT:]))]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        break_off(server, file)
        assert_arrived(fetch(server.url, file), file, CONTENT)


def chunked(body, whole):
    end = b"0\r\n\r\n" if whole else b""
    return head("200 OK", "Transfer-Encoding: chunked", *validators()) + b"%x\r\n%s\r\n" % (len(body), body) + end


def test_what_is_complete_already_is_found_out(file):
    """All of a file without a told length came, only its end was not said: 416 tells it."""
    answers = [raw(chunked(CONTENT, whole=False)), Files(CONTENT)]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        break_off(server, file, at=len(CONTENT))
        answer = fetch(server.url, file)
    assert answer.done == {"size": len(CONTENT)} and file.read_bytes() == CONTENT
    assert offsets(server) == [None, len(CONTENT)]
    assert os.listdir(file.parent) == ["fw.part"]


@pytest.mark.parametrize("length", [CUT - 1, CUT + 1])
def test_an_end_that_is_not_where_we_are_begins_anew(file, length):
    """Nothing told how long the file is, before the 416."""
    answers = [raw(chunked(CONTENT[:CUT], whole=False)), raw(head("416 No", f"Content-Range: bytes */{length}", length=0)),
               Files(OTHER)]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        break_off(server, file)
        assert_arrived(fetch(server.url, file), file, OTHER)
    assert offsets(server) == [None, CUT, None]


def test_more_than_was_told_is_not_taken(file):
    more = head("206 Partial", f"Content-Range: bytes {CUT}-{len(CONTENT) - 1}/{len(CONTENT)}", *validators(),
                "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT)
    answers = [Files(CONTENT, [CUT]), raw(more)]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        break_off(server, file)
        assert_failed(fetch(server.url, file), False, "connection")
    assert file.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize("status, final", [("404 Gone", True), ("503 Busy", False), ("302 Found", False)])
def test_a_refusal_in_between_loses_nothing(file, status, final):
    files = Files(CONTENT, [CUT])
    answers = [files, raw(head(status, length=9) + b"not found"), files]
    with BadServer(lambda server, request, peer: answers.pop(0)(server, request, peer)) as server:
        break_off(server, file)
        answer = fetch(server.url, file)
        assert_failed(answer, final, "http-" + status[:3])
        assert answer.progress == [{"now": CUT, "total": len(CONTENT)}]
        assert_arrived(fetch(server.url, file), file, CONTENT)
    assert offsets(server) == [None, CUT, CUT]


def test_another_url_begins_anew_but_not_another_password(file):
    with BadServer(Files(CONTENT, [CUT, CUT])) as server:
        break_off(server, file)
        with_user = server.url.replace("http://", "http://user:s3cret@")
        assert_failed(fetch(with_user, file), False, "connection")
        assert b"s3cret" not in notes(file).read_bytes()
        assert_arrived(fetch(with_user.replace("s3cret", "other"), file), file, CONTENT)
    assert offsets(server) == [None, None, CUT]


@pytest.mark.parametrize("damage", [
    lambda text: b"", lambda text: b"rubbish", lambda text: text[:-20], lambda text: text + b"x", lambda text: b"\0" * len(text),
    lambda text: b"[]", lambda text: text.replace(b'"synced":', b'"synced":-'), lambda text: text.replace(b"300000", b"99999"),
    lambda text: text.replace(b'"synced"', b'"sinked"'), lambda text: text + b" " * 300_000, None,
])
def test_a_damaged_side_car_begins_anew(file, damage):
    with BadServer(Files(CONTENT, [CUT])) as server:
        break_off(server, file)
        text = notes(file).read_bytes()
        notes(file).unlink()
        if damage:
            assert damage(text) != text
            notes(file).write_bytes(damage(text))
        assert_arrived(fetch(server.url, file), file, CONTENT)
    assert offsets(server) == [None, None]


@pytest.mark.parametrize("place", [
    lambda path: path.symlink_to(path.with_name("precious")), lambda path: path.mkdir(), os.mkfifo])
@pytest.mark.parametrize("name", ["fw.part", "fw.part.json"])
def test_only_regular_files_are_written(file, place, name):
    precious = file.with_name("precious")
    precious.write_text("precious")
    place(file.with_name(name))
    with BadServer(Files(CONTENT)) as server:
        assert_failed(fetch(server.url, file), False, "file")
    assert server.requests == [] and precious.read_text() == "precious"


def test_what_is_longer_than_allowed_stays_so_in_a_rest(file):
    with BadServer(Files(CONTENT, [CUT])) as server:
        break_off(server, file)
        assert_failed(fetch(server.url, file, max_size=len(CONTENT) - 1), True, "too-large")
        assert_failed(fetch(server.url, file, max_size=CUT - 1), True, "too-large")
        assert file.stat().st_size == CUT
