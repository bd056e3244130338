"""Columns on disk: one file, one array a column, opened memory-mapped. For what would make a row of the database long.

A file begins with 16 bytes (a mark, and the length of the description), then a description in JSON (names, types and
places of the columns), then the columns, each at a multiple of 64 bytes. It is named after the sha256 of all its bytes
and lies in a folder of its own row, so that no two rows share a file and a folder can go with its row. A file is
never changed: one that was verified stays verified while its size and time of change are the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from algotrade.errors import LabError
from algotrade.files import whole_file
from marketdata.errors import StorageFailed

MARK = b"LABCOLS1"
ALIGNMENT = 64
_HEAD = len(MARK) + 8
_VERIFIED_LIMIT = 1024

Columns = Mapping[str, NDArray[Any]]


class ColumnFiles:
    """The files of one kind of row, below a folder of the media folder.

    `damaged` makes the error for a file that cannot be read: it is given the file's fingerprint and why.
    """

    def __init__(self, folder: str, damaged: Callable[[str, str], LabError]) -> None:
        self._name = folder
        self._damaged = damaged
        self._verified: dict[str, tuple[int, int]] = {}

    def write(self, row_id: int, columns: Columns) -> tuple[str, str]:
        """Store columns of one length; return the file's path below the storage root and its sha256.

        The file appears whole or not at all. A disk that does not take it raises `StorageFailed`.
        """
        pieces = list(_pieces(columns))
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        sha256 = digest.hexdigest()
        target = self._folder(row_id) / f"{sha256}.columns"
        try:
            with whole_file(target) as stream:
                stream.writelines(pieces)
        except OSError as error:
            raise StorageFailed(error) from error
        self._verified.pop(str(target), None)
        return str(target.relative_to(settings.MEDIA_ROOT)), sha256

    def read(self, relative: str, sha256: str) -> dict[str, NDArray[Any]]:
        """Open the columns memory-mapped, after checking all bytes once in this process."""
        path = Path(settings.MEDIA_ROOT) / relative
        try:
            content = np.memmap(path, dtype=np.uint8, mode="r")
            self._verify(path, content, sha256)
            return _unpack(content)
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = "the file is missing" if isinstance(error, FileNotFoundError) else "its bytes have changed"
            raise self._damaged(sha256, why) from error

    def remove(self, row_id: int) -> None:
        """Delete whatever is stored for a row that is gone, or that did not come to its end."""
        folder = self._folder(row_id)
        for path in [path for path in self._verified if path.startswith(f"{folder}{os.sep}")]:
            self._verified.pop(path, None)
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, row_id: int) -> Path:
        return Path(settings.MEDIA_ROOT) / self._name / str(int(row_id))

    def _verify(self, path: Path, content: NDArray[np.uint8], sha256: str) -> None:
        status = path.stat()
        mark = (status.st_mtime_ns, status.st_size)
        if self._verified.get(str(path)) == mark:
            return
        if hashlib.sha256(content.data).hexdigest() != sha256:
            raise ValueError("its bytes have changed")
        if len(self._verified) >= _VERIFIED_LIMIT:
            self._verified.clear()
        self._verified[str(path)] = mark


def _pieces(columns: Columns) -> Iterator[bytes | memoryview]:
    """The file in order: head, description, columns, with the gaps between them."""
    arrays = {name: _canonical(column) for name, column in columns.items()}
    lengths = {len(array) for array in arrays.values()}
    if len(lengths) != 1:
        raise ValueError(f"Columns of one file have one length, not {sorted(lengths)}.")
    place, described = 0, []
    for name, array in arrays.items():
        described.append([name, array.dtype.str, place])
        place += _padded(array.nbytes)
    description = json.dumps({"count": lengths.pop(), "columns": described}).encode()
    description += b" " * (_padded(_HEAD + len(description)) - _HEAD - len(description))
    yield MARK + len(description).to_bytes(8, "little") + description
    for array in arrays.values():
        yield memoryview(array.view(np.uint8)) if len(array) else b""
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
