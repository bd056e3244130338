"""Putting columns into a series: rows, snapshot file, quality and counts say the same, or nothing happened.

`store` does it within the caller's transaction. A long import does the same in two steps: `prepare` merges, writes the
file, the rows that nobody sees yet (`leases`) and the report, telling its progress; `finish` is what is left for the
transaction that ends the job.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from marketdata.bars import utc_datetime
from marketdata.columns import Columns, first_row_from
from marketdata.models import Series, Snapshot
from marketdata.quality import QualityReport
from marketdata.store import snapshots
from marketdata.store.bulk import delete_rows, insert_rows
from marketdata.store.examining import examine_file
from marketdata.store.leases import HeldLease, Progress, ahead_rows, refuse_busy
from marketdata.store.merged import Conflict, Merge
from marketdata.store.merging import EXTEND, Overlap, merge
from marketdata.store.opening import current_snapshot, open_columns
from marketdata.store.refusals import refuse_columns, refuse_merge
from marketdata.store.runs import Runs, chosen_rows, clipped
from marketdata.store.signals import content_changed
from marketdata.store.snapshot_format import SnapshotColumns

logger = logging.getLogger(__name__)

COMPARED, WRITTEN, FILED = 0.05, 0.75, 0.9
"""How far storing is after comparing, after the rows, and after the file; the rest is the quality report."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of the bars that were given."""

    snapshot: Snapshot
    added: int
    changed: int
    removed: int
    unchanged: int
    conflicts: tuple[Conflict, ...]
    conflict_count: int

    @property
    def is_unchanged(self) -> bool:
        """Whether the series held all of it before."""
        return not (self.added or self.changed or self.removed)


@dataclass(slots=True)
class Prepared:
    """All that is known and written before the rows count. Close it when it was finished or given up."""

    merge: Merge
    base_sha256: str
    sha256: str
    path: str
    report: QualityReport | None
    ahead: bool = False
    stored: SnapshotColumns | None = None
    created_file: bool = False
    ends: tuple[Any, Any] = field(default=(None, None))

    def close(self) -> None:
        """Let go of the stored columns' file."""
        if self.stored is not None:
            self.stored.close()


class _Nothing:
    """No rows."""

    def __len__(self) -> int:
        return 0

    def read(self, name: str, first: int = 0, after: int | None = None) -> Any:
        return np.empty(0, dtype=np.int64 if name == "time" else np.float64)


def store(
    series: Series, columns: Columns, *, overlap: Overlap = EXTEND, progress: Progress | None = None
) -> Stored:
    """Put `columns` into `series`, all in one transaction: the caller's, or one of its own.

    Raises `NoBars` without bars, `BarsOverlap` and `BarsConflict` as `overlap` wants it (see `merging`),
    `SeriesBusy` while an import writes into the series. `progress` is called with a fraction and words.
    """
    tell = progress or _silent
    with transaction.atomic():
        # The lock makes writers of one series wait for each other; the caller's object is brought up to date.
        Series.objects.select_for_update().get(pk=series.pk)
        series.refresh_from_db()
        refuse_busy(series)
        prepared = prepare(series, columns, overlap=overlap, progress=tell)
        try:
            return finish(series, prepared)
        finally:
            prepared.close()


def compare(series: Series | None, columns: Columns, *, overlap: Overlap) -> Merge:
    """Return what `store` would do, counted; raises what it would raise."""
    refuse_columns(columns)
    stored = open_columns(current_snapshot(series)) if series is not None and series.content_sha256 else None
    try:
        merged = merge(stored or _Nothing(), columns, overlap)
        refuse_merge(merged, overlap)
        return merged
    finally:
        if stored is not None:
            stored.close()


def prepare(
    series: Series,
    columns: Columns,
    *,
    overlap: Overlap,
    progress: Progress,
    held: HeldLease | None = None,
    calendar: str | None = None,
) -> Prepared:
    """Merge, write the file and with a lease the rows that nobody sees yet, and examine; see `store` for errors."""
    refuse_columns(columns)
    stored = open_columns(current_snapshot(series)) if series.content_sha256 else None
    try:
        progress(0.0, _("Comparing with what is stored"))
        merged = merge(stored or _Nothing(), columns, overlap)
        refuse_merge(merged, overlap)
        prepared = Prepared(merged, series.content_sha256, series.content_sha256, "", None, stored=stored)
        if not merged.is_idle:
            _write(series, prepared, progress, held, calendar or series.calendar)
        return prepared
    except BaseException:
        if stored is not None:
            stored.close()
        raise


def finish(series: Series, prepared: Prepared) -> Stored:
    """Make what was prepared count. Runs in the transaction in which `series` was locked and read."""
    merged = prepared.merge
    if prepared.report is None:
        snapshot = current_snapshot(series)
    else:
        if merged.stale.size and prepared.stored is not None:
            delete_rows(series, prepared.stored, merged.stale)
        for rows in chosen_rows(merged.new, _inside(series, merged) if prepared.ahead else merged.fresh):
            insert_rows(series, rows)
        snapshot = _record(series, prepared, prepared.report)
        pk = series.pk
        transaction.on_commit(lambda: _tell(pk))
    return Stored(
        snapshot=snapshot,
        added=merged.added,
        changed=merged.changed,
        removed=merged.removed,
        unchanged=merged.unchanged,
        conflicts=merged.conflicts,
        conflict_count=merged.conflict_count,
    )


def _write(
    series: Series, prepared: Prepared, progress: Progress, held: HeldLease | None, calendar: str
) -> None:
    merged = prepared.merge
    if held is not None:
        _write_ahead(series, merged, held, progress)
        prepared.ahead = True
    columns = merged.columns()

    def filing(fraction: float) -> None:
        progress(WRITTEN + (FILED - WRITTEN) * fraction, _("Writing the snapshot"))

    written = snapshots.write(columns, filing)
    if held is not None and written.created:
        held.note_file(written.path)
    prepared.sha256, prepared.path, prepared.created_file = written.sha256, written.path, written.created
    ends = columns.read("time", 0, 1)[0], columns.read("time", len(columns) - 1)[0]
    prepared.ends = tuple(utc_datetime(np.datetime64(int(end), "ns")) for end in ends)  # type: ignore[assignment]
    progress(FILED, _("Examining the quality"))
    # The file of the import may hold adjusted closes beside the published ones; the snapshot never does.
    adjusted = merged.new if "adj_close" in getattr(merged.new, "names", ()) else None
    prepared.report = examine_file(series, written.path, written.sha256, calendar, adjusted)
    progress(1.0, _("Finishing"))


def _write_ahead(series: Series, merged: Merge, held: HeldLease, progress: Progress) -> None:
    runs = _outside(series, merged)
    total, done = max(1, int((runs[:, 1] - runs[:, 0]).sum())), 0
    for rows in chosen_rows(merged.new, runs, ahead_rows()):
        held.write(rows)
        done += len(rows["time"])
        progress(COMPARED + (WRITTEN - COMPARED) * done / total, _("Stored %(count)d bars") % {"count": done})


def _outside(series: Series, merged: Merge) -> Runs:
    """The new rows before the first and after the last bar that the series says it has."""
    below, above = _bounds(series, merged)
    return np.concatenate((clipped(merged.fresh, 0, below), clipped(merged.fresh, above, len(merged.new))))


def _inside(series: Series, merged: Merge) -> Runs:
    return clipped(merged.fresh, *_bounds(series, merged))


def _bounds(series: Series, merged: Merge) -> tuple[int, int]:
    """The new rows that lie within the series as it stands: from the first to the one after the last."""
    if not len(merged.stored):
        return len(merged.new), len(merged.new)
    first = int(merged.stored.read("time", 0, 1)[0])
    last = int(merged.stored.read("time", len(merged.stored) - 1)[0])
    return first_row_from(merged.new, first), first_row_from(merged.new, last + 1)


def _record(series: Series, prepared: Prepared, report: QualityReport) -> Snapshot:
    """Write the snapshot's row and the series' mirror of it."""
    first, last = prepared.ends
    count = len(prepared.merge.columns())
    snapshot, created = Snapshot.objects.get_or_create(
        series=series,
        sha256=prepared.sha256,
        defaults={
            "bar_count": count,
            "first_time": first,
            "last_time": last,
            "path": prepared.path,
            "quality": report.to_dict(),
        },
    )
    if not created:  # the series holds again what it held before; its file is whole, whatever was said of it
        Snapshot.objects.filter(pk=snapshot.pk).update(quality=report.to_dict(), damaged_at=None)
        snapshot.refresh_from_db()
    series.bar_count, series.first_time, series.last_time = count, first, last
    series.content_sha256 = prepared.sha256
    series.coverage, series.quality_grade = report.coverage, report.grade
    series.is_draft = False
    series.save()
    return snapshot


def _tell(pk: int) -> None:
    series = Series.objects.filter(pk=pk).first()
    if series is None:
        return
    try:
        content_changed.send(sender=Series, series=series)
    except Exception:
        # The content is committed; what follows from it is found again by the clock.
        logger.exception("What follows the change of series %s failed", pk)


def _silent(fraction: float, message: str) -> None:
    """Tell nobody."""
