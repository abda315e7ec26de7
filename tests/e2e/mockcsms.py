"""Starts mock-csms and speaks its REST interface."""
import concurrent.futures
import datetime
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import openapi

BINARY_DIR = Path(os.environ.get("BINARY_DIR", Path(__file__).parents[2] / "build" / "dev"))
MOCK_CSMS = BINARY_DIR / "bin" / "mock-csms"
RFC_3339_MS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
BOOT = {
    "ocpp1.6": {"chargePointVendor": "ACME", "chargePointModel": "Box", "firmwareVersion": "1.0"},
    "ocpp2.0.1": {"reason": "PowerUp",
                  "chargingStation": {"vendorName": "ACME", "model": "Box", "firmwareVersion": "1.0"}},
}
BOOT["ocpp2.1"] = BOOT["ocpp2.0.1"]


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class MockCsms:
    """One running mock-csms on a free port of the loopback."""

    def __init__(self, *options, tls=None, environment=None):
        self.tls = tls
        self.errors = None
        self.log = tempfile.TemporaryFile("w+")  # a pipe that nobody reads would stop it
        self.process = subprocess.Popen([MOCK_CSMS, "--listen", "127.0.0.1:0", *map(str, options)], text=True,
                                        stdout=subprocess.PIPE, stderr=self.log, env=os.environ | (environment or {}))
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"exit code {self.stop()}: {line!r} {self.errors}")
        self.port = int(line.rsplit(":", 1)[1])

    def connection(self, timeout=10):
        if self.tls:
            return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None, timeout=10):
        """The answer; one to a REST call is held to openapi.json."""
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        if path.startswith("/api/") and "Upgrade" not in (headers or {}):  # those lws refuses by itself
            openapi.check_answer(method, path, answer.status, answer.headers, answer.body)
        return answer

    def get(self, path, **headers):
        return self.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, station, what, body=None, timeout=10):
        data = body if isinstance(body, (bytes, str)) else json.dumps(body)
        return self.request("POST", f"/api/stations/{quote(station, safe='*')}/{what}", data, timeout=timeout)

    def stations(self):
        return {station["id"]: station for station in self.get("/api/stations").json}

    def frames(self, station, since=0):
        text = self.get(f"/api/stations/{quote(station, safe='')}/frames?since={since}").body.decode()
        return [json.loads(line) for line in text.split("\n")[:-1]]  # U+2028 ends no line here

    def stop(self, how=signal.SIGTERM):
        """Ends it and returns the exit code; what it said is in errors."""
        if self.errors is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.log.seek(0)
            self.errors = self.log.read()
            self.log.close()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code = self.stop()
        assert code == 0, f"exit code {code}\n{self.errors}"
        assert "Sanitizer" not in self.errors and "runtime error" not in self.errors, self.errors


def moment(text):
    """Seconds since 1970 of a time that REST tells."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def trusting(certificate):
    return ssl.create_default_context(cafile=str(certificate))


def in_background(function, *arguments, **options):
    """What the function returns, later: .result()."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    future = pool.submit(function, *arguments, **options)
    pool.shutdown(wait=False)
    return future


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never came true"
        time.sleep(0.01)
