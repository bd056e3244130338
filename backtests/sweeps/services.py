"""Asking for a sweep, computing it, and what is done with its cells. Pages, API and jobs all go through here.

The engine loads in job processes only (`optimize.run_sweep` on first use).
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.checkpoints import NOWHERE, Checkpoints
from algotrade.errors import InvalidInput, nearest, shown
from algotrade.jobs.computed import ComputedService
from algotrade.templatetags import figures
from backtests import optimize
from backtests.engine.config import SimulationConfig
from backtests.models import Sweep
from backtests.models.frozen import FROZEN
from backtests.optimize.space import Axis, Grid, Space
from backtests.preparation import Problems, build, check_period, configure, current_data, problems_again
from backtests.sweeps import columns
from backtests.sweeps.axes import (
    Estimate,
    Varied,
    axes_of,
    estimate,
    parameters_with_fixed,
    read_axes,
    read_space,
    stored_axes,
    values_at,
)
from backtests.sweeps.cells import Cells
from backtests.sweeps.errors import SweepRefused, SweepTooLarge, SweepUnfinished
from backtests.sweeps.jobs import SWEEP_KIND
from marketdata.models import Series
from marketdata.services import open_snapshot
from strategies.errors import StrategyNotFound
from strategies.models import Strategy
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class

OBJECTIVES = (
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "total_return",
    "cagr",
    "profit_factor",
    "max_drawdown",
    "win_rate",
)
KEPT_BEST = 10
LARGEST_SEED = 2**31 - 1

Progress = Callable[[int, int], None]
Tell = Callable[[float, str], None]


class SweepService(ComputedService):
    """Submit, count, cancel, delete, and everything about one cell."""

    @classmethod
    def submit(
        cls,
        *,
        user: Any,
        strategy: Strategy,
        axes: Any,
        series: Series | None = None,
        start_date: dt.date | None = None,
        end_date: dt.date | None = None,
        configuration: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        method: str = Sweep.Method.GRID,
        samples: int | None = None,
        seed: int = 0,
        objective: str = "sharpe_ratio",
    ) -> Sweep:
        """Check everything, freeze it, and queue the job. Every problem is told at once, by field.

        `parameters` replaces stored parameters of the strategy that stay at one value; the rest is as for a backtest.
        """
        problems: Problems = {}
        varied, space = cls._read(
            user, strategy, configuration, parameters, axes, method, samples, seed, problems
        )
        _check_choices(objective, seed, problems)
        snapshot = current_data(strategy, user, series, problems)
        # Without a strategy: the warm-up of the saved values says nothing about those that are tried.
        period = check_period(snapshot, start_date, end_date, None, problems) if snapshot else None
        if varied and snapshot and period and varied.strategy_class.uses_model:
            # Nothing that a sweep can vary changes which models are trained.
            check_period(snapshot, start_date, end_date, strategy.build(), problems)
        if problems or varied is None or space is None or period is None:
            raise SweepRefused(fields=problems)
        _check_work(space.cell_count, len(open_snapshot(snapshot, start=period.start, end=period.end)))
        _check_some_can_run(space, varied)
        return _queue(
            Sweep.freeze(
                user=user,
                strategy=strategy,
                snapshot=snapshot,
                period=period,
                configuration=varied.config,
                parameters=parameters_with_fixed(space, varied),
                seed=seed,
                method=method,
                objective=objective,
                axes=stored_axes(space.axes),
                cell_count=space.cell_count,
            )
        )

    @classmethod
    def count(
        cls,
        *,
        user: Any,
        strategy: Strategy,
        axes: Any,
        configuration: Mapping[str, Any] | None = None,
        parameters: Mapping[str, Any] | None = None,
        method: str = Sweep.Method.GRID,
        samples: int | None = None,
        seed: int = 0,
    ) -> Estimate:
        """How many combinations would be tried and could be run; nothing is stored. Refused like `submit`."""
        problems: Problems = {}
        varied, space = cls._read(
            user, strategy, configuration, parameters, axes, method, samples, seed, problems
        )
        if problems or varied is None or space is None:
            raise SweepRefused(fields=problems)
        return estimate(space, varied)

    @classmethod
    def _read(
        cls,
        user: Any,
        strategy: Strategy,
        configuration: Mapping[str, Any] | None,
        parameters: Mapping[str, Any] | None,
        axes: Any,
        method: str,
        samples: int | None,
        seed: int,
        problems: Problems,
    ) -> tuple[Varied | None, Space | None]:
        if strategy.user_id != user.pk:
            raise StrategyNotFound(_("There is no such strategy of yours."))
        config = configure(strategy, configuration, problems)
        built = build(strategy, user, problems)
        if built is None or config is None:
            return None, None
        if isinstance(built, PortfolioStrategy):
            said = _("This strategy trades several symbols at once. Sweeps vary strategies over one symbol.")
            problems["strategy"] = [said]
            return None, None
        varied = Varied(type(built), built.parameters, config, parameters or {})
        found = read_axes(axes, varied, problems)
        if problems or not found:
            return varied, None
        return varied, read_space(found, method, samples, seed, problems)

    @classmethod
    def rerun(cls, sweep: Sweep) -> Sweep:
        """Run exactly the same again: same axes, settings and bytes of data."""
        cls.require_computable(sweep)
        names = (*FROZEN, "method", "objective", "axes", "cell_count")
        return _queue(Sweep(**{name: getattr(sweep, name) for name in names}))

    @staticmethod
    def require_computable(sweep: Sweep) -> None:
        """Refuse to compute again what can no longer be: its model was deleted, its type of strategy is gone."""
        if problems := problems_again(sweep):
            raise SweepRefused(fields=problems)

    @classmethod
    def compute(
        cls,
        sweep: Sweep,
        progress: Progress | None = None,
        tell: Tell | None = None,
        checkpoints: Checkpoints = NOWHERE,
    ) -> Cells:
        """Every cell of what `sweep` froze. Writes no rows; `progress` and `tell` may raise to stop it.

        `tell` hears of what a strategy does before it decides (training models): the share done, and plain words.
        """
        axes = axes_of(sweep.axes)
        return run(sweep, axes, space_of(sweep, axes), progress, tell, checkpoints)

    @classmethod
    def cells(cls, sweep: Sweep) -> Cells:
        """The stored cells, memory-mapped."""
        if not sweep.is_succeeded:
            raise SweepUnfinished(
                _("This sweep has no cells: it is %(state)s.") % {"state": sweep.get_status_display()}
            )
        stored = columns.read(sweep.columns_path, sweep.columns_sha256)
        return Cells.of_columns(axes_of(sweep.axes), stored, is_grid=sweep.method == Sweep.Method.GRID)


def _check_choices(objective: str, seed: Any, problems: Problems) -> None:
    if objective not in OBJECTIVES:
        problems["objective"] = [f"{shown(objective)}: {nearest(objective, OBJECTIVES)}"]
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LARGEST_SEED:
        problems["seed"] = [_("Give a whole number from 0 to %(most)d.") % {"most": LARGEST_SEED}]


def _check_work(cells: int, bars: int) -> None:
    """Refuse what could not end within the time a sweep has: bars times combinations."""
    if cells * bars <= settings.SWEEP_MAX_BAR_CELLS:
        return
    said = _(
        "%(cells)s combinations over %(bars)s bars are %(work)s bars to compute; this lab computes at most %(limit)s "
        "in one sweep (SWEEP_MAX_BAR_CELLS). Take fewer values, a shorter period or a coarser timeframe."
    )
    numbers = {"cells": cells, "bars": bars, "work": cells * bars, "limit": settings.SWEEP_MAX_BAR_CELLS}
    raise SweepTooLarge(
        fields={"axes": [said % {name: figures.integer(number) for name, number in numbers.items()}]}
    )


def _check_some_can_run(space: Space, varied: Varied) -> None:
    """Refuse a space without a cell that can be run, in the words that refuse its first one."""
    if estimate(space, varied).valid:
        return
    why = ""
    try:
        varied.at(values_at(space, 0))
    except InvalidInput as error:
        why = error.detail
    said = _("None of these combinations can be run: %(why)s")
    raise SweepRefused(fields={"axes": [said % {"why": why}]})


def run(
    sweep: Sweep,
    axes: tuple[Axis, ...],
    space: Space,
    progress: Progress | None,
    tell: Tell | None = None,
    checkpoints: Checkpoints = NOWHERE,
) -> Cells:
    """The cells of a space on the bytes of data that `sweep` froze."""
    bars = open_snapshot(sweep.snapshot, start=sweep.start_date, end=sweep.end_date)
    strategy_class = get_strategy_class(sweep.strategy_type)
    if tell is not None:
        strategy = strategy_class(**sweep.parameters)
        strategy.checkpoints = checkpoints
        strategy.begin(bars, tell)
    started = time.perf_counter()
    result = optimize.run_sweep(
        bars,
        strategy_class,
        sweep.parameters,
        space,
        SimulationConfig.from_dict(sweep.configuration),
        periods_per_year=sweep.periods_per_year,
        threads=settings.SWEEP_THREADS,
        progress=progress,
        objective=sweep.objective,
        checkpoints=checkpoints,
    )
    meters.engine_bars.add("sweep", by=len(bars) * space.cell_count)
    meters.engine_seconds.add("sweep", by=time.perf_counter() - started)
    return Cells.of_result(axes, result, is_grid=isinstance(space, Grid))


def space_of(sweep: Sweep, axes: tuple[Axis, ...]) -> Space:
    """The cells that a sweep's row names."""
    if sweep.method == Sweep.Method.RANDOM:
        return optimize.RandomSearch(axes, sweep.cell_count, sweep.seed)
    return Grid(axes)


def best_rows(cells: Cells, objective: str) -> list[dict[str, Any]]:
    """The best cells as the sweep's row keeps them, for lists that do not open the file."""
    numbers: Sequence[int] = cells.page(cells.best_first(objective), 0, KEPT_BEST)
    known = ~np.isnan(cells.metric(objective)[np.array(numbers, dtype=np.int64)])
    return [cells.row(number) for number, good in zip(numbers, known, strict=True) if good]


def _queue(sweep: Sweep) -> Sweep:
    sweep.queue(SWEEP_KIND, _("Sweep of %(title)s") % {"title": sweep.title}, "sweep_id")
    return sweep
