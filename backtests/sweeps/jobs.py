"""The kinds of long work of sweeps. Light: read when Django starts; the handlers load in job processes only."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from backtests.models import Sweep
from backtests.sweeps import columns

SWEEP_KIND = "backtests.sweep"
CHECK_KIND = "backtests.sweep_check"


def follow(job: Job) -> None:
    """Copy the job's state into its sweep; one that did not succeed leaves no file behind."""
    Sweep.follow(job)
    sweep_id = job.payload.get("sweep_id")
    if job.state in {Job.State.FAILED, Job.State.CANCELLED} and sweep_id:
        transaction.on_commit(lambda: columns.remove(sweep_id))


def remove_columns(sender: Any, instance: Sweep, **kwargs: Any) -> None:
    """After a row is gone, whichever way, its file goes too."""
    sweep_id = instance.pk
    transaction.on_commit(lambda: columns.remove(sweep_id))


register_kind(
    JobKind(
        name=SWEEP_KIND,
        label=_("Sweep"),
        handler="backtests.sweeps.tasks.run_sweep",
        on_state=follow,
        time_limit=3600,
        long=True,
    )
)
register_kind(
    JobKind(
        name=CHECK_KIND,
        label=_("Check of a combination"),
        handler="backtests.sweeps.tasks.check_cell",
        time_limit=600,
    )
)
