"""The cells of a finished sweep, read from its columns: one cell, a sorted page of them, and what they say together.

numpy only and no framework. Nothing is loaded that is not asked for: a column is touched when a sort or a map needs it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import InvalidInput, nearest
from backtests.optimize.result import LOWER_IS_BETTER, SWEEP_METRICS, SweepResult
from backtests.optimize.space import Axis

COUNTS = ("total_trades",)
"""Figures that are whole numbers; kept in four bytes, with -1 where there is none."""


class UnknownColumn(InvalidInput):
    """A figure or an axis that this sweep does not have."""

    code = "sweep_column_unknown"


@dataclass(frozen=True)
class Neighbours:
    """The cells one step away from a cell, one axis at a time; NaN where none of them has a value."""

    count: int
    median: float
    profitable: int


@dataclass(frozen=True)
class Cells:
    """Columns of one sweep, one value a cell.

    Parameters
    ----------
    axes : tuple of Axis
    places : tuple of ndarray of unsigned int, shape (n_cells,)
        For each axis, which of its values each cell has.
    metrics : mapping of str to ndarray of float64 or int32, shape (n_cells,)
        By name of `SWEEP_METRICS`; NaN (in counts -1) where undefined or refused.
    valid : ndarray of bool or uint8, shape (n_cells,)
    is_grid : bool
        Whether the cells are every combination, in the order of a `Grid`.
    """

    axes: tuple[Axis, ...]
    places: tuple[NDArray[Any], ...]
    metrics: Mapping[str, NDArray[Any]]
    valid: NDArray[Any]
    is_grid: bool

    @classmethod
    def of_result(cls, axes: tuple[Axis, ...], result: SweepResult, *, is_grid: bool) -> Cells:
        """Cells of a sweep that was just computed, in the types that are stored."""
        metrics = {
            name: _counts(column) if name in COUNTS else column for name, column in result.metrics.items()
        }
        places = tuple(_places(axis, result.values[axis.name]) for axis in axes)
        return cls(axes, places, metrics, result.valid.astype(np.uint8), is_grid)

    @classmethod
    def of_columns(
        cls, axes: tuple[Axis, ...], columns: Mapping[str, NDArray[Any]], *, is_grid: bool
    ) -> Cells:
        """Cells out of stored columns."""
        places = tuple(columns[f"axis:{number}"] for number in range(len(axes)))
        metrics = {name: columns[name] for name in SWEEP_METRICS}
        return cls(axes, places, metrics, columns["valid"], is_grid)

    def to_columns(self) -> dict[str, NDArray[Any]]:
        """What `of_columns` reads back."""
        places = {f"axis:{number}": column for number, column in enumerate(self.places)}
        return {**places, "valid": self.valid, **self.metrics}

    def __len__(self) -> int:
        return len(self.valid)

    @cached_property
    def valid_count(self) -> int:
        return int(np.count_nonzero(self.valid))

    def metric(self, name: str) -> NDArray[np.float64]:
        """A figure of every cell as numbers, NaN where it has none."""
        if name not in self.metrics:
            raise UnknownColumn(f"{name} is not a figure of a sweep. {nearest(name, SWEEP_METRICS)}")
        column = self.metrics[name]
        if column.dtype.kind == "f":
            return column
        return np.where(column < 0, np.nan, column.astype(np.float64))

    def axis(self, name: str) -> int:
        """The place of an axis by its name."""
        names = [axis.name for axis in self.axes]
        if name not in names:
            raise UnknownColumn(f"{name} is not varied by this sweep. {nearest(name, names)}")
        return names.index(name)

    def values(self, cell: int) -> dict[str, Any]:
        """The values of one cell by name of the axis."""
        return {
            axis.name: axis.values[int(places[cell])]
            for axis, places in zip(self.axes, self.places, strict=True)
        }

    def figures(self, cell: int) -> dict[str, float | int | None]:
        """The figures of one cell by name, None where undefined."""
        return {name: self._figure(name, cell) for name in SWEEP_METRICS}

    def row(self, cell: int) -> dict[str, Any]:
        """One cell as lists show it."""
        return {
            "cell": cell,
            "valid": bool(self.valid[cell]),
            "values": self.values(cell),
            "metrics": self.figures(cell),
        }

    def page(self, sort: str, first: int, last: int) -> list[int]:
        """Numbers of the cells from place `first` to `last` (not included) in an order.

        `sort` names a figure, an axis or "cell", with "-" before it for downwards. Cells without a value come last, and
        equal ones in the order of their numbers.
        """
        name, downwards = sort.removeprefix("-"), sort.startswith("-")
        first, last = max(first, 0), min(last, len(self))
        if name == "cell":
            numbers = range(len(self) - 1, -1, -1) if downwards else range(len(self))
            return list(numbers[first:last])
        return _window(self._sortable(name), downwards, first, last)

    def best_first(self, objective: str) -> str:
        """The sort that puts the best cell by a figure first."""
        return objective if objective in LOWER_IS_BETTER else f"-{objective}"

    def best(self, objective: str) -> int | None:
        """The number of the best cell, None where no cell has the figure."""
        numbers = self.page(self.best_first(objective), 0, 1)
        return numbers[0] if numbers and not math.isnan(self.metric(objective)[numbers[0]]) else None

    def median(self, name: str) -> float:
        """The median of a figure over the cells that have it; NaN where none has."""
        column = self.metric(name)
        known = column[~np.isnan(column)]
        return float(np.median(known)) if known.size else math.nan

    def profitable_share(self) -> float:
        """Share of the cells that can be run whose net return is above 0; NaN where none can be."""
        if not self.valid_count:
            return math.nan
        return float(np.count_nonzero(self.metric("total_return") > 0.0) / self.valid_count)

    def neighbours(self, cell: int, name: str) -> Neighbours | None:
        """What lies one step beside a cell along each axis of numbers; None for a random sample, which has no steps."""
        if not self.is_grid:
            return None
        beside = np.array(self._beside(cell), dtype=np.int64)
        column, gains = self.metric(name), self.metric("total_return")
        known = column[beside] if beside.size else np.empty(0)
        known = known[~np.isnan(known)]
        return Neighbours(
            count=int(known.size),
            median=float(np.median(known)) if known.size else math.nan,
            profitable=int(np.count_nonzero(gains[beside] > 0.0)) if beside.size else 0,
        )

    def _beside(self, cell: int) -> list[int]:
        found, stride = [], len(self)
        for axis, places in zip(self.axes, self.places, strict=True):
            stride //= len(axis)
            if axis.column.dtype.kind not in "if":
                continue
            order = np.argsort(axis.column, kind="stable")
            order = order[~np.isnan(axis.column[order].astype(np.float64))]
            here = np.flatnonzero(order == int(places[cell]))
            for step in (-1, 1):
                if here.size and 0 <= here[0] + step < order.size:
                    found.append(cell + (int(order[here[0] + step]) - int(places[cell])) * stride)
        return found

    def _sortable(self, name: str) -> NDArray[Any]:
        if name in self.metrics:
            return self.metric(name)
        if name not in [axis.name for axis in self.axes]:
            known = ["cell", *(axis.name for axis in self.axes), *SWEEP_METRICS]
            raise UnknownColumn(f"{name} is nothing to sort by. {nearest(name, known)}")
        place = self.axis(name)
        axis = self.axes[place]
        # Texts sort by their alphabet and an empty setting comes last, like every missing value.
        ranks: NDArray[np.float64] = np.empty(len(axis), dtype=np.float64)
        ranks[np.argsort(axis.column, kind="stable")] = np.arange(len(axis))
        if axis.column.dtype.kind == "f":
            ranks[np.isnan(axis.column)] = np.nan
        sortable: NDArray[np.float64] = ranks[self.places[place]]
        return sortable

    def _figure(self, name: str, cell: int) -> float | int | None:
        value = self.metrics[name][cell].item()
        if name in COUNTS and isinstance(value, int):
            return None if value < 0 else value
        return None if math.isnan(value) else value


def _counts(column: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.where(np.isnan(column), -1.0, column).astype(np.int32)


def _places(axis: Axis, values: NDArray[Any]) -> NDArray[Any]:
    """Which of the axis's values each cell has, in as few bytes as that takes."""
    order = np.argsort(axis.column, kind="stable")
    places = order[np.searchsorted(axis.column[order], values)]
    return places.astype(np.min_scalar_type(max(len(axis) - 1, 1)))


def _window(column: NDArray[Any], downwards: bool, first: int, last: int) -> list[int]:
    """A slice of the order without sorting what lies behind it."""
    known = np.flatnonzero(~np.isnan(column))
    merit = -column[known] if downwards else column[known]
    if last < known.size and last > 0:
        within = merit <= np.partition(merit, last - 1)[last - 1]
        chosen, merit = known[within], merit[within]
    else:
        chosen = known
    ordered = chosen[np.argsort(merit, kind="stable")]
    if last > known.size:
        ordered = np.concatenate((ordered, np.flatnonzero(np.isnan(column))))
    numbers: list[int] = ordered[first:last].tolist()
    return numbers
