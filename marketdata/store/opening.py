"""Reading what a series holds, or held: snapshots, mended from the rows when their files were lost."""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from marketdata.bars import Bars
from marketdata.columns import ColumnFiles
from marketdata.errors import NoBars, SnapshotDamaged
from marketdata.models import Series, Snapshot
from marketdata.store import snapshots
from marketdata.store.bulk import load_columns
from marketdata.store.snapshot_format import SnapshotColumns, fingerprint_of

logger = logging.getLogger(__name__)


def current_snapshot(series: Series) -> Snapshot:
    """Return the snapshot of what the series holds now; NoBars when it holds nothing."""
    snapshot = series.current_snapshot()
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
        rebuild(snapshot)
        bars = snapshots.read(snapshot.path, snapshot.sha256)
    return bars if start is None and end is None else bars.slice(start, end)


def open_columns(snapshot: Snapshot) -> SnapshotColumns:
    """Open a snapshot to be read in pieces, mended like by `open_snapshot`; close it afterwards."""
    try:
        return snapshots.columns(snapshot.path, snapshot.sha256)
    except SnapshotDamaged:
        rebuild(snapshot)
        return snapshots.columns(snapshot.path, snapshot.sha256)


def rebuild(snapshot: Snapshot) -> None:
    """Write a damaged file anew from the rows, if those of its period still are what it held."""
    logger.warning("Snapshot %s of series %s is damaged", snapshot.sha256[:12], snapshot.series_id)
    with ColumnFiles(drafts_folder()) as columns:
        load_columns(snapshot.series, columns, first=snapshot.first_time, last=snapshot.last_time)
        if len(columns) == snapshot.bar_count and fingerprint_of(columns) == snapshot.sha256:
            if not snapshots.is_intact(snapshot.path, snapshot.sha256):  # asked anew: nobody trusts it now
                snapshots.write(columns)
            Snapshot.objects.filter(pk=snapshot.pk).update(damaged_at=None)
            logger.warning("Snapshot %s was rebuilt from the rows", snapshot.sha256[:12])
            return
    raise SnapshotDamaged(
        _("The stored data %(sha)s is damaged and cannot be rebuilt. Import the series again.")
        % {"sha": snapshot.sha256[:12]}
    )


def drafts_folder() -> Path:
    """Return where columns lie while they are worked on; what a killed process left there is collected."""
    folder = Path(settings.MEDIA_ROOT) / "drafts"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir())
    return folder
