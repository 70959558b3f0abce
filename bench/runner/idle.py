"""What is measured without load: the start on a database that is there, and memory when nothing happens."""
import statistics
import time
from dataclasses import dataclass

from runner import data
from runner.requests import Request
from runner.setting import TOUR

STARTS = 20
SETTLE_S = 1
START_MS_MAX = 150
MEMORY_MIB_MAX = 40
PROBE = Request("GET", "/api/users/u1", "u1")


@dataclass(frozen=True)
class Quiet:
    """A line of the table. Nothing is met where nothing was promised."""
    what: str
    septet: str
    yardstick: str
    bar: str
    is_met: bool | None


def _servers(setting, data_name):
    source = data.tour(setting)
    septet, yardstick = (data.copy(setting, source, f"{data_name}-{name}") for name in ("septet", "yardstick"))
    return setting.septet("Septet", TOUR, septet), setting.yardstick("yardstick", yardstick, "--remember-tokens")


def start(setting, tell):
    """Milliseconds from starting the program to its first answer, read from the database."""
    taken = []
    for server in _servers(setting, "start"):
        times = []
        for _ in range(STARTS):
            with server:
                times.append(server.start(PROBE) * 1000)
        tell(f"start, {server.name}: {min(times):.1f} to {max(times):.1f} ms")
        taken.append(times)
    what = f"start to first answer, median of {STARTS} (longest)"
    shown = [f"{statistics.median(times):.1f} ms ({max(times):.1f})" for times in taken]
    return [Quiet(what, *shown, f"< {START_MS_MAX} ms", statistics.median(taken[0]) < START_MS_MAX)]


def memory(setting, tell):
    """Resident memory after the start and one request."""
    used = []
    for server in _servers(setting, "memory"):
        with server:
            server.start(PROBE)
            time.sleep(SETTLE_S)
            used.append([kib / 1024 for kib in server.memory_kib()])
        tell(f"memory, {server.name}: {used[-1][0]:.1f} MiB")
    shown = [f"{whole:.1f} MiB ({own:.1f})" for whole, own in used]
    what = "idle memory after one request: resident (of it not pages of files)"
    return [Quiet(what, *shown, f"< {MEMORY_MIB_MAX} MiB", used[0][0] < MEMORY_MIB_MAX)]


IDLE = {"start": start, "memory": memory}
