"""Snapshot files: the columns of a series, named by the sha256 of their bytes, in the storage called "snapshots".

A file (`snapshot_format` says what it holds) is opened memory-mapped, so that taking ten years out of a long series
reads only these pages. Files are never changed, so one that was verified stays verified while its size and time of
change are the same. A storage without files on this machine is read through a folder of verified copies
(`SNAPSHOT_CACHE`).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from algotrade.files import whole_file
from marketdata.bars import Bars
from marketdata.columns import Columns
from marketdata.errors import SnapshotDamaged, StorageFailed
from marketdata.store.snapshot_format import (
    PIECE_BYTES,
    SnapshotColumns,
    fingerprint_of_stream,
    unpack,
    write_columns,
)

FOLDER = "snapshots"
DRAFT = ".draft-"
_VERIFIED_LIMIT = 4096

_verified: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class Written:
    """A stored snapshot file; `created` says whether it was not there before."""

    sha256: str
    path: str
    created: bool


def path_of(sha256: str) -> str:
    """Return where the snapshot lies in the storage."""
    return f"{FOLDER}/{sha256[:2]}/{sha256}.npy"


def storage() -> Storage:
    """The storage that `STORAGES["snapshots"]` names."""
    return storages["snapshots"]


def write(columns: Columns, progress: Callable[[float], None] | None = None) -> Written:
    """Store columns under the fingerprint of their bytes, block by block; the file appears whole or not at all.

    A disk that does not take it raises `StorageFailed`.
    """
    try:
        draft, sha256 = _draft(columns, progress or (lambda _fraction: None))
        try:
            return Written(sha256, path_of(sha256), _keep(draft, sha256))
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(error) from error


def read(relative: str, sha256: str) -> Bars:
    """Open a snapshot memory-mapped, after checking its bytes once in this process.

    Raises
    ------
    SnapshotDamaged
        The file is missing, or is not what its name says.
    """
    try:
        packed = np.load(local_path(relative, sha256), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(sha256, error) from error
    return unpack(packed.view(np.ndarray))


def columns(relative: str, sha256: str) -> SnapshotColumns:
    """Open a snapshot to be read in pieces, checked like by `read`; close it afterwards."""
    try:
        return SnapshotColumns(local_path(relative, sha256))
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(sha256, error) from error


def local_path(relative: str, sha256: str) -> Path:
    """Return a file of this machine that holds the snapshot and was verified in this process.

    Raises OSError or ValueError when there is none.
    """
    path = _place(relative)
    if _is_local():
        verify(path, sha256)
        return path
    try:
        verify(path, sha256)
    except (OSError, ValueError, EOFError):
        _fetch(relative, path)
        verify(path, sha256)
    with contextlib.suppress(OSError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))  # the copies read last are kept longest
    return path


def is_intact(relative: str, sha256: str) -> bool:
    """Whether what the storage holds is what its name says; every byte is read again."""
    _verified.pop(str(_place(relative)), None)
    try:
        with storage().open(relative, "rb") as stream:
            return fingerprint_of_stream(stream) == sha256
    except (OSError, ValueError, EOFError):
        return False


def remove(relative: str) -> None:
    """Delete a snapshot file that no row names any more."""
    for path in {_place(relative), cache_folder() / relative}:
        _verified.pop(str(path), None)
        with contextlib.suppress(OSError):
            path.unlink()
    if not _is_local():
        with contextlib.suppress(OSError):
            storage().delete(relative)


def verify(path: Path, sha256: str) -> None:
    """Check a file's bytes unless this process has checked the same ones before; ValueError when they changed."""
    status = path.stat()
    mark = (status.st_mtime_ns, status.st_size)
    if _verified.get(str(path)) == mark:
        return
    with path.open("rb", buffering=0) as stream:
        if fingerprint_of_stream(stream) != sha256:
            raise ValueError("its bytes have changed")
    _remember(path, mark)


def cache_folder() -> Path:
    """Where copies of a storage without local files lie."""
    return Path(settings.SNAPSHOT_CACHE)


def _draft(columns: Columns, progress: Callable[[float], None]) -> tuple[Path, str]:
    folder = (Path(storage().path(FOLDER)) if _is_local() else cache_folder() / FOLDER).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=DRAFT, suffix=".npy")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            sha256 = write_columns(stream, columns, progress)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(0o640)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft, sha256


def _keep(draft: Path, sha256: str) -> bool:
    """Put a finished draft in its place; False when an intact file was there."""
    relative = path_of(sha256)
    target = _place(relative)
    if _is_local():
        if _stands(target, sha256):
            return False
    elif storage().exists(relative):
        if is_intact(relative, sha256):
            return False
        storage().delete(relative)
    if not _is_local():
        with draft.open("rb") as stream:
            storage().save(relative, File(stream))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(target)
    status = target.stat()
    _remember(target, (status.st_mtime_ns, status.st_size))
    return True


def _stands(path: Path, sha256: str) -> bool:
    try:
        verify(path, sha256)
    except (OSError, ValueError, EOFError):
        return False
    return True


def _fetch(relative: str, target: Path) -> None:
    """Copy a file from the storage to this machine."""
    _verified.pop(str(target), None)
    with storage().open(relative, "rb") as source, whole_file(target) as stream:
        while piece := source.read(PIECE_BYTES):
            stream.write(piece)


def _is_local() -> bool:
    return isinstance(storage(), FileSystemStorage)


def _place(relative: str) -> Path:
    return Path(storage().path(relative)) if _is_local() else cache_folder() / relative


def _remember(path: Path, mark: tuple[int, int]) -> None:
    if len(_verified) >= _VERIFIED_LIMIT:
        _verified.clear()
    _verified[str(path)] = mark


def _damaged(sha256: str, error: Exception) -> SnapshotDamaged:
    text = str(error)
    if isinstance(error, FileNotFoundError):
        why = "the file is missing"
    else:
        why = text if text.startswith(("its ", "the ")) else "the file is damaged"
    return SnapshotDamaged(
        f"The stored data {sha256[:12]} cannot be read any more ({why}). Import the series again."
    )
