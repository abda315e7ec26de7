"""Runs mock-csms-fleet."""
import json
import signal
import subprocess
import tempfile

from mockcsms import BINARY_DIR

FLEET = BINARY_DIR / "bin/mock-csms-fleet"


class Fleet:
    def __init__(self, csms, *options, url=None):
        """url: where it goes to instead of where that server listens."""
        url = url or f"{'wss://localhost' if csms.tls else 'ws://127.0.0.1'}:{csms.port}/ocpp/"
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([FLEET, "--url", url, *map(str, options)],
                                        text=True, stdout=subprocess.PIPE, stderr=self.log)
        assert json.loads(self.process.stdout.readline())["connected"] == 0  # it has begun

    def report(self):
        self.process.send_signal(signal.SIGUSR1)
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.last = json.loads(self.process.communicate(timeout=60)[0].splitlines()[-1])
        self.log.seek(0)
        errors = self.log.read()
        self.log.close()
        assert self.process.returncode == 0 and "Sanitizer" not in errors and "runtime error" not in errors, errors
