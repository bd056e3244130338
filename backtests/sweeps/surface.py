"""A map of a sweep: one figure over one or two axes, the others held fast or summed up. numpy only.

Each square stands for the cells that share its values. "best" shows the best of them, "median" the lower median, which
is the value of a real cell too: so every square leads to a cell that can be run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import InvalidInput, nearest
from backtests.optimize.result import LOWER_IS_BETTER
from backtests.optimize.space import Axis
from backtests.sweeps.cells import Cells

LARGEST_SIDE = 250
WAYS = ("best", "median")


class SurfaceRefused(InvalidInput):
    """A map that cannot be drawn."""

    code = "sweep_map_invalid"


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a map: its axis and, for each square, the first and last value it stands for."""

    axis: Axis
    first: tuple[Any, ...]
    last: tuple[Any, ...]

    @property
    def is_binned(self) -> bool:
        return len(self.first) < len(self.axis)


@dataclass(frozen=True, eq=False)
class Surface:
    """A figure over two sides.

    Parameters
    ----------
    x, y : Side
        `y` is None for a line over one axis; the arrays then have one row.
    values : ndarray of float64, shape (n_y, n_x)
        NaN where no cell of the square has the figure.
    cells : ndarray of int64, shape (n_y, n_x)
        The cell that the value is of; where there is none, the first cell of the square; -1 where it has no cell.
    counts : ndarray of int64, shape (n_y, n_x)
        How many cells of the square have the figure.
    low, high : float
        The 2nd and the 98th percentile of the values, between which colours go; NaN on an empty map.
    """

    x: Side
    y: Side | None
    values: NDArray[np.float64]
    cells: NDArray[np.int64]
    counts: NDArray[np.int64]
    low: float
    high: float


def surface(
    cells: Cells,
    metric: str,
    x: str,
    y: str | None = None,
    *,
    how: str = "best",
    fixed: Mapping[str, int] | None = None,
    side: int = LARGEST_SIDE,
) -> Surface:
    """Return the map of `metric` over axis `x`, or axes `x` and `y`.

    Parameters
    ----------
    fixed : mapping of str to int
        By axis, the number of the value that it is held at; the others are summed up as `how` says.
    side : int
        Most squares along an axis; one with more values has several of them in a square.

    Raises
    ------
    UnknownColumn
        A figure or an axis that the sweep does not have.
    SurfaceRefused
        One axis for both sides, a side that is held fast, or an unknown `how`.
    """
    if how not in WAYS:
        raise SurfaceRefused(f"{how} is no way to sum cells up. {nearest(how, WAYS)}")
    if x == y:
        raise SurfaceRefused(f"Both sides are {x}. Choose two axes, or leave y out for a line.")
    column = cells.metric(metric)
    x_place, y_place = cells.axis(x), None if y is None else cells.axis(y)
    chosen = _held(cells, fixed or {}, {x, y})
    x_side, x_of = _side(cells.axes[x_place], side)
    y_side, y_of = (None, None) if y_place is None else _side(cells.axes[y_place], side)
    width, height = len(x_side.first), 1 if y_side is None else len(y_side.first)
    square = x_of[cells.places[x_place][chosen]]
    if y_of is not None and y_place is not None:
        square = square + y_of[cells.places[y_place][chosen]] * width
    numbers = _numbers(len(cells), chosen)
    shape = (height, width)
    values, shown, counts = _summed(column[chosen], square, numbers, width * height, metric, how)
    known = values[~np.isnan(values)]
    low, high = (float(end) for end in np.percentile(known, (2, 98))) if known.size else (np.nan, np.nan)
    return Surface(
        x_side, y_side, values.reshape(shape), shown.reshape(shape), counts.reshape(shape), low, high
    )


def _held(cells: Cells, fixed: Mapping[str, int], sides: set[str | None]) -> slice | NDArray[np.bool_]:
    """Which cells the map is made of."""
    keep: NDArray[np.bool_] | None = None
    for name, value in fixed.items():
        if name in sides:
            raise SurfaceRefused(f"{name} is a side of the map: it cannot be held at one value too.")
        place = cells.axis(name)
        if not 0 <= value < len(cells.axes[place]):
            raise SurfaceRefused(
                f"{name} has {len(cells.axes[place])} values, counted from 0; not number {value}."
            )
        here = cells.places[place] == value
        keep = here if keep is None else keep & here
    return slice(None) if keep is None else keep


def _numbers(count: int, chosen: slice | NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.arange(count, dtype=np.int64)[chosen]


def _side(axis: Axis, most: int) -> tuple[Side, NDArray[np.int64]]:
    """The squares along an axis, and which of them each value of the axis falls into."""
    count = len(axis)
    # Numbers stand in their order; texts and switches as they were given.
    order = np.argsort(axis.column, kind="stable") if axis.column.dtype.kind in "if" else np.arange(count)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    squares = min(count, most)
    of_rank = np.arange(count) * squares // count
    starts = np.searchsorted(of_rank, np.arange(squares), side="left")
    ends = np.searchsorted(of_rank, np.arange(squares), side="right") - 1
    pick = [axis.values[int(place)] for place in order]
    made = Side(axis, tuple(pick[place] for place in starts), tuple(pick[place] for place in ends))
    return made, of_rank[rank]


def _summed(
    column: NDArray[np.float64],
    square: NDArray[np.int64],
    numbers: NDArray[np.int64],
    squares: int,
    metric: str,
    how: str,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """One value, one cell and one count a square. Of equal cells the first stands for them."""
    values = np.full(squares, np.nan)
    shown = np.full(squares, -1, dtype=np.int64)
    shown[square[::-1]] = numbers[::-1]
    known = np.flatnonzero(~np.isnan(column))
    counts = np.bincount(square[known], minlength=squares)
    if not known.size:
        return values, shown, counts
    merit = column[known] if metric in LOWER_IS_BETTER else -column[known]
    ordered = known[np.argsort(merit, kind="stable")]
    # Few squares fit two bytes, which numpy sorts in linear time.
    by_square = square[ordered].astype(np.min_scalar_type(squares))
    ordered = ordered[np.argsort(by_square, kind="stable")]
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))
    filled = np.flatnonzero(counts)
    # Best first: the lower median of the values stands past the middle, except where lower is better.
    middle = (counts - 1) // 2 if metric in LOWER_IS_BETTER else counts // 2
    place = starts if how == "best" else starts + middle
    picked = ordered[place[filled]]
    values[filled] = column[picked]
    shown[filled] = numbers[picked]
    return values, shown, counts
