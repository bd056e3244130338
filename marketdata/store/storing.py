"""Putting columns into a series: rows, snapshot file, quality and counts say the same, or nothing happened.

It takes two steps: `prepare` merges, writes the rows that nobody sees yet (`ahead`), the file and the report, telling
its progress; `finish` is what is left for one short transaction, the one that ends the job of an import. `store` does
both.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.templatetags.figures import integer
from marketdata.bars import utc_datetime
from marketdata.columns import Columns
from marketdata.models import Series, Snapshot
from marketdata.quality import QualityReport
from marketdata.store import snapshots
from marketdata.store.ahead import Placing, place
from marketdata.store.bulk import delete_rows, insert_rows
from marketdata.store.examining import examine_file
from marketdata.store.leases import HeldLease, Progress, ahead_rows, take_at_once
from marketdata.store.leftovers import discard_of, tidy
from marketdata.store.merged import Conflict, Merge
from marketdata.store.merging import EXTEND, Overlap, merge
from marketdata.store.opening import current_snapshot, open_columns
from marketdata.store.refusals import refuse_columns, refuse_merge
from marketdata.store.runs import chosen_rows
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
    placing: Placing
    base_sha256: str
    sha256: str
    path: str = ""
    report: QualityReport | None = None
    stored: SnapshotColumns | None = None
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
    """Put `columns` into `series`, as an import does; the caller's object is brought up to date.

    Raises `NoBars` without bars, `BarsOverlap` and `BarsConflict` as `overlap` wants it (see `merging`),
    `SeriesBusy` while an import writes into the series. `progress` is called with a fraction and words.
    """
    tell = progress or _silent
    held = take_at_once(series, tell)
    try:
        prepared = prepare(held, columns, overlap=overlap, progress=held.keeping(tell))
        try:
            with transaction.atomic():
                current = held.locked(prepared.base_sha256)
                stored = finish(current, prepared)
                held.release()
        finally:
            prepared.close()
    except BaseException:
        discard_of(held.holder)
        raise
    series.refresh_from_db()
    return stored


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
    held: HeldLease,
    columns: Columns,
    *,
    overlap: Overlap,
    progress: Progress,
    calendar: str | None = None,
) -> Prepared:
    """Merge, write the rows that nobody sees yet and the file, and examine; see `store` for errors."""
    series = held.series
    refuse_columns(columns)
    stored = open_columns(current_snapshot(series)) if series.content_sha256 else None
    try:
        progress(0.0, _("Comparing with what is stored"))
        merged = merge(stored or _Nothing(), columns, overlap)
        refuse_merge(merged, overlap)
        prepared = Prepared(
            merged,
            place(merged, ahead_rows()),
            series.content_sha256,
            series.content_sha256,
            stored=stored,
        )
        if not merged.is_idle:
            _write(held, prepared, progress, calendar or series.calendar)
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
        _switch(series, prepared.placing)
        snapshot = _record(series, prepared, prepared.report)
        transaction.on_commit(lambda: _tell(series.pk))
    return Stored(
        snapshot=snapshot,
        added=merged.added,
        changed=merged.changed,
        removed=merged.removed,
        unchanged=merged.unchanged,
        conflicts=merged.conflicts,
        conflict_count=merged.conflict_count,
    )


def _switch(series: Series, placing: Placing) -> None:
    """Make the rows within the series those of the merge; the ones beyond its ends count when it says that it has them.

    The fields of `series` are stored by the caller.
    """
    merged = placing.merge
    if placing.period is None:
        if len(merged.stale):
            delete_rows(series, merged.stored, merged.stale)
        for rows in chosen_rows(merged.new, placing.inside):
            insert_rows(series, rows, series.revision)
        return
    series.revision += 1
    if placing.replaces:
        series.replaced_before = series.revision
        transaction.on_commit(lambda: tidy(series), robust=True)
    else:
        series.replaced_first = series.replaced_last = None


def _write(held: HeldLease, prepared: Prepared, progress: Progress, calendar: str) -> None:
    merged = prepared.merge
    _write_ahead(held, prepared.placing, progress)
    columns = merged.columns()

    def filing(fraction: float) -> None:
        progress(WRITTEN + (FILED - WRITTEN) * fraction, _("Writing the snapshot"))

    written = snapshots.write(columns, filing)
    if written.created:
        held.note_file(written.path)
    prepared.sha256, prepared.path = written.sha256, written.path
    ends = columns.read("time", 0, 1)[0], columns.read("time", len(columns) - 1)[0]
    prepared.ends = tuple(utc_datetime(np.datetime64(int(end), "ns")) for end in ends)  # type: ignore[assignment]
    progress(FILED, _("Examining the quality"))
    # The file of the import may hold adjusted closes beside the published ones; the snapshot never does.
    adjusted = merged.new if "adj_close" in getattr(merged.new, "names", ()) else None
    prepared.report = examine_file(held.series, written.path, written.sha256, calendar, adjusted)
    progress(1.0, _("Finishing"))


def _write_ahead(held: HeldLease, placing: Placing, progress: Progress) -> None:
    total, done, size = max(1, placing.count()), 0, ahead_rows()
    revision = held.series.revision
    if placing.period is not None:
        held.note_period(*(utc_datetime(np.datetime64(end, "ns")) for end in placing.period))
    written = chain(
        ((revision, rows) for rows in placing.rows_outside(size)),
        ((revision + 1, rows) for rows in placing.rows_of_next_revision(size)),
    )
    for number, rows in written:
        held.write(rows, number)
        done += len(rows["time"])
        progress(
            COMPARED + (WRITTEN - COMPARED) * done / total,
            _("Stored %(count)s bars") % {"count": integer(done)},
        )


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
