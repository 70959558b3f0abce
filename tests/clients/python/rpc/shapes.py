"""grpcio: the four shapes of ProductService, with stubs of whatever description is given.

usage: shapes.py FOLDER_WITH_DESCRIPTIONS
"""
import queue
import sys

import grpc
from session import ADA, ADMIN, PATIENCE_S, channel, expect, fails, run, stubs


def product_service(modules):
    """The module with the messages, and the stub's class, of the ProductService without a package."""
    for name, module in modules.items():
        if name.endswith("_pb2_grpc") and "." not in name and hasattr(module, "ProductServiceStub"):
            return modules[name.removesuffix("_grpc")], module.ProductServiceStub
    raise AssertionError(f"no ProductService in {list(modules)}")


pb, Stub = product_service(stubs(sys.argv[1]))
LAPTOP = pb.Product(id="p1", name="Laptop", price=999.99, inventory=50)
MOUSE = pb.Product(id="p2", name="Mouse", price=29.99, inventory=200)


def unary():
    expect(products.GetProduct(pb.ProductRequest(product_id="p1"), timeout=PATIENCE_S), LAPTOP)
    fails("NOT_FOUND", products.GetProduct, pb.ProductRequest(product_id="p0"), reason="PRODUCT_NOT_FOUND")
    fails("INVALID_ARGUMENT", products.GetProduct, pb.ProductRequest(), fields=["product_id"])


def server_streaming():
    found = list(products.ListProducts(pb.ListRequest(), timeout=PATIENCE_S))
    expect(found, [LAPTOP, MOUSE])
    one = list(products.ListProducts(pb.ListRequest(page_size=1), timeout=PATIENCE_S))
    expect(one, [LAPTOP])
    rest = list(products.ListProducts(pb.ListRequest(page_size=5, page_token="p1"), timeout=PATIENCE_S))
    expect(rest, [MOUSE])
    expect(list(products.ListProducts(pb.ListRequest(page_token="p9"), timeout=PATIENCE_S)), [])
    fails("INVALID_ARGUMENT", products.ListProducts, pb.ListRequest(page_size=-1), fields=["page_size"])


def client_streaming():
    def changes(*pairs):
        return iter([pb.InventoryUpdate(product_id=key, quantity_change=by) for key, by in pairs])

    def stock():
        return [row.inventory for row in products.ListProducts(pb.ListRequest(), timeout=PATIENCE_S)]

    admin = {"metadata": ADMIN, "timeout": PATIENCE_S}
    done = products.UpdateInventory(changes(("p1", 5), ("p2", -10), ("p1", -1), ("p2", 0)), **admin)
    expect((done.total_updated, stock()), (4, [54, 190]))
    expect(products.UpdateInventory(changes(("p1", -4), ("p2", 10)), **admin).total_updated, 2)
    expect(products.UpdateInventory(changes(), **admin).total_updated, 0)
    many = products.UpdateInventory(changes(*[("p1", 1), ("p1", -1)] * 2500), **admin)
    expect((many.total_updated, stock()), (5000, [50, 200]))
    # All or none.
    fails("NOT_FOUND", products.UpdateInventory, changes(("p1", 5), ("p0", 1)), reason="PRODUCT_NOT_FOUND", **admin)
    fails("FAILED_PRECONDITION", products.UpdateInventory, changes(("p1", 5), ("p2", -999)), reason="OUT_OF_STOCK", **admin)
    fails("PERMISSION_DENIED", products.UpdateInventory, changes(("p1", 5)), metadata=ADA, reason="ACCESS_DENIED")
    fails("UNAUTHENTICATED", products.UpdateInventory, changes(("p1", 5)), reason="UNAUTHENTICATED")
    fails("INVALID_ARGUMENT", products.UpdateInventory, changes(("p1", 1), ("p1", 2_000_000)), **admin)
    expect(stock(), [50, 200])


def both_ways():
    """Two participants: each hears the other and not itself, and half a close is answered with the end."""
    with channel() as other_channel:
        here, there = queue.SimpleQueue(), queue.SimpleQueue()
        first = products.BidirectionalSync(iter(here.get, None), metadata=ADA, timeout=PATIENCE_S)
        second = Stub(other_channel).BidirectionalSync(iter(there.get, None), metadata=ADMIN, timeout=PATIENCE_S)
        # Whose head has come is a participant.
        first.initial_metadata(), second.initial_metadata()
        for text in ["from here", "", "ünïcode ✓", "x" * 65536]:
            here.put(pb.SyncMessage(data=text))
            expect(next(second).data, text)
        there.put(pb.SyncMessage(data="from there"))
        expect(next(first).data, "from there")
        here.put(None)
        expect(list(first), [])
        expect(first.code(), grpc.StatusCode.OK)
        there.put(pb.SyncMessage(data="x" * 65537))
        try:
            next(second)
            raise AssertionError("a message that is too long must be refused")
        except grpc.RpcError as error:
            expect(error.code().name, "INVALID_ARGUMENT")
        there.put(None)
    fails("UNAUTHENTICATED", products.BidirectionalSync, iter([]), reason="UNAUTHENTICATED")


products = Stub(channel())
run(f"grpcio: shapes by {pb.DESCRIPTOR.name}", [unary, server_streaming, client_streaming, both_ways])
