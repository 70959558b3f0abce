"""grpcio: what a server that is asked to end tells its streams. The server is ended by it."""
import os
import queue
import signal
import threading
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from session import ADA, ADMIN, PATIENCE_S, channel, expect, exported, run

modules = exported()
pb, services = modules["tour_pb2"], modules["tour_pb2_grpc"]
# Of the server's own 20 s for what is under way; none of it is needed here.
DRAIN_S_MAX = 5


def is_running():
    try:
        with open(f"/proc/{os.environ['SERVER_PID']}/stat") as stat:
            # A process that has ended and was not asked about it yet.
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ended(call):
    """The code that a stream ends with."""
    try:
        for _ in call:
            pass
    except grpc.RpcError:
        pass
    return call.code().name


def shutdown():
    connections = [channel(grpc__enable_retries=0) for _ in range(4)]
    syncs = [services.ProductServiceStub(connection) for connection in connections[:2]]
    here = queue.SimpleQueue()
    first = syncs[0].BidirectionalSync(iter(here.get, None), metadata=ADA, timeout=PATIENCE_S)
    second = syncs[1].BidirectionalSync(iter(here.get, None), metadata=ADMIN, timeout=PATIENCE_S)
    first.initial_metadata(), second.initial_metadata()
    Status = health_pb2.HealthCheckResponse
    watching = health_pb2_grpc.HealthStub(connections[2]).Watch(
        health_pb2.HealthCheckRequest(service="ProductService"), timeout=PATIENCE_S
    )
    expect(next(watching).status, Status.SERVING)
    # A call that is under way is finished: its last message comes after the signal.
    updates, begun = queue.SimpleQueue(), threading.Event()

    def changes():
        yield pb.InventoryUpdate(product_id="p1", quantity_change=1)
        begun.set()
        yield updates.get()

    late = services.ProductServiceStub(connections[3]).UpdateInventory.future(changes(), metadata=ADMIN, timeout=PATIENCE_S)
    assert begun.wait(PATIENCE_S)
    # What was asked for on this connection before is under way as well.
    services.ProductServiceStub(connections[3]).GetProduct(pb.ProductRequest(product_id="p1"), timeout=PATIENCE_S)

    os.kill(int(os.environ["SERVER_PID"]), signal.SIGTERM)
    started = time.monotonic()
    expect(next(watching).status, Status.NOT_SERVING)
    expect((ended(first), ended(second)), ("UNAVAILABLE", "UNAVAILABLE"))
    updates.put(pb.InventoryUpdate(product_id="p2", quantity_change=1))
    expect(late.result().total_updated, 2)
    while is_running():
        assert time.monotonic() - started < DRAIN_S_MAX, "the server waits for nothing"
        time.sleep(0.01)
    here.put(None), here.put(None)


run("grpcio: the end of a server", [shutdown])
