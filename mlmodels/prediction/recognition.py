"""Whether prices are old acquaintances under other dates or another scale: what a model was trained on, seen again.

Dates and a factor change nothing of the ratio of one close to the next, and fewer digits, a shift or a little noise
change nothing of its direction. Bars whose close did not move say nothing and are left out, so that pauses recognise
nothing; the rest is compared in runs of consecutive moves, and of directions. Pure: numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]

RUN = 20
"""Moves that must be the same, one after another; more where the prices known repeat themselves."""
DIRECTIONS = 32
"""Directions that must be the same: they repeat themselves so much sooner that 64 or 128 it mostly is."""
RESOLUTION = 1e-9
"""To which moves are compared, as a share of the price."""

_MULTIPLIERS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Rows `first` to `last` of some prices hold copies of others; `first` is row `original` of those."""

    first: int
    last: int
    original: int


def recognise(close: Floats, known: Floats) -> Recognised | None:
    """Find stretches of `known` closes in `close`, whatever their dates, their scale and their last digits.

    Parameters
    ----------
    close : ndarray of shape (n_bars,)
    known : ndarray of shape (n_known,)
        Both positive and finite.

    Returns
    -------
    Recognised or None
        None where neither `RUN` consecutive moves nor `DIRECTIONS` directions are those of `known`. Prices that
        repeat themselves (few ticks a move, a wave) are like each other without being copies: the run that counts is
        twice as long as any that stands twice in `known`, in steps of doubling. O(n log n).
    """
    steps, known_steps = _steps(close), _steps(known)
    exactly = _shared(_Moves.of(steps), _Moves.of(known_steps), RUN)
    if exactly is not None:
        return exactly
    return _shared(_Moves.of(np.sign(steps)), _Moves.of(np.sign(known_steps)), DIRECTIONS)


def _shared(moved: _Moves, known_moved: _Moves, shortest: int) -> Recognised | None:
    """Where one has as long a run of the other's as says that it is a copy; `shortest` is a multiple of 4."""
    half, known_half = (_joined(moves.runs(shortest // 4), shortest // 4) for moves in (moved, known_moved))
    length = shortest
    while min(half.size, known_half.size) > length // 2:
        whole, known_whole = (_joined(runs, length // 2) for runs in (half, known_half))
        found = np.flatnonzero(np.isin(whole, known_whole))
        if not found.size:
            return None
        if np.unique(known_half).size == known_half.size:
            first, last = int(found[0]), int(found[-1]) + length - 1
            original = int(np.flatnonzero(known_whole == whole[first])[0])
            # The bar before the first move is the one that it moved from.
            return Recognised(
                int(moved.rows[first]) - 1, int(moved.rows[last]), int(known_moved.rows[original]) - 1
            )
        half, known_half, length = whole, known_whole, 2 * length
    return None


def _steps(close: Floats) -> Floats:
    """Each move in units of the resolution, shape (n_bars - 1,)."""
    return np.asarray(np.rint((close[1:] / close[:-1] - 1.0) / RESOLUTION))


@dataclass(frozen=True, slots=True, eq=False)
class _Moves:
    rows: Indices
    hashes: Hashes

    @classmethod
    def of(cls, steps: Floats) -> _Moves:
        rows: Indices = np.flatnonzero(steps)
        return cls(rows + 1, _mixed((steps[rows] + 0.0).view(np.uint64)))

    def runs(self, length: int) -> Hashes:
        """A number for each run of so many consecutive moves, shape (n_moves - length + 1,)."""
        count = max(self.hashes.size - length + 1, 0)
        result = np.zeros(count, dtype=np.uint64)
        for place in range(length if count else 0):
            result = _mixed(result) ^ self.hashes[place : place + count]
        return result


def _joined(runs: Hashes, length: int) -> Hashes:
    """Runs twice as long, of two that follow each other."""
    return _mixed(runs[:-length]) ^ runs[length:]


def _mixed(numbers: Hashes) -> Hashes:
    result = numbers * _MULTIPLIERS[0]
    result ^= result >> _SHIFT
    return result * _MULTIPLIERS[1]
