"""What the lab does by the clock: declared once by the apps, kept as rows that the admin shows.

After each migration every declared task has its row in the tables of django-celery-beat. In full operation beat reads
those rows and sends the tasks to the workers; in embedded operation `algotrade.jobs.clock` runs the same rows in the
web process. What staff change in the admin stays: whether a task is switched on, and when it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections, transaction

TABLE = "django_celery_beat_periodictask"


@dataclass(frozen=True, slots=True)
class ClockTime:
    """At an hour and a minute in UTC, every day or on one day of the week (0 is Sunday)."""

    hour: int
    minute: int
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Periodic:
    """One thing that is done by the clock.

    Parameters
    ----------
    name : str
        What the admin shows; the row is found again by it.
    task : str
        Name of the Celery task, which takes no arguments.
    when : timedelta or ClockTime
        How long between two runs, or at which time of day.
    description : str
    expires : int or None
        Seconds after which a message that no worker took is worthless.
    essential : bool
        Switched on again at each migration, because nothing works without it.
    """

    name: str
    task: str
    when: timedelta | ClockTime
    description: str
    expires: int | None = None
    essential: bool = False


_declared: dict[str, Periodic] = {}


def register_periodic(periodic: Periodic) -> None:
    """Declare a task. A second one of the same name is a programming error."""
    if periodic.name in _declared:
        raise ValueError(f"The periodic task {periodic.name!r} is declared twice.")
    _declared[periodic.name] = periodic


def declared() -> tuple[Periodic, ...]:
    """What is declared, by name."""
    return tuple(_declared[name] for name in sorted(_declared))


def sync(using: str = "default", **kwargs: Any) -> None:
    """Give every declared task its row; called after migrations. Rows that are there keep what staff may change."""
    if TABLE not in connections[using].introspection.table_names():
        return  # only some apps were migrated
    from django_celery_beat.models import PeriodicTask

    with transaction.atomic(using=using):
        known = {row.name: row for row in PeriodicTask.objects.using(using).filter(name__in=_declared)}
        for periodic in declared():
            row = known.get(periodic.name) or PeriodicTask(name=periodic.name, **_when(periodic.when, using))
            if _describe(row, periodic):
                row.save(using=using)


def _describe(row: Any, periodic: Periodic) -> bool:
    """Set what the code decides; whether anything was different."""
    wanted: dict[str, Any] = {
        "task": periodic.task,
        "description": periodic.description,
        "expire_seconds": periodic.expires,
    }
    if periodic.essential:
        wanted["enabled"] = True
    different = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different) or row.pk is None


def _when(when: timedelta | ClockTime, using: str) -> dict[str, Any]:
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    if isinstance(when, timedelta):
        seconds = int(when.total_seconds())
        every, period = (
            (seconds // 60, IntervalSchedule.MINUTES)
            if seconds % 60 == 0
            else (seconds, IntervalSchedule.SECONDS)
        )
        interval, _made = IntervalSchedule.objects.using(using).get_or_create(every=every, period=period)
        return {"interval": interval}
    crontab, _made = CrontabSchedule.objects.using(using).get_or_create(
        minute=str(when.minute),
        hour=str(when.hour),
        day_of_week="*" if when.day is None else str(when.day),
        day_of_month="*",
        month_of_year="*",
        timezone="UTC",
    )
    return {"crontab": crontab}


register_periodic(
    Periodic(
        name="Sweep jobs",
        task="jobs.sweep",
        when=timedelta(seconds=5),
        description="Gives lost jobs back to the queue and ends overdue ones. (Each job pool does it, too.)",
        expires=5,
        essential=True,
    )
)
register_periodic(
    Periodic(
        name="Discard what jobs left",
        task="jobs.discard_left_behind",
        when=timedelta(hours=1),
        description="Removes units of work that ended jobs kept for another attempt, and drafts of killed writers.",
        expires=3600,
    )
)
