"""HTTP/2 by hand: frames as bytes, so that they can be wrong (RFC 9113)."""
import os
import socket
import struct
import time

import hpack

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x1, 0x4, 0x8, 0x20
CODES = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
]
ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE = 2, 3, 4, 5
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW_MAX = 2**31 - 1
FRAME_BYTES_MAX = 2**14
# What has not come by then does not come.
PATIENCE_S = 5

HOST, PORT = os.environ["SERVER_URL"].removeprefix("http://").split(":")


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def settings(*pairs, flags=0):
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def window_update(stream, by):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", by))


def rst_stream(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def priority(stream, on=0, weight=16, exclusive=False):
    return frame(PRIORITY, 0, stream, dependency(on, weight, exclusive))


def dependency(on, weight=16, exclusive=False):
    return struct.pack(">IB", on | (0x80000000 if exclusive else 0), weight - 1)


def goaway(last=0, code=0, stream=0):
    return frame(GOAWAY, 0, stream, struct.pack(">II", last, code))


def ping(data=b"pingping", flags=0, stream=0):
    return frame(PING, flags, stream, data)


def data(stream, body=b"", end=True, flags=0):
    return frame(DATA, flags | (END_STREAM if end else 0), stream, body)


class Closed(Exception):
    """The peer has ended the connection."""


class Silent(Exception):
    """The peer says nothing."""


class Frame:
    def __init__(self, kind, flags, stream, payload):
        self.kind, self.flags, self.stream, self.payload = kind, flags, stream, payload

    def ends(self):
        return self.kind in (DATA, HEADERS) and bool(self.flags & END_STREAM)

    def code(self):
        number = struct.unpack(">I", self.payload[4:8] if self.kind == GOAWAY else self.payload[:4])[0]
        return CODES[number] if number < len(CODES) else hex(number)


class Answer:
    """What came on a stream: the first head, the bytes, and the trailers."""

    def __init__(self):
        self.head, self.body, self.trailers, self.reset = None, b"", {}, None

    def field(self, name):
        return self.trailers.get(name, (self.head or {}).get(name))


class Connection:
    """A connection whose peer has taken the preface, unless it is made bare."""

    def __init__(self, *pairs, bare=False):
        self.socket = socket.create_connection((HOST, int(PORT)), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.encoder, self.decoder = hpack.Encoder(), hpack.Decoder()
        self.settings = {}
        if not bare:
            self.send(PREFACE, settings(*pairs))
            self.greeted()

    def greeted(self):
        """Takes the peer's settings, and the acknowledgement of ours."""
        acknowledged = False
        while not (self.settings and acknowledged):
            got = self.receive()
            if got.kind == SETTINGS and got.flags & ACK:
                acknowledged = True
            elif got.kind == SETTINGS:
                self.settings = dict(struct.iter_unpack(">HI", got.payload))
                self.send(settings(flags=ACK))

    def close(self):
        self.socket.close()

    def send(self, *frames):
        try:
            self.socket.sendall(b"".join(frames))
        except OSError:
            # The peer may have closed already, of which it has told what can be read.
            pass

    def block(self, fields):
        """A header block; the dynamic table stays empty, so that blocks may be used in any order."""
        return self.encoder.encode([hpack.NeverIndexedHeaderTuple(*field) for field in fields])

    def headers(self, stream, fields, end=True, flags=END_HEADERS, before=b"", after=b""):
        flags |= END_STREAM if end else 0
        return frame(HEADERS, flags, stream, before + self.block(fields) + after)

    def receive(self, patience_s=PATIENCE_S):
        end = time.monotonic() + patience_s

        def more(count):
            while len(self.rest) < count:
                left = end - time.monotonic()
                if left <= 0:
                    raise Silent()
                self.socket.settimeout(left)
                try:
                    got = self.socket.recv(65536)
                except TimeoutError:
                    raise Silent() from None
                except OSError:
                    raise Closed() from None
                if not got:
                    raise Closed()
                self.rest += got

        more(9)
        length = int.from_bytes(self.rest[:3], "big")
        more(9 + length)
        kind, flags, stream = self.rest[3], self.rest[4], int.from_bytes(self.rest[5:9], "big") & WINDOW_MAX
        payload, self.rest = self.rest[9 : 9 + length], self.rest[9 + length :]
        return Frame(kind, flags, stream, payload)

    def answer(self, stream):
        """Everything on a stream up to its end."""
        answer, block = Answer(), b""
        while True:
            got = self.receive()
            if got.kind == GOAWAY and got.code() != "NO_ERROR":
                raise AssertionError(f"an answer expected, GOAWAY with {got.code()} found")
            if got.kind in (HEADERS, CONTINUATION):
                block += got.payload
                if got.flags & END_HEADERS:
                    fields, block = dict(self.decoder.decode(block)), b""
                    if got.stream == stream:
                        if answer.head is None:
                            answer.head = fields
                        else:
                            answer.trailers = fields
            if got.stream != stream:
                continue
            if got.kind == DATA:
                answer.body += got.payload
            if got.kind == RST_STREAM:
                answer.reset = got.code()
                return answer
            if got.ends():
                return answer
