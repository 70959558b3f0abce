"""grpcio: every scalar there and back, absent, null and zero, against the contract with all of them."""
import math
import sys

from google.protobuf.field_mask_pb2 import FieldMask
from session import PATIENCE_S, channel, expect, fails, run, stubs

modules = stubs(sys.argv[1])
pb, services = modules["scalars.v1.scalars_pb2"], modules["scalars.v1.scalars_pb2_grpc"]
things = services.ThingServiceStub(channel())
WAIT = {"timeout": PATIENCE_S}


def full():
    thing = pb.Thing(
        string="ünïcode\n\t✓", int=-(2**31), long=2**63 - 1, float=-0.1, boolean=False, decimal="-12.345",
        date="2026-02-28", time="23:59:59.000000", uuid="0190f0e0-0000-7000-8000-00000000000a",
        json='{"a":[1,null]}', bytes=bytes(range(256)), url="https://example.com/a?b=c", email="a@example.com",
        color=pb.COLOR_BLUE, tags=["one", "", "two"],
    )
    thing.date_time.FromJsonString("2026-01-05T08:00:00.123456Z")
    thing.duration.FromJsonString("-90.500s")
    return thing


def there_and_back():
    given = full()
    made = things.Create(pb.ThingServiceCreateRequest(thing=given), **WAIT).thing
    given.id = made.id
    expect(made, given)
    expect(things.Get(pb.ThingServiceGetRequest(id=made.id), **WAIT).thing, given)


def absent():
    made = things.Create(pb.ThingServiceCreateRequest(thing=pb.Thing()), **WAIT).thing
    expect([field.name for field, _ in made.ListFields()], ["id"])


def zeros():
    """What is given as zero is zero and not null."""
    given = pb.Thing(string="", int=0, long=0, float=0.0, boolean=False, bytes=b"")
    given.date_time.FromJsonString("1970-01-01T00:00:00Z")
    given.duration.FromJsonString("0s")
    made = things.Create(pb.ThingServiceCreateRequest(thing=given), **WAIT).thing
    given.id = made.id
    expect(made, given)
    names = sorted(field.name for field, _ in made.ListFields())
    expect(names, ["boolean", "bytes", "date_time", "duration", "float", "id", "int", "long", "string"])


def nulled():
    """A mask sets to null what it names and the record has not; the rest stays as it is."""
    made = things.Create(pb.ThingServiceCreateRequest(thing=full()), **WAIT).thing
    paths = ["string", "int", "long", "date_time", "duration", "color", "tags", "bytes"]
    request = pb.ThingServiceUpdateRequest(thing=pb.Thing(id=made.id, int=7), update_mask=FieldMask(paths=paths))
    changed = things.Update(request, **WAIT).thing
    for path in paths:
        made.ClearField(path)
    made.int = 7
    expect(changed, made)
    only = pb.ThingFilter(id=pb.IDFilter(eq=made.id), string=pb.StringFilter(is_null=True))
    expect(things.Count(pb.ThingServiceCountRequest(filter=only), **WAIT).count, 1)
    everything = pb.ThingServiceUpdateRequest(thing=pb.Thing(id=made.id, string="last"), update_mask=FieldMask(paths=["*"]))
    expect(things.Update(everything, **WAIT).thing, pb.Thing(id=made.id, string="last"))


def numbers_beyond():
    """What JSON has no word for is refused rather than bent."""
    for value in (math.nan, math.inf):
        fails("INVALID_ARGUMENT", things.Create, pb.ThingServiceCreateRequest(thing=pb.Thing(float=value)))


run("grpcio: scalars", [there_and_back, absent, zeros, nulled, numbers_beyond])
