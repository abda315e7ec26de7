"""A WebSocket client for tests, on a plain socket: says exactly what it is told to say, good or bad."""
import base64
import json
import os
import socket
import struct
import time
import uuid
from urllib.parse import quote

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The server did not agree to a WebSocket."""

    def __init__(self, status, headers, body):
        super().__init__(f"refused with {status}")
        self.status, self.headers, self.body = status, headers, body


class Closed(Exception):
    """The server has closed the connection; code is None where no close frame came."""

    def __init__(self, code=None):
        super().__init__(f"closed, code {code}")
        self.code = code


class Station:
    """One connection of a charging station to a CSMS."""

    def __init__(self, port, identity, protocols=("ocpp2.0.1",), password=None, tls=None, host="127.0.0.1",
                 path=None, timeout=10):
        self.identity, self.buffer, self.parked = identity, b"", []
        sock = socket.create_connection((host, port), timeout)
        self.sock = tls.wrap_socket(sock, server_hostname="localhost") if tls else sock
        try:
            self._handshake(path or "/ocpp/" + quote(identity, safe=""), host, port, protocols, password)
        except Exception:
            self.sock.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def _handshake(self, path, host, port, protocols, password):
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + base64.b64encode(os.urandom(16)).decode()]
        if protocols:
            lines.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
        if password is not None:
            secret = password if isinstance(password, bytes) else password.encode()
            lines.append("Authorization: Basic " + base64.b64encode(self.identity.encode() + b":" + secret).decode())
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in rest)}
        status = int(first.split()[1])
        if status != 101:
            while len(self.buffer) < int(headers.get("content-length", 0)):
                self._more()
            raise Refused(status, headers, self.buffer)
        self.protocol = headers.get("sec-websocket-protocol")

    def _more(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed()
        self.buffer += data

    def _take(self, n):
        while len(self.buffer) < n:
            self._more()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def send_frame(self, payload, opcode=TEXT, final=True):
        """One frame as it is, masked."""
        data = payload.encode() if isinstance(payload, str) else payload
        size = len(data)
        head = bytes([(0x80 if final else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        stream = mask * (size // 4 + 1)
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")
        self.sock.sendall(head + mask + masked)

    def recv_message(self, timeout=10):
        """(opcode, bytes) of the next text or binary message; answers pings; raises Closed, TimeoutError."""
        self.sock.settimeout(timeout)
        kind, whole = None, b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            data, opcode = self._take(size), first & 0x0F
            if opcode == CLOSE:
                raise Closed(struct.unpack(">H", data[:2])[0] if len(data) >= 2 else None)
            if opcode == PING:
                self.send_frame(data, PONG)
            if opcode >= CLOSE:
                continue
            kind, whole = kind or opcode, whole + data
            if first & 0x80:
                return kind, whole

    def recv_json(self, timeout=10):
        return json.loads(self.recv_message(timeout)[1])

    def call(self, action, payload=None, timeout=10):
        """Sends a CALL and returns its answer, the whole frame; other frames are kept for next_call()."""
        identifier = str(uuid.uuid4())
        self.send_frame(json.dumps([2, identifier, action, payload or {}]))
        return self.answer_to(identifier, timeout)

    def answer_to(self, identifier, timeout=10):
        end = time.monotonic() + timeout
        while True:
            frame = self.recv_json(max(0.01, end - time.monotonic()))
            if frame[0] in (3, 4) and frame[1] == identifier:
                return frame
            self.parked.append(frame)

    def next_call(self, timeout=10):
        """The next CALL of the CSMS: [2, id, action, payload]."""
        frame = self.parked.pop(0) if self.parked else self.recv_json(timeout)
        assert frame[0] == 2, frame
        return frame

    def answer(self, identifier, payload=None):
        self.send_frame(json.dumps([3, identifier, payload or {}]))

    def refuse(self, identifier, code, description="", details=None):
        self.send_frame(json.dumps([4, identifier, code, description, details or {}]))

    def close(self):
        self.sock.close()
