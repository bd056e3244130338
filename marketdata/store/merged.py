"""What a merge of new bars into stored ones found: which rows come and go, which values contradict. Free of Django.

Nothing here copies a column as a whole: what a merge makes is described by runs of rows, and `MergedColumns` reads
through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import utc_datetime
from marketdata.columns import Columns
from marketdata.store.runs import Parts, Runs

CONFLICTS_LISTED = 1_000

STORED, NEW = 0, 1
"""Which columns a part of a merge is of."""

_FEW_PARTS = 64


@dataclass(frozen=True, slots=True)
class Conflict:
    """One value of a stored bar that new bars contradict."""

    time: np.datetime64
    column: str
    stored: float
    new: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        moment = utc_datetime(self.time).isoformat().replace("+00:00", "Z")
        return {"time": moment, "column": self.column, "stored": self.stored, "new": self.new}


@dataclass(frozen=True, slots=True)
class Merge:
    """What becomes of the stored and of the new rows.

    Attributes
    ----------
    stored, new : Columns
        What was merged.
    parts : Parts
        The merged rows in order of time: 0 for stored or 1 for new, first row, row after the last.
    stale, fresh : Runs
        Rows of `stored` that go and rows of `new` that come; a changed bar is in both.
    added, changed, removed, unchanged : int
        Bars; `unchanged` counts those of the new bars that are stored with the same values, and with "keep" also
        those whose stored values stay.
    overlapping : int
        Stored bars in the period of the new ones.
    conflicts : tuple of Conflict
        At most `CONFLICTS_LISTED`, by time; none with "replace" and "whole", which settle them.
    conflict_count : int
        Values that differ, all of them; `conflicting_bars` counts the bars they belong to.
    """

    stored: Columns
    new: Columns
    parts: Parts
    stale: Runs
    fresh: Runs
    added: int
    changed: int
    removed: int
    unchanged: int
    overlapping: int
    conflicts: tuple[Conflict, ...]
    conflict_count: int
    conflicting_bars: int

    @property
    def is_idle(self) -> bool:
        """Whether the stored rows stay as they are."""
        return not (len(self.stale) or len(self.fresh))

    def columns(self) -> MergedColumns:
        """Return the merged rows."""
        return MergedColumns(self.stored, self.new, self.parts)


class MergedColumns:
    """The rows of a merge as `Columns`, read from where they lie."""

    def __init__(self, stored: Columns, new: Columns, parts: Parts) -> None:
        self._sources = (stored, new)
        self._parts = parts
        self._ends = np.cumsum(parts[:, 2] - parts[:, 1])

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def read(self, name: str, first: int = 0, after: int | None = None) -> NDArray[Any]:
        """Return rows of a column in memory of their own."""
        first, after, _step = slice(first, after).indices(len(self))
        if after <= first:
            return np.empty(0, dtype=np.int64 if name == "time" else np.float64)
        low, high = np.searchsorted(self._ends, (first, after - 1), side="right")
        parts = self._parts[low : high + 1].copy()
        parts[-1, 2] -= self._ends[high] - after
        parts[0, 1] += first - (self._ends[low - 1] if low else 0)
        return self._joined(name, parts) if len(parts) <= _FEW_PARTS else self._gathered(name, parts)

    def _joined(self, name: str, parts: Parts) -> NDArray[Any]:
        pieces = [self._sources[source].read(name, begin, end) for source, begin, end in parts.tolist()]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _gathered(self, name: str, parts: Parts) -> NDArray[Any]:
        """Many short runs interleave two stretches that follow each other closely: read each stretch once."""
        lengths = parts[:, 2] - parts[:, 1]
        starts = np.cumsum(lengths) - lengths
        rows = np.arange(int(lengths.sum())) + np.repeat(parts[:, 1] - starts, lengths)
        owners = np.repeat(parts[:, 0], lengths)
        column = np.empty(len(rows), dtype=np.int64 if name == "time" else np.float64)
        for source in (STORED, NEW):
            mine = np.flatnonzero(owners == source)
            if mine.size:
                begin = int(rows[mine[0]])
                column[mine] = self._sources[source].read(name, begin, int(rows[mine[-1]]) + 1)[
                    rows[mine] - begin
                ]
        return column
