"""What market data does by the clock: Celery tasks, thin and without arguments, and when they run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils.module_loading import import_string

from algotrade.jobs.schedule import ClockTime, Periodic, register_periodic
from marketdata.incoming import deriving, feeds

_periodics: list[Periodic] = []


def _by_the_clock(
    name: str, when: timedelta | ClockTime, *, expires: timedelta
) -> Callable[[Callable[[], None]], Any]:
    """Make a function a task that the schedule runs; its docstring describes it in the admin."""

    def declared(function: Callable[[], None]) -> Any:
        task = shared_task(name=f"marketdata.{function.__name__}")(function)
        said = function.__doc__ or ""
        _periodics.append(Periodic(name, task.name, when, said, int(expires.total_seconds())))
        return task

    return declared


@_by_the_clock("Refresh feeds", timedelta(minutes=1), expires=timedelta(minutes=1))
def refresh_feeds() -> None:
    """Queues a download for each feed that is due."""
    feeds.refresh_due()


@_by_the_clock("Refresh derived series", timedelta(minutes=10), expires=timedelta(minutes=10))
def refresh_derived() -> None:
    """Makes derived series again whose source has changed, should that have been missed."""
    deriving.refresh_stale()


@_by_the_clock("Collect snapshots", ClockTime(hour=3, minute=10), expires=timedelta(hours=12))
def collect_snapshots() -> None:
    """Removes snapshots that no series and no result refers to, and what dead imports left behind."""
    import_string("marketdata.store.collecting.collect_snapshots")()


@_by_the_clock("Discard what imports left", timedelta(hours=1), expires=timedelta(hours=1))
def discard_left_behind() -> None:
    """Removes rows that do not count: of imports that were killed, replaced ones, and those of deleted series."""
    import_string("marketdata.store.leftovers.discard_left_behind")()


@_by_the_clock("Check snapshots", ClockTime(hour=3, minute=40, day=0), expires=timedelta(days=1))
def check_snapshots() -> None:
    """Compares the files of snapshots with their fingerprints; rebuilds or reports what is damaged."""
    import_string("marketdata.store.collecting.check_snapshots")()


def declare() -> None:
    """Make the tasks known to the schedule; called once, when the app is ready."""
    for periodic in _periodics:
        register_periodic(periodic)
