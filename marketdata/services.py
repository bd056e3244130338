"""What is done with series: importing bars, taking snapshots, reading them, deleting.

The rows in the database and the snapshot file always say the same: both change in one transaction, and the series
names the fingerprint of the snapshot that its rows make.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from marketdata import snapshots
from marketdata.bars import COLUMNS, Bars, utc_datetime
from marketdata.bulk import insert_bars, load_bars
from marketdata.charts import MAX_POINTS, ChartBars, downsample
from marketdata.errors import BarsError, BarsOverlap, NoBars, SeriesInUse, SeriesNotFound, SnapshotDamaged
from marketdata.models import Series, Snapshot
from marketdata.quality import examine

logger = logging.getLogger(__name__)

REPLACE, REJECT = "replace", "reject"
OVERLAP_POLICIES = (REPLACE, REJECT)


def import_bars(*, series: Series, bars: Bars, overlap: str = REPLACE) -> Snapshot:
    """Put `bars` into `series` and return the snapshot of what the series then holds.

    Everything happens in one transaction: rows, snapshot and counts, or nothing. Bars that change nothing leave all
    as it was. `overlap` says what happens to stored bars between the first and the last new one: "replace" puts the
    new ones in their place, "reject" refuses with `BarsOverlap`.
    """
    bars = _whole_microseconds(bars)
    with transaction.atomic():
        # The lock makes imports into one series wait for each other; the caller's object is brought up to date.
        Series.objects.select_for_update().get(pk=series.pk)
        series.refresh_from_db()
        stored = _stored_bars(series)
        merged = bars if stored is None else _merge(stored, bars, overlap)
        packed = snapshots.pack(merged)
        sha256 = snapshots.fingerprint(packed)
        if sha256 == series.content_sha256:
            return current_snapshot(series)
        path = snapshots.write(packed, sha256)
        if stored is not None:
            first, last = utc_datetime(bars.time[0]), utc_datetime(bars.time[-1])
            series.bars.filter(timestamp__gte=first, timestamp__lte=last).delete()
        insert_bars(series, bars)
        return _record(series, merged, sha256, path)


def current_snapshot(series: Series) -> Snapshot:
    """Return the snapshot of what the series holds now; NoBars when it holds nothing."""
    snapshot = (
        series.snapshots.filter(sha256=series.content_sha256).first() if series.content_sha256 else None
    )
    if snapshot is None:
        raise NoBars(_("%(series)s holds no bars yet. Import some first.") % {"series": series})
    return snapshot


def open_snapshot(
    snapshot: Snapshot,
    start: np.datetime64 | dt.date | str | None = None,
    end: np.datetime64 | dt.date | str | None = None,
) -> Bars:
    """Return the snapshot's bars from `start` to `end`, both included, memory-mapped.

    A damaged or missing file is written anew when the rows of the series still make the same fingerprint, and
    refused with `SnapshotDamaged` when they do not.
    """
    try:
        bars = snapshots.read(snapshot.path, snapshot.sha256)
    except SnapshotDamaged:
        logger.warning("Snapshot %s of series %s is damaged", snapshot.sha256[:12], snapshot.series_id)
        bars = _rebuild(snapshot)
    return bars if start is None and end is None else bars.slice(start, end)


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
    """Delete a series with its bars and snapshots; refused while stored results were computed from it."""
    files = set(series.snapshots.values_list("path", flat=True))
    name = str(series)
    try:
        with transaction.atomic():
            series.delete()
            still_named = set(Snapshot.objects.filter(path__in=files).values_list("path", flat=True))
            for path in files - still_named:
                transaction.on_commit(lambda path=path: snapshots.remove(path))
    except (ProtectedError, RestrictedError) as error:
        raise SeriesInUse(
            _("%(series)s was not deleted: stored results were computed from it. Delete those first.")
            % {"series": name}
        ) from error


def _stored_bars(series: Series) -> Bars | None:
    return open_snapshot(current_snapshot(series)) if series.content_sha256 else None


def _merge(stored: Bars, new: Bars, overlap: str) -> Bars:
    """Put `new` between the stored bars before its first and after its last."""
    before = int(np.searchsorted(stored.time, new.time[0], side="left"))
    after = int(np.searchsorted(stored.time, new.time[-1], side="right"))
    if overlap == REJECT and after > before:
        raise BarsOverlap(
            _(
                "The series already holds %(count)d bars between %(first)s and %(last)s. Choose to replace them, "
                "or import another period."
            )
            % {
                "count": after - before,
                "first": np.datetime_as_string(new.time[0], unit="m"),
                "last": np.datetime_as_string(new.time[-1], unit="m"),
            }
        )
    parts = {
        name: (getattr(stored, name)[:before], getattr(new, name), getattr(stored, name)[after:])
        for name in ("time", *COLUMNS)
    }
    return Bars(**{name: np.concatenate(columns) for name, columns in parts.items()})


def _record(series: Series, merged: Bars, sha256: str, path: str) -> Snapshot:
    """Write the snapshot's row and the series' mirror of it."""
    report = examine(merged, timeframe=series.timeframe, calendar=series.calendar)
    first, last = utc_datetime(merged.time[0]), utc_datetime(merged.time[-1])
    snapshot, _created = Snapshot.objects.get_or_create(
        series=series,
        sha256=sha256,
        defaults={
            "bar_count": len(merged),
            "first_time": first,
            "last_time": last,
            "path": path,
            "quality": report.to_dict(),
        },
    )
    series.bar_count, series.first_time, series.last_time = len(merged), first, last
    series.content_sha256 = sha256
    series.coverage, series.quality_grade = report.coverage, report.grade
    series.save()
    return snapshot


def _rebuild(snapshot: Snapshot) -> Bars:
    """Write a damaged file anew from the rows, if they still are what it held."""
    if snapshot.series.content_sha256 == snapshot.sha256:
        packed = snapshots.pack(load_bars(snapshot.series))
        if snapshots.fingerprint(packed) == snapshot.sha256:
            snapshots.write(packed, snapshot.sha256)
            return snapshots.read(snapshot.path, snapshot.sha256)
    raise SnapshotDamaged(
        _("The stored data %(sha)s is damaged and cannot be rebuilt. Import the series again.")
        % {"sha": snapshot.sha256[:12]}
    )


def _whole_microseconds(bars: Bars) -> Bars:
    """The database keeps microseconds; finer times would not come back as they went in."""
    if not len(bars):
        raise NoBars(_("There are no bars to import."))
    finer = np.flatnonzero(bars.time.view(np.int64) % 1000)
    if finer.size:
        row = int(finer[0])
        raise BarsError(f"Row {row}: time {bars.time[row]} is finer than a microsecond. Round the times.")
    return bars
