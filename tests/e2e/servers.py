"""Real servers on loopback for the tests of downloads and uploads: nginx, vsftpd, sshd. Each is a context manager that
ends its server; what they serve and take lies in the folder `files`. FTP and SFTP know one user, USER with PASSWORD,
by a passwd file of their own in a mount namespace (which wants root, as RAUC's tests do)."""

import base64
import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER, PASSWORD = "user", "s3cret"
UID = 65534

NGINX_CONF = """
daemon off;
master_process off;
pid nginx.pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
        access_log access.log;
        client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
        uwsgi_temp_path tmp; scgi_temp_path tmp;
        client_max_body_size 1g;
        ssl_certificate server.pem;
        ssl_certificate_key server.key;
        server {{
                listen 127.0.0.1:{http};
                listen 127.0.0.1:{https} ssl;
                listen 127.0.0.1:{h2} ssl http2;
                root files;
                add_header X-Protocol $server_protocol;
                location /forbidden {{ return 403; }}
                location /broken {{ return 500; }}
                location /busy {{ return 429; }}
                location /slow/ {{ alias files/; limit_rate 100k; }}
                location /whole/ {{ alias files/; max_ranges 0; }}
                location /private/ {{ alias files/; auth_basic x; auth_basic_user_file passwords; }}
                location /upload/ {{ alias upload/; dav_methods PUT; }}
                location /private-upload/ {{
                        alias upload/; dav_methods PUT; auth_basic x; auth_basic_user_file passwords;
                }}
                location = /to-file {{ return 302 file:///etc/hostname; }}
                location = /to-ftp {{ return 302 ftp://127.0.0.1/fw.bin; }}
                location = /to-https {{ return 302 https://localhost:{https}/fw.bin; }}
                location = /moved {{ return 301 /moved-again; }}
                location = /moved-again {{ return 307 /fw.bin; }}
                location = /loop {{ return 302 /loop; }}
        }}
        server {{
                listen 127.0.0.1:{mutual} ssl;
                ssl_client_certificate ca.pem;
                ssl_verify_client on;
                root files;
                location /upload/ {{ alias upload/; dav_methods PUT; }}
        }}
}}
"""

VSFTPD_CONF = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
pam_service_name=vsftpd
pasv_address=127.0.0.1
local_umask=022
log_ftp_protocol=YES
xferlog_std_format=NO
xferlog_enable=YES
vsftpd_log_file={folder}/log
{more}
"""

VSFTPD_TLS = """
ssl_enable=YES
force_local_logins_ssl=YES
force_local_data_ssl=YES
rsa_cert_file={folder}/server.pem
rsa_private_key_file={folder}/server.key
"""

SSHD_CONF = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_ed25519
HostKey {folder}/host_ecdsa
PidFile none
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PubkeyAuthentication no
StrictModes no
Subsystem sftp internal-sftp
"""

# A world in which USER exists, and /run has what sshd wants; the rest of the machine sees none of it.
WORLD = """
mount --bind "$0/passwd" /etc/passwd && mount --bind "$0/shadow" /etc/shadow &&
mount -t tmpfs none /run && mkdir /run/sshd && exec "$@"
"""


def openssl(folder, *arguments):
    ran = subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
    return ran.stdout.decode().strip()


def make_certificates(folder):
    """A root, a server's certificate for the name localhost alone, and a client's."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=Test root")
    (folder / "san").write_text("subjectAltName=DNS:localhost\n")
    for name, subject in ("server", "/CN=localhost"), ("client", "/CN=charger"):
        openssl(folder, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", "san", "-out", f"{name}.pem")


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def family(pid):
    """This process and all its descendants."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, rest = status.read_text().split(" ", 1)
            parents[int(number)] = int(rest.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


class Server:
    """A server process in a folder of its own, which all may enter: servers give up being root."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ocpp-server-"))
        self.folder.chmod(0o755)
        for name in "files", "upload", "empty", "tmp":
            (self.folder / name).mkdir()
        for name in "files", "upload":
            os.chown(self.folder / name, UID, UID)
        self.files, self.upload = self.folder / "files", self.folder / "upload"
        self.process = None

    def run(self, port, *command, world=False):
        if world:
            command = ["unshare", "--mount", "/bin/sh", "-c", WORLD, self.folder, *command]
            self._make_world()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.folder)
        self._wait_for(port)

    def signal(self, number):
        """To the server and all that it has started: one that is stopped is as a link that went dead."""
        for pid in family(self.process.pid):
            os.kill(pid, number)

    def log(self):
        return (self.folder / "log").read_text(errors="replace")

    def _make_world(self):
        secret = openssl(self.folder, "passwd", "-6", PASSWORD)
        lines = {"passwd": f"{USER}:x:{UID}:{UID}::{self.folder}:/bin/sh\n",
                 "shadow": f"{USER}:{secret}:20000:0:99999:7:::\n"}
        for name, line in lines.items():  # first, whoever else has that name
            (self.folder / name).write_text(line + Path("/etc", name).read_text())
        (self.folder / "shadow").chmod(0o600)

    def _wait_for(self, port):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"the server ended: {self.log()}"
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server does not listen: {self.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.signal(signal.SIGKILL)
            self.process.wait(10)
        shutil.rmtree(self.folder)


class Nginx(Server):
    """http, https (also wrong: by a name that its certificate does not hold), h2 and mutual: base URLs."""

    def __init__(self):
        super().__init__()
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        (self.folder / "passwords").write_text(f"{USER}:{{SHA}}{digest}\n")
        make_certificates(self.folder)
        ports = dict(zip(("http", "https", "h2", "mutual"), free_ports(4)))
        (self.folder / "nginx.conf").write_text(NGINX_CONF.format(**ports))
        self.http = f"http://127.0.0.1:{ports['http']}"
        self.https, self.https_wrong = f"https://localhost:{ports['https']}", f"https://127.0.0.1:{ports['https']}"
        self.h2, self.mutual = f"https://localhost:{ports['h2']}", f"https://localhost:{ports['mutual']}"
        self.private = f"http://{USER}:{PASSWORD}@127.0.0.1:{ports['http']}/private/fw.bin"
        self.ca = str(self.folder / "ca.pem")
        self.port = ports["http"]
        self.start()

    def start(self):
        self.run(self.port, "nginx", "-p", self.folder, "-c", "nginx.conf")

    def restart(self):
        """With what was changed in nginx.conf."""
        self.process.kill()
        self.process.wait(10)
        self.start()

    def access_log(self):
        return (self.folder / "access.log").read_text()

    def has_logged(self, pattern, seconds=10):
        """nginx writes its line only after the answer has gone."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.access_log()) and time.monotonic() < end:
            time.sleep(0.02)
        return re.search(pattern, self.access_log())


class Vsftpd(Server):
    """url: the user's folder, in which files (to read) and upload (to write) lie; login: the same with the password.
    tls: logins by AUTH TLS alone; then the scheme is ftps."""

    def __init__(self, tls=False, more=""):
        super().__init__()
        if tls:
            make_certificates(self.folder)
            more += VSFTPD_TLS.format(folder=self.folder)
        self.port, = free_ports(1)
        self.ca = str(self.folder / "ca.pem")
        scheme = "ftps" if tls else "ftp"
        self.url = f"{scheme}://localhost:{self.port}"
        self.login = f"{scheme}://{USER}:{PASSWORD}@localhost:{self.port}"
        (self.folder / "vsftpd.conf").write_text(VSFTPD_CONF.format(port=self.port, folder=self.folder, more=more))
        self.run(self.port, "vsftpd", self.folder / "vsftpd.conf", world=True)


class Sshd(Server):
    """url and login as Vsftpd has them; keys: the fingerprints "SHA256:…" of the host."""

    def __init__(self):
        super().__init__()
        self.port, = free_ports(1)
        self.keys = []
        for kind in "ed25519", "ecdsa":
            path = self.folder / f"host_{kind}"
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", path], check=True, timeout=60)
            told = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, timeout=60)
            self.keys.append(told.stdout.decode().split()[1])
        self.url = f"sftp://localhost:{self.port}{self.folder}"
        self.login = f"sftp://{USER}:{PASSWORD}@localhost:{self.port}{self.folder}"
        (self.folder / "sshd.conf").write_text(SSHD_CONF.format(port=self.port, folder=self.folder))
        self.run(self.port, shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-e", "-f",
                 self.folder / "sshd.conf", world=True)
