"""What is done with one cell of a sweep: run it as a backtest, save it as a strategy, check it by a run alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput
from algotrade.jobs import services as jobs
from algotrade.jobs.models import Job
from backtests.engine.config import SimulationConfig
from backtests.models import BacktestResult, Sweep
from backtests.optimize.result import SWEEP_METRICS
from backtests.optimize.space import Axis, Grid
from backtests.preparation import takes_minutes
from backtests.services import BacktestService
from backtests.sweeps.axes import Varied
from backtests.sweeps.cells import COUNTS, Cells
from backtests.sweeps.errors import CellRefused, SweepNotFound
from backtests.sweeps.jobs import CHECK_KIND
from backtests.sweeps.services import Progress, SweepService, Tell, run
from strategies.models import Strategy
from strategies.registry import get_strategy_class
from strategies.services import StrategyService


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that came out otherwise when its cell was run alone."""

    name: str
    stored: float | int | None
    again: float | int | None


def the_cell(sweep: Sweep, cell: int) -> tuple[Cells, int]:
    """The stored cells, and the number if there is such a cell."""
    cells = SweepService.cells(sweep)
    if not 0 <= cell < len(cells):
        said = _("This sweep has %(count)d combinations, counted from 0: there is no number %(cell)d.")
        raise SweepNotFound(said % {"count": len(cells), "cell": cell})
    return cells, cell


def settings_of(sweep: Sweep, values: Mapping[str, Any]) -> tuple[dict[str, Any], SimulationConfig]:
    """Parameters and account of one combination, or `CellRefused` with the reason."""
    varied = Varied(
        get_strategy_class(sweep.strategy_type),
        sweep.parameters,
        SimulationConfig.from_dict(sweep.configuration),
    )
    try:
        return varied.at(values)
    except InvalidInput as error:
        raise CellRefused(error.detail, fields=error.fields) from error


def run_cell(sweep: Sweep, cell: int) -> BacktestResult:
    """A full backtest of one cell, on the bytes of data that the sweep read."""
    cells, cell = the_cell(sweep, cell)
    parameters, config = settings_of(sweep, cells.values(cell))
    return BacktestService.submit_frozen(sweep, parameters=parameters, configuration=config.to_dict())


def save_cell(sweep: Sweep, cell: int) -> Strategy:
    """One cell as a strategy of its own, under a free name."""
    cells, cell = the_cell(sweep, cell)
    parameters, config = settings_of(sweep, cells.values(cell))
    said = _("Combination %(cell)d of %(count)d tried on %(symbol)s, %(start)s to %(end)s.")
    facts = {"cell": cell, "count": len(cells), "symbol": sweep.symbol}
    return StrategyService.create(
        user=sweep.user,
        name=StrategyService.suggest_name(
            sweep.user, _("%(name)s, tuned") % {"name": sweep.strategy_name[:80]}
        ),
        strategy_type=sweep.strategy_type,
        parameters=parameters,
        symbol=sweep.symbol,
        timeframe=sweep.timeframe,
        initial_capital=str(config.initial_capital),
        description=said % {**facts, "start": sweep.start_date, "end": sweep.end_date},
    )


def check_cell(sweep: Sweep, cell: int) -> Job:
    """Queue a job that runs one cell alone and compares every byte; its outcome is in the job's payload."""
    cells, cell = the_cell(sweep, cell)
    settings_of(sweep, cells.values(cell))
    SweepService.require_computable(sweep)
    return jobs.submit(
        kind=CHECK_KIND,
        owner=sweep.user,
        title=_("Combination %(cell)d of %(sweep)s, run alone") % {"cell": cell, "sweep": sweep.title},
        payload={"sweep_id": sweep.pk, "cell": cell},
        result_url=sweep.get_absolute_url(),
        long=takes_minutes(sweep),
    )


def differences(
    sweep: Sweep, cell: int, progress: Progress | None = None, tell: Tell | None = None
) -> list[Difference]:
    """What differs by any bit between the stored cell and the same cell run alone; nothing should."""
    cells, cell = the_cell(sweep, cell)
    values = cells.values(cell)
    axes = tuple(Axis(name, (value,)) for name, value in values.items())
    alone = run(sweep, axes, Grid(axes), progress, tell)
    return [
        Difference(name, cells.figures(cell)[name], alone.figures(0)[name])
        for name in SWEEP_METRICS
        if _bytes_of(cells, name, cell) != _bytes_of(alone, name, 0)
    ]


def _bytes_of(cells: Cells, name: str, cell: int) -> bytes:
    value = cells.metrics[name][cell]
    if name not in COUNTS and np.isnan(value):
        return b""  # one kind of NaN, as in the file
    return value.tobytes()


def require_check_of(job: Job, sweep: Sweep, cell: int) -> Job:
    """The job itself if it checks this very cell."""
    if (job.payload.get("sweep_id"), job.payload.get("cell")) != (sweep.pk, cell):
        raise SweepNotFound(_("This job does not check this combination."))
    return job
