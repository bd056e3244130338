"""A fold: the rows that train, the rows that are tested, and those left out because they know both.

The outcome of row t is known from bars t to `label_end[t]`. A training row may touch no bar that the outcome of a
tested row touches (purge), and may keep a further distance (embargo): López de Prado, Advances in Financial Machine
Learning, chapter 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Indices: TypeAlias = NDArray[np.int64]
Span: TypeAlias = tuple[int, int]
"""First and last bar of a stretch, both included."""


_TRAINS, _KEPT_AWAY, _KNOWS, _TESTED = range(4)


@dataclass(frozen=True, slots=True)
class FoldSpans:
    """The stretches of bars a fold consists of, for drawing; each kind in order and without overlap."""

    train: tuple[Span, ...]
    purged: tuple[Span, ...]
    embargo: tuple[Span, ...]
    test: tuple[Span, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows as ascending indices of bars.

    `train`, `purged` and `embargo` hold rows with an outcome; `test` holds every bar of its blocks, also the last
    ones whose outcome is unknown. `blocks` are the numbers (from 0) of the blocks tested, `tests` their first and last
    bars.
    """

    number: int
    train: Indices
    purged: Indices
    embargo: Indices
    test: Indices
    blocks: tuple[int, ...]
    tests: tuple[Span, ...]
    spans: FoldSpans


def make_fold(
    number: int,
    rows: Indices,
    label_end: Indices,
    tests: Sequence[Span],
    blocks: tuple[int, ...],
    *,
    horizon: int,
    before: int = 0,
    after: int = 0,
) -> Fold:
    """Divide rows into those that may train for some test blocks and those that must be left out.

    Parameters
    ----------
    rows : ndarray of int64
        Candidates for training, ascending, each with an outcome; those within a test block are passed over.
    label_end : ndarray of int64, shape (n_bars,)
        Last bar that each row's outcome looks at; -1 without one.
    tests : sequence of Span
        First and last bar of each test block, ascending.
    horizon : int
        Bars that an outcome looks ahead at most, beside the bar of entry. Rows are purged by it even where their
        outcome ended early: otherwise what happened to a row would decide whether it is kept.
    before, after : int
        Embargo in bars beyond the purge, on either side of each test block.
    """
    role = np.full(rows.size, _TRAINS, dtype=np.int8)
    longest = max(1 + horizon, int((label_end[rows] - rows).max(initial=0)))
    for first, last in tests:
        reach = max(last + 1 + horizon, int(label_end[first : last + 1].max(initial=-1)))
        # Only rows so near can know anything of the block, and there may be many blocks and many more rows.
        low = int(np.searchsorted(rows, first - longest - before))
        high = int(np.searchsorted(rows, reach + after, side="right"))
        near, around = rows[low:high], role[low:high]
        ends = np.maximum(label_end[near], near + 1 + horizon)
        kept_away = (ends + before >= first) & (near <= reach + after)
        touches = (ends >= first) & (near <= reach)
        around[kept_away] = np.maximum(around[kept_away], _KEPT_AWAY)
        around[touches] = np.maximum(around[touches], _KNOWS)
        around[(near >= first) & (near <= last)] = _TESTED
    parts = {kind: np.flatnonzero(role == kind) for kind in (_TRAINS, _KNOWS, _KEPT_AWAY)}
    return Fold(
        number=number,
        train=rows[parts[_TRAINS]],
        purged=rows[parts[_KNOWS]],
        embargo=rows[parts[_KEPT_AWAY]],
        test=np.concatenate([np.arange(first, last + 1, dtype=np.int64) for first, last in tests]),
        blocks=blocks,
        tests=tuple(tests),
        spans=FoldSpans(
            train=_stretches(parts[_TRAINS], rows),
            purged=_stretches(parts[_KNOWS], rows),
            embargo=_stretches(parts[_KEPT_AWAY], rows),
            test=_joined(tests),
        ),
    )


def _stretches(places: NDArray[np.intp], rows: Indices) -> tuple[Span, ...]:
    """First and last row of each stretch of neighbouring places; rows that no candidate lies between are neighbours."""
    if not places.size:
        return ()
    breaks = np.flatnonzero(np.diff(places) > 1)
    firsts = rows[places[np.concatenate(([0], breaks + 1))]]
    lasts = rows[places[np.concatenate((breaks, [places.size - 1]))]]
    return tuple((int(first), int(last)) for first, last in zip(firsts, lasts, strict=True))


def _joined(tests: Sequence[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for first, last in tests:
        if found and found[-1][1] + 1 == first:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return tuple(found)
