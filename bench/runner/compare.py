"""Comparisons: several servers under the same load, in turn, round after round."""
import statistics
from contextlib import ExitStack
from dataclasses import dataclass, field

from runner import load

WARM_UP_S = 1


@dataclass(frozen=True)
class Side:
    """A server and what it is asked, as the case's generator takes it. Sides of one case may share a server."""
    name: str
    server: object
    requests: object
    warm_up_s: int = WARM_UP_S


@dataclass(frozen=True)
class Bar:
    """What a comparison must show: ratios of the first side's figure to the second's. Memory is the server's own."""
    first_rate_min: float | None = None  # of the first side alone
    rate_min: float | None = None
    rate_max: float | None = None
    p99_max: float | None = None
    per_cpu_min: float | None = None
    memory_max: float | None = None

    def __str__(self):
        return self.shown("req")

    def shown(self, unit):
        """As text, with the name of what is counted."""
        parts = [(f"{unit}/s ≥ ", self.rate_min), (f"{unit}/s ≤ ", self.rate_max), ("p99 ≤ ", self.p99_max),
                 (f"{unit}/CPU-s ≥ ", self.per_cpu_min), ("memory ≤ ", self.memory_max)]
        shown = [f"{text}{round(bound, 2):g}" for text, bound in parts if bound is not None]
        if self.first_rate_min is not None:
            shown.insert(0, f"A ≥ {self.first_rate_min:,}/s")
        return ", ".join(shown) or "–"

    def is_met(self, row):
        return ((self.first_rate_min is None or row.first.rate >= self.first_rate_min)
                and (self.rate_min is None or row.rate >= self.rate_min)
                and (self.rate_max is None or row.rate <= self.rate_max)
                and (self.p99_max is None or row.p99 <= self.p99_max)
                and (self.per_cpu_min is None or row.per_cpu_s >= self.per_cpu_min)
                and (self.memory_max is None or row.memory <= self.memory_max))


@dataclass(frozen=True)
class Pair:
    """Which side is held against which."""
    first: str
    second: str
    bar: Bar = field(default_factory=Bar)


@dataclass(frozen=True)
class Row:
    """A line of the table: medians of both sides, and medians of the ratios within the rounds."""
    case: str
    counted: str
    pair: Pair
    first: load.Figures
    second: load.Figures
    rate: float
    p50: float
    p99: float
    per_cpu_s: float
    memory: float


@dataclass(frozen=True)
class Outcome:
    """What a case showed: its rows, the medians of each side, and for each run the share of the machine that other
    programs had."""
    case: str
    rows: list
    sides: dict
    foreign: list


@dataclass(frozen=True)
class Case:
    """`probe` is what every server answers once it has started. `check` looks at answers before the load, with what the
    generator gives it for each side's name; `verify` at what the load has left behind, with each side's number of
    answers. `counted` is what the generator counts."""
    name: str
    sides: list
    pairs: list
    probe: object
    check: object
    verify: object = None
    generator: object = field(default_factory=load.Wrk)
    counted: str = "requests"


def measure(case, setting, rounds, seconds, tell):
    """The outcome of a case."""
    with ExitStack() as stack:
        files = {}
        for number, side in enumerate(case.sides):
            if side.server.process is None:
                stack.enter_context(side.server).start(case.probe)
            files[side.name] = setting.path(f"requests-{number}.txt")
            case.generator.prepare(side.requests, files[side.name])
        case.generator.check(case, files)
        run = lambda side, time_s: load.run(side.server, case.generator.command(side, files[side.name], time_s), time_s,
                                            setting.generator_cpu)
        answers = {side.name: run(side, side.warm_up_s).answers for side in case.sides}
        figures = {side.name: [] for side in case.sides}
        for number in range(1, rounds + 1):
            for side in case.sides:
                got = run(side, seconds)
                figures[side.name].append(got)
                answers[side.name] += got.answers
                tell(f"{case.name}, round {number}, {side.name}: {got.rate:.0f}/s, p99 {got.p99_ms:.2f} ms")
        if case.verify is not None:
            case.verify(answers)
    foreign = [got.foreign for side in figures.values() for got in side]
    rows = [_row(case, pair, figures) for pair in case.pairs]
    return Outcome(case.name, rows, {name: _median(runs) for name, runs in figures.items()}, foreign)


def _row(case, pair, figures):
    first, second = figures[pair.first], figures[pair.second]
    ratio = lambda get: statistics.median(get(a) / get(b) for a, b in zip(first, second))
    return Row(case.name, case.counted, pair, _median(first), _median(second), ratio(lambda f: f.rate),
               ratio(lambda f: f.p50_ms), ratio(lambda f: f.p99_ms), ratio(lambda f: f.per_cpu_s),
               ratio(lambda f: f.own_kib))


def _median(figures):
    middle = lambda get: statistics.median(get(f) for f in figures)
    return load.Figures(
        rate=middle(lambda f: f.rate),
        p50_ms=middle(lambda f: f.p50_ms),
        p99_ms=middle(lambda f: f.p99_ms),
        per_cpu_s=middle(lambda f: f.per_cpu_s),
        resident_kib=max(f.resident_kib for f in figures),
        own_kib=max(f.own_kib for f in figures),
        answers=sum(f.answers for f in figures),
        foreign=max(f.foreign for f in figures),
        generator=middle(lambda f: f.generator),
    )
