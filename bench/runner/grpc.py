"""The product service over gRPC: Septet against the yardstick, and against grpc-js on Node."""
import json
import socket
import subprocess
from dataclasses import dataclass, field

from runner import data, load
from runner.compare import Bar, Case, Pair, Side
from runner.idle import Quiet
from runner.requests import CALLERS, SECRET, caller, sign, token
from runner.servers import FORGETFUL, Failed
from runner.setting import TOUR

PLAIN, REMEMBERING = "yardstick", "yardstick, remembers tokens"
SEPTET, SEPTET_FORGETFUL = "Septet", "Septet, remembers one token"
NODE = "Node"

PRODUCTS = ITEMS = 10_000
LONG_ITEMS = 100_000
# Numbers of statuses (the gRPC specification's "status codes").
NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, UNAUTHENTICATED = 5, 7, 9, 16
CHECK_S_MAX = 60
CHECK_PARTICIPANTS = 3
CONNECT_S_MAX = 1
# Its code is compiled while it runs.
NODE_WARM_UP_S = 5
# Of answers that are not as they must be.
SHOWN_CHARACTERS = 1000

UNARY_BAR = Bar(rate_min=0.9, p99_max=1.3)
LIST_BAR = Bar(rate_min=0.9)
UPDATE_BAR = Bar(first_rate_min=100_000)
NODE_UNARY_BAR, NODE_STREAM_BAR = Bar(per_cpu_min=5), Bar(per_cpu_min=8)
# How much more of its own memory a server may need for lists that are ten times as long: some 17 MiB would be on their
# way to all four callers.
LIST_GROWTH_MIB_MAX = 4
MEMORY_S = 3
WIRE_S = 1


@dataclass(frozen=True)
class Calls:
    """What the generator is told: a command, and its options."""
    command: str
    options: dict
    roles: tuple = ()

    def tokens(self):
        return [sign(caller(number), SECRET, self.roles) for number in range(CALLERS)]


@dataclass(frozen=True)
class Listening:
    """A server for gRPC alone has no request that every other server knows as well."""

    def is_answered(self, port):
        try:
            socket.create_connection(("127.0.0.1", port), CONNECT_S_MAX).close()
            return True
        except ConnectionError:
            return False

    def __str__(self):
        return "a connection"


@dataclass(frozen=True)
class Caller:
    """Loads a server with calls over HTTP/2."""
    setting: object = field(repr=False)

    def prepare(self, calls, path):
        _write(path, calls.tokens())

    def command(self, side, path, seconds):
        return self.run(side.requests, side.server.port, path, seconds)

    def run(self, calls, port, path, seconds):
        options = {"address": f"127.0.0.1:{port}", "tokens": path, "seconds": seconds, "products": PRODUCTS}
        return [self.setting.caller_binary, calls.command,
                *(part for name, value in (options | calls.options).items() for part in (f"--{name}", str(value)))]

    def check(self, case, files):
        """Every side answers alike, and as it must."""
        shown = {}
        for side in case.sides:
            path = f"{files[side.name]}.check"
            _write(path, [token("u1"), sign("u2", SECRET, ("admin",)), sign("u1", "another secret")])
            shown[side.name] = self._ask(Calls("check", {"items": ITEMS}), side.server, path)
            _write(path, [token(caller(number)) for number in range(CHECK_PARTICIPANTS)])
            options = {"connections": CHECK_PARTICIPANTS, "publishers": CHECK_PARTICIPANTS}
            heard = self._ask(Calls("sync", options), side.server, path)
            if heard["errors"] or not heard["requests"]:
                raise Failed(f"{side.name}: the sync: {heard}")
        case.check(shown)

    def _ask(self, calls, server, path):
        done = subprocess.run(self.run(calls, server.port, path, 1), capture_output=True, text=True,
                              timeout=CHECK_S_MAX)
        if done.returncode != 0:
            raise Failed(f"{calls.command} of {server.name}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)


def _write(path, tokens):
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{text}\n" for text in tokens)


def grpc_get_product_1x64(setting):
    """Another product each time, over one connection with 64 calls under way."""
    return _unary(setting, "grpc_get_product_1x64", 1, 64)


def grpc_get_product_16x4(setting):
    """The same over 16 connections with four calls under way on each."""
    return _unary(setting, "grpc_get_product_16x4", 16, 4)


def grpc_list_products(setting):
    """Lists of 10,000 products, over four connections."""
    calls = Calls("list", {"items": ITEMS, "connections": 4})
    return _streaming(setting, "grpc_list_products", calls, LIST_BAR, "products")


def grpc_update_inventory(setting):
    """10,000 changes in each call and transaction, over two connections: one is written while the other is read."""
    calls = Calls("update", {"items": ITEMS, "connections": 2}, roles=("admin",))
    return _streaming(setting, "grpc_update_inventory", calls, UPDATE_BAR, "changes")


def grpc_sync_100(setting):
    """A hundred participants, each on a connection of its own; four of them send, with eight messages under way."""
    calls = Calls("sync", {"connections": 100, "publishers": 4, "window": 8})
    return _streaming(setting, "grpc_sync_100", calls, Bar(), "deliveries")


def _unary(setting, name, connections, streams):
    """Both remember tokens, neither does, and as both come: each call has its token."""
    calls = Calls("unary", {"connections": connections, "streams": streams})
    septet, yardstick, forgetful, node = _copies(setting, "septet", "yardstick", "septet-forgetful", "node")
    sides = [
        Side(SEPTET, setting.septet("Septet gRPC", TOUR, septet), calls),
        Side(PLAIN, _yardstick(setting, "yardstick gRPC", yardstick), calls),
        Side(REMEMBERING, _yardstick(setting, "yardstick gRPC, remembers tokens", yardstick, "--remember-tokens"),
             calls),
        Side(SEPTET_FORGETFUL, setting.septet("Septet gRPC, remembers one token", TOUR, forgetful, FORGETFUL), calls),
        Side(NODE, setting.node("Node gRPC", node), calls, NODE_WARM_UP_S),
    ]
    pairs = [Pair(SEPTET, PLAIN, UNARY_BAR), Pair(SEPTET, REMEMBERING, UNARY_BAR),
             Pair(SEPTET_FORGETFUL, PLAIN, UNARY_BAR), Pair(SEPTET, NODE, NODE_UNARY_BAR)]
    return Case(name, sides, pairs, Listening(), _all_as_they_must_be, generator=Caller(setting), counted="calls")


def _streaming(setting, name, calls, bar, counted):
    """A token for each call, which brings so much that it does not matter who remembers it."""
    septet, yardstick, node = _copies(setting, "septet", "yardstick", "node")
    sides = [
        Side(SEPTET, setting.septet("Septet gRPC", TOUR, septet), calls),
        Side(PLAIN, _yardstick(setting, "yardstick gRPC", yardstick), calls),
        Side(NODE, setting.node("Node gRPC", node), calls, NODE_WARM_UP_S),
    ]
    pairs = [Pair(SEPTET, PLAIN, bar), Pair(SEPTET, NODE, NODE_STREAM_BAR)]
    return Case(name, sides, pairs, Listening(), _all_as_they_must_be, generator=Caller(setting), counted=counted)


def _copies(setting, *names):
    source = data.tour(setting)
    return [data.copy(setting, source, f"grpc-{name}") for name in names]


def _yardstick(setting, name, folder, *options):
    return setting.yardstick(name, folder, "--protocol", "grpc", *options)


def _all_as_they_must_be(shown):
    """`shown` has what each side answers to the same calls."""
    first = next(iter(shown.values()))
    for name, answers in shown.items():
        if answers != first:
            raise Failed(f"{name} answers otherwise than the first: {str(answers)[:SHOWN_CHARACTERS]}")
    ids = [product[0] for product in first["list"]]
    updates = first["updates"]
    expected = {
        "a forged token": (first["forged"], [UNAUTHENTICATED] * 4),
        "no such product": (first["unknown_product"], NOT_FOUND),
        "the list": (ids, sorted({f"p{number + 1}" for number in range(ITEMS)})),
        "one by one": ([product for product in first["products"] if product not in first["list"]], []),
        "a change by anybody": (updates["by_caller"], PERMISSION_DENIED),
        "a change of nothing": (updates["unknown"], NOT_FOUND),
        "more than is there": (updates["out_of_stock"], FAILED_PRECONDITION),
        "after what was refused": (updates["refused"], updates["before"]),
        "changes made": (updates["made"], 3),
        "after changes": (updates["after"], [number + 1 for number in updates["before"]]),
    }
    for what, (found, wanted) in expected.items():
        if found != wanted:
            raise Failed(f"{what}: {str(found)[:SHOWN_CHARACTERS]}, not {str(wanted)[:SHOWN_CHARACTERS]}")


def grpc_list_memory(setting, tell):
    """What long lists need more of memory than short ones."""
    grown = []
    for server in _both(setting, data.products(setting, LONG_ITEMS)):
        with server:
            server.start(Listening())
            most = [_figures(setting, server, Calls("list", {"items": items, "connections": 4})).own_kib / 1024
                    for items in (ITEMS, LONG_ITEMS)]
        tell(f"grpc_list_memory, {server.name}: {most[0]:.1f} and {most[1]:.1f} MiB")
        grown.append(most)
    what = f"own memory during lists of {ITEMS:,} products, and of {LONG_ITEMS:,}"
    shown = [f"{short:.1f}, {long:.1f} MiB" for short, long in grown]
    is_met = grown[0][1] - grown[0][0] <= LIST_GROWTH_MIB_MAX
    return [Quiet(what, *shown, f"≤ {LIST_GROWTH_MIB_MAX} MiB more", is_met)]


def _figures(setting, server, calls):
    generator, path = Caller(setting), setting.path("tokens.txt")
    generator.prepare(calls, path)
    command = generator.run(calls, server.port, path, MEMORY_S)
    return load.run(server, command, MEMORY_S, setting.generator_cpu)


def grpc_wire(setting, tell):
    """Bytes that a call for one product takes on its connection, beside those of REST for the same row."""
    septet, yardstick = _both(setting, data.tour(setting))
    with septet, yardstick:
        for server in (septet, yardstick):
            server.start(Listening())
        calls = [_wire(setting, server) for server in (septet, yardstick)]
        rest = _rest_wire(septet)
    tell(f"grpc_wire: {calls}, REST {rest}")
    return [Quiet("bytes to and from the server for a product over gRPC", *calls, "–", None),
            Quiet("bytes to and from the server for the same row over REST", rest, "–", "–", None)]


def _wire(setting, server):
    """On average, the connection's beginning included."""
    calls, path = Calls("unary", {"products": 1}), setting.path("tokens.txt")
    generator = Caller(setting)
    generator.prepare(calls, path)
    done = subprocess.run(generator.run(calls, server.port, path, WIRE_S), capture_output=True, text=True,
                          timeout=CHECK_S_MAX)
    if done.returncode != 0 or json.loads(done.stdout)["errors"]:
        raise Failed(f"{server.name}: {done.stdout}{done.stderr}")
    figures = json.loads(done.stdout)
    return _to_and_from(figures["sent_bytes"] / figures["calls"], figures["received_bytes"] / figures["calls"])


def _rest_wire(server):
    """With the headers that HTTP/1.1 needs, and no others."""
    lines = ["GET /api/products/p1 HTTP/1.1", f"Host: 127.0.0.1:{server.port}", f"Authorization: Bearer {token('u1')}"]
    request = "\r\n".join([*lines, "", ""]).encode()
    with socket.create_connection(("127.0.0.1", server.port), CONNECT_S_MAX) as connection:
        connection.settimeout(CHECK_S_MAX)
        connection.sendall(request)
        answer = b""
        while not _is_whole(answer):
            part = connection.recv(1 << 16)
            if not part:
                raise Failed(f"{server.name} breaks off: {answer}")
            answer += part
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise Failed(f"{server.name}: {answer}")
    return _to_and_from(len(request), len(answer))


def _is_whole(answer):
    head, end, body = answer.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
    return bool(end) and len(body) >= int(fields[b"content-length"])


def _to_and_from(sent, received):
    return f"{sent:.0f} + {received:.0f}"


def _both(setting, source):
    septet, yardstick = (data.copy(setting, source, f"grpc-{name}") for name in ("septet", "yardstick"))
    return setting.septet("Septet gRPC", TOUR, septet), _yardstick(setting, "yardstick gRPC", yardstick)


GRPC = {case.__name__: case for case in (grpc_get_product_1x64, grpc_get_product_16x4, grpc_list_products,
                                         grpc_update_inventory, grpc_sync_100)}
GRPC_QUIET = {case.__name__: case for case in (grpc_list_memory, grpc_wire)}
