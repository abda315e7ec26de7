"""An HTTP server that does what no real one can be made to do on demand. A test says how it answers each request, and
it counts what it sends."""

import contextlib
import re
import socket
import threading

LONG_AGO, LATER = "Mon, 02 Nov 2020 10:00:00 GMT", "Tue, 03 Nov 2020 10:00:00 GMT"


class Request:
    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.path = lines[0].split(" ")[1]
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        self.offset = int(asked.group(1)) if asked else None


class BadServer:
    """answer(request, peer) writes to a peer that it is then done with; it may raise OSError. hold: the connection stays
    open behind the answer."""

    def __init__(self, answer, hold=False):
        self.answer, self.hold, self.requests, self.sent_bytes = answer, hold, [], 0
        self.open = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/fw.bin"
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def send(self, peer, data):
        peer.sendall(data)
        self.sent_bytes += len(data)

    def _serve(self, peer):
        head = b""
        while b"\r\n\r\n" not in head:
            more = peer.recv(65536)
            if not more:
                return
            head += more
        self.requests.append(Request(head))
        self.answer(self, self.requests[-1], peer)

    def _run(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.settimeout(30)
            with contextlib.suppress(OSError):
                self._serve(peer)
            if self.hold:
                self.open.append(peer)
            else:
                peer.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(40)
        assert not self.thread.is_alive()
        for peer in self.open:
            peer.close()


def head(status, *lines, length=None):
    lines = [f"HTTP/1.1 {status}", *lines, *([] if length is None else [f"Content-Length: {length}"])]
    return "".join(line + "\r\n" for line in [*lines, ""]).encode()


def validators(etag='"v1"', modified=LONG_AGO, date=LATER):
    pairs = ("ETag", etag), ("Last-Modified", modified), ("Date", date)
    return [f"{name}: {value}" for name, value in pairs if value]


def raw(data):
    """Says this, whatever was asked."""
    return lambda server, request, peer: server.send(peer, data)


class Files:
    """Serves `content` as a good server does, by Range and If-Range, but each answer ends after `cuts`' next number of
    bytes of the body (None, or none left: it is whole). What may be changed between two requests is an attribute."""

    def __init__(self, content, cuts=(), **given):
        self.content, self.cuts, self.validators = content, list(cuts), validators(**given)

    def holds(self, condition):
        return condition in (line.partition(": ")[2] for line in self.validators if not line.startswith("Date"))

    def __call__(self, server, request, peer):
        size, offset = len(self.content), request.offset
        if offset is not None and not self.holds(request.headers.get("if-range")):
            offset = None
        if offset is not None and offset >= size:
            server.send(peer, head("416 Range", f"Content-Range: bytes */{size}", *self.validators, length=0))
            return
        body = self.content[offset or 0:]
        if offset is None:
            server.send(peer, head("200 OK", *self.validators, length=len(body)))
        else:
            server.send(peer, head("206 Partial", f"Content-Range: bytes {offset}-{size - 1}/{size}", *self.validators,
                                   length=len(body)))
        server.send(peer, body[:self.cuts.pop(0) if self.cuts else None])
