"""What all rows share: bars, contenders, running workers, and the step from measurements to lines."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.peers.agreement import compare
from benchmarks.peers.environment import PeerEnvironment
from benchmarks.peers.report import Line, duration
from benchmarks.peers.workers import Contender, Effort, Measured, Worker, measure_in_turns, peak_memory

US = "AlgoTrade Lab"
UNTILED = "a plain compiled loop, untiled"
ONE_TILE = "the same with one tile"
SEED = 3
TEN_YEARS, LONG = 2_520, 1_000_000


@dataclass
class Bench:
    """One comparison: a context manager that ends its workers.

    Parameters
    ----------
    peers : PeerEnvironment
    folder : Path
        For bars and logs.
    quick : bool
        Short series, small sweeps and few turns: to see that it works, not how fast.
    """

    peers: PeerEnvironment
    folder: Path
    quick: bool = False
    workers: dict[str, Worker] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for worker in self.workers.values():
            worker.close()

    @property
    def long(self) -> int:
        return 50_000 if self.quick else LONG

    def effort(self, effort: Effort) -> Effort:
        return replace(effort, rounds=3, turn=0.05, budget=3.0) if self.quick else effort

    def bars(self, length: int) -> str:
        """Path of a file with that many seeded bars, daily up to 10,000 and one a minute above."""
        path = self.folder / f"bars_{length}.npz"
        if not path.exists():
            np.savez(path, **_columns(length))
        return str(path)

    def arguments(self, length: int, **more: Any) -> dict[str, Any]:
        """What a case needs to know; costs are so low on long series that the account lives to the end."""
        commission = 0.001 if length <= 10_000 else 1e-6
        return {"bars": self.bars(length), "cash": 10_000.0, "commission": commission, **more}

    def contenders(self) -> dict[str, Contender]:
        ours, python = Path(sys.executable), self.peers.python
        one, all_cores = {"RAYON_NUM_THREADS": "1"}, {}
        found = (
            Contender(US, "product", ours),
            Contender(f"{US}, sweep", "product_sweeps", ours, {"threads": 1}),
            Contender(f"{US}, sweep on two threads", "product_sweeps", ours, {"threads": 2}),
            Contender(ONE_TILE, "product_sweeps", ours, {"threads": 2, "untiled": True}),
            Contender(UNTILED, "untiled_sweeps", ours, {"threads": 2}),
            Contender(f"{US}, indicators", "product_indicators", ours, {"maker": "product"}),
            Contender("TA-Lib", "product_indicators", ours, {"maker": "talib"}),
            Contender("vectorbt", "vectorbt", python, {"engine": "numba"}),
            Contender("vectorbt-rust", "vectorbt", python, {"engine": "auto"}),
            Contender("raptorbt", "raptorbt", python, {}, all_cores),
            Contender("raptorbt on one thread", "raptorbt", python, {}, one),
            Contender("backtesting", "backtesting_py", python),
            Contender("backtrader", "backtrader_case", python),
            Contender("quantstats", "reports", python, {"arrays": False}),
            Contender("empyrical-reloaded", "reports", python, {"arrays": False}),
            Contender("empyrical-reloaded on arrays", "reports", python, {"arrays": True}),
        )
        return {contender.name: contender for contender in found}

    def worker(self, name: str) -> Worker:
        """The running process of a contender."""
        if name not in self.workers:
            self.workers[name] = Worker(self.contenders()[name], self.folder / "workers.log")
        return self.workers[name]

    def installed(self, names: Sequence[str]) -> list[str]:
        return [name for name in names if name.split(" on ")[0] not in self.peers.missing]

    def measure(
        self, names: Sequence[str], case: str, arguments: dict[str, Any], effort: Effort, **warm: Any
    ) -> dict[str, Measured]:
        """Measure a case in turns; `warm` are arguments of a small run before that compiles what there is."""
        present = self.installed(names)
        workers = {name: self.worker(name) for name in present}
        if warm:
            small = self.effort(Effort(rounds=0))
            measure_in_turns(workers, present, case, arguments | warm, small)
        return measure_in_turns(workers, present, case, arguments, self.effort(effort), compiled=bool(warm))

    def memory(self, name: str, case: str, arguments: dict[str, Any], runs: int = 1) -> float:
        """Peak of a fresh process in MB; everything is compiled and cached by the runs before it."""
        contender, log = self.contenders()[name], self.folder / "workers.log"
        return peak_memory(contender, case, arguments, log, 300.0, runs)


def lines_of(
    work: str,
    measured: Mapping[str, Measured],
    ours: str,
    goals: Mapping[str, float],
    *,
    needed: float = 1.0,
) -> list[Line]:
    """One line a contender; a ratio only where the results agree with `ours`."""
    base = measured[ours]
    if base.problem:
        return [Line(work, ours, f"failed: {base.problem}", reached=False)]
    lines = [Line(work, ours, duration(base.median), len(base.seconds))]
    for name, other in measured.items():
        if name != ours:
            lines.append(_against(work, base, other, goals.get(name), needed))
    return lines


def _against(work: str, base: Measured, other: Measured, factor: float | None, needed: float) -> Line:
    name = other.contender.name
    goal = f">= {factor:,g}x" if factor else ""
    if other.problem:
        return Line(work, name, f"no result: {other.problem}", goal=goal)
    agreement = compare(base.facts, other.facts, needed)
    ratio = other.median / base.median if agreement.holds else math.nan
    reached = ratio >= factor if factor and agreement.holds else None
    if factor and not agreement.holds:
        reached = False
    return Line(work, name, duration(other.median), len(other.seconds), ratio, goal, reached, str(agreement))


@cache
def _columns(length: int) -> dict[str, Any]:
    from marketdata.synthetic import SyntheticSpec, generate

    daily = length <= 10_000
    spec = SyntheticSpec(
        bars=length, seed=SEED, timeframe="1d" if daily else "1m", calendar="exchange" if daily else "24/7"
    )
    bars = generate(spec)
    return {name: getattr(bars, name) for name in ("time", "open", "high", "low", "close", "volume")}
