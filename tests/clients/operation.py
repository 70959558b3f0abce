"""A day of operation: backups while others write, a restore, a full disk, the wrong contract, a damaged file.

Uses the server's own command line (SERVER_BINARY) on folders of its own, and HTTP by the standard library.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

SEPTET = os.environ["SERVER_BINARY"]
TOUR = "examples/tour"
ENVIRONMENT = os.environ | {"SEPTET_IDENTITY_JWT_SECRET": "a secret of the tests, 32 bytes or more"}
PATIENCE_S = 30
# Of the file system that is filled.
SMALL_DISK = "12m"
FILLER_BYTES = 4 << 20


def septet(*words, fails=False):
    """Runs a command and gives what it says."""
    done = subprocess.run([SEPTET, *map(str, words)], env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE_S)
    said = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, (words, done.returncode, said)
    return said


@contextlib.contextmanager
def server(data, *words):
    """A server on a data folder: its URL, and where it logs (not beside the data: that disk may be full)."""
    with tempfile.NamedTemporaryFile("w") as told:
        log = pathlib.Path(told.name)
        command = [SEPTET, "serve", TOUR, "--listen", "127.0.0.1:0", "--data", str(data), *words]
        child = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=told, text=True)
        try:
            line = next((line for line in child.stdout if "listening on" in line), "")
            assert line, log.read_text()
            yield re.search(r"http://\S+", line)[0], log
        finally:
            child.terminate()
            child.communicate(timeout=PATIENCE_S)


def token():
    return septet("token", "--sub", "u1", "--contract", TOUR).strip()


def ask(url, body=None):
    """A status and what came with it."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    data = None
    if isinstance(body, bytes):
        headers |= {"content-type": "application/proto", "connect-protocol-version": "1"}
        data = body
    elif body is not None:
        headers["content-type"] = "application/json"
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(holds, what):
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def written(url, content="x"):
    status, said = ask(f"{url}/api/posts", {"title": "t", "content": content})
    assert status == 201, said
    return json.loads(said)["id"]


def backups(folder):
    """Copies are made while others write; what was acknowledged before one began is in it."""
    data, ids, stop = folder / "data", [], threading.Event()
    with server(data) as (url, _):
        def write():
            while not stop.is_set():
                ids.append(written(url))
        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        try:
            for turn in range(4):
                until(lambda: len(ids) > 50 * (turn + 1), "writes go on")
                before = list(ids)
                said = septet("backup", folder / f"{turn}.db", "--data", data, "--contract", TOUR)
                assert "checked" in said and "`tour`" in said, said
                assert stat.S_IMODE((folder / f"{turn}.db").stat().st_mode) == 0o600
        finally:
            stop.set()
            for writer in writers:
                writer.join()
        said = septet("backup", folder / "0.db", "--data", data, "--contract", TOUR, fails=True)
        assert "is there already" in said, said
        said = septet("restore", folder / "3.db", "--data", data, "--contract", TOUR, fails=True)
        assert "another server has the data folder" in said, said
        for name in data.iterdir():
            assert stat.S_IMODE(name.stat().st_mode) & 0o077 == 0 or name.name == "lock", name
    septet("restore", folder / "3.db", "--data", folder / "other", "--contract", TOUR)
    with server(folder / "other") as (url, _):
        for post in (before[0], before[len(before) // 2], before[-1]):
            assert ask(f"{url}/api/posts/{post}")[0] == 200, post
    # Over a database that is there: the old one is kept.
    said = septet("restore", folder / "0.db", "--data", data, "--contract", TOUR)
    assert "the old database is" in said, said
    assert len(list(data.glob("septet.db.replaced-*"))) == 1
    with server(data) as (url, _):
        assert ask(f"{url}/api/posts/{before[-1]}")[0] == 404


def damaged(folder):
    """What is not whole is not believed, whether it is a copy or the database itself."""
    data, copy = folder / "data", folder / "copy.db"
    with server(data):
        pass
    septet("backup", copy, "--data", data, "--contract", TOUR)
    with copy.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096)
    said = septet("restore", copy, "--data", data, "--contract", TOUR, fails=True)
    assert "copy.db" in said, said
    assert not list(data.glob("*replaced*")) and not list(data.glob("*.part"))
    with server(data) as (url, _):
        assert ask(f"{url}/api/posts?limit=1")[0] == 200
    (data / "septet.db").write_bytes(b"no database at all" * 1000)
    said = septet("serve", TOUR, "--listen", "127.0.0.1:0", "--data", data, fails=True)
    assert "septet.db" in said and "septet restore" in said, said


def contracts(folder):
    """A data folder knows its contract."""
    data = folder / "data"
    with server(data):
        pass
    other = "cases/contracts/rules"
    said = septet("serve", other, "--listen", "127.0.0.1:0", "--data", data, fails=True)
    assert "belongs to the contract `tour`" in said and "database: " not in said, said
    said = septet("load", "examples/tour/data", "--contract", other, "--data", data, fails=True)
    assert "belongs to the contract `tour`" in said, said


def full(folder):
    """A full disk is told to the caller, by the health check and in the log; reads go on; room mends it."""
    disk = folder / "disk"
    disk.mkdir()
    sudo = [] if os.getuid() == 0 else ["sudo", "-n"]
    mounted = subprocess.run([*sudo, "mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK},mode=0777", "none", disk])
    if mounted.returncode != 0:
        print("operation: a full disk is not tried: no file system can be mounted here")
        return
    try:
        filler = disk / "filler"
        filler.write_bytes(b"x" * FILLER_BYTES)
        with server(disk / "data") as (url, log):
            health = lambda: ask(f"{url}/healthz")
            serving = lambda: ask(f"{url}/grpc.health.v1.Health/Check", b"")[1].removeprefix("\x08")
            assert health() == (200, "ok\n") and serving() == "\x01"
            refused = None
            for _ in range(2000):
                status, said = ask(f"{url}/api/posts", {"title": "t", "content": "y" * 10_000})
                if status != 201:
                    refused = status, json.loads(said)
                    break
            assert refused and refused[0] == 503 and refused[1]["error"]["code"] == "STORAGE_FAILED", refused
            assert "the disk is full" in refused[1]["detail"], refused
            assert health() == (503, "failing: the disk is full\n"), health()
            assert ask(f"{url}/api/products/p1")[0] == 200
            until(lambda: "the disk is full" in log.read_text(), "the log says so")
            until(lambda: serving() == "\x02", "gRPC says so")
            filler.unlink()
            until(lambda: health()[0] == 200 and serving() == "\x01", "it works again")
            written(url)
    finally:
        subprocess.run([*sudo, "umount", "-l", disk], check=True)


def keys(folder):
    """Development keys are for development, and are no use where no server has made them."""
    bare = {name: value for name, value in ENVIRONMENT.items() if name != "SEPTET_IDENTITY_JWT_SECRET"}
    command = [SEPTET, "serve", TOUR, "--listen", "127.0.0.1:0", "--data", str(folder / "data")]
    done = subprocess.run(command, env=bare | {"SEPTET_PRODUCTION": "true"}, capture_output=True, text=True)
    assert done.returncode == 1 and "production takes no development secret" in done.stderr, done
    command = [SEPTET, "token", "--sub", "u1", "--contract", TOUR, "--data", str(folder / "nowhere")]
    done = subprocess.run(command, env=bare, capture_output=True, text=True)
    assert done.returncode == 1 and "no server has made a secret here" in done.stderr, done
    assert not (folder / "nowhere").exists()


TOKEN = token()
PARTS = [backups, damaged, contracts, full, keys]
for part in PARTS:
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        part(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
print(f"operation: {len(PARTS)} parts")
sys.exit(0)
