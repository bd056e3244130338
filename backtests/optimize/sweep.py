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
from backtests.optimize.space import Columns, Space
from backtests.optimize.tasks import CrossingWork, Ground, TargetWork, crossing_tasks
from backtests.optimize.workers import run_all
from marketdata.bars import Bars
from strategies.base import BaseStrategy

Progress = Callable[[int, int], None]
Floats = NDArray[np.float64]

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
    run = _Run(bars, request, space, threads, progress, checkpoints)
    run.compute()
    curves: dict[int, Floats] = {}
    result = SweepResult(run.values, dict(zip(SWEEP_METRICS, run.out, strict=True)), run.valid, curves)
    for cell in result.best(objective, keep_curves).tolist():
        curves[cell] = _equity_of(bars, request, result, cell)
    return result


class _Run:
    """One sweep while it is computed: its columns, filled a batch after the other, and how many cells are done."""

    def __init__(
        self,
        bars: Bars,
        request: Request,
        space: Space,
        threads: int,
        progress: Progress | None,
        checkpoints: Checkpoints,
    ) -> None:
        self._bars, self._request, self._space = bars, request, space
        self._threads, self._progress = threads, progress
        self._count = space.cell_count
        self._finished = 0
        self.out = np.full((len(SWEEP_METRICS), self._count), np.nan)
        self.valid = np.zeros(self._count, dtype=np.bool_)
        self.values = {axis.name: np.empty(self._count, axis.column.dtype) for axis in space.axes}
        self._ground = Ground(bars, request, self.out)
        self._crossing = as_crossing(request.strategy_class)
        self._lines = LineStore(bars, self._crossing.lines, self._count) if self._crossing else None
        self._pieces = Pieces(self.out, self.valid, checkpoints)

    def compute(self) -> None:
        """Compute every cell that was not taken over from checkpoints."""
        for first, last in self._pieces.resumed:
            self._lay_out(first, last)
        if self._pieces.resumed:
            self._done(sum(last - first for first, last in self._pieces.resumed))
        for first, last in self._pieces.batches():
            before = self._finished
            self._compute_batch(first, last)
            self._done(last - first - (self._finished - before))

    def _compute_batch(self, first: int, last: int) -> None:
        """Compute a range of cells: from crossings of stored lines where the strategy is one, else from its targets."""
        batch = batch_of(self._request, self._lay_out(first, last), last - first)
        found = crossings_of(self._request, self._crossing, batch) if self._crossing else None
        if found is not None and self._lines is not None:
            crossings = CrossingWork(self._ground, batch, found, self._lines, first)
            run_all(crossing_tasks(found, len(self._bars)), crossings, self._threads, self._done)
            self.valid[first + found.cells] = True
        else:
            targets = TargetWork(self._ground, batch, *combinations_of(batch), first)
            run_all(targets.tasks(), targets, self._threads, self._done)
            self.valid[first:last] = targets.valid

    def _lay_out(self, first: int, last: int) -> Columns:
        """The values of the axes for a range of cells, which become part of the result's columns."""
        columns = self._space.values_of(first, last)
        for name, column in columns.items():
            self.values[name][first:last] = column
        return columns

    def _done(self, cells: int) -> None:
        self._finished += cells
        if self._progress is not None:
            self._progress(self._finished, self._count)


def _equity_of(bars: Bars, request: Request, result: SweepResult, cell: int) -> Floats:
    """The equity curve of one cell, computed alone."""
    strategy, account = request.cell(result.values, cell)
    size, target = strategy.size(bars), strategy.target(bars)
    return simulate(bars, target, account, periods_per_year=request.periods_per_year, size=size).equity


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
