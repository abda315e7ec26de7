"""Every message of the dialects' tables, the fullest and the least, held against the official JSON schemas."""
import os
import pathlib
import subprocess

SOURCE = pathlib.Path(os.environ.get("SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BINARIES = pathlib.Path(os.environ.get("BINARY_DIR", SOURCE / "build/dev")) / "bin"


def judge(*arguments):
    return subprocess.run(["node", SOURCE / "tests/e2e/check-trace.js", *arguments], capture_output=True, text=True,
                          timeout=120, check=False)


def test_every_message_is_valid_by_the_schemas(tmp_path):
    messages = tmp_path / "messages.jsonl"
    with messages.open("wb") as out:
        subprocess.run([BINARIES / "ocpp-tables", "messages"], stdout=out, check=True, timeout=60)
    done = judge(messages)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert int(done.stdout.split()[0]) == len(messages.read_text().splitlines())


def test_a_bad_message_is_noticed(tmp_path):
    trace = tmp_path / "bad.jsonl"
    trace.write_text('{"protocol":"ocpp2.0.1","message":"Heartbeat.conf","payload":{"currentTime":"noon"}}\n'
                     '{"protocol":"ocpp1.6","from":"station","frame":[2,"1","Heartbeat",{}]}\n')
    done = judge(trace)
    assert done.returncode == 1
    assert "Heartbeat.conf" in done.stdout and done.stdout.endswith("2 messages, 1 wrong\n")
