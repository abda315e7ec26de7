"""rauc-ocpp-transfer, run with one job, and what it says."""

import json
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BINARY_DIR = Path(os.environ.get("BINARY_DIR", TOP / "build/dev"))
WORKER = BINARY_DIR / "bin/rauc-ocpp-transfer"
MAX_SIZE = 6_000_000


def start(job, program=WORKER, **options):
    worker = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={}, **options)
    worker.stdin.write(job if isinstance(job, bytes) else json.dumps(job).encode())
    worker.stdin.close()
    worker.stdin = None
    return worker


class Answer:
    def __init__(self, worker, timeout=60):
        try:
            out, self.stderr = worker.communicate(timeout=timeout)
        finally:
            worker.kill()
            worker.wait(10)
        lines = [json.loads(line) for line in out.splitlines()]
        self.text, self.code = out.decode(), worker.returncode
        self.progress = [line["progress"] for line in lines if "progress" in line]
        self.ends = [line for line in lines if "progress" not in line]
        assert len(self.ends) == 1 and lines[-1] is self.ends[0]
        self.done, self.failed = lines[-1].get("done"), lines[-1].get("failed")


def fetch_job(url, file, **more):
    return {"job": "fetch", "url": url, "file": str(file), "protocols": ["https", "http"],
            "max_size": MAX_SIZE, "stall_timeout": 20, "timeout": 0, "rate": 0,
            "reserve": 0, **more}


def fetch(url, file, warns=False, **more):
    answer = Answer(start(fetch_job(url, file, **more)))
    assert answer.code == 0 and (warns or answer.stderr == b""), answer.stderr.decode()
    return answer


def assert_failed(answer, final, code):
    assert answer.failed, answer.text
    assert (answer.failed["final"], answer.failed["code"]) == (final, code), answer.text


def assert_arrived(answer, file, content):
    """The file is there, and nothing else."""
    assert answer.done, answer.text
    assert file.read_bytes() == content
    assert answer.done == {"size": len(content)}
    assert answer.progress[-1] == {"now": len(content), "total": len(content)}, answer.text
    assert os.listdir(file.parent) == [file.name]
