"""What the clients of gRPC share: stubs, callers, and what a failed call must say."""
import importlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import traceback

import grpc
from google.rpc import error_details_pb2, status_pb2

SERVER = os.environ["SERVER_URL"].removeprefix("http://")
ADA = [("authorization", f"Bearer {os.environ['TOKEN_ADA']}")]
ADMIN = [("authorization", f"Bearer {os.environ['TOKEN_ADMIN']}")]
# Longer than anything takes here: what hangs is an error and not an endless run.
PATIENCE_S = 60
DETAILS = [error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo]


def expect(found, wanted):
    assert found == wanted, f"{wanted!r} expected, {found!r} found"


def eventually(holds, what):
    """Waits until something is so, which nothing announces."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


def stubs(folder):
    """The modules that grpcio-tools makes of all descriptions in a folder, by their names."""
    out = tempfile.mkdtemp()
    files = sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*.proto"))
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"--python_out={out}", f"--grpc_python_out={out}"]
    subprocess.run(command + files, check=True)
    sys.path.insert(0, out)
    names = [name.removesuffix(".proto").replace("/", ".") for name in files]
    return {
        name + kind: importlib.import_module(name + kind) for name in names for kind in ("_pb2", "_pb2_grpc")
    }


def exported():
    """The stubs of the files that the server's own command wrote."""
    return stubs(os.environ["SERVER_PROTO"])


def channel(target=SERVER, **options):
    """A connection of its own."""
    options = {"grpc.use_local_subchannel_pool": 1, **options}
    return grpc.insecure_channel(target, options=[(name.replace("__", "."), value) for name, value in options.items()])


def details(error):
    """The details of a failed call by their types, from its `grpc-status-details-bin`."""
    sent = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    if sent is None:
        return {}
    status = status_pb2.Status.FromString(sent)
    expect((status.code, status.message), (error.code().value[0], error.details()))
    found = {}
    for packed in status.details:
        kind = next(kind for kind in DETAILS if packed.Is(kind.DESCRIPTOR))
        found[kind.DESCRIPTOR.name] = kind.FromString(packed.value)
    return found


def fails(code, call, *args, reason=None, fields=None, **options):
    """Makes a call that must fail with this code, reason and fields, and gives its details."""
    options.setdefault("timeout", PATIENCE_S)
    try:
        answer = call(*args, **options)
        # A stream fails where it is read.
        answer = list(answer) if hasattr(answer, "__next__") else answer
    except grpc.RpcError as error:
        expect((error.code().name, error.details()), (code, error.details()))
        found = details(error)
        if reason:
            info = found["ErrorInfo"]
            expect((info.reason, info.domain), (reason, "tour"))
        if fields:
            expect([violation.field for violation in found["BadRequest"].field_violations], fields)
        return found
    raise AssertionError(f"{code} expected, {answer} found")


def run(name, parts):
    """Runs all parts, whichever fail, and says so."""
    failed = []
    for part in parts:
        try:
            part()
        except Exception:
            traceback.print_exc()
            failed.append(part.__name__)
    if failed:
        print(f"{name}: FAILED {', '.join(failed)}, of {len(parts)} parts", file=sys.stderr)
    else:
        print(f"{name}: {len(parts)} parts")
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of the library are not waited for: one that feeds a stream which was refused may wait for good.
    os._exit(1 if failed else 0)
