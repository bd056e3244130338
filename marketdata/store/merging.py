"""Putting new bars into stored ones: which come in, which go, which contradict. Works in blocks, free of Django."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS
from marketdata.columns import BLOCK, Columns, first_row_from
from marketdata.store.merged import CONFLICTS_LISTED, NEW, STORED, Conflict, Merge
from marketdata.store.runs import Parts, Runs, joined_parts, joined_runs, runs_of

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


class _Walk:
    """What the walk over the overlap has found so far."""

    def __init__(self) -> None:
        self.parts: list[Parts] = []
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
    walk = _Walk()
    walk.part(STORED, 0, low)
    if overlap in (REPLACE, WHOLE):
        walk.part(NEW, 0, new_count)
    for stretch in _stretches(stored, new, low, high):
        _compare(stored, new, stretch, overlap, walk)
    walk.part(STORED, high, count)
    return Merge(
        stored=stored,
        new=new,
        parts=joined_parts(walk.parts),
        stale=joined_runs(walk.stale),
        fresh=joined_runs(walk.fresh),
        added=walk.added,
        changed=walk.changed,
        removed=walk.removed,
        unchanged=walk.unchanged,
        overlapping=high - low,
        conflicts=tuple(walk.conflicts),
        conflict_count=walk.conflict_count,
        conflicting_bars=walk.conflicting_bars,
    )


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


def _compare(stored: Columns, new: Columns, stretch: _Stretch, overlap: Overlap, walk: _Walk) -> None:
    places = np.searchsorted(stretch.stored_time, stretch.new_time)
    common = np.zeros(len(stretch.new_time), dtype=np.bool_)
    within = places < len(stretch.stored_time)
    common[within] = stretch.stored_time[places[within]] == stretch.new_time[within]
    rows = np.flatnonzero(common)
    differs = _differences(stored, new, stretch, places[rows], rows)
    changed = rows[differs.any(axis=0)] if rows.size else rows
    added = np.flatnonzero(~common)
    walk.added += added.size
    replaces = overlap in (REPLACE, WHOLE)
    if replaces:
        walk.changed += changed.size
        walk.unchanged += rows.size - changed.size
        kept = np.zeros(len(stretch.stored_time), dtype=np.bool_)
        kept[places[rows]] = True
        walk.removed += int(np.count_nonzero(~kept))
        kept[places[changed]] = False
        walk.stale.append(runs_of(np.flatnonzero(~kept), stretch.stored_first))
        fresh = ~common
        fresh[changed] = True
        walk.fresh.append(runs_of(np.flatnonzero(fresh), stretch.new_first))
        return
    walk.unchanged += rows.size
    walk.conflicting_bars += changed.size
    walk.fresh.append(runs_of(added, stretch.new_first))
    walk.parts.append(_interleaved(stretch, added, places[added]))
    if changed.size:
        _list_conflicts(stored, new, stretch, places, rows, differs, walk)


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
    walk: _Walk,
) -> None:
    bars, columns = np.nonzero(differs.T)
    walk.conflict_count += bars.size
    for bar, number in zip(bars.tolist(), columns.tolist(), strict=True):
        if len(walk.conflicts) >= CONFLICTS_LISTED:
            return
        row, name = int(rows[bar]), COLUMNS[number]
        at, at_new = stretch.stored_first + int(places[row]), stretch.new_first + row
        walk.conflicts.append(
            Conflict(
                time=np.datetime64(int(stretch.new_time[row]), "ns"),
                column=name,
                stored=float(stored.read(name, at, at + 1)[0]),
                new=float(new.read(name, at_new, at_new + 1)[0]),
            )
        )


def _interleaved(stretch: _Stretch, added: NDArray[np.intp], places: NDArray[np.intp]) -> Parts:
    """The stored rows of a stretch with the added ones between them."""
    count = stretch.stored_after - stretch.stored_first
    if not added.size:
        return np.array([[STORED, stretch.stored_first, stretch.stored_after]], dtype=np.int64)
    breaks = np.flatnonzero((np.diff(added) != 1) | (np.diff(places) != 0)) + 1
    begins = np.concatenate(([0], breaks))
    ends = np.concatenate((breaks, [added.size]))
    cuts = places[begins]  # a run of added rows stands before this stored row
    parts = np.empty((2 * len(begins) + 1, 3), dtype=np.int64)
    parts[0::2, 0], parts[1::2, 0] = STORED, NEW
    parts[0::2, 1] = np.concatenate(([0], cuts)) + stretch.stored_first
    parts[0::2, 2] = np.concatenate((cuts, [count])) + stretch.stored_first
    parts[1::2, 1] = added[begins] + stretch.new_first
    parts[1::2, 2] = added[ends - 1] + 1 + stretch.new_first
    return parts
