"""Servers as processes: starting, waiting, what they use, stopping."""
import os
import signal
import socket
import subprocess
import time

from runner.requests import SECRET

START_S_MAX = 60
STOP_S_MAX = 30
LOOK_AGAIN_S = 0.0005
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# No limit may cut the load off: what is measured is the server, not its limiter's refusals. It still counts.
SETTINGS = {
    "SEPTET_IDENTITY_JWT_SECRET": SECRET,
    "SEPTET_LIMITS_CALLS_PER_MIN": "0",
    "SEPTET_LIMITS_ADDRESS_CALLS_PER_MIN": "0",
}
# One token is remembered, and the requests use a hundred in turn.
FORGETFUL = {"SEPTET_IDENTITY_TOKEN_CACHE_ENTRIES": "1"}


class Failed(Exception):
    """Something is not as it must be for figures to mean anything."""


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def environment(added):
    """The runner's environment without settings of Septet that happen to be in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEPTET_")}
    return {**kept, **added}


class Server:
    """A running server, pinned to `cpu` unless that is None. Use it in a `with` statement."""

    def __init__(self, name, command, variables, log, cpu):
        self.name, self.command, self.cpu, self.log = name, command, cpu, log
        self.variables = environment(variables)
        self.process, self.port = None, None

    def start(self, probe):
        """Starts it and returns the seconds until it answered `probe`."""
        self.port = free_port()
        command = [*self.command, "--listen", f"127.0.0.1:{self.port}"]
        pin = (lambda: os.sched_setaffinity(0, {self.cpu})) if self.cpu is not None else None
        with open(self.log, "ab") as log:
            began = time.perf_counter()
            self.process = subprocess.Popen(command, env=self.variables, preexec_fn=pin, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        while not probe.is_answered(self.port):
            if self.process.poll() is not None or time.perf_counter() - began > START_S_MAX:
                raise Failed(f"{self.name} does not answer {probe}; its log is {self.log}")
            time.sleep(LOOK_AGAIN_S)
        return time.perf_counter() - began

    def cpu_s(self):
        """Processor time that all its threads have used, those that have ended too."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def memory_kib(self):
        """Resident memory: all of it, and the part that is its own (no pages of files)."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["VmRSS"].split()[0]), int(lines["RssAnon"].split()[0])

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
