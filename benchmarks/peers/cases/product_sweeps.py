"""The product's sweeps, through the one function that its jobs call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from backtests.optimize import Axis, Grid, SweepResult, run_sweep, tasks
from benchmarks.peers.cases import Arguments, Facts, Prepared
from benchmarks.peers.cases.product import PERIODS, account, bars_of
from benchmarks.peers.ratios import sharpe_with_first_bar
from strategies.library.moving_average_crossover import MovingAverageCrossoverStrategy

LONGEST = max(getattr(param, "maximum", 0) for param in MovingAverageCrossoverStrategy.params)


class WideCrossover(MovingAverageCrossoverStrategy):
    """The same strategy with windows up to 5,000 bars, so that a million different pairs exist."""

    params: ClassVar[Any] = tuple(
        replace(param, maximum=5000) if hasattr(param, "maximum") else param
        for param in MovingAverageCrossoverStrategy.params
    )


def pairs(arguments: Arguments) -> Prepared:
    """Every (fast, slow) pair of a grid; `threads` and `keep_curves` as given."""
    bars, config = bars_of(arguments["bars"]), account(arguments)
    fast, slow = (range(*arguments[name]) for name in ("fast", "slow"))
    strategy = WideCrossover if slow[-1] > LONGEST else MovingAverageCrossoverStrategy
    space = Grid([Axis("fast_period", tuple(fast)), Axis("slow_period", tuple(slow))])
    more = {"threads": arguments.get("threads", 1), "keep_curves": arguments.get("keep_curves", 0)}

    def run() -> SweepResult:
        with _tiles(arguments.get("untiled", False)):
            return run_sweep(bars, strategy, {}, space, config, periods_per_year=PERIODS, **more)

    return Prepared(run, lambda result: _facts(result, len(bars), arguments))


@contextmanager
def _tiles(whole: bool) -> Iterator[None]:
    """Let one tile be the whole series, to see what tiles are worth."""
    usual = tasks._TILE_BYTES
    tasks._TILE_BYTES = 2**60 if whole else usual
    try:
        yield
    finally:
        tasks._TILE_BYTES = usual


def _facts(result: SweepResult, length: int, arguments: Arguments) -> Facts:
    if arguments.get("brief"):
        return {"valid": int(result.valid.sum()), "curves": len(result.curves)}
    metrics = result.metrics
    with_first = sharpe_with_first_bar(metrics["sharpe_ratio"], metrics["volatility"], length, PERIODS)
    return {
        "final_equity": metrics["final_equity"].tolist(),
        "sharpe_ratio": metrics["sharpe_ratio"].tolist(),
        "sharpe_with_first_bar": np.asarray(with_first).tolist(),
        "max_drawdown": metrics["max_drawdown"].tolist(),
        "trades": metrics["total_trades"].tolist(),
    }


CASES: dict[str, Callable[[Arguments], Prepared]] = {"pairs": pairs}
