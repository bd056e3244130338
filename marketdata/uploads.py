"""Files on their way into a series: kept until the job that reads them has succeeded, or for a week."""

from __future__ import annotations

import contextlib
import time
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput
from marketdata.errors import FileTooLarge, StorageFailed
from marketdata.reading.rows import MAX_BYTES

KEPT_SECONDS = 7 * 86_400


def max_bytes() -> int:
    """The cap on an upload: the installation's setting, never over the reader's own."""
    return min(MAX_BYTES, int(settings.UPLOAD_MAX_BYTES))


def keep(owner: Any, file: UploadedFile) -> str:
    """Store an upload in its owner's folder; return its path relative to the storage root."""
    if not file.size:
        message = _("The file is empty. Choose a CSV file with a header line and bars.")
        raise InvalidInput(fields={"file": [message]})
    if file.size > max_bytes():
        cap = max_bytes() / (1024 * 1024)
        raise FileTooLarge(
            _("The file has %(size).1f MiB; at most %(cap)g MiB are read. Split it by period.")
            % {"size": file.size / (1024 * 1024), "cap": cap}
        )
    relative = f"uploads/{owner.pk}/{uuid.uuid4().hex}.csv"
    target = path_of(relative)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _forget_old(target.parent)
        with target.open("wb") as stream:
            for chunk in file.chunks():
                stream.write(chunk)
    except OSError as error:
        discard(relative)  # half a file is worth nothing and a full disk needs the room
        raise StorageFailed(error) from error
    return relative


def path_of(relative: str) -> Path:
    """Return where an upload lies on disk."""
    return Path(settings.MEDIA_ROOT) / relative


def discard(relative: str) -> None:
    """Delete an upload that is not needed any more."""
    with contextlib.suppress(OSError):
        path_of(relative).unlink()


def _forget_old(folder: Path) -> None:
    limit = time.time() - KEPT_SECONDS
    for path in folder.glob("*.csv"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink()
