"""A turnout on the way of a station to its CSMS: what connects is led to one server or to another, so that a CSMS can show a
bad side and then its good one again. What is connected already stays where it is."""
import asyncio
import contextlib
import socket
import ssl
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


class TlsFront:
    """The place of another CSMS: speaks TLS with a certificate of its own to who connects, and leads it to what listens at port
    `to` of this machine, by TLS there too where `inner` says so. Not there until open(), nor after shut()."""

    def __init__(self, certificate, to, inner=False):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.to, self.server, self.writers = to, None, set()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.with_suffix(".pem"), certificate.with_suffix(".key"))
        self.inner = ssl._create_unverified_context() if inner else None
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def _run(self, what):
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    async def _copy(self, source, sink):
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def _lead(self, reader, writer):
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.to, ssl=self.inner)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, inner_writer}
        await asyncio.gather(self._copy(reader, inner_writer), self._copy(inner_reader, writer))
        self.writers -= {writer, inner_writer}

    async def _open(self):
        self.server = await asyncio.start_server(self._lead, "127.0.0.1", self.port, ssl=self.context)

    async def _shut(self):
        if self.server:
            self.server.close()
            self.server = None
        for writer in self.writers:
            writer.transport.abort()

    def open(self):
        self._run(self._open())

    def shut(self):
        """Also what is connected."""
        self._run(self._shut())

    def close(self):
        self.shut()
        self.loop.call_soon_threadsafe(self.loop.stop)
