"""grpcio: a hundred participants of BidirectionalSync, and one that does not keep up."""
import asyncio
import collections

import grpc
from session import ADA, ADMIN, PATIENCE_S, SERVER, expect, exported, run

modules = exported()
pb, services = modules["tour_pb2"], modules["tour_pb2_grpc"]
PARTICIPANTS, ROUNDS = 100, 5


def channel(**options):
    options = {"grpc.use_local_subchannel_pool": 1, **options}
    return grpc.aio.insecure_channel(SERVER, options=list(options.items()))


async def joined(channel, metadata):
    """A participant: whose head has come takes part."""
    call = services.ProductServiceStub(channel).BidirectionalSync(metadata=metadata, timeout=PATIENCE_S)
    await call.initial_metadata()
    return call


async def heard(call, count):
    return [(await call.read()).data for _ in range(count)]


async def spoken(call, me):
    for turn in range(ROUNDS):
        await call.write(pb.SyncMessage(data=f"{me}:{turn}"))


async def everybody():
    channels = [channel() for _ in range(10)]
    calls = [await joined(channels[at % 10], ADA if at % 2 else ADMIN) for at in range(PARTICIPANTS)]
    listening = [asyncio.create_task(heard(call, (PARTICIPANTS - 1) * ROUNDS)) for call in calls]
    await asyncio.gather(*(spoken(call, me) for me, call in enumerate(calls)))
    for me, found in enumerate(await asyncio.gather(*listening)):
        wanted = {f"{other}:{turn}" for other in range(PARTICIPANTS) if other != me for turn in range(ROUNDS)}
        expect(set(found), wanted)
        expect(max(collections.Counter(found).values()), 1)
        for other in range(PARTICIPANTS):
            turns = [int(text.split(":")[1]) for text in found if text.startswith(f"{other}:")]
            assert turns == sorted(turns), "what one says arrives in the order in which it was said"
    # After them comes nothing but the end, and who has left is not written to.
    for call in calls:
        await call.done_writing()
    for call in calls:
        expect(await call.read(), grpc.aio.EOF)
        expect(await call.code(), grpc.StatusCode.OK)
    await asyncio.gather(*(one.close() for one in channels))


async def slow():
    """It is let go and told so; the others get all of it."""
    narrow = {"grpc.http2.bdp_probe": 0, "grpc.http2.lookahead_bytes": 65536}
    channels = [channel(), channel(), channel(**narrow)]
    speaker, listener, sleeper = [await joined(each, ADA) for each in channels]
    count, text = 1500, "x" * 16_000
    listening = asyncio.create_task(heard(listener, count))
    for _ in range(count):
        await speaker.write(pb.SyncMessage(data=text))
    expect(len(await asyncio.wait_for(listening, PATIENCE_S)), count)
    taken = 0
    try:
        while await sleeper.read() is not grpc.aio.EOF:
            taken += 1
    except grpc.aio.AioRpcError as error:
        expect(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
    expect(await sleeper.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert taken < count, "it cannot have had all of them"
    # It may come back.
    again = await joined(channels[2], ADA)
    await speaker.write(pb.SyncMessage(data="are you there?"))
    expect((await again.read()).data, "are you there?")
    await asyncio.gather(*(one.close() for one in channels))


def everybody_hears_everybody():
    asyncio.run(everybody())


def slow_participants():
    asyncio.run(slow())


run("grpcio: BidirectionalSync", [everybody_hears_everybody, slow_participants])
