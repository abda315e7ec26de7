"""How long a station takes for an answer: a CSMS in a few lines that times its calls. From the moment before a call is
written to the kernel's own mark (SO_TIMESTAMPNS) on the packet that brings the answer: what is measured is the
station, not how fast this program wakes up."""
import base64
import hashlib
import json
import os
import select
import socket
import struct
import time

from benchmark import Trouble

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
SO_TIMESTAMPNS = 35  # Linux, not in Python's socket
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
PATIENCE = 10.0
BIG = 1 << 16


def now():
    return time.clock_gettime(time.CLOCK_REALTIME)


class Station:
    """The CSMS's end of one station's connection. Whatever the station calls in between is answered."""

    def __init__(self, connection):
        self.socket = connection
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.bytes, self.arrived, self.calls = b"", 0.0, 0
        self.heard = []  # (action, payload) of its calls
        self._agree()

    def _agree(self):
        while b"\r\n\r\n" not in self.bytes:
            self._more()
        head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        self.path = lines[0].split()[1].decode()
        key = next(l.split(b":")[1].strip() for l in lines if l.lower().startswith(b"sec-websocket-key:"))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        self.socket.sendall(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n").encode())

    def _more(self):
        """One read; the kernel tells when its last byte arrived."""
        data, told, _, _ = self.socket.recvmsg(BIG, 256)
        if not data:
            raise Trouble("the station closed the connection")
        for level, kind, value in told:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                seconds, nanoseconds = struct.unpack("qq", value[:16])
                self.arrived = seconds + nanoseconds / 1e9
        self.bytes += data

    def _take(self, size):
        while len(self.bytes) < size:
            self._more()
        data, self.bytes = self.bytes[:size], self.bytes[size:]
        return data

    def _frame(self):
        """(opcode, payload); a station's frames are masked and here never in fragments."""
        head = self._take(2)
        size = head[1] & 0x7f
        if size >= 126:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        mask = self._take(4)
        return head[0] & 0x0f, bytes(b ^ mask[i % 4] for i, b in enumerate(self._take(size)))

    def _packed(self, opcode, payload):
        size = len(payload)
        head = bytes([0x80 | opcode]) + (bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size))
        return head + payload

    def send(self, frame):
        """The time before it is written."""
        packed = self._packed(TEXT, frame if isinstance(frame, bytes) else json.dumps(frame).encode())
        before = now()
        self.socket.sendall(packed)
        return before

    def receive(self):
        """The next text frame as bytes; pings are answered."""
        while True:
            opcode, payload = self._frame()
            if opcode == TEXT:
                return payload
            if opcode == CLOSE:
                raise Trouble("the station closed the WebSocket")
            if opcode == PING:
                self.socket.sendall(self._packed(PONG, payload))

    def _answer(self, frame):
        """What the station calls: all is well."""
        action, payload = frame[2], frame[3]
        self.heard.append((action, payload))
        clock = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.send([3, frame[1], {"BootNotification": {"status": "Accepted", "currentTime": clock, "interval": 3600},
                                 "Heartbeat": {"currentTime": clock}}.get(action, {})])

    def call(self, action, payload):
        """(seconds until the answer, the answer)."""
        self.calls += 1
        number = f"call-{self.calls}"
        began = self.send([2, number, action, payload])
        while True:
            frame = json.loads(self.receive())
            if frame[0] == 2:
                self._answer(frame)
            elif frame[1] == number:
                return self.arrived - began, frame

    def echo(self, text):
        """Seconds until the same text is back."""
        began = self.send(text)
        if self.receive() != text:
            raise Trouble("the echo said something else")
        return self.arrived - began

    def settle(self, seconds):
        """Answers what the station calls until it has been quiet for so long."""
        while self.bytes or select.select([self.socket], [], [], seconds)[0]:
            frame = json.loads(self.receive())
            if frame[0] == 2:
                self._answer(frame)


class Csms:
    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE)
        self.port = self.listener.getsockname()[1]

    def accept(self):
        try:
            return Station(self.listener.accept()[0])
        except TimeoutError as e:
            raise Trouble("no station came") from e

    def close(self):
        self.listener.close()


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def disk_sync(folder, rounds=200):
    """Milliseconds, half and 99 of 100, that fdatasync() of one page written over takes there."""
    path, took = os.path.join(folder, "sync"), []
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.write(file, bytes(16 * 4096))
        os.fsync(file)
        for i in range(rounds):
            os.pwrite(file, os.urandom(4096), i % 16 * 4096)
            began = time.perf_counter()
            os.fdatasync(file)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(file)
        os.unlink(path)
    return percentile(took, 0.5), percentile(took, 0.99)
