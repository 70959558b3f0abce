"""grpcio: what failing calls say, and what the metadata of calls does."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import threading
import time

import grpc
from session import ADA, ADMIN, PATIENCE_S, channel, eventually, expect, exported, fails, run

modules = exported()
pb, plain = modules["tour.v1.tour_pb2"], modules["tour_pb2"]
services, plain_services = modules["tour.v1.tour_pb2_grpc"], modules["tour_pb2_grpc"]
connection = channel()
users = services.UserServiceStub(connection)
posts = services.PostServiceStub(connection)
products = services.ProductServiceStub(connection)
goods = plain_services.ProductServiceStub(connection)
ADA_READS = pb.UserServiceGetRequest(id="u1")
MESSAGE_BYTES_MAX = 4 << 20


def token(secret, **claims):
    """A token as anybody may make one who has a secret (RFC 7515)."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    head = part(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = head + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


def bearer(text):
    return {"metadata": [("authorization", f"Bearer {text}")], "timeout": PATIENCE_S}


def codes():
    ada, admin = {"metadata": ADA}, {"metadata": ADMIN}
    fails("UNAUTHENTICATED", users.Get, ADA_READS, reason="UNAUTHENTICATED")
    fails("PERMISSION_DENIED", products.Delete, pb.ProductServiceDeleteRequest(id="p1"), reason="ACCESS_DENIED", **ada)
    long = pb.User(name="n" * 101, email="nobody", password="pw")
    fails(
        "INVALID_ARGUMENT", users.Create, pb.UserServiceCreateRequest(user=long),
        fields=["user.name", "user.email"], **admin,
    )
    fails("NOT_FOUND", users.Get, pb.UserServiceGetRequest(id="u0"), reason="USER_NOT_FOUND", **ada)
    taken = pb.User(name="Ada", email="ada@example.com", password="pw")
    fails("ALREADY_EXISTS", users.Create, pb.UserServiceCreateRequest(user=taken), reason="ALREADY_EXISTS", **admin)
    stale = pb.ProductServiceDeleteRequest(id="p1", if_version=99)
    fails("FAILED_PRECONDITION", products.Delete, stale, **admin)
    unknown = connection.unary_unary("/tour.v1.UserService/Vanish", lambda _: b"", lambda _: None)
    fails("UNIMPLEMENTED", unknown, None, **ada)
    nowhere = connection.unary_unary("/tour.v1.NoService/Get", lambda _: b"", lambda _: None)
    fails("UNIMPLEMENTED", nowhere, None)
    broken = connection.unary_unary("/tour.v1.UserService/Get", lambda _: b"\x0a\x05ab", lambda _: None)
    fails("INTERNAL", broken, None, **ada)


def identities():
    secret = (pathlib.Path(os.environ["SERVER_DATA"]) / "jwt-secret").read_text().rstrip("\n").encode()
    now = int(time.time())
    good = token(secret, sub="u1", iat=now, exp=now + 60)
    expect(users.Get(ADA_READS, **bearer(good)).user.name, "Ada Abel")
    for bad in [
        token(b"f" * 64, sub="u1", iat=now, exp=now + 60),
        token(secret, sub="u1", iat=now - 7200, exp=now - 3600),
        token(secret, sub="u1", iat=now, nbf=now + 3600, exp=now + 7200),
        good[:-2],
        "nonsense",
    ]:
        fails("UNAUTHENTICATED", users.Get, ADA_READS, **bearer(bad))
        # Who sends a token wants to be known, also where nobody has to be.
        fails("UNAUTHENTICATED", goods.GetProduct, plain.ProductRequest(product_id="p1"), **bearer(bad))
        fails("UNAUTHENTICATED", goods.BidirectionalSync, iter([]), **bearer(bad))
    # Without a token the value ends in white space, and such a request is malformed (RFC 9113 section 8.2.1).
    fails("INTERNAL", users.Get, ADA_READS, **bearer(""))


def metadata():
    _, call = goods.GetProduct.with_call(plain.ProductRequest(product_id="p1"), metadata=[("x-request-id", "my-own-id")])
    expect(dict(call.initial_metadata())["x-request-id"], "my-own-id")
    # One is made where none is given, and told to whom it may help.
    try:
        goods.GetProduct(plain.ProductRequest(product_id="p0"))
        raise AssertionError("there is no such product")
    except grpc.RpcError as error:
        sent = dict(error.initial_metadata() or ()) | dict(error.trailing_metadata() or ())
        assert sent["x-request-id"], sent
    # A call by the same key is made once, and answered as it was.
    key = {"metadata": ADA + [("idempotency-key", "grpcio-1")], "timeout": PATIENCE_S}
    request = pb.PostServiceCreateRequest(post=pb.Post(title="Once", content="x"))
    first, second = posts.Create(request, **key), posts.Create(request, **key)
    expect(first, second)
    once = pb.PostFilter(title=pb.StringFilter(eq="Once"))
    expect(posts.Count(pb.PostServiceCountRequest(filter=once), metadata=ADA).count, 1)
    other = pb.PostServiceCreateRequest(post=pb.Post(title="Twice", content="x"))
    found = fails("INVALID_ARGUMENT", posts.Create, other, **key)
    assert "IDEMPOTENCY" in found["ErrorInfo"].reason, found
    posts.Delete(pb.PostServiceDeleteRequest(id=first.post.id), metadata=ADA)


def sizes():
    """A message at the limit is read, whatever comes of it; one above it is not waited for."""
    room = MESSAGE_BYTES_MAX - 64
    fits = pb.PostServiceCreateRequest(post=pb.Post(title="t", content="x" * room))
    fails("INVALID_ARGUMENT", posts.Create, fits, metadata=ADA, fields=["post.content"])
    large = pb.PostServiceCreateRequest(post=pb.Post(title="t", content="x" * MESSAGE_BYTES_MAX))
    fails("RESOURCE_EXHAUSTED", posts.Create, large, metadata=ADA)
    # What is small while it is compressed counts as what it is.
    fails("RESOURCE_EXHAUSTED", posts.Create, large, metadata=ADA, compression=grpc.Compression.Gzip)
    update = plain.InventoryUpdate(product_id="x" * MESSAGE_BYTES_MAX, quantity_change=1)
    fails("RESOURCE_EXHAUSTED", goods.UpdateInventory, iter([update]), metadata=ADMIN)
    sync = plain.SyncMessage(data="x" * MESSAGE_BYTES_MAX)
    fails("RESOURCE_EXHAUSTED", goods.BidirectionalSync, iter([sync]), metadata=ADMIN)
    # The connection goes on.
    expect(goods.GetProduct(plain.ProductRequest(product_id="p1")).name, "Laptop")


def gzip():
    """Both ways: what is sent is compressed, and a long answer comes compressed, which grpcio tells nobody."""
    squeezed = {"metadata": ADA, "compression": grpc.Compression.Gzip, "timeout": PATIENCE_S}
    content = "the same again and again, " * 400
    made = posts.Create(pb.PostServiceCreateRequest(post=pb.Post(title="gzip", content=content)), **squeezed)
    expect(made.post.content, content)
    streamed = posts.Stream(pb.PostServiceStreamRequest(), **squeezed)
    expect(sum(answer.post.content == content for answer in streamed), 1)
    updates = (plain.InventoryUpdate(product_id="p1", quantity_change=by) for by in (1, -1))
    done = goods.UpdateInventory(updates, metadata=ADMIN, compression=grpc.Compression.Gzip, timeout=PATIENCE_S)
    expect(done.total_updated, 2)
    posts.Delete(pb.PostServiceDeleteRequest(id=made.post.id), metadata=ADA)


def cpu_s():
    """What the server has computed."""
    fields = pathlib.Path(f"/proc/{os.environ['SERVER_PID']}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_idle():
    """Whether the server computes nothing for a while."""
    before = cpu_s()
    threading.Event().wait(0.3)
    return cpu_s() - before < 0.05


def slow_request():
    """A count whose filter takes many seconds: every post's text against patterns that match almost."""
    almost = [pb.StringFilter(ilike="%" + "a%b%" * 20 + f"{at}!%") for at in range(60)]
    return pb.PostServiceCountRequest(filter=pb.PostFilter(**{"or": [pb.PostFilter(content=each) for each in almost]}))


def slow_rows():
    text = "ab" * 9_900
    create = [pb.PostOperation(create=pb.Post(title=f"slow {at}", content=text)) for at in range(150)]
    return [posts.Batch(pb.PostServiceBatchRequest(operations=create), metadata=ADA) for _ in range(2)]


def deadlines():
    """A call that takes too long ends when it has to, at the server as well."""
    slow_rows()
    request, started = slow_request(), time.monotonic()
    fails("DEADLINE_EXCEEDED", posts.Count, request, metadata=ADA, timeout=0.5)
    assert time.monotonic() - started < 2, "a deadline is no wish"
    eventually(is_idle, "the server is free after a deadline")
    # More at once than there are threads for long reads: all end, and the server answers others meanwhile.
    calls = [posts.Count.future(request, metadata=ADA, timeout=1) for _ in range(8)]
    expect(goods.GetProduct(plain.ProductRequest(product_id="p1"), timeout=1).name, "Laptop")
    expect([call.exception().code().name for call in calls], ["DEADLINE_EXCEEDED"] * 8)
    eventually(is_idle, "the server is free after many deadlines")
    # A stream both ways has a deadline as well, and so has one that waits for its client.
    still = threading.Event()
    endless = iter(lambda: still.wait() and None, None)
    fails("DEADLINE_EXCEEDED", goods.BidirectionalSync, endless, metadata=ADA, timeout=0.3)
    fails("DEADLINE_EXCEEDED", goods.UpdateInventory, endless, metadata=ADMIN, timeout=0.3)
    still.set()


def cancellations():
    """Who goes away stops what it asked for."""
    call = posts.Count.future(slow_request(), metadata=ADA, timeout=PATIENCE_S)
    before = cpu_s()
    eventually(lambda: cpu_s() - before > 0.3, "the server works on the call")
    call.cancel()
    eventually(is_idle, "the server is free after a call was cancelled")
    stream = posts.Stream(pb.PostServiceStreamRequest(), metadata=ADA, timeout=PATIENCE_S)
    next(stream)
    stream.cancel()
    try:
        list(stream)
        raise AssertionError("a cancelled stream must not end well")
    except grpc.RpcError as error:
        expect(error.code().name, "CANCELLED")
    waiting = threading.Event()
    both = goods.BidirectionalSync(iter(lambda: waiting.wait() and None, None), metadata=ADA, timeout=PATIENCE_S)
    both.initial_metadata()
    both.cancel()
    expect(both.code().name, "CANCELLED")
    waiting.set()
    expect(goods.GetProduct(plain.ProductRequest(product_id="p1"), timeout=1).name, "Laptop")


run("grpcio: refusals", [codes, identities, metadata, sizes, gzip, deadlines, cancellations])
