"""The cells of a sweep on disk: one file, one array a column, opened memory-mapped.

A file begins with 16 bytes (a mark, and the length of the description), then a description in JSON (names, types and
places of the columns), then the columns, each at a multiple of 64 bytes. It is named after the sha256 of all its bytes
and lies in a folder of its own sweep, so that no two rows share a file and a folder can go with its row. A file is
never changed: one that was verified stays verified while its size and time of change are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from algotrade.files import whole_file
from backtests.sweeps.errors import ColumnsDamaged
from marketdata.errors import StorageFailed

MARK = b"LABCOLS1"
ALIGNMENT = 64
_HEAD = len(MARK) + 8
_VERIFIED_LIMIT = 1024

_verified: dict[str, tuple[int, int]] = {}

Columns = Mapping[str, NDArray[Any]]


def write(sweep_id: int, columns: Columns) -> tuple[str, str]:
    """Store columns of one length; return the file's path below the storage root and its sha256.

    The file appears whole or not at all. A disk that does not take it raises `StorageFailed`.
    """
    pieces = list(_pieces(columns))
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    sha256 = digest.hexdigest()
    target = _folder(sweep_id) / f"{sha256}.columns"
    try:
        with whole_file(target) as stream:
            stream.writelines(pieces)
    except OSError as error:
        raise StorageFailed(error) from error
    _verified.pop(str(target), None)
    return str(target.relative_to(settings.MEDIA_ROOT)), sha256


def read(relative: str, sha256: str) -> dict[str, NDArray[Any]]:
    """Open the columns memory-mapped, after checking all bytes once in this process, else `ColumnsDamaged`."""
    path = Path(settings.MEDIA_ROOT) / relative
    try:
        content = np.memmap(path, dtype=np.uint8, mode="r")
        _verify(path, content, sha256)
        return _unpack(content)
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = "the file is missing" if isinstance(error, FileNotFoundError) else "its bytes have changed"
        raise ColumnsDamaged(
            f"The stored cells {sha256[:12]} of this sweep cannot be read any more ({why}). Run the sweep again."
        ) from error


def remove(sweep_id: int) -> None:
    """Delete whatever is stored for a sweep that is gone, or that did not come to its end."""
    folder = _folder(sweep_id)
    for path in [path for path in _verified if path.startswith(f"{folder}{os.sep}")]:
        _verified.pop(path, None)
    shutil.rmtree(folder, ignore_errors=True)


def _folder(sweep_id: int) -> Path:
    return Path(settings.MEDIA_ROOT) / "sweeps" / str(int(sweep_id))


def _pieces(columns: Columns) -> Iterator[bytes | memoryview]:
    """The file in order: head, description, columns, with the gaps between them."""
    arrays = {name: _canonical(column) for name, column in columns.items()}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) != 1:
        raise ValueError(f"Columns of one sweep have one length, not {sorted(lengths)}.")
    place, described = 0, []
    for name, array in arrays.items():
        described.append([name, array.dtype.str, place])
        place += _padded(array.nbytes)
    description = json.dumps({"count": lengths.pop(), "columns": described}).encode()
    description += b" " * (_padded(_HEAD + len(description)) - _HEAD - len(description))
    yield MARK + len(description).to_bytes(8, "little") + description
    for array in arrays.values():
        yield memoryview(array).cast("B") if len(array) else b""
        yield bytes(_padded(array.nbytes) - array.nbytes)


def _canonical(column: NDArray[Any]) -> NDArray[Any]:
    """The same numbers have the same bytes: little-endian, and one kind of NaN."""
    array = np.ascontiguousarray(column)
    if array.dtype.kind == "f":
        array = array.astype("<f8", copy=True)
        array[np.isnan(array)] = np.nan
        return array
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _unpack(content: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    if bytes(content[: len(MARK)]) != MARK:
        raise ValueError("the file holds something else")
    start = _HEAD + int.from_bytes(bytes(content[len(MARK) : _HEAD]), "little")
    description = json.loads(bytes(content[_HEAD:start]))
    count, columns = int(description["count"]), {}
    for name, kind, place in description["columns"]:
        dtype = np.dtype(kind)
        first = start + int(place)
        columns[name] = content[first : first + count * dtype.itemsize].view(np.ndarray).view(dtype)
    return columns


def _verify(path: Path, content: NDArray[np.uint8], sha256: str) -> None:
    status = path.stat()
    mark = (status.st_mtime_ns, status.st_size)
    if _verified.get(str(path)) == mark:
        return
    if hashlib.sha256(content.data).hexdigest() != sha256:
        raise ValueError("its bytes have changed")
    if len(_verified) >= _VERIFIED_LIMIT:
        _verified.clear()
    _verified[str(path)] = mark
