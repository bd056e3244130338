"""Snapshot files: the columns of a series on disk, named by the sha256 of their bytes.

A file holds one array of shape (6, n_bars) and type int64: the times in nanoseconds, then the bit patterns of
open, high, low, close and volume. It is opened memory-mapped, so that taking ten years out of a long series reads
only these pages. Files are never changed, so one that was verified stays verified while its size and time of
change are the same.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from algotrade.files import whole_file
from marketdata.bars import COLUMNS, Bars
from marketdata.errors import SnapshotDamaged, StorageFailed

CANONICAL = np.dtype("<i8")
_ROWS = 1 + len(COLUMNS)
_VERIFIED_LIMIT = 4096

_verified: dict[str, tuple[int, int]] = {}


def pack(bars: Bars) -> NDArray[np.int64]:
    """Return the canonical array of `bars`, shape (6, n_bars)."""
    packed = np.empty((_ROWS, len(bars)), dtype=CANONICAL)
    packed[0] = bars.time.view(np.int64)
    for row, name in enumerate(COLUMNS, start=1):
        # Adding zero turns -0.0 into 0.0: equal numbers must have equal bytes.
        packed[row] = (getattr(bars, name) + 0.0).view(np.int64)
    return packed


def unpack(packed: NDArray[np.int64]) -> Bars:
    """Return the bars of a canonical array without copying it."""
    values = {name: packed[row].view(np.float64) for row, name in enumerate(COLUMNS, start=1)}
    return Bars.trusted(time=packed[0].view("datetime64[ns]"), **values)


def fingerprint(packed: NDArray[np.int64]) -> str:
    """Return the sha256 of a canonical array, as 64 hexadecimal digits."""
    return hashlib.sha256(np.ascontiguousarray(packed).data).hexdigest()


def path_of(sha256: str) -> str:
    """Return where the snapshot lies, relative to the storage root."""
    return f"snapshots/{sha256[:2]}/{sha256}.npy"


def write(packed: NDArray[np.int64], sha256: str) -> str:
    """Store a canonical array under its fingerprint; return its relative path.

    The file appears whole or not at all. A disk that does not take it raises `StorageFailed`.
    """
    relative = path_of(sha256)
    target = Path(settings.MEDIA_ROOT) / relative
    if _is_intact(target, sha256):
        return relative
    try:
        with whole_file(target) as stream:
            np.save(stream, packed, allow_pickle=False)
    except OSError as error:
        raise StorageFailed(error) from error
    _verified.pop(str(target), None)
    return relative


def read(relative: str, sha256: str) -> Bars:
    """Open a snapshot memory-mapped, after checking its bytes once in this process.

    Raises
    ------
    SnapshotDamaged
        The file is missing, or is not what its name says.
    """
    path = Path(settings.MEDIA_ROOT) / relative
    try:
        packed = _open(path)
        _verify(path, packed, sha256)
    except (OSError, ValueError, EOFError) as error:
        raise SnapshotDamaged(
            f"The stored data {sha256[:12]} cannot be read any more ({_why(error)}). Import the series again."
        ) from error
    return unpack(packed)


def remove(relative: str) -> None:
    """Delete a snapshot file that no row names any more."""
    path = Path(settings.MEDIA_ROOT) / relative
    _verified.pop(str(path), None)
    with contextlib.suppress(OSError):
        path.unlink()


def _open(path: Path) -> NDArray[np.int64]:
    packed = np.load(path, mmap_mode="r", allow_pickle=False)
    if packed.dtype != CANONICAL or packed.ndim != 2 or packed.shape[0] != _ROWS:
        raise ValueError("the file holds something else")
    plain: NDArray[np.int64] = packed.view(np.ndarray)
    return plain


def _verify(path: Path, packed: NDArray[np.int64], sha256: str) -> None:
    status = path.stat()
    mark = (status.st_mtime_ns, status.st_size)
    if _verified.get(str(path)) == mark:
        return
    if fingerprint(packed) != sha256:
        raise ValueError("its bytes have changed")
    if len(_verified) >= _VERIFIED_LIMIT:
        _verified.clear()
    _verified[str(path)] = mark


def _is_intact(path: Path, sha256: str) -> bool:
    try:
        _verify(path, _open(path), sha256)
    except (OSError, ValueError, EOFError):
        return False
    return True


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file is missing"
    text = str(error)
    return text if text.startswith(("its ", "the ")) else "the file is damaged"
