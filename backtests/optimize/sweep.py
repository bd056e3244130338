"""The one way into a sweep: bars, a strategy, a space and an account in, columns of figures out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints
from algotrade.errors import nearest
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import EngineError
from backtests.engine.simulator import simulate
from backtests.optimize.cells import Request, batch_of, combinations_of, crossings_of
from backtests.optimize.errors import SpaceError
from backtests.optimize.lines import LineStore, as_crossing
from backtests.optimize.pieces import Pieces
from backtests.optimize.result import SWEEP_METRICS, SweepResult
from backtests.optimize.space import Space
from backtests.optimize.tasks import CrossingWork, Ground, TargetWork, crossing_tasks
from backtests.optimize.workers import run_all
from marketdata.bars import Bars
from strategies.base import BaseStrategy

Progress = Callable[[int, int], None]

_SETTINGS = tuple(entry.name for entry in fields(SimulationConfig))


def run_sweep(
    bars: Bars,
    strategy_class: type[BaseStrategy],
    parameters: Mapping[str, Any],
    space: Space,
    config: SimulationConfig | None = None,
    *,
    periods_per_year: float = 252.0,
    threads: int = 1,
    progress: Progress | None = None,
    keep_curves: int = 0,
    objective: str = "sharpe_ratio",
    checkpoints: Checkpoints = NOWHERE,
) -> SweepResult:
    """Backtest every cell of a space on the same bars.

    Parameters
    ----------
    bars : Bars
        At least one bar.
    strategy_class : type of BaseStrategy
    parameters : mapping
        The strategy's stored parameters; the axes' values take the place of theirs.
    space : Space
        A `Grid` or a `RandomSearch`.
    config : SimulationConfig, optional
        The account; axes named "configuration.<setting>" vary it.
    periods_per_year : float
        Bars per year: 252 for exchange days, 365 for days around the clock.
    threads : int
        Plain threads to compute on. The figures do not depend on it, bit for bit.
    progress : callable, optional
        Called in this thread with (cells done, all cells), about every 0.1 s of work or more often; may raise to
        stop the sweep.
    keep_curves : int
        Of how many of the best cells to keep the equity curve.
    objective : str
        The figure that says which cells are best.
    checkpoints : Checkpoints
        Where finished cells are kept every few seconds, and are taken from if this very sweep was begun before. The
        result does not depend on it, bit for bit.

    Returns
    -------
    SweepResult

    Raises
    ------
    SpaceError
        An axis that names no parameter or setting.
    EngineError
        No bars, or a periods_per_year that is not usable.
    """
    request = Request(strategy_class, parameters, config or SimulationConfig(), periods_per_year)
    _check(bars, request, space)
    count = space.cell_count
    out = np.full((len(SWEEP_METRICS), count), np.nan)
    valid = np.zeros(count, dtype=np.bool_)
    values = {axis.name: np.empty(count, axis.column.dtype) for axis in space.axes}
    ground = Ground(bars, request, out)
    crossing = as_crossing(strategy_class)
    lines = LineStore(bars, crossing.lines, count) if crossing else None
    pieces = Pieces(out, valid, checkpoints)
    for name, column in space.values_of(0, pieces.resumed).items():
        values[name][: pieces.resumed] = column
    finished = 0

    def done(cells: int) -> None:
        nonlocal finished
        finished += cells
        if progress is not None:
            progress(finished, count)

    if pieces.resumed:
        done(pieces.resumed)
    for first, last in pieces.batches():
        columns = space.values_of(first, last)
        for name, column in columns.items():
            values[name][first:last] = column
        batch = batch_of(request, columns, last - first)
        before = finished
        found = crossings_of(request, crossing, batch) if crossing else None
        if found is not None and lines is not None:
            run_all(
                crossing_tasks(found, len(bars)),
                CrossingWork(ground, batch, found, lines, first),
                threads,
                done,
            )
            valid[first + found.cells] = True
        else:
            work = TargetWork(ground, batch, *combinations_of(batch), first)
            run_all(work.tasks(), work, threads, done)
            valid[first:last] = work.valid
        done(last - first - (finished - before))
    metrics = dict(zip(SWEEP_METRICS, out, strict=True))
    curves: dict[int, NDArray[np.float64]] = {}
    result = SweepResult(values, metrics, valid, curves)
    for cell in result.best(objective, keep_curves).tolist():
        strategy, account = request.cell(result.values, cell)
        size = strategy.size(bars)
        sim = simulate(bars, strategy.target(bars), account, periods_per_year=periods_per_year, size=size)
        curves[cell] = sim.equity
    return result


def _check(bars: Bars, request: Request, space: Space) -> None:
    if len(bars) == 0:
        raise EngineError("There are no bars to simulate. Choose a period that has data.")
    periods = request.periods_per_year
    if not (math.isfinite(periods) and periods > 0):
        message = f"periods_per_year {periods} is not usable. Give bars per year, for example 252."
        raise EngineError(message, fields={"periods_per_year": [message]})
    tunable = [param.name for param in request.strategy_class.tunable(request.parameters)]
    for axis in space.axes:
        name, known = (axis.setting, _SETTINGS) if axis.setting else (axis.name, tunable)
        if name not in known:
            message = f"{axis.name} is nothing a sweep can vary. {nearest(name, known)}"
            raise SpaceError(message, fields={axis.name: [message]})
