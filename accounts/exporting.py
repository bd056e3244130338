"""Copies of one's data: asked for, handed out, removed again. A job writes them (`accounts/tasks.py`)."""

import contextlib
import secrets
import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import ExportNotReady, ExportUnderWay
from accounts.models import DataExport, User
from accounts.models.data_export import FOLDER
from algotrade import downloads
from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.jobs.models import Job
from algotrade.jobs.querysets import lock_owner

EXPORT_KIND = "accounts.export"
KEPT = timedelta(days=7)
ORPHANED_AFTER = timedelta(days=1)


def submit(user: User) -> DataExport:
    """Queue a copy of everything the user owns; it takes the place of the last one."""
    with transaction.atomic():
        lock_owner(user.pk)
        mine = DataExport.objects.for_user(user)
        if mine.filter(status__in=Job.ACTIVE).exists():
            raise ExportUnderWay(_("A copy of your data is being written already: wait until it is done."))
        for old in mine:
            old.delete()
        export = DataExport(user=user)
        export.queue(EXPORT_KIND, _("Copy of my data"), "export_id")
        record(Action.EXPORTED, target=export, what="everything")
    return export


def new_path(export: DataExport) -> str:
    """A name that nobody guesses, below the storage root; a second attempt never writes into the first one's file."""
    return f"{FOLDER}/{export.user_id}/{export.pk}-{secrets.token_hex(8)}.zip"


def download(export: DataExport) -> StreamingHttpResponse:
    """The file, piece by piece."""
    if not export.can_download:
        raise ExportNotReady(_("This copy is not there yet, or was removed: ask for a new one."))
    try:
        stream = export.file.open("rb")
    except OSError as error:
        raise ExportNotReady(_("This copy was removed: ask for a new one.")) from error
    response = downloads.download(stream, name=str(export), size=export.size, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    return response


def remove_file(sender: Any, instance: DataExport, **kwargs: Any) -> None:
    """After a row is gone, whichever way, its file goes too."""
    if instance.path:
        transaction.on_commit(lambda: _remove([instance.file]))


def tidy() -> None:
    """Remove copies whose time is over, and files that a killed job left."""
    for export in DataExport.objects.filter(expires_at__lt=timezone.now()):
        export.delete()
    oldest = time.time() - ORPHANED_AFTER.total_seconds()
    known = set(DataExport.objects.exclude(path="").values_list("path", flat=True))
    root = Path(settings.MEDIA_ROOT)
    lost = [path for path in (root / FOLDER).glob("*/*") if path.relative_to(root).as_posix() not in known]
    _remove(path for path in lost if _changed_before(path, oldest))


def _changed_before(path: Path, moment: float) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime < moment
    return False


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
