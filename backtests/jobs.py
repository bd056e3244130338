"""The kind of long work that this app has. Light: read when Django starts; the handler loads in job processes only."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from algotrade.jobs.warmth import register_warm_up
from backtests import long_runs
from backtests.models import BacktestResult, ResultColumns

RUN_KIND = "backtests.run"


def follow(job: Job) -> None:
    """Copy the job's state into its result; one that did not succeed leaves no files behind."""
    BacktestResult.follow(job)
    result_id = job.payload.get("result_id")
    if job.state in {Job.State.FAILED, Job.State.CANCELLED} and result_id:
        transaction.on_commit(lambda: long_runs.files.remove(result_id))


def remove_columns(sender: Any, instance: ResultColumns, **kwargs: Any) -> None:
    """After a result is gone, whichever way, its files go too."""
    result_id = instance.result_id
    transaction.on_commit(lambda: long_runs.files.remove(result_id))


register_kind(
    JobKind(
        name=RUN_KIND,
        label=_("Backtest"),
        handler="backtests.tasks.run_backtest",
        on_state=follow,
        time_limit=600,
    )
)
register_warm_up("backtests.engine.warm.warm_up")
register_warm_up("backtests.engine.portfolio_warm.warm_up", later=True)
register_warm_up("backtests.optimize.warm.crossings", later=True)
register_warm_up("backtests.optimize.warm.targets", later=True)
