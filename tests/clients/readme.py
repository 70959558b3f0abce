#!/usr/bin/env python3
"""Runs the commands that a README shows and compares what they print with what it says.

usage: readme.py FILE [CURL OPTION…]

In blocks fenced as `console`, a line that begins with `$ ` is a command (going on while lines end in a backslash) and
the lines after it are its output, in which `…` stands for any text. All commands run in one shell session, one after
the other. The options are given to every `curl`. `septet` and `cargo run` are SERVER_BINARY on the data in SERVER_DATA.
What starts a server or loads rows into one is left out: a server is running, at SERVER_URL.
"""
import os
import re
import subprocess
import sys

LEFT_OUT = re.compile(r"^(python3 |(septet|cargo run [^|;]*--) (serve|load)\b)")
DEFAULT_URL = "http://127.0.0.1:8080"
PROGRAMS = '''
septet() { "$SERVER_BINARY" "$@" --data "$SERVER_DATA"; }
cargo() { while [ "$1" != -- ]; do shift; done; shift; septet "$@"; }
'''
MARK = "::end-of-output::"


def blocks(text):
    return re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(block):
    """Pairs of a command and its output."""
    found = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command += "\n" + next(lines)
            found.append((command, []))
        elif found:
            found[-1][1].append(line)
    return [(command, "\n".join(output).strip()) for command, output in found]


def fits(shown, printed):
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    options = " ".join(sys.argv[2:])
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, env=os.environ | {"LC_ALL": "C.UTF-8"})

    def run(command):
        shell.stdin.write(f"{command}\nprintf '\\n%s\\n' {MARK}\n")
        shell.stdin.flush()
        printed = []
        for line in shell.stdout:
            if line.rstrip("\n") == MARK:
                break
            printed.append(line)
        return "".join(printed).replace("\r", "").strip()

    run(PROGRAMS)
    run(f'curl() {{ command curl {options} "$@"; }}')
    wrong = ran = 0
    for block in blocks(text):
        for command, shown in commands(block):
            if LEFT_OUT.match(command):
                continue
            printed, ran = run(command.replace(DEFAULT_URL, os.environ["SERVER_URL"])), ran + 1
            if not fits(shown, printed):
                wrong += 1
                print(f"$ {command}\n  shown:   {shown}\n  printed: {printed}")
    shell.stdin.close()
    print(f"{sys.argv[1]} {options}: {ran} commands, {wrong} with another output")
    sys.exit(1 if wrong or not ran else 0)


main()
