"""Putting new bars into stored ones: which come in, which go, which contradict. Works in blocks, free of Django.

Nothing here copies a column as a whole: what a merge makes is described by runs of rows, and `MergedColumns` reads
through them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, utc_datetime
from marketdata.columns import BLOCK, NAMES, Columns, first_row_from

Overlap = Literal["extend", "keep", "replace", "reject", "whole"]
EXTEND: Overlap = "extend"
KEEP: Overlap = "keep"
REPLACE: Overlap = "replace"
REJECT: Overlap = "reject"
WHOLE: Overlap = "whole"
OVERLAPS: tuple[Overlap, ...] = (EXTEND, KEEP, REPLACE, REJECT)
"""What may be asked for. "extend" adds what is new, and a stored bar with other values is a conflict; "keep" lets
stored bars stay and lists those conflicts; "replace" puts the new bars in the place of all stored ones of their period;
"reject" refuses any stored bar in that period. "whole", for recomputed and restored series, replaces everything."""

CONFLICTS_LISTED = 1_000

Runs = NDArray[np.int64]
"""Ranges of rows, shape (n, 2): first and after, in order and apart."""

_STORED, _NEW = 0, 1
_FEW_RUNS = 64


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
    parts : ndarray of int64, shape (n, 3)
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
    parts: NDArray[np.int64]
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

    def __init__(self, stored: Columns, new: Columns, parts: NDArray[np.int64]) -> None:
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
        return self._joined(name, parts) if len(parts) <= _FEW_RUNS else self._gathered(name, parts)

    def _joined(self, name: str, parts: NDArray[np.int64]) -> NDArray[Any]:
        pieces = [self._sources[source].read(name, begin, end) for source, begin, end in parts.tolist()]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _gathered(self, name: str, parts: NDArray[np.int64]) -> NDArray[Any]:
        """Many short runs interleave two stretches that follow each other closely: read each stretch once."""
        lengths = parts[:, 2] - parts[:, 1]
        starts = np.cumsum(lengths) - lengths
        rows = np.arange(int(lengths.sum())) + np.repeat(parts[:, 1] - starts, lengths)
        owners = np.repeat(parts[:, 0], lengths)
        column = np.empty(len(rows), dtype=np.int64 if name == "time" else np.float64)
        for source in (_STORED, _NEW):
            mine = np.flatnonzero(owners == source)
            if mine.size:
                begin = int(rows[mine[0]])
                column[mine] = self._sources[source].read(name, begin, int(rows[mine[-1]]) + 1)[
                    rows[mine] - begin
                ]
        return column


class _Tally:
    """What the walk over the overlap has found so far."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.int64]] = []
        self.stale: list[Runs] = []
        self.fresh: list[Runs] = []
        self.added = self.changed = self.removed = self.unchanged = 0
        self.conflicts: list[Conflict] = []
        self.conflict_count = self.conflicting_bars = 0

    def part(self, source: int, first: int, after: int) -> None:
        if after > first:
            self.parts.append(np.array([[source, first, after]], dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The stored and the new rows of one span of time, small enough for memory."""

    stored_first: int
    stored_after: int
    new_first: int
    new_after: int
    stored_time: NDArray[np.int64]
    new_time: NDArray[np.int64]


def merge(stored: Columns, new: Columns, overlap: Overlap) -> Merge:
    """Work out what becomes of the rows; nothing is written, and a conflict is reported, not raised.

    Both have strictly growing times. The `Merge` reads from both, so keep them open while it is used.
    """
    count, new_count = len(stored), len(new)
    low, high = 0, count
    if overlap != WHOLE and new_count:
        low = first_row_from(stored, int(new.read("time", 0, 1)[0]))
        high = first_row_from(stored, int(new.read("time", new_count - 1)[0]) + 1)
    tally = _Tally()
    tally.part(_STORED, 0, low)
    if overlap in (REPLACE, WHOLE):
        tally.part(_NEW, 0, new_count)
    for stretch in _stretches(stored, new, low, high):
        _compare(stored, new, stretch, overlap, tally)
    tally.part(_STORED, high, count)
    return Merge(
        stored=stored,
        new=new,
        parts=_joined_parts(tally.parts),
        stale=_joined_runs(tally.stale),
        fresh=_joined_runs(tally.fresh),
        added=tally.added,
        changed=tally.changed,
        removed=tally.removed,
        unchanged=tally.unchanged,
        overlapping=high - low,
        conflicts=tuple(tally.conflicts),
        conflict_count=tally.conflict_count,
        conflicting_bars=tally.conflicting_bars,
    )


def chosen_rows(columns: Columns, runs: Runs, size: int = BLOCK) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the rows of `runs`, the six columns of at most `size` rows at a time."""
    for block in range(0, len(columns), size):
        low, high = (
            np.searchsorted(runs[:, 1], block, side="right"),
            np.searchsorted(runs[:, 0], block + size),
        )
        inside = np.clip(runs[low:high], block, block + size)
        if not len(inside):
            continue
        begin, end = int(inside[0, 0]), int(inside[-1, 1])
        values = {name: columns.read(name, begin, end) for name in NAMES}
        if len(inside) > 1:
            lengths = inside[:, 1] - inside[:, 0]
            starts = np.cumsum(lengths) - lengths
            rows = np.arange(int(lengths.sum())) + np.repeat(inside[:, 0] - starts, lengths) - begin
            values = {name: column[rows] for name, column in values.items()}
        yield values


def runs_of(rows: NDArray[np.intp], offset: int = 0) -> Runs:
    """Return growing row numbers as runs."""
    if not rows.size:
        return np.empty((0, 2), dtype=np.int64)
    breaks = np.flatnonzero(np.diff(rows) != 1)
    firsts = rows[np.concatenate(([0], breaks + 1))]
    lasts = rows[np.concatenate((breaks, [rows.size - 1]))]
    return np.column_stack((firsts + offset, lasts + 1 + offset)).astype(np.int64)


def _stretches(stored: Columns, new: Columns, low: int, high: int) -> Iterator[_Stretch]:
    """Cut both at the same times, so that a piece has at most `BLOCK` rows of each."""
    at, at_new, count = low, 0, len(new)
    while at < high or at_new < count:
        old_time = stored.read("time", at, min(high, at + BLOCK))
        new_time = new.read("time", at_new, min(count, at_new + BLOCK))
        limits = []
        if at + len(old_time) < high:
            limits.append(old_time[-1])
        if at_new + len(new_time) < count:
            limits.append(new_time[-1])
        taken, taken_new = len(old_time), len(new_time)
        if limits:
            taken, taken_new = (
                int(np.searchsorted(time, min(limits), "right")) for time in (old_time, new_time)
            )
        yield _Stretch(at, at + taken, at_new, at_new + taken_new, old_time[:taken], new_time[:taken_new])
        at, at_new = at + taken, at_new + taken_new


def _compare(stored: Columns, new: Columns, stretch: _Stretch, overlap: Overlap, tally: _Tally) -> None:
    places = np.searchsorted(stretch.stored_time, stretch.new_time)
    common = np.zeros(len(stretch.new_time), dtype=np.bool_)
    within = places < len(stretch.stored_time)
    common[within] = stretch.stored_time[places[within]] == stretch.new_time[within]
    rows = np.flatnonzero(common)
    differs = _differences(stored, new, stretch, places[rows], rows)
    changed = rows[differs.any(axis=0)] if rows.size else rows
    added = np.flatnonzero(~common)
    tally.added += added.size
    replaces = overlap in (REPLACE, WHOLE)
    if replaces:
        tally.changed += changed.size
        tally.unchanged += rows.size - changed.size
        kept = np.zeros(len(stretch.stored_time), dtype=np.bool_)
        kept[places[rows]] = True
        tally.removed += int(np.count_nonzero(~kept))
        kept[places[changed]] = False
        tally.stale.append(runs_of(np.flatnonzero(~kept), stretch.stored_first))
        fresh = ~common
        fresh[changed] = True
        tally.fresh.append(runs_of(np.flatnonzero(fresh), stretch.new_first))
        return
    tally.unchanged += rows.size
    tally.conflicting_bars += changed.size
    tally.fresh.append(runs_of(added, stretch.new_first))
    tally.parts.append(_interleaved(stretch, added, places[added]))
    if changed.size:
        _list_conflicts(stored, new, stretch, places, rows, differs, tally)


def _differences(
    stored: Columns, new: Columns, stretch: _Stretch, places: NDArray[np.intp], rows: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Say for each column and each common bar whether the values differ, shape (5, n)."""
    if not rows.size:
        return np.zeros((len(COLUMNS), 0), dtype=np.bool_)
    differs = np.empty((len(COLUMNS), rows.size), dtype=np.bool_)
    for number, name in enumerate(COLUMNS):
        old = stored.read(name, stretch.stored_first, stretch.stored_after)[places]
        differs[number] = old != new.read(name, stretch.new_first, stretch.new_after)[rows]
    return differs


def _list_conflicts(
    stored: Columns,
    new: Columns,
    stretch: _Stretch,
    places: NDArray[np.intp],
    rows: NDArray[np.intp],
    differs: NDArray[np.bool_],
    tally: _Tally,
) -> None:
    bars, columns = np.nonzero(differs.T)
    tally.conflict_count += bars.size
    for bar, number in zip(bars.tolist(), columns.tolist(), strict=True):
        if len(tally.conflicts) >= CONFLICTS_LISTED:
            return
        row, name = int(rows[bar]), COLUMNS[number]
        at, at_new = stretch.stored_first + int(places[row]), stretch.new_first + row
        tally.conflicts.append(
            Conflict(
                time=np.datetime64(int(stretch.new_time[row]), "ns"),
                column=name,
                stored=float(stored.read(name, at, at + 1)[0]),
                new=float(new.read(name, at_new, at_new + 1)[0]),
            )
        )


def _interleaved(stretch: _Stretch, added: NDArray[np.intp], places: NDArray[np.intp]) -> NDArray[np.int64]:
    """The stored rows of a stretch with the added ones between them."""
    count = stretch.stored_after - stretch.stored_first
    if not added.size:
        return np.array([[_STORED, stretch.stored_first, stretch.stored_after]], dtype=np.int64)
    breaks = np.flatnonzero((np.diff(added) != 1) | (np.diff(places) != 0)) + 1
    begins = np.concatenate(([0], breaks))
    ends = np.concatenate((breaks, [added.size]))
    cuts = places[begins]  # a run of added rows stands before this stored row
    parts = np.empty((2 * len(begins) + 1, 3), dtype=np.int64)
    parts[0::2, 0], parts[1::2, 0] = _STORED, _NEW
    parts[0::2, 1] = np.concatenate(([0], cuts)) + stretch.stored_first
    parts[0::2, 2] = np.concatenate((cuts, [count])) + stretch.stored_first
    parts[1::2, 1] = added[begins] + stretch.new_first
    parts[1::2, 2] = added[ends - 1] + 1 + stretch.new_first
    return parts


def _joined_parts(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One array, without empty parts, and with neighbours of one source made one."""
    whole = np.concatenate(parts) if parts else np.empty((0, 3), dtype=np.int64)
    whole = whole[whole[:, 2] > whole[:, 1]]
    if len(whole) < 2:
        return whole
    apart = (whole[1:, 0] != whole[:-1, 0]) | (whole[1:, 1] != whole[:-1, 2])
    begins = np.concatenate(([0], np.flatnonzero(apart) + 1))
    ends = np.concatenate((begins[1:], [len(whole)])) - 1
    return np.column_stack((whole[begins, 0], whole[begins, 1], whole[ends, 2]))


def _joined_runs(runs: list[Runs]) -> Runs:
    marked = [np.column_stack((np.zeros(len(part), dtype=np.int64), part)) for part in runs]
    return np.ascontiguousarray(_joined_parts(marked)[:, 1:])
