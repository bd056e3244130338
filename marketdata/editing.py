"""Changing what a series is called and how it is understood. Its bars stay; its quality may be seen anew."""

from __future__ import annotations

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
    """Change what is given. With another calendar see `follow_calendar`, whose job is returned."""
    given = {"name": name.strip() if name is not None else None, "calendar": calendar, "timezone": timezone}
    wanted = replace(
        SeriesKey.of(series), **{key: value for key, value in given.items() if value is not None}
    )
    recount = wanted.calendar != series.calendar
    with transaction.atomic():
        lock_owner(asker.pk)  # before the series: the end of an import goes the same way
        series.name, series.calendar, series.timezone = wanted.name, wanted.calendar, wanted.timezone
        series.save(update_fields=["name", "calendar", "timezone", "updated_at"])
        if not (recount and series.bar_count):
            return None
        return follow_calendar(asker, series)


def follow_calendar(asker: Any, series: Series) -> Job:
    """Queue what another calendar of a series asks for: its quality examined anew, and what is made from it made anew.

    Call it in the transaction that stores the calendar.
    """
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
