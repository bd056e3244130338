"""What is done with series: importing bars, reading them, deleting.

The rows in the database and the snapshot file always say the same: one transaction makes both count, and the series
names the fingerprint of the snapshot that its rows make.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.templatetags.figures import integer
from marketdata.bars import Bars
from marketdata.charts import MAX_POINTS, ChartBars, downsample
from marketdata.columns import BarsColumns
from marketdata.errors import SeriesInUse, SeriesNotFound
from marketdata.incoming import deriving
from marketdata.models import Series, Snapshot
from marketdata.store import deleting, storing
from marketdata.store.merging import REPLACE, Overlap
from marketdata.store.opening import current_snapshot, open_snapshot

__all__ = [
    "chart_bars",
    "current_snapshot",
    "delete_series",
    "get_visible",
    "import_bars",
    "open_snapshot",
    "uses_of",
]


@dataclass(frozen=True, slots=True)
class Use:
    """Stored results of one kind: the label of their model, how many, and what they are called."""

    label: str
    count: int
    noun: str

    def __str__(self) -> str:
        return f"{integer(self.count)} {self.noun}"


def import_bars(*, series: Series, bars: Bars, overlap: Overlap = REPLACE) -> Snapshot:
    """Put `bars` into `series` and return the snapshot of what the series then holds.

    One short transaction makes rows, snapshot and counts what they then are, or nothing happens. Bars that change
    nothing leave all as it was. `overlap` says what happens to stored bars of the same period, see
    `marketdata.store.merging`.
    """
    deriving.refuse_derived(series)
    return storing.store(series, BarsColumns(bars), overlap=overlap).snapshot


def chart_bars(
    series: Series,
    start: np.datetime64 | dt.date | str | None = None,
    end: np.datetime64 | dt.date | str | None = None,
    max_points: int = MAX_POINTS,
) -> ChartBars:
    """Return the series' bars of a period, down-sampled for a screen."""
    return downsample(open_snapshot(current_snapshot(series), start, end), max_points)


def get_visible(user: Any, pk: int) -> Series:
    """Return the series if `user` may see it; a stranger's is not found."""
    series = Series.objects.visible_to(user).filter(pk=pk).first()
    if series is None:
        raise SeriesNotFound(_("There is no such series among yours or the shared ones."))
    return series


def delete_series(series: Series) -> None:
    """Delete a series with its bars and snapshots; refused while stored results were computed from it.

    It is gone at once for everybody, and its name is free; the rows of many bars are removed by and by. An import
    that is writing into it fails with `SeriesBusy`.
    """
    name = str(series)
    try:
        with transaction.atomic():
            record(Action.DELETED, target=series)
            deleting.delete(series)
    except (ProtectedError, RestrictedError, IntegrityError) as error:
        used = ", ".join(str(use) for use in uses_of(series)) or _("one is being stored now")
        raise SeriesInUse(
            _(
                "%(series)s was not deleted: stored results were computed from it (%(used)s). Delete those first."
            )
            % {"series": name, "used": used}
        ) from error


def uses_of(series: Series) -> list[Use]:
    """Return what keeps a series from being deleted: the stored results that were computed from it, kind by kind."""
    return [
        Use(
            model._meta.label,
            count,
            str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural),
        )
        for model, count in deleting.refusing(series).items()
    ]
