"""The tables as Markdown, and the page they belong in."""
import os
import platform
import subprocess
from itertools import pairwise

from runner.graphql import APOLLO, GROWTH_MAX, LIST_USERS, PLAIN, SEPTET, list_name
from runner.grpc import NODE
from runner.load import CONNECTIONS, generator_version
from runner.servers import Failed
from runner.setting import apollo_versions, node_versions

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
# Above this share of the machine for other programs a run counts as disturbed.
DISTURBED = 0.1
# Where nothing was promised there is nothing to be met.
MET = {True: "yes", False: "**no**", None: "–"}


def loaded(rows):
    head = ["case", "A", "B", "A req/s", "B req/s", "A : B", "A p99 ms", "B p99 ms", "A : B", "A req/CPU-s",
            "B req/CPU-s", "A : B", "wanted of A : B", "met"]
    return _table(head, [_loaded(row) for row in rows])


def _loaded(row):
    first, second = row.first, row.second
    return [f"`{row.case}`", row.pair.first, row.pair.second,
            f"{first.rate:,.0f}", f"{second.rate:,.0f}", f"{row.rate:.2f}",
            f"{first.p99_ms:.2f}", f"{second.p99_ms:.2f}", f"{row.p99:.2f}",
            f"{first.per_cpu_s:,.0f}", f"{second.per_cpu_s:,.0f}", f"{row.per_cpu_s:.2f}",
            str(row.pair.bar), _met(row.pair.bar, row)]


def _met(bar, row):
    if str(bar) == "–":
        return "–"
    return "yes" if bar.is_met(row) else "**no**"


def graphql(outcomes):
    """How the servers compare, what each showed, and how it grows."""
    return [_ratios([row for outcome in outcomes for row in outcome.rows]), _sides(outcomes), _growth(outcomes)]


def grpc(outcomes):
    """How the servers compare, and what each showed."""
    return [_counted([row for outcome in outcomes for row in outcome.rows]), _rates(outcomes)]


def _counted(rows):
    head = ["case", "counted", "A", "B", "per s", "p50", "p99", "per CPU-s", "own memory", "wanted of A : B", "met"]
    return _table(head, [
        [f"`{row.case}`", row.counted, row.pair.first, row.pair.second, f"{row.rate:.2f}", f"{row.p50:.2f}",
         f"{row.p99:.2f}", f"{row.per_cpu_s:.2f}", f"{row.memory:.2f}", row.pair.bar.shown(row.counted),
         _met(row.pair.bar, row)] for row in rows])


def _rates(outcomes):
    head = ["case", "server", "per s", "p50 ms", "p99 ms", "per CPU-s", "resident MiB (of it not pages of files)",
            "generator's CPU"]
    return _table(head, [
        [f"`{outcome.case}`", name, f"{side.rate:,.0f}", f"{side.p50_ms:.2f}", f"{side.p99_ms:.2f}",
         f"{side.per_cpu_s:,.0f}", f"{side.resident_kib / 1024:.0f} ({side.own_kib / 1024:.0f})",
         f"{side.generator:.0%}"]
        for outcome in outcomes for name, side in outcome.sides.items()])


def _ratios(rows):
    head = ["case", "A", "B", "req/s", "p50", "p99", "req/CPU-s", "own memory", "wanted of A : B", "met"]
    return _table(head, [
        [f"`{row.case}`", row.pair.first, row.pair.second, f"{row.rate:.2f}", f"{row.p50:.2f}", f"{row.p99:.2f}",
         f"{row.per_cpu_s:.2f}", f"{row.memory:.2f}", str(row.pair.bar), _met(row.pair.bar, row)] for row in rows])


def _sides(outcomes):
    head = ["case", "server", "req/s", "p50 ms", "p99 ms", "CPU s per 1,000 req", "req/CPU-s",
            "resident MiB (of it not pages of files)"]
    return _table(head, [
        [f"`{outcome.case}`", name, f"{side.rate:,.0f}", f"{side.p50_ms:.2f}", f"{side.p99_ms:.2f}",
         f"{1000 / side.per_cpu_s:.3f}", f"{side.per_cpu_s:,.0f}",
         f"{side.resident_kib / 1024:.0f} ({side.own_kib / 1024:.0f})"]
        for outcome in outcomes for name, side in outcome.sides.items()])


def _growth(outcomes):
    """Processor time for each user of a list, when all lengths were measured. More rows miss more of the processor's
    caches whoever reads them, so what the change must not exceed is the yardstick's own."""
    lists = {outcome.case: outcome.sides for outcome in outcomes}
    if not all(list_name(users) in lists for users in LIST_USERS):
        return ""
    lengths = [f"{users:,}" for users in LIST_USERS]
    head = ["server", *(f"CPU µs per user of {length}" for length in lengths),
            *(f"{more} : {less}" for less, more in pairwise(lengths)), "wanted", "met"]
    each = {server: [1e6 / lists[list_name(users)][server].per_cpu_s / users for users in LIST_USERS]
            for server in lists[list_name(LIST_USERS[0])]}
    changes = {server: [more / less for less, more in pairwise(times)] for server, times in each.items()}
    is_met = all(own <= other * GROWTH_MAX for own, other in zip(changes[SEPTET], changes[PLAIN]))
    bar = {SEPTET: [f"≤ {GROWTH_MAX} of the {PLAIN}'s", "yes" if is_met else "**no**"]}
    return _table(head, [[server, *(f"{us:.2f}" for us in times), *(f"{change:.2f}" for change in changes[server]),
                          *bar.get(server, ["–", "–"])] for server, times in each.items()])


def idle(lines):
    head = ["measured", "Septet", "yardstick", "wanted of Septet", "met"]
    return _table(head, [[q.what, q.septet, q.yardstick, q.bar, MET[q.is_met]] for q in lines])


def _table(head, lines):
    """Nothing where there are no lines."""
    if not lines:
        return ""
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def facts(setting, options, outcomes):
    """Where, when and how it was measured."""
    where = "server on CPU 0, load generator on CPU 1" if setting.server_cpu is not None else "nothing pinned"
    foreign = [share for outcome in outcomes for share in outcome.foreign]
    disturbed = sum(share > DISTURBED for share in foreign)
    versions = [setting.run_septet("--version"), _rustc(), f"wrk {generator_version()}"]
    versions += [apollo_versions()] if any(APOLLO in outcome.sides for outcome in outcomes) else []
    versions += [node_versions()] if any(NODE in outcome.sides for outcome in outcomes) else []
    lines = [
        f"Date: {options.date}." if options.date else "",
        f"Machine: {_processor()}, {os.cpu_count()} processors, Linux {platform.release()}; {where}.",
        f"Versions: {'; '.join(versions)}.",
        f"Load: {CONNECTIONS} connections (gRPC: as each case says), {options.rounds} rounds of {options.seconds} s for "
        "each server, in turn; medians, and medians of the ratios within each round.",
        f"Other programs had more than {DISTURBED:.0%} of the machine in {disturbed} of {len(foreign)} runs."
        if foreign else "",
    ]
    return "\n".join(f"- {line}" for line in lines if line)


def _processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _rustc():
    try:
        return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "rustc unknown"


def write(path, text):
    """Puts the text between the page's two markers."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failed(f"{path} does not have {BEGIN} and {END}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
