"""Files on their way into a series: kept until the job that reads them has succeeded, or for a week.

What a file is, is told by its first bytes, never by its name.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput
from marketdata.errors import FileTooLarge, StorageFailed
from marketdata.models import Upload
from marketdata.reading import encodings

KEPT = timedelta(days=7)
TEXT, PACKED, PARQUET = ".csv", ".csv.gz", ".parquet"
_MIB = 1024 * 1024


def max_bytes() -> int:
    """The cap on a file of bars, and on what a packed one unpacks to."""
    return int(settings.UPLOAD_MAX_BYTES)


def max_packed_bytes() -> int:
    """The cap on a packed file."""
    return min(max_bytes(), int(settings.UPLOAD_MAX_PACKED_BYTES))


def keep(owner: Any, file: UploadedFile) -> str:
    """Store an upload in its owner's folder; return its path relative to the storage root."""
    if not file.size:
        message = _("The file is empty. Choose a CSV file with a header line and bars.")
        raise InvalidInput(fields={"file": [message]})
    suffix = _suffix_of(file)
    _check_size(file.size, max_packed_bytes() if suffix == PACKED else max_bytes())
    relative = f"uploads/{owner.pk}/{uuid.uuid4().hex}{suffix}"
    target = path_of(relative)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(file, target)
    except OSError as error:
        discard(relative)  # half a file is worth nothing and a full disk needs the room
        raise StorageFailed(error) from error
    return relative


def path_of(relative: str) -> Path:
    """Return where an upload lies on disk."""
    return Path(settings.MEDIA_ROOT) / relative


def is_parquet(relative: str) -> bool:
    """Whether an upload is a Parquet file."""
    return relative.endswith(PARQUET)


def discard(relative: str) -> None:
    """Delete an upload that is not needed any more."""
    with contextlib.suppress(OSError):
        path_of(relative).unlink()


def forget(upload: Upload) -> None:
    """Delete the row of an upload, and its file once the caller's transaction has ended."""
    path = upload.path
    upload.delete()
    transaction.on_commit(lambda: discard(path))


def _suffix_of(file: UploadedFile) -> str:
    """What the first bytes say: text, packed text, or Parquet."""
    file.seek(0)
    head = file.read(4)
    file.seek(0)
    if head.startswith(encodings.ZIP):
        message = _("The file is a ZIP archive or an Excel workbook. Save the table as CSV and upload that.")
        raise InvalidInput(fields={"file": [message]})
    return PACKED if head.startswith(encodings.GZIP) else PARQUET if head == encodings.PARQUET else TEXT


def _check_size(size: int, cap: int) -> None:
    if size > cap:
        raise FileTooLarge(
            _("The file is %(size).1f MiB; at most %(cap)g MiB are read. Split it by period.")
            % {"size": size / _MIB, "cap": cap / _MIB}
        )


def _write(file: UploadedFile, target: Path) -> None:
    if hasattr(file, "temporary_file_path"):
        # A large one lies on disk already: on the same file system moving it costs nothing.
        shutil.move(file.temporary_file_path(), target)
        return
    with target.open("wb") as stream:
        for chunk in file.chunks():
            stream.write(chunk)
