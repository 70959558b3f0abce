#!/usr/bin/env python3
"""Checks that every crate we build on may be built on: reads `cargo metadata` and the lists in deny.toml.

The lists are written as cargo-deny reads them, so that it can be used as well; building it takes longer than all of
this check.
"""
import json
import re
import subprocess
import sys
import tomllib

METADATA = ["cargo", "metadata", "--format-version", "1", "--locked"]


def permitted(expression, allowed):
    """Whether an SPDX expression can be satisfied by allowed licences alone."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    value, rest = any_of(tokens, allowed)
    if rest:
        raise ValueError(f"`{expression}` is not an SPDX expression")
    return value


def any_of(tokens, allowed):
    value, tokens = all_of(tokens, allowed)
    while tokens and tokens[0] == "OR":
        other, tokens = all_of(tokens[1:], allowed)
        value = value or other
    return value, tokens


def all_of(tokens, allowed):
    value, tokens = one(tokens, allowed)
    while tokens and tokens[0] == "AND":
        other, tokens = one(tokens[1:], allowed)
        value = value and other
    return value, tokens


def one(tokens, allowed):
    if not tokens:
        raise ValueError("an SPDX expression ends too soon")
    if tokens[0] == "(":
        value, rest = any_of(tokens[1:], allowed)
        return value, rest[1:]
    if len(tokens) > 2 and tokens[1] == "WITH":
        return f"{tokens[0]} WITH {tokens[2]}" in allowed, tokens[3:]
    return tokens[0] in allowed, tokens[1:]


def main():
    lists = tomllib.load(open("deny.toml", "rb"))
    allowed = set(lists["licenses"]["allow"])
    # What a manifest does not say, for one version each: what is published under it can never change.
    clarified = {entry["crate"]: entry["expression"] for entry in lists["licenses"].get("clarify", [])}
    denied = {entry["crate"]: entry["reason"] for entry in lists["bans"]["deny"]}
    packages = json.loads(subprocess.run(METADATA, check=True, capture_output=True).stdout)["packages"]
    wrong = []
    for package in packages:
        name = package["name"]
        licence = package["license"] or clarified.get(f"{name}@{package['version']}")
        if name in denied:
            wrong.append(f"{name}: {denied[name]}")
        if package["source"] is not None and not package["source"].startswith("registry+"):
            wrong.append(f"{name}: not from a registry")
        if licence is None or not permitted(licence, allowed):
            wrong.append(f"{name} {package['version']}: licence `{licence}` is not on the list")
    for line in wrong:
        print(line)
    print(f"licences: {len(packages)} crates, {len(wrong)} problems")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    assert permitted("MIT OR Apache-2.0", {"MIT"}) and not permitted("MIT AND GPL-3.0", {"MIT"})
    assert permitted("(A OR B) AND C", {"B", "C"}) and not permitted("(A OR B) AND C", {"A", "B"})
    assert permitted("A WITH x OR B", {"A WITH x"}) and not permitted("A WITH x", {"A"})
    main()
