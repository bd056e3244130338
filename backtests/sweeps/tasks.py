"""What a job's process does for a sweep: compute and write the columns, then store the row in the job's transaction."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict

import numpy as np
from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.jobs.errors import JobCancelled
from algotrade.jobs.models import Job
from algotrade.templatetags import figures
from backtests import ledger
from backtests.engine.config import ENGINE_VERSION
from backtests.models import Sweep, TrialCount
from backtests.services import BEFOREHAND
from backtests.sweeps import columns
from backtests.sweeps.cells import Cells
from backtests.sweeps.errors import SweepNotFound
from backtests.sweeps.one_cell import differences
from backtests.sweeps.services import SweepService, best_rows
from strategies.registry import get_strategy_class

COMPUTING = 0.95


def run_sweep(context: JobContext) -> Callable[[], None]:
    """Compute the sweep named in the payload; the returned function stores it."""
    started = time.perf_counter()
    stored, sweep = _named(context)
    begun = BEFOREHAND if get_strategy_class(sweep.strategy_type).uses_model else 0.0
    cells = SweepService.compute(
        sweep,
        _counter(context, begun),
        lambda share, words: context.progress(COMPUTING * begun * share, words),
        context.checkpoints(sweep.fingerprint("method", "objective", "axes", "cell_count")),
    )
    context.progress(COMPUTING, _("Storing the combinations"))
    context.check()
    path, sha256 = columns.write(sweep.pk, cells.to_columns())
    best = best_rows(cells, sweep.objective)
    row = {
        "valid_count": cells.valid_count,
        "best": best,
        "best_value": best[0]["metrics"][sweep.objective] if best else None,
        "columns_path": path,
        "columns_sha256": sha256,
        "engine_version": ENGINE_VERSION,
        "duration_ms": (time.perf_counter() - started) * 1000,
    }

    def store() -> None:
        if not stored.update(**row):
            # Deleted while it was computed: cancelling removes the file, too.
            raise JobCancelled(context.job_id)
        _count_trials(sweep, cells)

    return store


def check_cell(context: JobContext) -> Callable[[], None]:
    """Run one cell alone; the outcome goes into the job's payload."""
    _stored, sweep = _named(context)
    found = differences(sweep, context.payload["cell"], lambda done, total: context.check(), context.progress)
    outcome = {
        "identical": not found,
        "differences": [asdict(item) for item in found],
        "engine": ENGINE_VERSION,
    }

    def store() -> None:
        Job.objects.filter(pk=context.job_id).update(payload={**context.payload, "outcome": outcome})

    return store


def _named(context: JobContext) -> tuple[object, Sweep]:
    stored = Sweep.objects.filter(pk=context.payload["sweep_id"], user_id=context.owner_id)
    sweep = stored.select_related("user", "series", "snapshot").first()
    if sweep is None:
        raise SweepNotFound(_("The sweep was deleted, so there is nothing to compute."))
    return stored, sweep


def _counter(context: JobContext, begun: float) -> Callable[[int, int], None]:
    """Tells how many combinations are done and how fast; raises when the job should stop.

    The first call is where it begins: what an attempt before this one has done says nothing about the speed.
    """
    first: tuple[int, float] | None = None

    def tell(done: int, total: int) -> None:
        nonlocal first
        if first is None:
            first = done, time.perf_counter()
        rate = (done - first[0]) / max(time.perf_counter() - first[1], 1e-6)
        numbers = {"done": figures.integer(done), "total": figures.integer(total)}
        said = _("%(done)s of %(total)s combinations")
        if rate:
            said = _("%(done)s of %(total)s combinations, %(rate)s a second")
            numbers["rate"] = figures.integer(rate)
        context.progress(COMPUTING * (begun + (1.0 - begun) * done / total), said % numbers)

    return tell


def _count_trials(sweep: Sweep, cells: Cells) -> None:
    """Each combination that was run is a trial; the ledger keeps the Sharpe ratio per bar."""
    sharpes = cells.metric("sharpe_ratio")[np.flatnonzero(cells.valid)] / math.sqrt(sweep.periods_per_year)
    ledger.record(
        user=sweep.user,
        series=sweep.series,
        strategy_type=sweep.strategy_type,
        source=TrialCount.Source.SWEEP,
        count=cells.valid_count,
        sharpes=sharpes,
    )
