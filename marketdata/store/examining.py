"""The quality report of what a series holds: made for each new snapshot, and anew with another calendar."""

from __future__ import annotations

from marketdata.columns import Columns
from marketdata.models import Series, Snapshot
from marketdata.quality import AlignedCloses, FactorReport, QualityReport, examine
from marketdata.store import snapshots
from marketdata.store.opening import current_snapshot
from marketdata.store.siblings import compared_with


def examine_file(
    series: Series, path: str, sha256: str, calendar: str, adj_close: Columns | None = None
) -> QualityReport:
    """Examine a file for a series; without adjusted closes in the import its published or adjusted sibling is asked.

    What an earlier report of the same bars owes to the adjusted closes of a file is kept: the file may be gone.
    """
    kept = None
    if adj_close is None:
        earlier = Snapshot.objects.filter(series_id=series.pk, sha256=sha256).values_list(
            "quality", flat=True
        )
        kept = FactorReport.kept(earlier.first() or {})
    columns = snapshots.columns(path, sha256)
    try:
        with compared_with(series) as (published, adjusted):
            if adj_close is None and adjusted is not None:
                adj_close = AlignedCloses(columns, adjusted)
            return examine(
                columns,
                timeframe=series.timeframe,
                calendar=calendar,
                adj_close=adj_close,
                published=published,
                kept=kept,
            )
    finally:
        columns.close()


def examine_again(series: Series) -> None:
    """Write the quality report of the current snapshot anew, after another calendar was chosen."""
    if not series.content_sha256:
        return
    snapshot = current_snapshot(series)
    report = examine_file(series, snapshot.path, snapshot.sha256, series.calendar)
    Snapshot.objects.filter(pk=snapshot.pk).update(quality=report.to_dict())
    series.coverage, series.quality_grade = report.coverage, report.grade
    series.save(update_fields=["coverage", "quality_grade", "updated_at"])
