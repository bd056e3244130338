"""What a job's process does for a backtest: compute with no transaction open, then store in the job's own."""

import math
import time
from collections.abc import Callable

from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.jobs.context import JobContext
from algotrade.jobs.errors import JobCancelled
from backtests import ledger
from backtests.errors import BacktestNotFound
from backtests.models import BacktestResult, TrialCount
from backtests.outcome import store_columns, store_model_use
from backtests.portfolios import store_contributions
from backtests.services import BacktestService


def run_backtest(context: JobContext) -> Callable[[], None]:
    """Compute the result named in the payload; the returned function writes it."""
    started = time.perf_counter()
    stored = BacktestResult.objects.filter(pk=context.payload["result_id"], user_id=context.owner_id)
    result = stored.select_related("user", "series", "snapshot").first()
    if result is None:
        raise BacktestNotFound(_("The backtest was deleted, so there is nothing to compute."))
    kept = context.checkpoints(result.fingerprint())
    outcome = BacktestService.run_backtest(result, progress=context.progress, checkpoints=kept)
    meters.engine_bars.add("backtest", by=outcome.bar_count)
    meters.engine_seconds.add("backtest", by=time.perf_counter() - started)
    context.progress(0.95, _("Storing the result"))
    sharpe = outcome.metrics["sharpe_ratio"]
    stored_columns = outcome.long.write(result.pk) if outcome.long else {}
    columns = {**outcome.columns(), "duration_ms": (time.perf_counter() - started) * 1000}

    def store() -> None:
        if not stored.update(**columns):
            # Deleted while it was computed; the delete has asked the job to stop.
            raise JobCancelled(context.job_id)
        if outcome.contributions:
            store_contributions(result.pk, outcome.contributions)
        store_columns(result.pk, stored_columns)
        if use := outcome.model_use():
            store_model_use(result.pk, use)
        ledger.record(
            user=result.user,
            series=result.series,
            strategy_type=result.strategy_type,
            source=TrialCount.Source.RUN,
            count=1,
            sharpes=[] if sharpe is None else [sharpe / math.sqrt(result.periods_per_year)],
        )

    return store
