"""Snapshot files: the columns of a series, named by the sha256 of their bytes, in the storage called "snapshots".

A file holds one array of shape (6, n_bars) and type int64: the times in nanoseconds, then the bit patterns of
open, high, low, close and volume. It is opened memory-mapped, so that taking ten years out of a long series reads
only these pages. Files are never changed, so one that was verified stays verified while its size and time of
change are the same. A storage without files on this machine is read through a folder of verified copies
(`SNAPSHOT_CACHE`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from numpy.typing import NDArray

from algotrade.files import whole_file
from marketdata.bars import COLUMNS, Bars
from marketdata.columns import BLOCK, NAMES, Columns
from marketdata.errors import SnapshotDamaged, StorageFailed

CANONICAL = np.dtype("<i8")
FOLDER = "snapshots"
DRAFT = ".draft-"
_ROWS = len(NAMES)
_PIECE = 1024 * 1024
_VERIFIED_LIMIT = 4096

_verified: dict[str, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class Written:
    """A stored snapshot file; `created` says whether it was not there before."""

    sha256: str
    path: str
    created: bool


class SnapshotColumns:
    """The columns of a snapshot file, read piece by piece and never mapped: memory holds only what was asked for."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        self._count = read_header(self._stream)
        self._offset = self._stream.tell()

    def __len__(self) -> int:
        return self._count

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return rows of a column in memory of their own."""
        first, after, _step = slice(first, after).indices(self._count)
        column = np.empty(max(0, after - first), dtype=CANONICAL)
        self._stream.seek(self._offset + CANONICAL.itemsize * (NAMES.index(name) * self._count + first))
        self._stream.readinto(column.data)
        return column if name == "time" else column.view(np.float64)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def unpack(packed: NDArray[np.int64]) -> Bars:
    """Return the bars of an array of shape (6, n_bars) without copying it."""
    values = {name: packed[row].view(np.float64) for row, name in enumerate(COLUMNS, start=1)}
    return Bars.trusted(time=packed[0].view("datetime64[ns]"), **values)


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


def fingerprint_of(columns: Columns) -> str:
    """Return the fingerprint that `write` would give, without writing."""
    digest = hashlib.sha256()
    for piece in _pieces(columns):
        digest.update(piece)
    return digest.hexdigest()


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


def fingerprint_of_stream(stream: IO[bytes]) -> str:
    """Return the sha256 of the array in an open snapshot file; ValueError when it is none."""
    count = read_header(stream)
    digest, length = hashlib.sha256(), 0
    while piece := stream.read(_PIECE):
        digest.update(piece)
        length += len(piece)
    if length != _ROWS * count * CANONICAL.itemsize:
        raise ValueError("the file is cut off")
    return digest.hexdigest()


def read_header(stream: IO[bytes]) -> int:
    """Read past the header of a snapshot file and return how many bars it holds."""
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("the file holds something else")
    shape, fortran_order, kind = np.lib.format.read_array_header_1_0(stream)
    if kind != CANONICAL or fortran_order or len(shape) != 2 or shape[0] != _ROWS:
        raise ValueError("the file holds something else")
    return int(shape[1])


def cache_folder() -> Path:
    """Where copies of a storage without local files lie."""
    return Path(settings.SNAPSHOT_CACHE)


def _pieces(columns: Columns) -> Any:
    """Yield the canonical bytes, column after column."""
    for name in NAMES:
        for first in range(0, len(columns), BLOCK):
            values = columns.read(name, first, first + BLOCK)
            # Adding zero turns -0.0 into 0.0: equal numbers must have equal bytes.
            values = values if name == "time" else (values + 0.0).view(np.int64)
            yield np.ascontiguousarray(values, dtype=CANONICAL).data


def _draft(columns: Columns, progress: Callable[[float], None]) -> tuple[Path, str]:
    folder = (Path(storage().path(FOLDER)) if _is_local() else cache_folder() / FOLDER).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=DRAFT, suffix=".npy")
    draft, digest = Path(name), hashlib.sha256()
    total, done = max(1, _ROWS * len(columns) * CANONICAL.itemsize), 0
    try:
        with os.fdopen(handle, "wb") as stream:
            shape = (_ROWS, len(columns))
            np.lib.format.write_array_header_1_0(
                stream, {"descr": CANONICAL.str, "fortran_order": False, "shape": shape}
            )
            for piece in _pieces(columns):
                digest.update(piece)
                stream.write(piece)
                done += piece.nbytes
                progress(done / total)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(0o640)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft, digest.hexdigest()


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
        while piece := source.read(_PIECE):
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
