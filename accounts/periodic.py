"""What accounts do by the clock."""

from datetime import timedelta

from celery import shared_task

from accounts import closing, exporting
from algotrade.jobs.schedule import Periodic, register_periodic


@shared_task(name="accounts.finish_closing")
def finish_closing() -> None:
    """Goes on removing the data of accounts that were deleted."""
    closing.finish_all()


@shared_task(name="accounts.tidy_exports")
def tidy_exports() -> None:
    """Removes copies of users' data whose time is over, and what killed jobs left of them."""
    exporting.tidy()


def declare() -> None:
    """Make the tasks known to the schedule; called once, when the app is ready."""
    for name, task, every in (
        ("Finish deleted accounts", finish_closing, timedelta(minutes=1)),
        ("Remove old copies of data", tidy_exports, timedelta(hours=1)),
    ):
        register_periodic(
            Periodic(name, task.name, every, task.run.__doc__ or "", int(every.total_seconds()))
        )
