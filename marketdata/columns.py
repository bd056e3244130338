"""Columns that may be longer than what memory should hold: read in blocks, wherever they lie."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars

BLOCK = 262_144
"""Bars that are handled at once: 2 MB a column."""

NAMES = ("time", *COLUMNS)


class Columns(Protocol):
    """Six columns of equal length, oldest bar first: time (int64 nanoseconds since 1970, UTC) and five of float64."""

    def __len__(self) -> int: ...

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return the rows `first` to `after` (excluded; all when None) of a column as a plain array in memory."""
        ...


def blocks(columns: Columns, size: int = BLOCK) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    """Yield (first row, the six columns of at most `size` rows) from the oldest on."""
    for first in range(0, len(columns), size):
        yield first, {name: columns.read(name, first, first + size) for name in NAMES}


class BarsColumns:
    """`Bars` seen as `Columns`. Nothing is copied."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars

    def __len__(self) -> int:
        return len(self.bars)

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        column: NDArray[Any] = getattr(self.bars, name)[first:after]
        return column.view(np.int64) if name == "time" else column


class ColumnFiles:
    """Growing columns in a folder of their own, one file each; a `with` block removes them at its end.

    A column is written in order and read back by `pread`, so that memory holds one block at a time and never a
    mapped file. Further columns (the unadjusted close, line numbers) may be named beside the six.
    """

    def __init__(self, folder: Path | None = None, *, further: Mapping[str, str] | None = None) -> None:
        self._types = {name: "<i8" if name == "time" else "<f8" for name in NAMES} | dict(further or {})
        self._folder = Path(tempfile.mkdtemp(prefix="columns-", dir=folder))
        self._streams: dict[str, IO[bytes]] = {
            name: (self._folder / name).open("w+b", buffering=0) for name in self._types
        }
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, **values: NDArray[Any]) -> None:
        """Add rows: one array for each column, all of one length."""
        lengths = {len(column) for column in values.values()}
        if set(values) != set(self._types) or len(lengths) != 1:
            raise ValueError(
                f"Give every column rows of one length; got {sorted(values)} of {sorted(lengths)}."
            )
        for name, column in values.items():
            self._streams[name].write(np.ascontiguousarray(column, dtype=self._types[name]).data)
        self._count += lengths.pop()

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return rows of a column in memory of their own."""
        first, after, _step = slice(first, after).indices(self._count)
        kind = np.dtype(self._types[name])
        column = np.empty(max(0, after - first), dtype=kind)
        stream = self._streams[name]
        stream.seek(first * kind.itemsize)
        stream.readinto(column.data)  # type: ignore[attr-defined]
        stream.seek(0, 2)
        return column

    def replace(self, name: str, values: NDArray[Any]) -> None:
        """Put another column of the same length in the place of one."""
        stream = self._streams[name]
        stream.seek(0)
        stream.write(np.ascontiguousarray(values, dtype=self._types[name]).data)

    def shorten(self, count: int) -> None:
        """Keep the first `count` rows."""
        for name, stream in self._streams.items():
            stream.truncate(count * np.dtype(self._types[name]).itemsize)
            stream.seek(0, 2)
        self._count = count

    def path(self, name: str) -> Path:
        """Return where a column lies, to be read as a whole by other code."""
        return self._folder / name

    def close(self) -> None:
        """Remove the files."""
        for stream in self._streams.values():
            stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)
