"""Cleaning and checking what lies on the disk: snapshots that nothing needs, files that nobody names, damage.

Both functions are called by the clock and by management commands; each step is short, and two at once do no harm.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.core.files.storage import Storage
from django.db import models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.utils.timezone import now

from algotrade.jobs.models import Job
from marketdata.errors import SnapshotDamaged, StorageFailed
from marketdata.models import BarImport, Snapshot, Upload
from marketdata.store import leftovers, opening, snapshots, uploads
from marketdata.store.forgetting import forget_files

logger = logging.getLogger(__name__)

YOUNG = timedelta(days=1)
"""A file that nobody names may belong to an import whose last transaction is still to come; a day later it does not."""


@dataclass(slots=True)
class Collected:
    """What was removed."""

    snapshots: int = 0
    files: int = 0
    uploads: int = 0
    imports: int = 0
    drafts: int = 0

    def __str__(self) -> str:
        return (
            f"{self.snapshots} snapshots, {self.files} files, {self.uploads} uploads, what {self.imports} imports left "
            f"and {self.drafts} drafts were removed"
        )


@dataclass(slots=True)
class Checked:
    """What was found about the files of snapshots."""

    intact: int = 0
    rebuilt: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        return f"{self.intact} snapshots are intact, {self.rebuilt} were rebuilt, {self.damaged} are damaged"


def collect_snapshots(moment: datetime | None = None) -> Collected:
    """Remove snapshots that are neither current nor referred to, files without a row, old uploads, and leftovers.

    A snapshot stays for `SNAPSHOT_KEEP_DAYS` days, so that a series can be returned to what it was last week.
    """
    moment = moment or now()
    found = Collected(imports=leftovers.discard_left_behind())
    for snapshot in unreferenced(moment - timedelta(days=settings.SNAPSHOT_KEEP_DAYS)).iterator():
        found.snapshots += _remove(snapshot)
    found.files = _remove_strays(moment - YOUNG)
    found.uploads = _remove_uploads(moment)
    found.drafts = _remove_drafts(moment - YOUNG)
    if found != Collected():
        logger.info("Collected: %s", found)
    return found


def check_snapshots() -> Checked:
    """Read every snapshot file again; rebuild what is damaged from the rows, or note that this is not possible."""
    found, seen = Checked(), {}
    for snapshot in Snapshot.objects.select_related("series").defer("quality").order_by("pk").iterator():
        if snapshot.path not in seen:  # several series may hold the same bars
            seen[snapshot.path] = snapshots.is_intact(snapshot.path, snapshot.sha256)
        if seen[snapshot.path]:
            found.intact += 1
            if snapshot.damaged_at is not None:
                Snapshot.objects.filter(pk=snapshot.pk).update(damaged_at=None)
        elif _rebuilt(snapshot):
            seen[snapshot.path] = True
            found.rebuilt += 1
        else:
            found.damaged += 1
    return found


def unreferenced(before: datetime) -> models.QuerySet[Snapshot]:
    """Return the snapshots taken before a moment which are not current and which no row of any app points at."""
    rows = Snapshot.objects.filter(created_at__lt=before).exclude(sha256=models.F("series__content_sha256"))
    for relation in Snapshot._meta.related_objects:
        pointing = relation.related_model._base_manager.filter(
            **{f"{relation.field.name}": models.OuterRef("pk")}
        )
        rows = rows.filter(~models.Exists(pointing))
    return rows.exclude(pk__in=_awaited()).defer("quality").order_by("pk")


def _awaited() -> list[Any]:
    """The snapshots that imports are to return series to."""
    waiting = BarImport.objects.filter(source=BarImport.Source.SNAPSHOT, status__in=Job.ACTIVE)
    return [asked.get("snapshot") for asked in waiting.values_list("settings", flat=True)]


def _remove(snapshot: Snapshot) -> bool:
    try:
        with transaction.atomic():
            # Asked again under the lock of its series: an import may just have made it current.
            type(snapshot.series).written.select_for_update(no_key=True).filter(pk=snapshot.series_id).first()
            if not unreferenced(now()).filter(pk=snapshot.pk).exists():
                return False
            path = snapshot.path
            snapshot.delete()
            forget_files([path])
    except (ProtectedError, RestrictedError):  # something began to point at it in this moment
        return False
    return True


def _rebuilt(snapshot: Snapshot) -> bool:
    try:
        opening.rebuild(snapshot)
    except SnapshotDamaged:
        if snapshot.damaged_at is None:
            Snapshot.objects.filter(pk=snapshot.pk).update(damaged_at=now())
            logger.error(
                "Snapshot %s of series %s is damaged and cannot be rebuilt: restore its file %s from a backup",
                snapshot.sha256[:12],
                snapshot.series_id,
                snapshot.path,
            )
        return False
    except StorageFailed as error:  # it may well be rebuilt when there is room again
        logger.error("Snapshot %s of series %s: %s", snapshot.sha256[:12], snapshot.series_id, error.detail)
        return False
    return True


def _remove_strays(before: datetime) -> int:
    """Remove snapshot files that no row names, and what writing them left, once they are a day old."""
    removed = 0
    store = snapshots.storage()
    for path in list(_files(store, snapshots.FOLDER)):
        name = PurePosixPath(path).name
        try:
            if store.get_modified_time(path) > before:
                continue
        except (OSError, NotImplementedError):
            continue
        if name.startswith(snapshots.DRAFT) or not Snapshot.objects.filter(path=path).exists():
            snapshots.remove(path)
            removed += 1
    return removed + _forget_copies()


def _forget_copies() -> int:
    """Remove local copies of a remote storage that were not read for as long as snapshots are kept."""
    limit = time.time() - settings.SNAPSHOT_KEEP_DAYS * 86_400
    old = [
        path
        for path in snapshots.cache_folder().rglob("*")
        if path.is_file() and max(path.stat().st_atime, path.stat().st_mtime) < limit
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _files(store: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = store.listdir(folder)
    except (OSError, NotImplementedError):
        return
    yield from (f"{folder}/{name}" for name in files)
    for name in folders:
        yield from _files(store, f"{folder}/{name}")


def _remove_uploads(moment: datetime) -> int:
    """Remove uploads that nobody came back for, and files of uploads that have no row."""
    removed = 0
    active: Any = Upload.objects.filter(imports__status__in=Job.ACTIVE).values("pk")
    for upload in Upload.objects.filter(created_at__lt=moment - uploads.KEPT).exclude(pk__in=active):
        uploads.forget(upload)
        removed += 1
    root, limit = Path(settings.MEDIA_ROOT), (moment - uploads.KEPT).timestamp()
    named = set(Upload.objects.values_list("path", flat=True))
    for path in (root / "uploads").rglob("*"):
        if path.is_file() and path.stat().st_mtime < limit and str(path.relative_to(root)) not in named:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _remove_drafts(before: datetime) -> int:
    """Remove the working folders of processes that were killed."""
    removed = 0
    for path in opening.drafts_folder().glob("columns-*"):
        if path.stat().st_mtime < before.timestamp():
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed
