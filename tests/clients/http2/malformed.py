"""gRPC that is malformed, over raw HTTP/2: each gets the status that gRPC's specifications name.

PROTOCOL-HTTP2.md, compression.md, statuscodes.md and http-grpc-status-mapping.md of github.com/grpc/grpc/doc.
"""
import gzip
import struct
import sys

from wire import *

PATH = "/ProductService/GetProduct"
HEAD = {
    ":method": "POST", ":scheme": "http", ":path": PATH, ":authority": HOST, "content-type": "application/grpc",
    "te": "trailers",
}
MESSAGE = b"\n\2p1"
OK, CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED = "0", "1", "3", "4", "8"
UNIMPLEMENTED, INTERNAL = "12", "13"
FAILED, CHECKS = [], []


def envelope(message, flags=0, length=None):
    return struct.pack(">BI", flags, len(message) if length is None else length) + message


CALL = envelope(MESSAGE)


def ask(body=CALL, pieces=None, **changes):
    """Makes one call on a connection of its own; what a change makes None is left out."""
    fields = {**HEAD, **{name.replace("_", "-").replace("pseudo-", ":"): value for name, value in changes.items()}}
    peer = Connection()
    pieces = pieces or [body[at : at + FRAME_BYTES_MAX] for at in range(0, len(body), FRAME_BYTES_MAX)]
    sent = [data(1, piece, end=False) for piece in pieces] + [data(1)]
    peer.send(peer.headers(1, [(name, value) for name, value in fields.items() if value is not None], end=False), *sent)
    answer = peer.answer(1)
    peer.close()
    return answer


def check(what, found, wanted):
    CHECKS.append(what)
    if found != wanted:
        FAILED.append(what)
        print(f"FAILED {what}: {wanted} expected, {found} found")


def says(what, grpc_status, **options):
    """The call is answered with 200 and this status of gRPC's."""
    answer = ask(**options)
    check(what, (answer.head[":status"], answer.field("grpc-status")), ("200", grpc_status))
    return answer


def http(what, status, **options):
    check(what, ask(**options).head[":status"], status)


def heads():
    says("a call", OK)
    for kind in ("application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"):
        says(kind, OK, content_type=kind)
    for kind in ("application/grpcx", "application/grpc+thrift", "text/plain", "application/octet-stream", "", None):
        # PROTOCOL-HTTP2.md: a content type that does not begin with application/grpc is 415.
        http(f"content-type: {kind}", "415", content_type=kind)
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        http(f":method: {method}", "405", pseudo_method=method)
    # `te` is there to find proxies that would swallow trailers; a call without it is answered all the same.
    says("no te", OK, te=None)
    for path in ("/ProductService/Vanish", "/NoService/GetProduct", "/ProductService", "/ProductService/GetProduct/", "/x/y/z"):
        says(f"the method {path}", UNIMPLEMENTED, pseudo_path=path)


def timeouts():
    for timeout in ("1S", "99999999H", "5000m", "60000000u", "99999999n"):
        says(f"grpc-timeout: {timeout}", OK, grpc_timeout=timeout)
    for timeout in ("", "S", "1", "1s", "-1S", "+1S", "1.5S", "123456789S", "1 S", "0x1S", "soon"):
        says(f"grpc-timeout: {timeout!r}", INTERNAL, grpc_timeout=timeout)
    for timeout in ("0n", "1n"):
        says(f"grpc-timeout: {timeout}", DEADLINE_EXCEEDED, grpc_timeout=timeout)


def messages():
    says("no message", UNIMPLEMENTED, body=b"")
    says("two messages", UNIMPLEMENTED, body=CALL + CALL)
    for cut in range(1, len(CALL)):
        says(f"{cut} bytes of a message", INTERNAL, body=CALL[:cut])
    # One message was expected: whatever follows it is too much, whole or not.
    says("a message and a part of one", UNIMPLEMENTED, body=CALL + CALL[:3])
    says("flags that are not known", INTERNAL, body=envelope(MESSAGE, flags=2))
    says("a message in pieces", OK, pieces=[bytes([byte]) for byte in CALL])
    for what, message in [
        ("a field that is cut", b"\n\5p1"), ("a tag of number 0", b"\0\1"), ("a wire type that is none", b"\x0f"),
        ("a varint without an end", b"\x08" + b"\xff" * 11), ("a group without an end", b"\x0b"), ("no UTF-8", b"\n\2\xff\xfe"),
    ]:
        says(what, INTERNAL, body=envelope(message))
    says("a field that is not known", OK, body=envelope(MESSAGE + b"\xfa\x3f\2ab"))
    says("too large", RESOURCE_EXHAUSTED, body=envelope(b"", length=(4 << 20) + 1))
    says("as large as can be said", RESOURCE_EXHAUSTED, body=envelope(b"", length=2**32 - 1))


def codings():
    squeezed = envelope(gzip.compress(MESSAGE), flags=1)
    says("gzip", OK, body=squeezed, grpc_encoding="gzip")
    says("gzip, not compressed", OK, grpc_encoding="gzip")
    says("compressed without a coding", INTERNAL, body=squeezed)
    says("compressed as identity", INTERNAL, body=squeezed, grpc_encoding="identity")
    says("not gzip", INTERNAL, body=envelope(b"no gzip at all", flags=1), grpc_encoding="gzip")
    says("gzip that is cut", INTERNAL, body=envelope(gzip.compress(MESSAGE)[:-6], flags=1), grpc_encoding="gzip")
    bomb = envelope(gzip.compress(b"\n" + b"\0" * (64 << 20)), flags=1)
    says("gzip of 64 MiB", RESOURCE_EXHAUSTED, body=bomb, grpc_encoding="gzip")
    unknown = says("a coding that is not known", UNIMPLEMENTED, body=squeezed, grpc_encoding="snappy")
    # compression.md: with it the server says which ones it takes.
    check("the codings that are known", "gzip" in (unknown.field("grpc-accept-encoding") or ""), True)
    listing = {"pseudo_path": "/tour.v1.ProductService/List", "body": envelope(b"")}
    check("a short answer stays plain", ask(grpc_accept_encoding="gzip", **listing).body[0], 0)
    check("no coding is taken", ask(**listing).field("grpc-encoding"), None)
    service = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
    # `file_by_filename`.
    asked = envelope(b"\x1a\x12tour/v1/tour.proto")
    long = ask(grpc_accept_encoding="gzip", pseudo_path=service, body=asked)
    length = struct.unpack(">I", long.body[1:5])[0]
    check("a long answer is compressed", (long.field("grpc-encoding"), long.body[0]), ("gzip", 1))
    check("and can be read", b"UserService" in gzip.decompress(long.body[5 : 5 + length]), True)


def streams():
    """A stream of the client's that breaks off is undone."""
    path = {"pseudo_path": "/ProductService/UpdateInventory", "authorization": f"Bearer {os.environ['TOKEN_ADMIN']}"}
    update = envelope(b"\n\2p1\x10\5")
    says("a stream", OK, body=update + envelope(b"\n\2p1\x10\xfb\xff\xff\xff\xff\xff\xff\xff\xff\1"), **path)
    says("a stream that is cut", INTERNAL, body=update + update[:7], **path)
    says("a stream with a message that is none", INTERNAL, body=update + envelope(b"\xff"), **path)
    fields = {**HEAD, ":path": path["pseudo_path"], "authorization": path["authorization"]}
    # What is too large is known by its announcement, and not waited for.
    peer = Connection()
    peer.send(peer.headers(1, list(fields.items()), end=False), data(1, envelope(b"", length=2**31), end=False))
    check("too large, and not sent", peer.answer(1).field("grpc-status"), RESOURCE_EXHAUSTED)
    peer.close()
    peer = Connection()
    peer.send(peer.headers(1, list(fields.items()), end=False), data(1, update, end=False), rst_stream(1), ping())
    while peer.receive().kind != PING:
        pass
    peer.close()
    check("nothing was done", ask().body[-2:], b"\x20\x32")


for part in (heads, timeouts, messages, codings, streams):
    part()
print(f"malformed gRPC: {len(CHECKS)} checks, {len(FAILED)} failed")
sys.exit(1 if FAILED else 0)
