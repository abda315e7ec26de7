"""The worker's cage: what a process that was taken over can still do, tried from inside of each job's cage by
cage-probe, and looked at from outside in the real worker, as it is built for tests and as it is shipped."""
import ctypes
import errno
import fcntl
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
BINARY_DIR = Path(os.environ.get("BINARY_DIR", TOP / "build/dev"))
PROBE = BINARY_DIR / "bin/cage-probe"
WORKERS = {"as tested": BINARY_DIR / "bin/rauc-ocpp-transfer",
           "as shipped": TOP / "build/release/bin/rauc-ocpp-transfer"}
LIBRARIES = ["resolve", "fetch", "upload", "collect"]  # the jobs that run them
OWN_CODE = ["hash", "copy"]
LOOK = "look"  # no job of the worker: mock-csms-archive looks into what a station has sent
ARCHIVES = {"as tested": BINARY_DIR / "bin/mock-csms-archive", "as shipped": TOP / "build/release/bin/mock-csms-archive"}
MAX_SIZE = 3 << 20
FINE, KILLED = 0, -signal.SIGSYS
DAC_READ_SEARCH = 1 << 2

# What a cage can't refuse is refused by Landlock, where the kernel's is of that version.
ABI = int(subprocess.run([PROBE, "landlock"], check=True, capture_output=True).stdout)


def status_of(pid, key):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(key + ":"))


def fetch_job(url, file):
    return {"job": "fetch", "url": url, "file": str(file), "protocols": ["http"], "max_size": MAX_SIZE, "stall_timeout": 20,
            "timeout": 0, "rate": 0, "reserve": 0}


class Fetch:
    """A worker that has just asked a server of ours for its file."""

    def __init__(self, worker, folder, **options):
        self.server = socket.create_server(("127.0.0.1", 0))
        job = fetch_job(f"http://127.0.0.1:{self.server.getsockname()[1]}/fw", folder / "fw.part")
        self.process = subprocess.Popen([worker], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        env={}, **options)
        self.process.stdin.write(json.dumps(job).encode())
        self.process.stdin.close()
        self.process.stdin = None

    def __enter__(self):
        self.server.settimeout(30)
        self.peer, _ = self.server.accept()
        self.peer.settimeout(30)
        assert self.peer.recv(65536).startswith(b"GET /fw ")
        return self

    def answer(self):
        """The exit code, the last line, what was told on stderr."""
        self.peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
        out, told = self.process.communicate(timeout=30)
        return self.process.returncode, json.loads(out.splitlines()[-1]), told.decode()

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate(timeout=30)
        self.peer.close()
        self.server.close()


def walled(error=errno.EACCES, version=1):
    return error if ABI >= version else FINE


class Place:
    """The files that a cage is about."""

    def __init__(self, folder):
        self.folder = folder
        self.spool = folder / "spool"
        self.spool.mkdir()
        for name in ("ca", "cert", "key", "logins", "secret"):
            (folder / name).write_text(name)
        (self.spool / "file").write_text("file")
        self.secret, self.file, self.new = folder / "secret", self.spool / "file", self.spool / "new"

    def job(self, job):
        way = {"protocols": ["https"], "stall_timeout": 1, "timeout": 1, "rate": 0, "ca_file": f"{self.folder}/ca",
               "client_cert_file": f"{self.folder}/cert", "client_key": f"{self.folder}/key",
               "credentials_file": f"{self.folder}/logins"}
        file = {"file": str(self.file)}
        size = {"max_size": MAX_SIZE}
        more = {"hash": {"sha384": False}, "copy": file | size, "resolve": {"host": "h", "service": "s"},
                "fetch": {"url": "u", "reserve": 0} | file | size | way,
                "upload": {"url": "u", "name": "n", "folder": False, "method": "auto"} | file | way,
                "collect": {"identity": "i", "kind": "security", "journal_units": [], "files": [], "secrets": [], "notes": []} | file | size}
        return {"job": job, **more[job]}

    def line(self, job):
        return "" if job is None else job if job == LOOK else json.dumps(self.job(job))

    def probe(self, job, deed, argument="", **options):
        """The errno with which it was refused; 0: it was done; negative: the signal that ended it. job None: outside."""
        line = self.line(job)
        options = {"stdout": subprocess.DEVNULL, "timeout": 30} | options
        with open(self.folder / "stderr", "w+b") as stderr:
            ran = subprocess.run([PROBE, deed, str(argument)], input=line.encode() + b"\n", stderr=stderr, env={}, **options)
        assert ran.returncode != 255, "the probe knows no such deed, or the cage was refused"
        return ran.returncode


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


# ---- files ----

NOWHERE, EVERYWHERE = [], LIBRARIES
# Deed, on what, and the jobs that may do it.
FILES = [
    ("read", "/etc/hosts", EVERYWHERE),
    ("read", "/etc/resolv.conf", EVERYWHERE),
    ("list", "/etc/ssl/certs", EVERYWHERE),
    ("list", "/usr/lib", EVERYWHERE),
    ("read", "/etc/shadow", ["collect"]),
    ("list", "/etc/ssl/private", ["collect"]),
    ("list", "/proc/self/fd", ["collect"]),
    ("list", "/", ["collect"]),
    ("read", "{folder}/secret", ["collect"]),
    ("read", "{folder}/ca", ["fetch", "upload", "collect"]),
    ("read", "{folder}/cert", ["fetch", "upload", "collect"]),
    ("read", "{folder}/key", ["fetch", "upload", "collect"]),
    ("read", "{folder}/logins", ["fetch", "upload", "collect"]),
    ("read", "{folder}/spool/file", ["fetch", "upload", "collect"]),
    ("write", "{folder}/spool/file", ["fetch", "collect"]),
    ("create", "{folder}/spool/new", ["fetch", "collect"]),
    ("replace", "{folder}/spool/file", ["fetch", "collect"]),
    ("remove", "{folder}/spool/file", ["fetch", "collect"]),
    ("mkdir", "{folder}/spool/new", NOWHERE),
    ("link", "{folder}/spool/new", NOWHERE),
    ("write", "{folder}/secret", NOWHERE),
    ("write", "{folder}/key", NOWHERE),
    ("create", "{folder}/new", NOWHERE),
    ("remove", "{folder}/secret", NOWHERE),
    ("write", "/dev/mem", NOWHERE),
]


@pytest.mark.parametrize("job", LIBRARIES)
@pytest.mark.parametrize("deed, path, allowed", FILES)
def test_files(place, job, deed, path, allowed):
    path = path.format(folder=place.folder)
    outside = FINE
    if path == "/dev/mem":
        outside = place.probe(None, deed, path)  # not every kernel has it
    expected = outside if job in allowed else walled() if outside == FINE else outside
    assert place.probe(job, deed, path) in ({expected, errno.EACCES} if outside else {expected})


@pytest.mark.parametrize("job", LIBRARIES)
def test_truncating_is_writing(place, job):
    allowed = job in ("fetch", "collect")
    assert place.probe(job, "truncate", place.file) == (FINE if allowed else walled(version=3))
    assert place.probe(job, "truncate", place.secret) == walled(version=3)


@pytest.mark.parametrize("job", LIBRARIES)
def test_files_of_other_owners(place, job):
    """Root without its capabilities is a user like others; logs may belong to anybody."""
    for path in (place.file, place.secret):
        path.chmod(0o600)
        os.chown(path, 65534, 65534)
    assert place.probe(None, "read", place.file) == FINE
    assert place.probe(job, "read", place.file) == (FINE if job == "collect" else errno.EACCES)
    assert place.probe(job, "write", place.file) == errno.EACCES


@pytest.mark.parametrize("scheme", ["file:", "file://"])
def test_a_key_may_be_a_file_by_its_uri(place, scheme):
    job = place.job("fetch") | {"client_key": f"{scheme}{place.folder}/key"}
    place.job = lambda _: job
    assert place.probe("fetch", "read", place.folder / "key") == FINE
    assert place.probe("fetch", "read", place.secret) == walled()


def test_a_key_that_is_no_file_opens_the_providers_places(place):
    job = place.job("fetch") | {"client_key": "handle:0x81000000"}
    place.job = lambda _: job
    assert place.probe("fetch", "read", place.folder / "key") == walled()
    assert place.probe("fetch", "read", place.folder / "cert") == FINE
    assert place.probe("fetch", "read", "/etc/shadow") == walled()


# ---- the network ----

@pytest.mark.parametrize("job", LIBRARIES)
def test_tcp(place, job):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert place.probe(None, "connect", port) == FINE
        assert place.probe(job, "connect", port) == (FINE if job != "collect" else errno.EPERM)
    assert place.probe(None, "bind", 0) == FINE
    assert place.probe(job, "bind", 0) == (walled(version=4) if job != "collect" else errno.EPERM)


@pytest.mark.parametrize("job", LIBRARIES)
@pytest.mark.parametrize("deed, allowed", [
    ("socket-inet", True), ("socket-inet6", True), ("socket-netlink", True), ("pair", True),
    ("socket-unix", False), ("socket-packet", False), ("socket-crypto", False), ("socket-raw", False),
    ("pair-of-datagrams", False), ("listen", False),
])
def test_sockets(place, job, deed, allowed):
    assert place.probe(job, deed) == (FINE if allowed and job != "collect" else errno.EPERM)


# ---- system calls ----

@pytest.mark.parametrize("job", LIBRARIES + [LOOK])
@pytest.mark.parametrize("deed, argument", [
    ("execute", "/bin/true"), ("fork", ""), ("trace", ""), ("peek", ""), ("signal-parent", ""), ("signal-thread", ""),
    ("limit-parent", ""), ("unshare", ""), ("mount", ""), ("chroot", "/"), ("bpf", ""), ("io-uring", ""), ("key-ring", ""),
    ("userfaultfd", ""), ("handle", ""), ("shared-memory", ""), ("type-on-terminal", "x"), ("widen", ""),
    ("chmod", "{folder}/spool/file"), ("chown", "{folder}/spool/file"), ("setxattr", "{folder}/spool/file"),
    ("mknod", "{folder}/spool/new"), ("raise-limit", ""), ("owner", ""), ("own-by-ioctl", ""), ("affinity", ""),
    ("shared-map", ""), ("memory-file", "name"),
])
def test_calls_that_no_transfer_needs(place, job, deed, argument):
    argument = argument.format(folder=place.folder)
    assert place.probe(job, deed, argument) == errno.EPERM
    (place.spool / "new").unlink(missing_ok=True)
    assert place.probe(None, deed, argument) != errno.EPERM


@pytest.mark.parametrize("job", LIBRARIES)
def test_calls_that_libraries_may_try(place, job):
    for deed in ("thread", "signal-self", "limit-self", "narrow", "write-output", "sync", "seek"):
        assert place.probe(job, deed) == FINE, deed
    for deed in ("clone3", "call-too-new", "call-of-nobody"):
        assert place.probe(job, deed) == errno.ENOSYS, deed


@pytest.mark.parametrize("job", OWN_CODE)
def test_own_code_may_do_what_it_does_and_nothing_else(place, job):
    assert place.probe(job, "write-output") == FINE
    assert place.probe(job, "sync") == (FINE if job == "copy" else KILLED)
    for deed in ("read", "write", "execute", "fork", "thread", "socket-inet", "socket-unix", "signal-self", "seek",
                 "call-too-new", "narrow", "remove", "limit-self"):
        assert place.probe(job, deed, place.file) == KILLED, deed


# ---- limits ----

@pytest.mark.parametrize("job, most", [("fetch", MAX_SIZE), ("collect", MAX_SIZE), ("upload", 1 << 20), ("resolve", 1 << 20)])
def test_files_grow_no_larger_than_asked_for(place, job, most):
    assert place.probe(job, "write-behind", most - 1) == FINE
    assert place.probe(job, "write-behind", most) == errno.EFBIG
    assert place.probe(None, "write-behind", most) == FINE


@pytest.mark.parametrize("job", ["fetch", "collect"])
def test_no_limit_is_none(place, job):
    job_without = place.job(job) | {"max_size": 0}
    place.job = lambda _: job_without
    assert place.probe(job, "write-behind", 1 << 32) == FINE


@pytest.mark.parametrize("job", LIBRARIES)
def test_descriptors_and_memory(place, job):
    assert place.probe(job, "descriptors", 40) == FINE
    assert place.probe(job, "descriptors", 100) == (FINE if job == "collect" else errno.EMFILE)
    assert place.probe(job, "memory", 100) == FINE
    assert place.probe(job, "memory", 300) == errno.ENOMEM


# ---- who looks into archives ----

@pytest.mark.parametrize("deed, path", sorted({(deed, path) for deed, path, _ in FILES if path != "/dev/mem"})
                         + [("truncate", "{folder}/spool/file"), ("date", ""), ("cut", "")])
def test_who_looks_opens_and_changes_nothing(place, deed, path):
    """Also where the kernel has no Landlock: it is the filter that says so."""
    path = path.format(folder=place.folder)
    assert place.probe(LOOK, deed, path) == errno.EPERM
    assert place.probe(None, deed, path) == FINE


@pytest.mark.parametrize("deed", ["socket-inet", "socket-inet6", "socket-netlink", "pair", "socket-unix", "connect", "listen", "bind"])
def test_who_looks_has_no_network(place, deed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if deed == "connect" else 0
        assert place.probe(LOOK, deed, port) == errno.EPERM
        assert place.probe(None, deed, port) == FINE


@pytest.mark.parametrize("deed", ["thread", "narrow"])
def test_who_looks_is_alone_and_changes_no_mode(place, deed):
    assert place.probe(LOOK, deed) == errno.EPERM
    assert place.probe(None, deed) == FINE


@pytest.mark.parametrize("deed, fine, refused, error", [
    ("descriptors", 8, 40, errno.EMFILE), ("memory", 100, 300, errno.ENOMEM),
])
def test_who_looks_has_limits(place, deed, fine, refused, error):
    assert place.probe(LOOK, deed, fine) == FINE
    assert place.probe(LOOK, deed, refused) == error
    assert place.probe(None, deed, refused) == FINE


def test_who_looks_writes_no_byte_to_a_file(place):
    assert place.probe(LOOK, "write-behind", 0) == errno.EFBIG
    assert place.probe(None, "write-behind", 0) == FINE


def test_who_looks_does_not_look_without_end(place):
    """Ten seconds of the processor's time, however much of it others take; nobody gave it less before."""
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] == resource.RLIM_INFINITY
    with Stayer(place, LOOK) as pid:
        assert "Max cpu time              10                   10" in Path(f"/proc/{pid}/limits").read_text()
    assert place.probe(LOOK, "burn", 1) == place.probe(None, "burn", 1) == FINE
    assert place.probe(LOOK, "burn", 12, timeout=300) == -signal.SIGKILL


@pytest.mark.parametrize("before", [(), ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")])
def test_who_looks_has_no_rights(place, before):
    place.folder.chmod(0o755)
    with Stayer(place, LOOK, *before) as pid:
        assert status_of(pid, "Seccomp") == "2" and status_of(pid, "NoNewPrivs") == "1"
        assert rights(pid)["CapPrm"] == rights(pid)["CapEff"] == rights(pid)["CapInh"] == 0


@pytest.mark.parametrize("build", ARCHIVES)
def test_the_program_that_looks_is_caged(build):
    """It has read a byte as soon as more went in than a pipe holds."""
    assert ARCHIVES[build].exists(), "cmake --preset release && cmake --build --preset release builds it"
    with subprocess.Popen([ARCHIVES[build], "log", "read", "log", "0", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}) as process:
        size = fcntl.fcntl(process.stdin, fcntl.F_GETPIPE_SZ)
        process.stdin.write(b"x" * (size + 1))
        process.stdin.flush()
        try:
            assert_caged(process.pid)
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            assert "Max core file size        0                    0" in limits
            assert "Max cpu time              10                   10" in limits
            # a coverage build writes down what was run
            written = 1 << 20 if build == "as tested" and BINARY_DIR.name == "coverage" else 0
            assert re.search(rf"Max file size +{written} +{written} ", limits), limits
            assert "Max open files            16                   16" in limits
        finally:
            process.kill()


# ---- names ----

# On a machine of its own, whose only server of names is this one: all names are at 127.0.0.1.
NAME_SERVER = """
import fcntl, socket, struct, subprocess, sys, threading
worker, job = sys.argv[1:]
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.bind(("127.0.0.1", 53))
def serve_names():
    while True:
        query, peer = names.recvfrom(512)
        end = query.index(0, 12) + 5
        is_a = query[end - 4:end - 2] == bytes([0, 1])
        answer = bytes.fromhex("c00c00010001000000000004") + socket.inet_aton("127.0.0.1") if is_a else b""
        names.sendto(query[:2] + bytes.fromhex("81800001000%d00000000" % is_a) + query[12:end] + answer, peer)
def serve_file():
    with socket.create_server(("127.0.0.1", 80)) as listener:
        peer, _ = listener.accept()
        peer.recv(65536)
        peer.sendall(bytes("HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\nabc", "ascii"))
        peer.close()
for serve in (serve_names, serve_file):
    threading.Thread(target=serve, daemon=True).start()
ran = subprocess.run([worker], input=job.encode(), env={}, timeout=30, capture_output=True)
sys.stdout.buffer.write(ran.stdout)
sys.exit(ran.returncode or len(ran.stderr))
"""


@pytest.mark.parametrize("build", WORKERS)
def test_names_are_found_by_dns(tmp_path, build):
    """By the C library in one job, by a thread of libcurl's in the other."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    jobs = [{"job": "resolve", "host": "csms.example", "service": "443"},
            fetch_job("http://files.example/fw.bin", tmp_path / "fw.part")]
    lasts = []
    for job in jobs:
        ran = subprocess.run(["unshare", "--mount", "--net", "/bin/sh", "-c",
                              'mount --bind "$0" /etc/resolv.conf && exec /usr/bin/python3 -c "$1" "$2" "$3"',
                              tmp_path / "resolv.conf", NAME_SERVER, WORKERS[build], json.dumps(job)],
                             capture_output=True, timeout=60)
        assert ran.returncode == 0, ran
        lasts.append(json.loads(ran.stdout.splitlines()[-1]))
    assert lasts == [{"done": {"addresses": ["127.0.0.1"]}}, {"done": {"size": 3}}]


# ---- from outside ----

def rights(pid):
    return {key: int(status_of(pid, key), 16) for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def assert_caged(pid, kept=0):
    assert status_of(pid, "Seccomp") == "2"
    assert status_of(pid, "NoNewPrivs") == "1"
    assert rights(pid) == {"CapInh": 0, "CapPrm": kept, "CapEff": kept, "CapBnd": kept, "CapAmb": 0}


class Stayer:
    """A probe that sits in its cage to be looked at."""

    def __init__(self, place, job, *before):
        self.process = subprocess.Popen([*before, PROBE, "stay"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
        self.process.stdin.write(place.line(job).encode() + b"\n")
        self.process.stdin.flush()

    def __enter__(self):
        assert self.process.stdout.readline() == b"here\n"
        return self.process.pid

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(10) == 0
        self.process.stdout.close()


@pytest.mark.parametrize("job", OWN_CODE + LIBRARIES)
def test_rights(place, job):
    with Stayer(place, job) as pid:
        assert_caged(pid, DAC_READ_SEARCH if job == "collect" else 0)


@pytest.mark.parametrize("job", OWN_CODE + LIBRARIES)
def test_rights_of_a_daemon_that_has_few(place, job):
    """As in the service: without CAP_SETPCAP the bounding set stays, and gives nothing back."""
    few = ("setpriv", "--inh-caps", "-all", "--bounding-set", "-all,+dac_override,+sys_boot")
    with Stayer(place, job, *few) as pid:
        assert status_of(pid, "Seccomp") == "2" and status_of(pid, "NoNewPrivs") == "1"
        assert rights(pid) == {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapBnd": 0x400002, "CapAmb": 0}


@pytest.mark.parametrize("job", OWN_CODE + LIBRARIES)
def test_rights_of_a_daemon_that_is_not_root(place, job):
    place.folder.chmod(0o755)
    with Stayer(place, job, "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups") as pid:
        assert status_of(pid, "Seccomp") == "2" and status_of(pid, "NoNewPrivs") == "1"
        assert rights(pid)["CapPrm"] == rights(pid)["CapEff"] == 0


@pytest.mark.parametrize("build", WORKERS)
def test_the_worker_that_fetches_is_caged(tmp_path, build):
    """Before the server has said a word."""
    assert WORKERS[build].exists(), "cmake --preset release && cmake --build --preset release builds it"
    with Fetch(WORKERS[build], tmp_path) as fetch:
        pid = fetch.process.pid
        assert Path(f"/proc/{pid}/exe").readlink().name == "rauc-ocpp-fetch"
        assert_caged(pid)
        assert "Max core file size        0                    0" in Path(f"/proc/{pid}/limits").read_text()


def expand(names):
    """The system calls of a service's filter, with systemd's own sets taken apart."""
    calls = set()
    for name in names:
        if name.startswith("@"):
            told = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
            calls |= expand(line.strip() for line in told.stdout.splitlines()[1:] if line.strip()[:1] not in ("", "#"))
        else:
            calls.add(name)
    return calls


def test_the_service_lets_the_cage_be_built():
    unit = (BINARY_DIR / "data/rauc-ocpp-agent.service").read_text().splitlines()
    allowed = expand(next(line for line in unit if line.startswith("SystemCallFilter=")).partition("=")[2].split())
    assert {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "prctl", "capget", "capset",
            "getrlimit", "prlimit64", "execve", "clone"} <= allowed
    kept = next(line for line in unit if line.startswith("CapabilityBoundingSet="))
    assert "CAP_DAC_READ_SEARCH" in kept


# ---- kernels that lack a wall ----

def refusing(*rules):
    """Before the worker begins: a filter that answers (call, first argument or None) with EPERM, as a container's."""
    code = [struct.pack("HBBI", 0x20, 0, 0, 0)]  # load the number of the call (x86-64 and arm64 alike)
    for call, argument in rules:
        code.append(struct.pack("HBBI", 0x15, 0, 1 if argument is None else 4, call))
        if argument is not None:
            code += [struct.pack("HBBI", 0x20, 0, 0, 16), struct.pack("HBBI", 0x15, 0, 1, argument)]
        code.append(struct.pack("HBBI", 0x06, 0, 0, 0x00050000 | errno.EPERM))
        if argument is not None:
            code.append(struct.pack("HBBI", 0x20, 0, 0, 0))
    code.append(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
    text = ctypes.create_string_buffer(b"".join(code))
    program = struct.pack("HxxxxxxP", len(code), ctypes.addressof(text))
    libc = ctypes.CDLL(None, use_errno=True)

    def before_it_begins(keep=text):
        assert libc.prctl(38, 1, 0, 0, 0) == 0  # no_new_privs
        assert libc.prctl(22, 2, program, 0, 0) == 0, (ctypes.get_errno(), keep)

    return before_it_begins


LANDLOCK = (444, None)
PRCTL, UNSHARE = {"x86_64": (157, 272), "aarch64": (167, 97)}[os.uname().machine]
SECCOMP = (PRCTL, 22)


def run_hash(tmp_path, *refused):
    (tmp_path / "file").write_bytes(b"abc")
    with open(tmp_path / "file", "rb") as file:
        ran = subprocess.run(["/bin/sh", "-c", f'exec "$0" 3</proc/self/fd/{file.fileno()}', WORKERS["as tested"]], env={},
                             input=b'{"job":"hash","sha384":false}', capture_output=True, timeout=30,
                             pass_fds=[file.fileno()], preexec_fn=refusing(*refused))
    return ran.returncode, json.loads(ran.stdout), ran.stderr.decode()


@pytest.mark.parametrize("refused, missing", [((LANDLOCK,), ["Landlock"]), ((SECCOMP,), ["seccomp"]),
                                              ((LANDLOCK, SECCOMP), ["Landlock", "seccomp"])])
def test_a_missing_wall_is_told(tmp_path, refused, missing):
    with Fetch(WORKERS["as tested"], tmp_path, preexec_fn=refusing(*refused)) as fetch:
        code, answer, told = fetch.answer()
    assert code == 0 and answer == {"done": {"size": 3}}
    assert [line.split(" offers no ")[1].split(":")[0] for line in told.splitlines()] == missing


def test_hashing_takes_the_next_best_wall(tmp_path):
    code, answer, told = run_hash(tmp_path, SECCOMP)
    assert code == 0 and answer["done"]["size"] == 3 and told == ""


def test_nothing_is_hashed_without_any_wall(tmp_path):
    code, answer, _ = run_hash(tmp_path, LANDLOCK, SECCOMP, (UNSHARE, None))
    assert code == 0 and answer["failed"]["final"] and answer["failed"]["code"] == "worker"
