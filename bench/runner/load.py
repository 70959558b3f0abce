"""One run of the load generator against one server."""
import json
import os
import re
import resource
import shutil
import subprocess
import time
from dataclasses import dataclass

from runner import requests
from runner.servers import TICKS_PER_S, Failed
from runner.setting import HERE

CONNECTIONS = 64
OVERTIME_S_MAX = 30
# An answer that takes longer is an error; slow servers on busy machines may take some seconds.
ANSWER_S_MAX = 20
# How often a server's memory is looked at during a run.
LOOK_EVERY_S = 0.05


@dataclass(frozen=True)
class Figures:
    """What one run measured."""
    rate: float  # answers per second
    p50_ms: float
    p99_ms: float
    per_cpu_s: float  # answers per second of the server's processor time
    resident_kib: int  # at most, during the run
    own_kib: int  # the same without pages of files
    answers: int
    foreign: float  # share of all processors that other programs had
    generator: float  # share of one processor that the load generator had: near 1 it is what limits the rate


class Wrk:
    """Loads a server with requests over HTTP/1.1."""

    def prepare(self, asked, path):
        """Writes the file that a side's requests are sent from."""
        requests.write(path, asked)

    def command(self, side, path, seconds):
        return ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", f"{ANSWER_S_MAX}s", "-s",
                os.path.join(HERE, "load.lua"), f"http://127.0.0.1:{side.server.port}", "--", path]

    def check(self, case, _files):
        """Every side refuses a forged token, and answers as the case wants it."""
        clients = {side.name: requests.Client(side.server.port) for side in case.sides}
        try:
            for side in case.sides:
                _refuses_forged(side, clients[side.name])
            case.check(clients)
        finally:
            for client in clients.values():
                client.close()


def _refuses_forged(side, client):
    first = side.requests[0]
    forged = requests.sign(first.caller, "another secret than the server has been given")
    status, _, _ = client.ask(first, forged)
    if status != 401:
        raise Failed(f"{side.name}: a forged token is answered {status}")


def generator_version():
    if shutil.which("wrk") is None:
        raise Failed("wrk is not installed (Debian: apt-get install wrk)")
    shown = subprocess.run(["wrk", "--version"], capture_output=True, text=True)
    found = re.search(r"wrk (\S+)", shown.stdout + shown.stderr)
    return found[1].removeprefix("debian/") if found else "unknown"


def run(server, command, seconds, cpu):
    """Loads the server by a command that ends with a line of figures in JSON. Any error ends the benchmark."""
    pin = (lambda: os.sched_setaffinity(0, {cpu})) if cpu is not None else None
    began, busy, own, used = time.perf_counter(), _busy_s(), _children_s(), server.cpu_s()
    done, memory = _run(server, command, pin, seconds + OVERTIME_S_MAX)
    used, own, busy = server.cpu_s() - used, _children_s() - own, _busy_s() - busy
    shown = re.search(r'^\{.*"requests":.*\}$', done.stdout, re.MULTILINE)
    if done.returncode != 0 or shown is None:
        raise Failed(f"{command[0]} against {server.name}: {done.stderr.strip() or done.stdout.strip()}")
    figures = json.loads(shown[0])
    if figures["errors"] or not figures["requests"]:
        raise Failed(f"{server.name}: {figures['errors']} errors in {figures['requests']} answers; "
                     f"{figures.get('first_error') or ''}")
    all_s = time.perf_counter() - began
    return Figures(
        rate=figures["requests"] / figures["seconds"],
        p50_ms=figures["p50_ms"],
        p99_ms=figures["p99_ms"],
        per_cpu_s=figures["requests"] / max(used, 1 / TICKS_PER_S),
        resident_kib=max(whole for whole, _ in memory),
        own_kib=max(own for _, own in memory),
        answers=figures["requests"],
        foreign=max(busy - own - used, 0) / (all_s * os.cpu_count()),
        generator=own / all_s,
    )


def _run(server, command, pin, time_s_max):
    """The generator's end, and what the server's memory was meanwhile."""
    memory, began = [], time.perf_counter()
    with subprocess.Popen(command, preexec_fn=pin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as generator:
        while True:
            memory.append(server.memory_kib())
            try:
                shown, said = generator.communicate(timeout=LOOK_EVERY_S)
                return subprocess.CompletedProcess(command, generator.returncode, shown, said), memory
            except subprocess.TimeoutExpired:
                if time.perf_counter() - began > time_s_max:
                    generator.kill()
                    raise Failed(f"{command[0]} against {server.name} does not end") from None


def _busy_s():
    """Processor time that all programs have used since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:9]]
    idle_and_waiting = fields[3] + fields[4]
    return (sum(fields) - idle_and_waiting) / TICKS_PER_S


def _children_s():
    """Processor time of the load generators that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
