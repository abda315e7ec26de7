"""mock-csmsctl: each operation of openapi.json by its subcommand, answers for people and programs, what is refused."""
import contextlib
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios

import openapi
import pytest

from mockcsms import BINARY_DIR, MockCsms, wait_until
from wsclient import BINARY, Station

CTL = BINARY_DIR / "bin" / "mock-csmsctl"
OPERATIONS = [pytest.param(*each, id=each[2]["operationId"]) for each in openapi.operations()]
NOBODY = "http://127.0.0.1:1"  # where nobody listens


def ctl(csms, *words, environment=None, data=None, text=True):
    url = f"http://127.0.0.1:{csms.port}" if isinstance(csms, MockCsms) else csms
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MOCK_CSMS")}
    done = subprocess.run([CTL, *(["--url", url] if url else []), *map(str, words)], capture_output=True, text=text, input=data,
                          env=clean | (environment or {}), timeout=30)
    assert "Sanitizer" not in str(done.stderr) and "runtime error" not in str(done.stderr), done.stderr
    return done


def word_of(name):
    return re.sub(r"(?<![A-Z])(?=[A-Z])", "-", name).strip("-").lower()


def example(schema):
    """A value that the schema allows, as a word."""
    schema = openapi.follow(schema)
    kind = schema.get("type", "string")
    kind = kind if isinstance(kind, str) else kind[0]
    if "enum" in schema:
        return schema["enum"][0]
    if kind in ("integer", "number"):
        return str(schema.get("minimum", 1))
    return {"boolean": "true", "array": "[]", "object": "{}"}.get(kind, "x" * max(1, schema.get("minLength", 1)))


def parts_of(path, operation):
    """Required parameters and members of an operation as (name, schema); whether it takes a file."""
    parameters = openapi.DOCUMENT["paths"][path].get("parameters", []) + operation.get("parameters", [])
    named = [(each["name"], each["schema"]) for each in map(openapi.follow, parameters) if each.get("required")]
    body = openapi.follow(operation.get("requestBody", {}))
    content = body.get("content", {})
    if "application/json" in content and body.get("required"):
        schema = openapi.follow(content["application/json"]["schema"])
        for each in [schema, *map(openapi.follow, schema.get("allOf", []))]:
            named += [(name, each["properties"][name]) for name in each.get("required", []) if name in each.get("properties", {})]
    return named, body.get("required", False) and "application/json" not in content


@pytest.mark.parametrize("method, path, operation", OPERATIONS)
def test_each_operation_has_its_subcommand(tmp_path, method, path, operation):
    """It reaches the server, which answers as openapi.json says; it is no matter here what."""
    named, wants_file = parts_of(path, operation)
    words = [word_of(operation["operationId"]), *(f"--{word_of(name)}={example(schema)}" for name, schema in named)]
    (tmp_path / "body").write_bytes(b"x")
    words += [f"--body={tmp_path / 'body'}"] if wants_file else []
    if any("text/event-stream" in openapi.follow(answer).get("content", {}) for answer in operation["responses"].values()):
        words += ["--types=,"]  # refused, for it would never end
    with MockCsms("--files", tmp_path) as csms:
        done = ctl(csms, *words)
        assert done.returncode in (0, 1), done.stderr
        assert not re.search("There is no such call|another method|no argument|No such", done.stderr), done.stderr
    assert (done.returncode == 0) == (done.stderr == ""), done.stderr
    assert ctl(NOBODY, *words).returncode == 3


@pytest.mark.parametrize("method, path, operation", OPERATIONS)
def test_help_tells_of_each(method, path, operation):
    word = word_of(operation["operationId"])
    whole = ctl(None, "help", environment={"MOCK_CSMS_URL": NOBODY})
    assert whole.returncode == 0 and re.search(rf"^  {word}  +{re.escape(operation['summary'])}$", whole.stdout, re.M)
    for words in ("help", word), (word, "--help"):
        one = ctl(NOBODY, *words)
        assert one.returncode == 0 and operation["summary"] in one.stdout
        assert all(f"--{word_of(name)}: " in one.stdout for name, _ in parts_of(path, operation)[0])


@pytest.mark.parametrize("words, sentence", [
    ([], "usage: "), (["--bogus"], "An option is unknown"), (["nothing"], "There is no such subcommand"), (["--url"], "An option is unknown"),
    (["help", "nothing"], "There is no such subcommand"), (["list-frames"], "--id is missing."),
    (["list-frames", "--id=x", "--since=y"], "--since: expected a whole number from 0."),
    (["set-fault", "--id=x", "--action=y", "--kind=z"], "--kind: expected none, late, "), (["send-raw", "--id=x"], "--body FILE is missing."),
    (["send-raw", "--id=x", "--body=/nowhere"], "Can't read /nowhere: No such file"), (["send-raw", "--id=x", "--body=/"], "Can't read /: "),
    (["list-stations", "extra"], "is no option"), (["call-station", "--id=x", "--action=y", "--payload=[]"], "--payload: expected an object in JSON."),
])
def test_wrong_words_make_no_request(words, sentence):
    done = ctl(NOBODY, *words)
    assert done.returncode == 2 and sentence in done.stderr and done.stdout == ""


@pytest.mark.parametrize("url, code", [(NOBODY, 3), ("file:///etc/passwd", 2), ("http://", 2), ("x y", 2), ("http://127.0.0.1/?x", 2), ("http://nowhere.invalid", 3)])
def test_server_that_is_not_reached(url, code):
    done = ctl(url, "list-stations")
    assert done.returncode == code and done.stderr.startswith("mock-csmsctl: ")
    assert ctl(None, "list-stations", environment={"MOCK_CSMS_URL": url}).returncode == code


def test_stations_as_a_table_and_as_json(csms, station):
    station.call("Heartbeat")
    table = ctl(csms, "list-stations").stdout.splitlines()
    assert table[0].split()[:3] == ["id", "online", "protocol"] and table[1].split()[:3] == ["CP1", "yes", station.protocol]
    for words in ("--json", "list-stations"), ("list-stations", "--json"):
        assert json.loads(ctl(csms, *words).stdout) == csms.get("/api/stations").json


def test_columns_are_chosen(csms, station):
    done = ctl(csms, "list-stations", "--columns", "protocol,id,firmware-version")
    assert [line.split() for line in done.stdout.splitlines()] == [["protocol", "id", "firmwareVersion"], [station.protocol, "CP1", "-"]]
    for words in ("--json", "list-stations", "--columns=id"), ("list-stations", "--json", "--columns=id"), ("list-stations", "--output=-", "--columns=id"):
        done = ctl(csms, *words)
        assert (done.returncode, done.stdout) == (2, "") and "--columns is for tables" in done.stderr
    help_text = ctl(NOBODY, "list-stations", "--help").stdout
    assert "--columns: which columns of the table, parted by commas: id, online, protocol, " in help_text
    assert "--columns" not in ctl(NOBODY, "get-station", "--help").stdout


@pytest.mark.parametrize("width", [40, 80, 132, 1000])
def test_a_table_is_no_wider_than_the_terminal(csms, station, width):
    station.call("Heartbeat")
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, width, 0, 0))
    subprocess.run([CTL, "--url", f"http://127.0.0.1:{csms.port}", "list-stations"], stdout=follower, check=True)
    os.close(follower)
    said = b""
    with contextlib.suppress(OSError):  # so it is told that nothing more comes
        while more := os.read(leader, 65536):
            said += more
    os.close(leader)
    table = said.decode().replace("\r", "").splitlines()
    assert max(len(line) for line in table[:2]) <= width and table[0].startswith("id ") and table[1].startswith("CP1 ")
    names = set(table[0].split()) | set("".join(table[2:]).removeprefix("not shown: ").split(", "))
    assert names - {""} == set(csms.get("/api/stations").json[0])
    assert (len(table) == 2) == (width == 1000)


def test_lists_come_whole(csms, tmp_path):
    """The server gives 100 at once; who wants a page says so."""
    for number in range(205):
        csms.request("POST", "/api/firmware/elsewhere", json.dumps({"url": f"http://x/{number}"}))
    listed = json.loads(ctl(csms, "list-firmware", "--json").stdout)
    assert [each["url"] for each in listed] == [f"http://x/{number}" for number in range(205)]
    assert len(ctl(csms, "list-firmware").stdout.splitlines()) == 206
    assert ctl(csms, "list-firmware", "--output", tmp_path / "list").stdout == "" and json.loads((tmp_path / "list").read_text()) == listed
    assert json.loads(ctl(csms, "list-firmware", "--output=-").stdout) == listed
    assert ctl(csms, "list-firmware", "--output=/nowhere/x").returncode == 2
    assert json.loads(ctl(csms, "--json", "list-firmware", "--limit=2").stdout) == listed[:2]
    assert json.loads(ctl(csms, "--json", "list-firmware", "--after=150", "--limit=1").stdout) == listed[150:151]


def test_value_from_a_file(csms, tmp_path):
    """A private key is not for the list of processes."""
    Station(csms.port, "CP1").sock.close()
    (tmp_path / "tags").write_text('["a","b"]\n')
    done = ctl(csms, "change-station", "CP1", "--tags", f"@{tmp_path / 'tags'}", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["tags"] == ["a", "b"], done.stderr
    assert json.loads(ctl(csms, "change-station", "CP1", "--tags=@@a", "--json").stdout)["tags"] == ["@a"]
    done = ctl(csms, "change-station", "CP1", "--tags=@/nowhere")
    assert done.returncode == 2 and "--tags: can't read /nowhere: No such file" in done.stderr


def test_bash_completes(tmp_path):
    script = ctl(NOBODY, "completion", "bash")
    assert script.returncode == 0
    (tmp_path / "completion").write_text(script.stdout)

    def complete(*words):
        line = " ".join(f"'{word}'" for word in words)
        return subprocess.run(["bash", "-uc", f"source {tmp_path / 'completion'}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
                               '_mock_csmsctl; echo "${COMPREPLY[@]}"'], capture_output=True, text=True, check=True).stdout.split()
    assert sorted(complete("mock-csmsctl", "list-f")) == ["list-faults", "list-firmware", "list-frames"]
    assert complete("mock-csmsctl", "--ur") == ["--url"] and complete("mock-csmsctl", "help", "get-st") == ["get-station"]
    assert complete("mock-csmsctl", "--url", "http://x", "change-station", "--t") == ["--tags", "--timezone"]
    assert complete("mock-csmsctl", "list-stations", "--phase", "in") == ["installed"]
    assert complete("mock-csmsctl", "list-stations", "--id", "in") == []
    assert complete("mock-csmsctl", "list-stations", "--col") == ["--columns"] and complete("mock-csmsctl", "get-station", "--col") == []
    assert complete("mock-csmsctl", "list-stations", "--columns", "fir") == ["firmwareVersion", "firstSeen"]
    assert complete("mock-csmsctl", "list-stations", "--columns", "id,online,ven") == ["id,online,vendor"]
    assert ctl(NOBODY, "completion", "fish").returncode == 2


def test_answer_and_refusal(csms):
    with Station(csms.port, "C P1"):
        pass
    wait_until(lambda: not csms.stations()["C P1"]["online"])
    done = ctl(csms, "call-station", "--id", "C P1", "--action", "Reset")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "mock-csmsctl: The station is not connected.\n")
    assert ctl(csms, "set-fault", "--id=*", "--action=Heartbeat", "--kind=never", "--times=1").stdout == ""
    with Station(csms.port, "CP1") as station:
        station.send_frame('[2,"1","Heartbeat",{}]')
        assert station.call("Heartbeat")[1] != "1" and station.parked == []


@pytest.mark.parametrize("stdin", [False, True])
def test_bytes_go_as_they_are(csms, station, tmp_path, stdin):
    data = bytes(range(256)) * 100
    (tmp_path / "body").write_bytes(data)
    done = ctl(csms, "send-raw", "--id=CP1", "--binary=1", "--body", "-" if stdin else tmp_path / "body", data=data if stdin else None, text=False)
    assert done.returncode == 0, done.stderr
    assert station.recv_message() == (BINARY, data)


def test_body_as_json_from_a_file(csms, tmp_path):
    (tmp_path / "body").write_text('{"action":"Heartbeat","kind":"none"}')
    assert ctl(csms, "set-fault", "--id=*", "--body", tmp_path / "body").returncode == 0
    done = ctl(csms, "set-fault", "--id=*", "--body=-", data="{")
    assert done.returncode == 1 and "JSON" in done.stderr


def test_output_goes_to_a_file_when_it_is_whole(csms, station, tmp_path):
    station.call("Heartbeat")
    file = tmp_path / "frames"
    file.write_text("old")
    assert ctl(csms, "list-frames", "--id=nobody", "--output", file).returncode == 1 and file.read_text() == "old"
    done = ctl(csms, "list-frames", "--id=CP1", "--output", file)
    assert done.returncode == 0 and done.stdout == ""
    assert [json.loads(line)["from"] for line in file.read_text().splitlines()] == ["station", "csms"]
    assert ctl(csms, "list-frames", "--id=CP1", "--output=-").stdout == file.read_text()
    assert ctl(csms, "list-frames", "--id=CP1", "--output=/nowhere/x").returncode == 2
    assert [each.name for each in tmp_path.iterdir()] == ["frames"]


def test_events_come_line_by_line(csms):
    process = subprocess.Popen([CTL, "--url", f"http://127.0.0.1:{csms.port}", "listen-to-events", "--types=station"], stdout=subprocess.PIPE, text=True)
    try:
        with Station(csms.port, "CP0"):
            number = 0
            while not has_line(process, "event: station"):  # it may have begun after the first
                number += 1
                Station(csms.port, f"CP{number}").sock.close()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def has_line(process, wanted):
    """Whether the line comes soon."""
    while select.select([process.stdout], [], [], 0.5)[0]:
        if process.stdout.readline().strip() == wanted:
            return True
    return False


def test_token_from_file_and_environment(tmp_path):
    token = "operator-0123456789abcdef"
    (tmp_path / "tokens").touch(0o600)
    (tmp_path / "tokens").write_text(f"operator:{token}\n")
    (tmp_path / "token").write_text(f"{token}\n")
    with MockCsms("--tokens", tmp_path / "tokens") as csms:
        assert ctl(csms, "list-stations").stderr == "mock-csmsctl: This needs a token: Authorization: Bearer TOKEN.\n"
        assert ctl(csms, "--token-file", tmp_path / "token", "list-stations").returncode == 0
        assert ctl(csms, "list-stations", environment={"MOCK_CSMS_TOKEN": token}).returncode == 0
        assert ctl(csms, "list-stations", environment={"MOCK_CSMS_TOKEN": token + "x"}).returncode == 1
        for bad in "a b", "a\nX: y", "ä":
            assert ctl(csms, "list-stations", environment={"MOCK_CSMS_TOKEN": bad}).returncode == 2
        assert ctl(csms, "--token-file", tmp_path / "none", "list-stations").returncode == 2


@pytest.mark.parametrize("url", ["http://192.0.2.7", "http://localhost.example", "http://127.0.0.1.example"])
def test_token_does_not_leave_the_machine_by_plain_http(url):
    done = ctl(url, "list-stations", environment={"MOCK_CSMS_TOKEN": "x" * 20})
    assert done.returncode == 2 and "use https" in done.stderr


def test_tls(certificate):
    with MockCsms("--tls-cert", certificate / "cert.pem", "--tls-key", certificate / "key.pem") as csms:
        url = f"https://localhost:{csms.port}"
        assert ctl(url, "--ca-file", certificate / "cert.pem", "list-stations").returncode == 0
        assert ctl(url, "list-stations").returncode == 3
