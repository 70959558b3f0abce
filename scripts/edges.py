#!/usr/bin/env python3
"""Checks who of our crates depends on whom: ARCHITECTURE.md's direction, as a table."""
import json
import subprocess
import sys

METADATA = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--locked"]
ADAPTER = {"contract", "wire", "engine", "edge", "http-semantics", "quota"}

# What each crate may depend on in the code that is shipped. A crate that is not in the table is a question to answer
# here first.
MAY = {
    "contract": set(),
    "edge": {"quota"},
    "quota": set(),
    "wire": {"contract"},
    "describe": {"contract"},
    "store": {"contract", "wire", "quota"},
    "engine": {"contract", "wire", "store", "quota"},
    "session": {"contract", "wire", "engine"},
    "conditions": {"contract", "wire", "engine", "describe"},
    "http-semantics": {"engine", "edge", "quota"},
    "rest": ADAPTER,
    "soap": ADAPTER,
    "grpc": ADAPTER | {"describe", "conditions"},
    "graphql": ADAPTER | {"describe", "conditions"},
    "webhook": ADAPTER,
    "websocket": ADAPTER | {"session"},
    "webrtc": ADAPTER | {"session"},
    "console": {"contract", "edge"},
    # Wires everything together, and is what everything else may not be: aware of all.
    "septet": None,
    # Never shipped; speaks to the server over its sockets and knows of the rest only the names in a contract.
    "testkit": {"contract"},
}


def main():
    packages = json.loads(subprocess.run(METADATA, check=True, capture_output=True).stdout)["packages"]
    ours = {package["name"] for package in packages}
    wrong = []
    for package in packages:
        name = package["name"]
        # Tests may use more than what is shipped.
        uses = {d["name"] for d in package["dependencies"] if d["kind"] is None and d["name"] in ours}
        if name not in MAY:
            wrong.append(f"{name}: not in the table of scripts/edges.py")
        elif MAY[name] is not None and (extra := uses - MAY[name]):
            wrong.append(f"{name} may not depend on {', '.join(sorted(extra))}")
        if name != "testkit" and "testkit" in uses:
            wrong.append(f"{name}: testkit is for tests alone")
    for line in wrong:
        print(line)
    print(f"edges: {len(packages)} crates, {len(wrong)} problems")
    sys.exit(1 if wrong else 0)


main()
