"""Where everything is: binaries, contracts, the working folder, and the servers made from them."""
import glob
import hashlib
import json
import os
import shutil
import subprocess

from runner import servers
from runner.servers import Failed, Server

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOUR = os.path.join(os.path.dirname(HERE), "examples", "tour")
ROWS = os.path.join(HERE, "contracts", "rows")
APOLLO = os.path.join(HERE, "apollo")
NODE = os.path.join(HERE, "node")
PROTO = os.path.join(HERE, "proto", "product.proto")
COMMAND_S_MAX = 600
SERVER_CPU, GENERATOR_CPU = 0, 1


class Setting:
    """What all cases share."""

    def __init__(self, septet, yardstick, caller, folder, is_pinned):
        self.septet_binary, self.yardstick_binary, self.caller_binary = septet, yardstick, caller
        self.folder = folder
        self.server_cpu = SERVER_CPU if is_pinned else None
        self.generator_cpu = GENERATOR_CPU if is_pinned else None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def contract(self, source):
        """A copy of a contract without its sample rows."""
        folder = self.path("contracts", os.path.basename(source))
        if not os.path.isdir(folder):
            os.makedirs(folder)
            for pattern in ("*.graphql", "*.sql"):
                for file in glob.glob(os.path.join(source, pattern)):
                    shutil.copy(file, folder)
        return folder

    def run_septet(self, *arguments):
        """Runs a command of Septet's to its end."""
        command = [self.septet_binary, *arguments]
        done = subprocess.run(command, env=servers.environment(servers.SETTINGS), capture_output=True, text=True,
                              timeout=COMMAND_S_MAX)
        if done.returncode != 0:
            raise Failed(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def septet(self, name, contract, data, variables=None):
        command = [self.septet_binary, "serve", self.contract(contract), "--data", data]
        return self._server(name, command, {**servers.SETTINGS, **(variables or {})})

    def yardstick(self, name, data, *options):
        command = [self.yardstick_binary, "--database", os.path.join(data, "septet.db"), *options]
        return self._server(name, command, {"YARDSTICK_JWT_SECRET": servers.SECRET})

    def apollo(self, name, data):
        command = ["node", os.path.join(_installed(APOLLO), "server.mjs"),
                   "--database", os.path.join(data, "septet.db")]
        return self._server(name, command, {"APOLLO_JWT_SECRET": servers.SECRET, "NODE_ENV": "production"})

    def node(self, name, data):
        command = ["node", os.path.join(_installed(NODE), "server.mjs"), "--proto", PROTO,
                   "--database", os.path.join(data, "septet.db")]
        return self._server(name, command, {"NODE_JWT_SECRET": servers.SECRET, "NODE_ENV": "production"})

    def _server(self, name, command, variables):
        log = self.path(name.replace(" ", "-").replace(",", "") + ".log")
        return Server(name, command, variables, log, self.server_cpu)


def apollo_versions():
    return f"Apollo Server {_version(APOLLO, '@apollo/server')} on Node {_node_version()}"


def node_versions():
    return f"grpc-js {_version(NODE, '@grpc/grpc-js')} on Node {_node_version()}"


def _version(source, package):
    with open(os.path.join(source, "package.json"), encoding="utf-8") as file:
        return json.load(file)["dependencies"][package]


def _node_version():
    shown = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return shown.strip().removeprefix("v")


def _installed(source):
    """Where a server for Node is installed, outside of the tree: a folder for each list of versions."""
    with open(os.path.join(source, "package-lock.json"), "rb") as file:
        versions = hashlib.sha256(file.read()).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "septet", f"bench-{os.path.basename(source)}-{versions}")
    # Node looks for packages beside the script.
    shutil.copytree(source, folder, dirs_exist_ok=True)
    ready = os.path.join(folder, "ready")
    if not os.path.exists(ready):
        _install(folder)
        with open(ready, "w", encoding="ascii"):
            pass
    return folder


def _install(folder):
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Failed(f"{tool} is not installed (Debian: apt-get install nodejs npm)")
    command = ["npm", "ci", "--silent", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=COMMAND_S_MAX)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} in {folder}: {done.stderr.strip() or done.stdout.strip()}")
