"""Changing what a series is called and how it is understood. Its bars stay; its quality may be seen anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.jobs.models import Job
from algotrade.jobs.querysets import lock_owner
from algotrade.jobs.services import submit
from marketdata.incoming import deriving
from marketdata.incoming.kinds import EXAMINE_KIND
from marketdata.keys import SeriesKey
from marketdata.models import Series


def change_series(
    *,
    asker: Any,
    series: Series,
    name: str | None = None,
    calendar: str | None = None,
    timezone: str | None = None,
) -> Job | None:
    """Change what is given; what follows from another calendar is told by `store_changes`, whose job is returned."""
    given = {"name": name.strip() if name is not None else None, "calendar": calendar, "timezone": timezone}
    wanted = replace(
        SeriesKey.of(series), **{key: value for key, value in given.items() if value is not None}
    )
    changed = [field for field in given if getattr(wanted, field) != getattr(series, field)]
    for field in changed:
        setattr(series, field, getattr(wanted, field))
    return store_changes(asker, series, changed)


def store_changes(asker: Any, series: Series, changed: Iterable[str]) -> Job | None:
    """Store the changed fields of a series, and no other: an import may have stored what it holds since it was read.

    Another calendar has its quality examined by the job that is returned, and what is made from it made anew.
    """
    fields = {*changed, "updated_at"}
    with transaction.atomic():
        lock_owner(asker.pk)  # before the series: the end of an examination goes the same way
        series.save(update_fields=fields)
        if "calendar" not in fields or not series.bar_count:
            return None
        # Longer bars follow the sessions of the calendar.
        transaction.on_commit(lambda: deriving.refresh_derived(series), robust=True)
        return submit_examination(asker, series)


def submit_examination(asker: Any, series: Series) -> Job:
    """Queue the job that examines the quality of a series anew."""
    return submit(
        kind=EXAMINE_KIND,
        owner=asker,
        title=_("Examination of %(series)s") % {"series": series},
        payload={"series": series.pk},
        result_url=series.get_absolute_url(),
    )
