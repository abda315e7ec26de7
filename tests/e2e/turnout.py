"""A turnout on the way of a station to its CSMS: what connects is led to one server or to another, so that a CSMS can show a
bad side and then its good one again. What is connected already stays where it is."""
import contextlib
import socket
import subprocess
import threading
import time


class Turnout:
    """Leads connections to its port to port `to` of this machine, which may be set anew at any time."""

    def __init__(self, to):
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to), timeout=10)
                server.settimeout(None)
            except OSError:
                peer.close()
                continue
            for source, sink in (peer, server), (server, peer):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class TlsServer:
    """One that does the handshake as it is told to (words of `openssl s_server`), and no more."""

    def __init__(self, certificate, *words):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{self.port}", "-cert", certificate.with_suffix(".pem"),
             "-key", certificate.with_suffix(".key"), *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, "openssl s_server does not listen"
                time.sleep(0.02)

    def close(self):
        self.process.kill()
        self.process.communicate()
