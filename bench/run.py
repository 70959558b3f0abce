#!/usr/bin/env python3
"""Measures Septet against the yardstick, a server written by hand, against itself, and against servers for Node.

Needs wrk (Debian: apt-get install wrk), `cargo build --release` in the project's folder and in this one. The cases
about GraphQL and gRPC need Node 20 and npm as well. Only the standard library of Python 3.11 is used.
docs/performance.md says what is measured and how to read it.
"""
import argparse
import os
import shutil
import signal
import sys
import tempfile

from runner import compare, load, report
from runner.cases import LOADED
from runner.graphql import GRAPHQL
from runner.grpc import GRPC, GRPC_QUIET
from runner.idle import IDLE
from runner.servers import Failed
from runner.setting import HERE, Setting
from runner.trips import TRIPS

UNLOADED = TRIPS | GRPC_QUIET | IDLE
CASES = [*LOADED, *GRAPHQL, *GRPC, *UNLOADED]


def built(folder, name):
    """Where cargo puts a release build of a workspace."""
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(folder, "target"))
    return os.path.join(target, "release", name)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=CASES, help="this case; may be given more than once")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each server (5)")
    parser.add_argument("--seconds", type=int, default=4, help="length of a run (4)")
    parser.add_argument("--pin", action=argparse.BooleanOptionalAction, default=True,
                        help="server on CPU 0 and load generator on CPU 1 (on)")
    parser.add_argument("--septet", default=built(os.path.dirname(HERE), "septet"), help="the server's binary")
    parser.add_argument("--yardstick", default=built(HERE, "yardstick"), help="the yardstick's binary")
    parser.add_argument("--caller", default=built(HERE, "caller"), help="the binary of the load generator for gRPC")
    parser.add_argument("--folder", help="for databases and logs, on a disk that keeps what it acknowledges; "
                        "used again when it is there (a temporary one in this folder, removed at the end)")
    parser.add_argument("--date", help="shown with the figures")
    parser.add_argument("--write", metavar="PAGE", help="put the figures between the markers of this page")
    given = parser.parse_args()
    if given.write and (given.only or not given.date):
        parser.error("--write is for a whole run with its --date")
    if given.rounds < 1 or given.seconds < 1:
        parser.error("--rounds and --seconds: at least 1")
    return given


def measure(given, setting):
    """The report's text."""
    outcomes, quiet = {}, []
    for name in given.only or CASES:
        tell(name)
        if name in UNLOADED:
            quiet += UNLOADED[name](setting, tell)
        else:
            case = (LOADED | GRAPHQL | GRPC)[name](setting)
            outcomes[name] = compare.measure(case, setting, given.rounds, given.seconds, tell)
    parts = [
        report.facts(setting, given, [*outcomes.values()]),
        report.loaded([row for name in LOADED if name in outcomes for row in outcomes[name].rows]),
        *report.graphql([outcomes[name] for name in GRAPHQL if name in outcomes]),
        *report.grpc([outcomes[name] for name in GRPC if name in outcomes]),
        report.idle(quiet),
    ]
    return "\n\n".join(part for part in parts if part)


def tell(text):
    print(text, file=sys.stderr, flush=True)


def prepared(given):
    """The setting, once everything it needs is there."""
    load.generator_version()
    for binary in (given.septet, given.yardstick, given.caller):
        if not os.access(binary, os.X_OK):
            raise Failed(f"{binary} is not there: cargo build --release")
    if given.pin and not {0, 1} <= os.sched_getaffinity(0):
        raise Failed("CPU 0 and 1 are not both to be had: --no-pin")
    folder = given.folder or tempfile.mkdtemp(prefix="data-", dir=HERE)
    os.makedirs(folder, exist_ok=True)
    return Setting(given.septet, given.yardstick, given.caller, os.path.abspath(folder), given.pin)


def main():
    given = options()
    # So that servers are stopped and the temporary folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    setting = None
    try:
        setting = prepared(given)
        text = measure(given, setting)
    except Failed as failure:
        sys.exit(f"error: {failure}")
    finally:
        if setting is not None and not given.folder:
            shutil.rmtree(setting.folder, ignore_errors=True)
    print(text)
    if given.write:
        report.write(given.write, text)


if __name__ == "__main__":
    main()
