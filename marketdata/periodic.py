"""What market data does by the clock: Celery tasks, thin and without arguments, and when they run."""

from datetime import timedelta

from celery import shared_task
from django.utils.module_loading import import_string

from algotrade.jobs.schedule import ClockTime, Periodic, register_periodic
from marketdata.incoming import deriving, feeds


@shared_task(name="marketdata.refresh_feeds")
def refresh_feeds() -> None:
    """Queue a download for each feed that is due."""
    feeds.refresh_due()


@shared_task(name="marketdata.refresh_derived")
def refresh_derived() -> None:
    """Queue the making of each derived series that was not made from what its source holds."""
    deriving.refresh_stale()


@shared_task(name="marketdata.collect_snapshots")
def collect_snapshots() -> None:
    """Remove snapshots that nothing refers to, and what dead imports left behind."""
    import_string("marketdata.store.collecting.collect_snapshots")()


@shared_task(name="marketdata.discard_left_behind")
def discard_left_behind() -> None:
    """Remove rows, drafts and files of imports that were killed before they could tidy up."""
    import_string("marketdata.store.leftovers.discard_left_behind")()


@shared_task(name="marketdata.check_snapshots")
def check_snapshots() -> None:
    """Compare the files of snapshots with their fingerprints; rebuild or report what is damaged."""
    import_string("marketdata.store.collecting.check_snapshots")()


def declare() -> None:
    """Make the tasks known to the schedule; called once, when the app is ready."""
    register_periodic(
        Periodic(
            name="Refresh feeds",
            task="marketdata.refresh_feeds",
            when=timedelta(minutes=1),
            description="Queues a download for each feed that is due.",
            expires=60,
        )
    )
    register_periodic(
        Periodic(
            name="Refresh derived series",
            task="marketdata.refresh_derived",
            when=timedelta(minutes=10),
            description="Makes derived series again whose source has changed, should that have been missed.",
            expires=600,
        )
    )
    register_periodic(
        Periodic(
            name="Collect snapshots",
            task="marketdata.collect_snapshots",
            when=ClockTime(hour=3, minute=10),
            description="Removes snapshots that no series and no result refers to, and what dead imports left behind.",
            expires=12 * 3600,
        )
    )
    register_periodic(
        Periodic(
            name="Discard what imports left",
            task="marketdata.discard_left_behind",
            when=timedelta(hours=1),
            description="Removes rows that nobody sees, of imports that were killed before they could tidy up.",
            expires=3600,
        )
    )
    register_periodic(
        Periodic(
            name="Check snapshots",
            task="marketdata.check_snapshots",
            when=ClockTime(hour=3, minute=40, day=0),
            description="Compares the files of snapshots with their fingerprints; rebuilds or reports what is damaged.",
            expires=24 * 3600,
        )
    )
