"""What several test files need: a running mock-csms, a station of each version, a certificate."""
import ctypes
import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from mockcsms import BOOT, MockCsms
from wsclient import Station


CLONE_NEWNS = 0x00020000
MAKE_PKI = Path(__file__).resolve().parents[2] / "certs" / "make-pki"


# The files that take longest. A worker of a run takes whole files: one that began its last of these late would keep the run
# waiting while the others have nothing to do.
LONGEST = ("test_conformance", "test_conformance_21", "test_dashboard_hostile", "test_logs", "test_faults", "test_faults_csms", "test_streaming", "test_soak",
           "test_kill", "test_mock_csms_fleet", "test_network_profile", "test_mock_csms_liveness", "test_demo", "test_dashboard_pages",
           "test_dashboard_day", "test_attempts", "test_reset", "test_mock_csms_hostile", "test_transfer_servers", "test_upload")


def pytest_collection_modifyitems(items):
    order = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONGEST)))


def pytest_configure(config):
    """Tests that run side by side don't see each other's mounts: RAUC looks at every mounted loop device there is, and
    fails where one goes away meanwhile."""
    if not hasattr(config, "workerinput"):
        return
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True, timeout=60)


def pytest_make_parametrize_id(val):
    """No name of a test is longer than a line of output. Bytes that are no text go by their length: what a program packs
    may hold the time of day, and tests whose names differ between two workers are run by neither."""
    if isinstance(val, bytes) and not (val.isascii() and val.decode().replace("\n", "").isprintable()):
        return f"{len(val)} bytes"
    return ascii(val[:50]) + "..." if isinstance(val, (str, bytes)) and len(val) > 60 else None


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    """The PKI of certs/make-pki, made once for all tests and workers of a run: nobody writes to it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    with open(folder / "pki.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run([MAKE_PKI, "--station", "CS001", folder / "pki"], check=True, timeout=300)
    return folder / "pki"


@pytest.fixture
def csms():
    with MockCsms("--interval", "60", "--message-timeout", "1") as running:
        yield running


@pytest.fixture(params=sorted(BOOT))
def station(csms, request):
    with Station(csms.port, "CP1", [request.param]) as connected:
        yield connected


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    folder / "key.pem", "-out", folder / "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True, timeout=60)
    return folder
