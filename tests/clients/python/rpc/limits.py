"""grpcio against a server with few calls a minute: RetryInfo says when to come back, and each message counts."""
from session import ADA, ADMIN, PATIENCE_S, channel, expect, exported, fails, run

modules = exported()
pb, plain = modules["tour.v1.tour_pb2"], modules["tour_pb2"]
services, plain_services = modules["tour.v1.tour_pb2_grpc"], modules["tour_pb2_grpc"]
connection = channel()
users = services.UserServiceStub(connection)
goods = plain_services.ProductServiceStub(connection)
# Of a caller, and so it is started.
BURST_CALLS = 20


def retry_info(found):
    expect(found["ErrorInfo"].reason, "THROTTLED")
    assert 0 < found["RetryInfo"].retry_delay.seconds <= 60, found


def calls():
    for _ in range(BURST_CALLS):
        users.Get(pb.UserServiceGetRequest(id="u1"), metadata=ADA, timeout=PATIENCE_S)
    retry_info(fails("RESOURCE_EXHAUSTED", users.Get, pb.UserServiceGetRequest(id="u1"), metadata=ADA))


def messages():
    many = (plain.SyncMessage(data="x") for _ in range(20 * BURST_CALLS))
    retry_info(fails("RESOURCE_EXHAUSTED", goods.BidirectionalSync, many, metadata=ADMIN))


run("grpcio: limits", [calls, messages])
