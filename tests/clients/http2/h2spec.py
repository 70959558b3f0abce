"""HTTP/2 conformance: the cases of h2spec 2.6 under its own numbers, with what RFC 9113 says where that is newer.

h2spec is a program of its own that neither Debian nor PyPI nor npm has; this is its equal. Every case is run twice, for
a path of gRPC and for a path of REST. As with h2spec, an error of a connection may be told by GOAWAY or by the end of
the connection, and an error of a stream may be told by RST_STREAM or as an error of the connection.

What hyper's h2 does otherwise, and why that is harmless:

| case | RFC 9113 | here | why it is harmless |
|---|---|---|---|
| those in UNSPECIFIC | a specific code | GOAWAY with PROTOCOL_ERROR, and the connection ends | the code that section 7 has for an error that is not told apart; the end is the same, and it is the end that h2spec looks for |
| http2/5.1/8 | STREAM_CLOSED | may be ignored | section 5.1: frames that were on their way when a stream was reset are to be expected |
| http2/5.3.1/1, 2 | nothing is said any more | PROTOCOL_ERROR, as in RFC 7540 | section 5.3.2 has taken priorities out; no client sends one that depends on itself |
| http2/8.1.2/1, 8.1.2.1/1 | an error of the stream | of the connection | section 5.4.2 leaves that to the peer |
| http2/8.1.2.1/3 | an error of the stream | the field is dropped, and the request answered | it reaches nobody: what is left of the trailers has no pseudo-header fields, and no adapter reads trailers of requests |

"""
import struct
import sys

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from wire import *

HUFFMAN = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
CASES = []
# Errors of connections whose code is not the specific one; one that becomes specific has to leave the list.
UNSPECIFIC = set(
    """
    http2/4.3/1 http2/5.1/5 http2/5.1/6 http2/5.4.1/2 http2/6.1/2 http2/6.3/2 http2/6.4/3 http2/6.5/1 http2/6.5/3
    http2/6.5.2/2 http2/6.7/4 http2/6.9/3 http2/6.9.2/3 hpack/2.3.3/1 hpack/2.3.3/2 hpack/4.2/1 hpack/5.2/1
    hpack/5.2/2 hpack/5.2/3 hpack/6.1/1 hpack/6.3/1
    """.split()
)


def case(number, title):
    def add(run):
        CASES.append((number, title, run))
        return run

    return add


class Grpc:
    name = "gRPC"
    body = b"\0\0\0\0\4\n\2p1"
    fields = [
        (":method", "POST"), (":scheme", "http"), (":path", "/ProductService/GetProduct"), (":authority", HOST),
        ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    # A request without a body is a call without a message, which is answered as well.
    read = fields


class Rest:
    name = "REST"
    body = b'{"name": ""}'
    fields = [
        (":method", "POST"), (":scheme", "http"), (":path", "/api/users"), (":authority", HOST),
        ("content-type", "application/json"),
    ]
    read = [(":method", "GET"), (":scheme", "http"), (":path", "/api/products"), (":authority", HOST)]


class Peer(Connection):
    """A connection with what cases expect of it."""

    def __init__(self, target, *pairs, bare=False):
        super().__init__(*pairs, bare=bare)
        self.target = target

    def ends_with(self, got, codes):
        """An error of the connection: with one of the codes, or with the unspecific one where that is known."""
        code = got.code()
        if self.target.number in UNSPECIFIC:
            assert (code, codes.count(code)) == ("PROTOCOL_ERROR", 0), f"PROTOCOL_ERROR expected, {code} found"
        else:
            assert code in codes, f"GOAWAY with {' or '.join(codes)} expected, {code} found"
        self.is_over()

    def is_over(self):
        while True:
            try:
                self.receive()
            except Closed:
                return

    def next(self):
        """The next frame but for room in windows, which is given at any time."""
        while (got := self.receive()).kind == WINDOW_UPDATE:
            pass
        return got

    def get(self, stream=1, **options):
        """A whole request."""
        return self.headers(stream, self.target.read, **options)

    def post(self, stream=1, **options):
        """The head of a request whose body follows."""
        return self.headers(stream, self.target.fields, end=False, **options)

    def body(self, stream=1, **options):
        return data(stream, self.target.body, **options)

    def connection_fails(self, *codes):
        """By GOAWAY with one of these codes, or by its end."""
        while True:
            try:
                got = self.receive()
            except Closed:
                return
            if got.kind == GOAWAY:
                return self.ends_with(got, codes)

    def stream_fails(self, stream, *codes):
        """By RST_STREAM with one of these codes, or with the connection."""
        while True:
            try:
                got = self.receive()
            except Closed:
                return
            if got.kind == GOAWAY:
                return self.ends_with(got, codes)
            if got.kind == RST_STREAM and got.stream == stream:
                assert got.code() in codes, f"{' or '.join(codes)} expected, {got.code()} found"
                return

    def answers(self, stream=1):
        """With a whole response."""
        answer = self.answer(stream)
        assert answer.head and answer.reset is None, f"an answer expected, {answer.reset} found"
        return answer

    def refuses(self, stream, *codes):
        """The request is malformed (RFC 9113 section 8.1.1): a status of 4xx, or an error; whether of the connection."""
        while True:
            try:
                got = self.receive()
            except Closed:
                return True
            if got.kind == GOAWAY:
                self.ends_with(got, codes)
                return True
            if got.kind == RST_STREAM and got.stream == stream:
                assert got.code() in codes, f"{' or '.join(codes)} expected, {got.code()} found"
                return False
            if got.kind == HEADERS and got.stream == stream:
                status = dict(self.decoder.decode(got.payload))[":status"]
                assert status.startswith("4"), f"a refusal expected, {status} found"
                return False

    def lives(self):
        """It answers a ping."""
        self.send(ping(b"is alive"))
        while True:
            got = self.receive()
            assert got.kind != GOAWAY, f"a ping's answer expected, GOAWAY with {got.code()} found"
            if got.kind == PING and got.flags & ACK and got.payload == b"is alive":
                return

    def is_ignored(self, stream, *codes):
        """Either nothing happens, or one of these errors."""
        self.send(ping(b"is alive"))
        while True:
            try:
                got = self.receive()
            except Closed:
                return
            if got.kind == GOAWAY or got.kind == RST_STREAM and got.stream == stream:
                assert got.code() in codes, f"{' or '.join(codes)} expected, {got.code()} found"
                return
            if got.kind == PING and got.payload == b"is alive":
                return


# generic/1 .. 5: what every client does.


@case("generic/1/1", "sends a client connection preface")
def _(t):
    Peer(t).lives()


@case("generic/2/1", "PRIORITY on an idle stream")
def _(t):
    peer = Peer(t)
    peer.send(priority(1), peer.get(1))
    peer.answers(1)


@case("generic/2/2", "WINDOW_UPDATE on a half-closed (remote) stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), window_update(1, 1))
    peer.answers(1)
    peer.lives()


@case("generic/2/3", "PRIORITY on a half-closed (remote) stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), priority(1))
    peer.answers(1)
    peer.lives()


@case("generic/2/4", "RST_STREAM on a half-closed (remote) stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), rst_stream(1))
    peer.lives()


@case("generic/2/5", "PRIORITY on a closed stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1))
    peer.answers(1)
    peer.send(priority(1))
    peer.lives()


@case("generic/3.1/1", "a DATA frame")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), peer.body(1))
    peer.answers(1)


@case("generic/3.1/2", "multiple DATA frames")
def _(t):
    peer = Peer(t)
    each = [data(1, bytes([byte]), end=False) for byte in t.body]
    peer.send(peer.post(1), *each, data(1))
    peer.answers(1)


@case("generic/3.1/3", "a DATA frame with padding")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), data(1, b"\x06" + t.body + b"\0" * 6, flags=PADDED))
    peer.answers(1)


@case("generic/3.2/1", "a HEADERS frame")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1))
    peer.answers(1)


@case("generic/3.2/2", "a HEADERS frame with padding")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=END_HEADERS | PADDED, before=b"\x06", after=b"\0" * 6))
    peer.answers(1)


@case("generic/3.2/3", "a HEADERS frame with priority")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=END_HEADERS | PRIORITIZED, before=dependency(0, 256)))
    peer.answers(1)


for at, (title, options) in enumerate(
    [("priority 1", {"weight": 1}), ("priority 256", {"weight": 256}), ("a dependency", {"on": 3}), ("exclusive", {"exclusive": True})]
):

    @case(f"generic/3.3/{at + 1}", f"PRIORITY with {title}")
    def _(t, options=options):
        peer = Peer(t)
        peer.send(priority(1, **options), peer.get(1))
        peer.answers(1)


@case("generic/3.3/5", "PRIORITY for an idle stream, then HEADERS for a lower one")
def _(t):
    peer = Peer(t)
    peer.send(priority(7), peer.get(5))
    peer.answers(5)


@case("generic/3.4/1", "RST_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), rst_stream(1))
    peer.lives()


@case("generic/3.5/1", "SETTINGS")
def _(t):
    peer = Peer(t)
    peer.send(settings((MAX_CONCURRENT_STREAMS, 10)))
    got = peer.next()
    assert (got.kind, got.flags) == (SETTINGS, ACK), (got.kind, got.flags)


@case("generic/3.7/1", "PING")
def _(t):
    Peer(t).lives()


@case("generic/3.8/1", "GOAWAY")
def _(t):
    peer = Peer(t)
    peer.send(goaway())
    peer.connection_fails("NO_ERROR")


@case("generic/3.9/1", "WINDOW_UPDATE of the connection")
def _(t):
    peer = Peer(t)
    peer.send(window_update(0, 1), peer.get(1))
    peer.answers(1)


@case("generic/3.9/2", "WINDOW_UPDATE of a stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), window_update(1, 1), peer.body(1))
    peer.answers(1)


def split(peer, pieces):
    """A request's head in a HEADERS frame and so many CONTINUATION frames."""
    block = peer.block(peer.target.read)
    size = len(block) // (pieces + 1)
    cuts = [block[at * size : (at + 1) * size] for at in range(pieces)] + [block[pieces * size :]]
    frames = [frame(HEADERS, END_STREAM, 1, cuts[0])]
    frames += [frame(CONTINUATION, 0, 1, cut) for cut in cuts[1:-1]]
    return frames + [frame(CONTINUATION, END_HEADERS, 1, cuts[-1])]


@case("generic/3.10/1", "a CONTINUATION frame")
def _(t):
    peer = Peer(t)
    peer.send(*split(peer, 1))
    peer.answers(1)


@case("generic/3.10/2", "multiple CONTINUATION frames")
def _(t):
    peer = Peer(t)
    peer.send(*split(peer, 3))
    peer.answers(1)


@case("generic/4/1", "a GET request")
def _(t):
    peer = Peer(t)
    peer.send(peer.headers(1, Rest.read))
    assert peer.answers(1).head[":status"] == "200"


@case("generic/4/2", "a HEAD request")
def _(t):
    peer = Peer(t)
    peer.send(peer.headers(1, [(":method", "HEAD"), *Rest.read[1:]]))
    answer = peer.answers(1)
    assert (answer.head[":status"], answer.body) == ("200", b"")


@case("generic/4/3", "a POST request")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), peer.body(1))
    assert peer.answers(1).head[":status"] in ("200", "422", "400")


@case("generic/4/4", "a POST request with trailers")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), peer.body(1, end=False), peer.headers(1, [("x-check", "1")]))
    assert peer.answers(1).head[":status"] in ("200", "422", "400")


def text(value, huffman):
    """A string literal (RFC 7541 section 5.2)."""
    coded = HUFFMAN.encode(value) if huffman else value
    return bytes([len(coded) | (0x80 if huffman else 0)]) + coded


# Representations of `user-agent` (index 58 of the static table) and of a new name, by prefix (RFC 7541 section 6.2).
LITERALS = []
for what, indexed, new in [
    ("with incremental indexing", bytes([0x40 | 58]), b"\x40"),
    ("without indexing", b"\x0f" + bytes([58 - 15]), b"\x00"),
    ("never indexed", b"\x1f" + bytes([58 - 15]), b"\x10"),
]:
    for huffman in (False, True):
        how = " in Huffman's code" if huffman else ""
        LITERALS.append((f"literal {what}, indexed name{how}", indexed + text(b"a client", huffman)))
    for huffman in (False, True):
        how = " in Huffman's code" if huffman else ""
        LITERALS.append((f"literal {what}, new name{how}", new + text(b"x-test", huffman) + text(b"a value", huffman)))


@case("generic/5/1", "indexed header field representation")
def _(t):
    peer = Peer(t)
    # 16 of the static table is `accept-encoding: gzip, deflate`.
    peer.send(peer.get(1, after=b"\x90"))
    peer.answers(1)


for at, (title, literal) in enumerate(LITERALS):

    @case(f"generic/5/{at + 2}", title)
    def _(t, literal=literal):
        peer = Peer(t)
        peer.send(peer.get(1, after=literal))
        peer.answers(1)
        peer.send(peer.get(3))
        peer.answers(3)


@case("generic/5/14", "dynamic table size update")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, before=b"\x20"))
    peer.answers(1)


@case("generic/5/15", "multiple dynamic table size updates")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, before=b"\x20\x3f\xe1\x1f"))
    peer.answers(1)


# http2/3.5 .. 4.3


@case("http2/3.5/1", "a client connection preface")
def _(t):
    peer = Peer(t, bare=True)
    peer.send(PREFACE, settings())
    got = peer.receive()
    assert got.kind == SETTINGS and not got.flags, "the server's preface is its settings"


@case("http2/3.5/2", "an invalid connection preface")
def _(t):
    peer = Peer(t, bare=True)
    peer.send(b"INVALID CONNECTION PREFACE\r\n\r\n")
    try:
        # It is a bad request of HTTP/1.1, which shares the port.
        while peer.socket.recv(4096):
            pass
    except ConnectionError:
        pass
    peer = Peer(t, bare=True)
    peer.send(PREFACE[:-4] + b"\r\n\r!", settings())
    try:
        while peer.socket.recv(4096):
            pass
    except ConnectionError:
        pass


@case("http2/4.1/1", "a frame of an unknown type")
def _(t):
    peer = Peer(t)
    peer.send(frame(0x16, 0, 0, b"\0" * 8))
    peer.lives()


@case("http2/4.1/2", "a frame with undefined flags")
def _(t):
    peer = Peer(t)
    peer.send(frame(PING, 0x16, 0, b"is alive"))
    got = peer.next()
    assert (got.kind, got.payload) == (PING, b"is alive")


@case("http2/4.1/3", "a frame with the reserved bit")
def _(t):
    peer = Peer(t)
    peer.send(frame(PING, 0, 0x80000000, b"is alive"))
    got = peer.next()
    assert (got.kind, got.payload) == (PING, b"is alive")


@case("http2/4.2/1", "a DATA frame of 2^14 octets")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), data(1, b"\0" * FRAME_BYTES_MAX))
    peer.answers(1)


@case("http2/4.2/2", "a DATA frame larger than SETTINGS_MAX_FRAME_SIZE")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), data(1, b"\0" * (peer.settings.get(MAX_FRAME_SIZE, FRAME_BYTES_MAX) + 1)))
    peer.stream_fails(1, "FRAME_SIZE_ERROR")


@case("http2/4.2/3", "a HEADERS frame larger than SETTINGS_MAX_FRAME_SIZE")
def _(t):
    peer = Peer(t)
    over = peer.settings.get(MAX_FRAME_SIZE, FRAME_BYTES_MAX) + 1
    peer.send(peer.get(1, after=b"\x10\x01a\x7f" + b"\xff\xff\x7f" + b"x" * over))
    peer.connection_fails("FRAME_SIZE_ERROR")


@case("http2/4.3/1", "an invalid header block fragment")
def _(t):
    peer = Peer(t)
    # A literal whose value ends before it does.
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS, 1, b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
    peer.connection_fails("COMPRESSION_ERROR")


@case("http2/4.3/2", "PRIORITY within a header block")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), priority(1), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/4.3/3", "HEADERS of another stream within a header block")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), peer.get(3))
    peer.connection_fails("PROTOCOL_ERROR")


# http2/5.1: states of streams.


@case("http2/5.1/1", "idle: DATA")
def _(t):
    peer = Peer(t)
    peer.send(data(1, b"test"))
    peer.connection_fails("PROTOCOL_ERROR", "STREAM_CLOSED")


@case("http2/5.1/2", "idle: RST_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(rst_stream(1))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/5.1/3", "idle: WINDOW_UPDATE")
def _(t):
    peer = Peer(t)
    peer.send(window_update(1, 100))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/5.1/4", "idle: CONTINUATION")
def _(t):
    peer = Peer(t)
    peer.send(frame(CONTINUATION, END_HEADERS, 1, peer.block(t.read)))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/5.1/5", "half closed (remote): DATA")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), data(1, b"test"))
    peer.stream_fails(1, "STREAM_CLOSED")


@case("http2/5.1/6", "half closed (remote): HEADERS")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), peer.get(1))
    peer.stream_fails(1, "STREAM_CLOSED")


@case("http2/5.1/7", "half closed (remote): CONTINUATION")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.stream_fails(1, "STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1/8", "closed: DATA after RST_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), rst_stream(1), data(1, b"test"))
    peer.is_ignored(1, "STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1/9", "closed: HEADERS after RST_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), rst_stream(1), peer.get(1))
    peer.stream_fails(1, "STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1/10", "closed: CONTINUATION after RST_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), rst_stream(1), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1/11", "closed: DATA")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1))
    peer.answers(1)
    peer.send(data(1, b"test"))
    peer.stream_fails(1, "STREAM_CLOSED")


@case("http2/5.1/12", "closed: HEADERS")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1))
    peer.answers(1)
    peer.send(peer.get(1))
    peer.connection_fails("STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1/13", "closed: CONTINUATION")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1))
    peer.answers(1)
    peer.send(frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("STREAM_CLOSED", "PROTOCOL_ERROR")


@case("http2/5.1.1/1", "an even-numbered stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(2))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/5.1.1/2", "a stream of a smaller number than before")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(5))
    peer.answers(5)
    peer.send(peer.get(3))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/5.1.2/1", "more streams than SETTINGS_MAX_CONCURRENT_STREAMS")
def _(t):
    peer = Peer(t)
    most = peer.settings[MAX_CONCURRENT_STREAMS]
    # All of them wait for their bodies, and the last one is too many.
    peer.send(*[peer.post(1 + 2 * at) for at in range(most + 1)])
    peer.stream_fails(1 + 2 * most, "PROTOCOL_ERROR", "REFUSED_STREAM")
    peer.send(peer.body(1))
    peer.answers(1)


@case("http2/5.3.1/1", "HEADERS that depend on their own stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=END_HEADERS | PRIORITIZED, before=dependency(1)))
    peer.is_ignored(1, "PROTOCOL_ERROR")


@case("http2/5.3.1/2", "PRIORITY that depends on its own stream")
def _(t):
    peer = Peer(t)
    peer.send(priority(1, on=1))
    peer.is_ignored(1, "PROTOCOL_ERROR")


@case("http2/5.4.1/1", "an invalid PING frame ends the connection")
def _(t):
    peer = Peer(t)
    peer.send(ping(b"\0" * 6))
    peer.is_over()


@case("http2/5.4.1/2", "an invalid PING frame is told by GOAWAY")
def _(t):
    peer = Peer(t)
    peer.send(ping(b"\0" * 6))
    got = peer.next()
    assert got.kind == GOAWAY, got.kind
    peer.ends_with(got, ["FRAME_SIZE_ERROR"])


@case("http2/5.5/1", "an unknown extension frame")
def _(t):
    peer = Peer(t)
    peer.send(frame(0x16, 0, 0, b"\0" * 8), peer.get(1))
    peer.answers(1)


@case("http2/5.5/2", "an unknown extension frame within a header block")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), frame(0x16, 0, 0, b"\0" * 8), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("PROTOCOL_ERROR")


# http2/6: frames.


@case("http2/6.1/1", "DATA on stream 0")
def _(t):
    peer = Peer(t)
    peer.send(data(0, b"test"))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.1/2", "DATA on a stream that is not open")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1), data(1, b"test"))
    peer.stream_fails(1, "STREAM_CLOSED")


@case("http2/6.1/3", "DATA with more padding than payload")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), data(1, b"\x06test", flags=PADDED))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.2/1", "HEADERS without END_HEADERS, and PRIORITY")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), priority(1))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.2/2", "HEADERS without END_HEADERS, and HEADERS of another stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), peer.get(3))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.2/3", "HEADERS on stream 0")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(0))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.2/4", "HEADERS with more padding than payload")
def _(t):
    peer = Peer(t)
    block = peer.block(t.read)
    peer.send(frame(HEADERS, END_STREAM | END_HEADERS | PADDED, 1, bytes([len(block) + 1]) + block))
    peer.stream_fails(1, "PROTOCOL_ERROR")


@case("http2/6.3/1", "PRIORITY on stream 0")
def _(t):
    peer = Peer(t)
    peer.send(priority(0))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.3/2", "PRIORITY of a length other than 5")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), frame(PRIORITY, 0, 1, b"\x80\0\0\1"))
    peer.stream_fails(1, "FRAME_SIZE_ERROR")


@case("http2/6.4/1", "RST_STREAM on stream 0")
def _(t):
    peer = Peer(t)
    peer.send(rst_stream(0))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.4/2", "RST_STREAM on an idle stream")
def _(t):
    peer = Peer(t)
    peer.send(rst_stream(1))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.4/3", "RST_STREAM of a length other than 4")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), frame(RST_STREAM, 0, 1, b"\0\0\0"))
    peer.stream_fails(1, "FRAME_SIZE_ERROR")


@case("http2/6.5/1", "SETTINGS with ACK and payload")
def _(t):
    peer = Peer(t)
    peer.send(settings((ENABLE_PUSH, 0), flags=ACK))
    peer.connection_fails("FRAME_SIZE_ERROR")


@case("http2/6.5/2", "SETTINGS on another stream than 0")
def _(t):
    peer = Peer(t)
    peer.send(frame(SETTINGS, 0, 1, struct.pack(">HI", ENABLE_PUSH, 0)))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.5/3", "SETTINGS of a length that is no multiple of 6")
def _(t):
    peer = Peer(t)
    peer.send(frame(SETTINGS, 0, 0, b"\0\3\0"))
    peer.connection_fails("FRAME_SIZE_ERROR")


for at, (title, pair, code) in enumerate(
    [
        ("SETTINGS_ENABLE_PUSH other than 0 and 1", (ENABLE_PUSH, 2), "PROTOCOL_ERROR"),
        ("SETTINGS_INITIAL_WINDOW_SIZE above the maximum", (INITIAL_WINDOW_SIZE, 2**31), "FLOW_CONTROL_ERROR"),
        ("SETTINGS_MAX_FRAME_SIZE below the initial value", (MAX_FRAME_SIZE, 16383), "PROTOCOL_ERROR"),
        ("SETTINGS_MAX_FRAME_SIZE above the maximum", (MAX_FRAME_SIZE, 2**24), "PROTOCOL_ERROR"),
    ]
):

    @case(f"http2/6.5.2/{at + 1}", title)
    def _(t, pair=pair, code=code):
        peer = Peer(t)
        peer.send(settings(pair))
        peer.connection_fails(code)


@case("http2/6.5.2/5", "SETTINGS with an unknown identifier")
def _(t):
    peer = Peer(t)
    peer.send(settings((0xFF, 1)))
    peer.lives()


@case("http2/6.5.3/1", "several values of SETTINGS_INITIAL_WINDOW_SIZE: the last one counts")
def _(t):
    peer = Peer(t)
    peer.send(settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), peer.headers(1, Rest.read))
    while (got := peer.receive()).kind != DATA:
        pass
    assert len(got.payload) == 1, len(got.payload)


@case("http2/6.5.3/2", "SETTINGS are acknowledged")
def _(t):
    peer = Peer(t)
    peer.send(settings((ENABLE_PUSH, 0)))
    got = peer.next()
    assert (got.kind, got.flags) == (SETTINGS, ACK)


@case("http2/6.7/1", "PING is answered")
def _(t):
    Peer(t).lives()


@case("http2/6.7/2", "PING with ACK is not")
def _(t):
    peer = Peer(t)
    peer.send(ping(b"invalid!", flags=ACK), ping(b"is asked"))
    got = peer.next()
    assert (got.kind, got.payload) == (PING, b"is asked")


@case("http2/6.7/3", "PING on another stream than 0")
def _(t):
    peer = Peer(t)
    peer.send(ping(stream=1))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.7/4", "PING of a length other than 8")
def _(t):
    peer = Peer(t)
    peer.send(ping(b"\0" * 6))
    peer.connection_fails("FRAME_SIZE_ERROR")


@case("http2/6.8/1", "GOAWAY on another stream than 0")
def _(t):
    peer = Peer(t)
    peer.send(goaway(stream=1))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.9/1", "WINDOW_UPDATE by 0")
def _(t):
    peer = Peer(t)
    peer.send(window_update(0, 0))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.9/2", "WINDOW_UPDATE by 0 on a stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), window_update(1, 0))
    peer.stream_fails(1, "PROTOCOL_ERROR")


@case("http2/6.9/3", "WINDOW_UPDATE of a length other than 4")
def _(t):
    peer = Peer(t)
    peer.send(frame(WINDOW_UPDATE, 0, 0, b"\0\0\1"))
    peer.connection_fails("FRAME_SIZE_ERROR")


@case("http2/6.9.1/1", "a window of 1: DATA of one octet")
def _(t):
    peer = Peer(t)
    peer.send(settings((INITIAL_WINDOW_SIZE, 1)), peer.headers(1, Rest.read))
    while (got := peer.receive()).kind != DATA:
        pass
    assert len(got.payload) == 1, len(got.payload)


@case("http2/6.9.1/2", "WINDOW_UPDATEs above 2^31-1, of the connection")
def _(t):
    peer = Peer(t)
    peer.send(window_update(0, WINDOW_MAX), window_update(0, WINDOW_MAX))
    peer.connection_fails("FLOW_CONTROL_ERROR")


@case("http2/6.9.1/3", "WINDOW_UPDATEs above 2^31-1, of a stream")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), window_update(1, WINDOW_MAX), window_update(1, WINDOW_MAX))
    peer.stream_fails(1, "FLOW_CONTROL_ERROR")


@case("http2/6.9.2/1", "SETTINGS_INITIAL_WINDOW_SIZE changes after HEADERS")
def _(t):
    peer = Peer(t, (INITIAL_WINDOW_SIZE, 0))
    peer.send(peer.headers(1, Rest.read))
    while (got := peer.receive()).kind != HEADERS:
        pass
    peer.send(settings((INITIAL_WINDOW_SIZE, 1)))
    while (got := peer.receive()).kind != DATA:
        pass
    assert len(got.payload) == 1, len(got.payload)


@case("http2/6.9.2/2", "a window that has become negative")
def _(t):
    peer = Peer(t, (INITIAL_WINDOW_SIZE, 3))
    peer.send(peer.headers(1, Rest.read))
    while (got := peer.receive()).kind != DATA:
        pass
    # Three are sent, so two is -1 and one more is 0: the next one is the first to be sent.
    peer.send(settings((INITIAL_WINDOW_SIZE, 2)), window_update(1, 1), ping(b"nothing!"))
    while (got := peer.receive()).kind != PING:
        assert got.kind != DATA, "nothing may be sent yet"
    peer.send(window_update(1, 1))
    while (got := peer.receive()).kind != DATA:
        pass
    assert len(got.payload) == 1, len(got.payload)


@case("http2/6.9.2/3", "SETTINGS_INITIAL_WINDOW_SIZE above the maximum")
def _(t):
    peer = Peer(t)
    peer.send(settings((INITIAL_WINDOW_SIZE, 2**31)))
    peer.connection_fails("FLOW_CONTROL_ERROR")


@case("http2/6.10/1", "multiple CONTINUATION frames after HEADERS")
def _(t):
    peer = Peer(t)
    peer.send(*split(peer, 2))
    peer.answers(1)


@case("http2/6.10/2", "CONTINUATION followed by another frame")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), frame(CONTINUATION, 0, 1, peer.block([("x", "y")])), data(1, b"test"))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.10/3", "CONTINUATION on stream 0")
def _(t):
    peer = Peer(t)
    peer.send(peer.get(1, flags=0), frame(CONTINUATION, END_HEADERS, 0, peer.block([("x", "y")])))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.10/4", "CONTINUATION after HEADERS with END_HEADERS")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.10/5", "CONTINUATION after CONTINUATION with END_HEADERS")
def _(t):
    peer = Peer(t)
    last = frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")]))
    peer.send(peer.headers(1, t.fields, end=False, flags=0), last, last)
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/6.10/6", "CONTINUATION after DATA")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), data(1, b"test", end=False), frame(CONTINUATION, END_HEADERS, 1, peer.block([("x", "y")])))
    peer.connection_fails("PROTOCOL_ERROR")


@case("http2/7/1", "GOAWAY with an unknown error code")
def _(t):
    peer = Peer(t)
    peer.send(goaway(code=0xFF))
    peer.is_ignored(0, "NO_ERROR")


@case("http2/7/2", "RST_STREAM with an unknown error code")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), rst_stream(1, code=0xFF))
    peer.lives()


# http2/8: messages. A request that is malformed is refused, or an error of its stream (RFC 9113 section 8.1.1).


@case("http2/8.1/1", "a second HEADERS frame without END_STREAM")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), peer.headers(1, [("x-trailer", "1")], end=False))
    peer.stream_fails(1, "PROTOCOL_ERROR")


def malformed(number, title, change):
    @case(number, title)
    def _(t):
        peer = Peer(t)
        peer.send(peer.headers(1, change(list(t.read))))
        if not peer.refuses(1, "PROTOCOL_ERROR"):
            peer.lives()


def without(name):
    return lambda fields: [field for field in fields if field[0] != name]


def twice(name):
    return lambda fields: [field for field in fields if field[0] == name] + fields


malformed("http2/8.1.2/1", "a field name in upper case", lambda fields: fields + [("X-TEST", "ok")])
malformed("http2/8.1.2.1/1", "an unknown pseudo-header field", lambda fields: [(":test", "ok")] + fields)
malformed("http2/8.1.2.1/2", "the pseudo-header field of responses", lambda fields: [(":status", "200")] + fields)


@case("http2/8.1.2.1/3", "a pseudo-header field in trailers")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), peer.body(1, end=False), peer.headers(1, [(":method", "200")]))
    peer.answers(1)
    peer.lives()


malformed("http2/8.1.2.1/4", "a pseudo-header field after others", lambda fields: [fields[0], ("x-test", "ok"), *fields[1:]])
malformed("http2/8.1.2.2/1", "a field of the connection", lambda fields: fields + [("connection", "keep-alive")])
malformed("http2/8.1.2.2/2", "TE with more than trailers", lambda fields: without("te")(fields) + [("te", "trailers, deflate;q=0.5")])
malformed("http2/8.1.2.3/1", "an empty :path", lambda fields: [(name, value if name != ":path" else "") for name, value in fields])
malformed("http2/8.1.2.3/2", "no :method", without(":method"))
malformed("http2/8.1.2.3/3", "no :scheme", without(":scheme"))
malformed("http2/8.1.2.3/4", "no :path", without(":path"))
malformed("http2/8.1.2.3/5", ":method twice", twice(":method"))
malformed("http2/8.1.2.3/6", ":scheme twice", twice(":scheme"))
malformed("http2/8.1.2.3/7", ":path twice", twice(":path"))


@case("http2/8.1.2.6/1", "content-length is not that of DATA")
def _(t):
    peer = Peer(t)
    peer.send(peer.headers(1, t.fields + [("content-length", "1")], end=False), data(1, b"test"))
    peer.refuses(1, "PROTOCOL_ERROR")


@case("http2/8.1.2.6/2", "content-length is not that of several DATA frames")
def _(t):
    peer = Peer(t)
    fields = t.fields + [("content-length", "1")]
    peer.send(peer.headers(1, fields, end=False), data(1, b"te", end=False), data(1, b"st"))
    peer.refuses(1, "PROTOCOL_ERROR")


@case("http2/8.2/1", "PUSH_PROMISE of a client")
def _(t):
    peer = Peer(t)
    peer.send(peer.post(1), frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 3) + peer.block(t.read)))
    peer.connection_fails("PROTOCOL_ERROR")


# hpack


def broken_block(number, title, before=b"", after=b""):
    @case(number, title)
    def _(t):
        peer = Peer(t)
        peer.send(peer.get(1, before=before, after=after))
        peer.connection_fails("COMPRESSION_ERROR")


broken_block("hpack/2.3.3/1", "an indexed field of an invalid index", after=b"\xc6")
broken_block("hpack/2.3.3/2", "a literal field of an invalid index", after=b"\x7f\x07\x05value")
broken_block("hpack/4.2/1", "a dynamic table size update at the end of a block", after=b"\x21")
broken_block("hpack/5.2/1", "Huffman's padding longer than 7 bits", after=b"\x00\x05x-key\x83\x1f\xff\xff")
broken_block("hpack/5.2/2", "Huffman's padding of zeros", after=b"\x00\x05x-key\x81\x18")
broken_block("hpack/5.2/3", "Huffman's code with EOS", after=b"\x00\x05x-key\x84\xff\xff\xff\xff")
broken_block("hpack/6.1/1", "an indexed field of index 0", after=b"\x80")
broken_block("hpack/6.3/1", "a dynamic table size above SETTINGS_HEADER_TABLE_SIZE", before=b"\x3f\xe2\x1f")


def main():
    failed = 0
    for number, title, run in CASES:
        for target in (Grpc, Rest):
            try:
                target.number = number
                run(target)
            except Exception as error:
                failed += 1
                what = "silence" if isinstance(error, Silent) else "closed" if isinstance(error, Closed) else error
                print(f"FAILED {number} {title}, {target.name}: {what}")
    print(f"HTTP/2: {len(CASES)} cases on two paths, {2 * len(CASES) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
