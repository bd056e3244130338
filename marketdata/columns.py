"""Columns that may be longer than what memory should hold: read in blocks, wherever they lie."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, Bars
from marketdata.errors import StorageFailed

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


def first_row_from(columns: Columns, moment: int) -> int:
    """Return the first row at or after a time in nanoseconds, by bisection; the length when there is none."""
    low, high = 0, len(columns)
    while low < high:
        middle = (low + high) // 2
        if int(columns.read("time", middle, middle + 1)[0]) < moment:
            low = middle + 1
        else:
            high = middle
    return low


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

    A column is written in order and read back by copying, so that memory holds one block at a time and never a
    mapped file. Further columns (the adjusted close, line numbers) may be named beside the six.

    Parameters
    ----------
    folder : Path, optional
        Where the folder is made; the system's place for temporary files by default.
    further : mapping of str to str, optional
        Names and numpy types ("<f8") of more columns.

    Raises
    ------
    StorageFailed
        The disk does not take the columns, here or in any later call that writes.
    """

    def __init__(self, folder: Path | None = None, *, further: Mapping[str, str] | None = None) -> None:
        named = {name: "<i8" if name == "time" else "<f8" for name in NAMES} | dict(further or {})
        self._types = {name: np.dtype(kind) for name, kind in named.items()}
        self._streams: dict[str, IO[bytes]] = {}
        self._count = 0
        with _disk_errors():
            self._folder = Path(tempfile.mkdtemp(prefix="columns-", dir=folder))
        try:
            with _disk_errors():
                for name in self._types:
                    self._streams[name] = (self._folder / name).open("w+b", buffering=0)
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The six, and the further columns."""
        return tuple(self._types)

    def append(self, **values: NDArray[Any]) -> None:
        """Add rows: one array for each column, all of one length."""
        lengths = {len(column) for column in values.values()}
        if set(values) != set(self._types) or len(lengths) != 1:
            raise ValueError(
                f"Give every column rows of one length; got {sorted(values)} of {sorted(lengths)}."
            )
        for name, column in values.items():
            self._write(name, self._count, column)
        self._count += lengths.pop()

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return rows of a column in memory of their own."""
        first, after, _step = slice(first, after).indices(self._count)
        kind = self._types[name]
        column = np.empty(max(0, after - first), dtype=kind)
        stream = self._streams[name]
        waiting = _bytes(column)
        stream.seek(first * kind.itemsize)
        while len(waiting):
            count = stream.readinto(waiting)  # type: ignore[attr-defined]
            if not count:
                raise ValueError(f"The column {name} is shorter on the disk than it was written.")
            waiting = waiting[count:]
        return column

    def replace(self, name: str, values: NDArray[Any]) -> None:
        """Put another column of the same length in the place of one."""
        if len(values) != self._count:
            raise ValueError(f"Give {self._count} rows for the column {name}; got {len(values)}.")
        self._write(name, 0, values)

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the rows `order` (each of them once) in this order, one whole column in memory at a time."""
        for name in self._types:
            self.replace(name, self.read(name)[order])

    def select(self, kept: NDArray[np.bool_]) -> None:
        """Keep the rows that are marked, in their order."""
        if len(kept) != self._count:
            raise ValueError(f"Mark each of {self._count} rows; got {len(kept)} marks.")
        for name in self._types:
            place = 0
            for first in range(0, self._count, BLOCK):
                block = self.read(name, first, first + BLOCK)[kept[first : first + BLOCK]]
                self._write(name, place, block)
                place += len(block)
        self.shorten(int(np.count_nonzero(kept)))

    def shorten(self, count: int) -> None:
        """Keep the first `count` rows."""
        with _disk_errors():
            for name, stream in self._streams.items():
                stream.truncate(count * self._types[name].itemsize)
        self._count = count

    def drop(self, name: str) -> None:
        """Remove one of the further columns."""
        if name in NAMES:
            raise ValueError(f"{name} is one of the six columns, which stay together.")
        del self._types[name]
        self._streams.pop(name).close()
        self.path(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Return where a column lies, to be read as a whole by other code."""
        return self._folder / name

    def close(self) -> None:
        """Remove the files. Safe to call more than once."""
        for stream in self._streams.values():
            stream.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, first: int, values: NDArray[Any]) -> None:
        kind = self._types[name]
        column = np.ascontiguousarray(values, dtype=kind)
        stream, waiting = self._streams[name], _bytes(column)
        with _disk_errors():
            stream.seek(first * kind.itemsize)
            while len(waiting):  # a raw file may take less than it was given
                waiting = waiting[stream.write(waiting) :]


def _bytes(column: NDArray[Any]) -> memoryview:
    return column.data.cast("B") if len(column) else memoryview(b"")


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageFailed(error) from error
