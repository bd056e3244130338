"""Which combinations of values a sweep tries: every one of a grid, or a seeded sample of it.

numpy only, so that a form can check a space before any job runs. Cells are numbered from 0; a cell's values are
computed from its number, never stored, so that a space of a billion cells costs nothing until it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import shown
from backtests.optimize.errors import SpaceError

CONFIGURATION = "configuration."
"""What the name of an axis begins with that varies a setting of the account and not a parameter."""

Columns: TypeAlias = dict[str, NDArray[Any]]

_INDEXABLE = 2**62
"""Above this many combinations a draw without repetition is not possible, and repetition does not happen."""


class Space(Protocol):
    """What a sweep needs to know: its axes, how many cells there are, and the values of any range of them."""

    @property
    def axes(self) -> tuple[Axis, ...]: ...

    @property
    def cell_count(self) -> int: ...

    def values_of(self, first: int, last: int) -> Columns: ...


@dataclass(frozen=True)
class Axis:
    """The values of one parameter or setting, in the order of the grid.

    Parameters
    ----------
    name : str
        A parameter of the strategy, or "configuration." and the name of a setting.
    values : sequence of int, float, bool, str or None
        Each once, all of one kind (whole and decimal numbers may mix). None stands among numbers only: a setting
        that is left empty. Its place in the column is NaN.

    Raises
    ------
    SpaceError
        No name, no values, a value twice, kinds that do not mix, or a number that is not finite.
    """

    name: str
    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.removeprefix(CONFIGURATION):
            raise SpaceError(f"An axis has no name ({shown(self.name)}). Name a parameter or a setting.")
        values = tuple(_plain(value) for value in self.values)
        object.__setattr__(self, "values", values)
        if not values:
            raise self._refused("has no values. Give at least one.")
        self.column.flags.writeable = False
        if len(np.unique(self.column)) < len(values):
            twice = next(value for place, value in enumerate(values) if value in values[:place])
            raise self._refused(f"has the value {shown(twice)} twice. Give each value once.")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def setting(self) -> str:
        """The account's setting this axis varies; empty for a parameter of the strategy."""
        return self.name.removeprefix(CONFIGURATION) if self.name.startswith(CONFIGURATION) else ""

    @cached_property
    def column(self) -> NDArray[Any]:
        """The values as an array: bool, int64, float64 (with NaN for None) or text."""
        kinds = {type(value) for value in self.values}
        if kinds in ({bool}, {str}):
            return np.array(self.values)
        if not kinds <= {int, float, type(None)}:
            raise self._refused("mixes numbers, text or switches. Give values of one kind.")
        if kinds == {int} and all(abs(value) < 2**63 for value in self.values):
            return np.array(self.values, dtype=np.int64)
        for value in self.values:
            if value is not None and not math.isfinite(value):
                raise self._refused(f"holds {value}. Give finite numbers.")
        return np.array([np.nan if value is None else value for value in self.values], dtype=np.float64)

    def _refused(self, why: str) -> SpaceError:
        message = f"{self.name} {why}"
        return SpaceError(message, fields={self.name: [message]})


@dataclass(frozen=True)
class Grid:
    """Every combination of the axes' values; the last axis varies fastest."""

    axes: tuple[Axis, ...]

    def __init__(self, axes: Sequence[Axis]) -> None:
        object.__setattr__(self, "axes", _checked(axes))

    @property
    def cell_count(self) -> int:
        return combinations(self.axes)

    def values_of(self, first: int, last: int) -> Columns:
        """Return the values of cells `first` to `last` (not included), one column an axis."""
        _check_range(first, last, self.cell_count)
        return _values(self.axes, np.arange(first, last, dtype=np.int64))


@dataclass(frozen=True)
class RandomSearch:
    """A seeded sample of a grid, uniform over each axis's values.

    Parameters
    ----------
    axes : sequence of Axis
    samples : int
        Wanted number of cells. No combination comes twice; a grid that has fewer is taken whole, in random order.
    seed : int
        The same axes, samples and seed give the same cells.
    """

    axes: tuple[Axis, ...]
    samples: int
    seed: int = 0
    _cells: NDArray[np.int64] | None = field(init=False, repr=False, compare=False)

    def __init__(self, axes: Sequence[Axis], samples: int, seed: int = 0) -> None:
        if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
            message = f"samples is {shown(samples)}. Give a whole number of at least 1."
            raise SpaceError(message, fields={"samples": [message]})
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            message = f"seed is {shown(seed)}. Give a whole number of at least 0."
            raise SpaceError(message, fields={"seed": [message]})
        checked = _checked(axes)
        object.__setattr__(self, "axes", checked)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "seed", seed)
        count = combinations(checked)
        drawn = None
        if count <= _INDEXABLE:
            chosen = np.random.default_rng(seed).choice(count, min(samples, count), replace=False)
            drawn = chosen.astype(np.int64, copy=False)
        object.__setattr__(self, "_cells", drawn)

    @property
    def cell_count(self) -> int:
        return min(self.samples, combinations(self.axes))

    def values_of(self, first: int, last: int) -> Columns:
        """Return the values of cells `first` to `last` (not included), one column an axis."""
        _check_range(first, last, self.cell_count)
        if self._cells is not None:
            return _values(self.axes, self._cells[first:last])
        streams = np.random.SeedSequence(self.seed).spawn(len(self.axes))
        return {
            axis.name: axis.column[
                np.random.default_rng(stream).integers(0, len(axis), self.samples)[first:last]
            ]
            for axis, stream in zip(self.axes, streams, strict=True)
        }


def combinations(axes: Sequence[Axis]) -> int:
    """How many cells the whole grid of these axes has."""
    return math.prod(len(axis) for axis in axes)


def _values(axes: tuple[Axis, ...], cells: NDArray[np.int64]) -> Columns:
    columns: Columns = {}
    stride = combinations(axes)
    for axis in axes:
        stride //= len(axis)
        columns[axis.name] = axis.column[cells // stride % len(axis)]
    return columns


def _checked(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    if not axes:
        raise SpaceError("There is nothing to vary. Give at least one axis.")
    names = [axis.name for axis in axes]
    for place, name in enumerate(names):
        if name in names[:place]:
            message = f"{name} is varied by two axes. Put all its values in one."
            raise SpaceError(message, fields={name: [message]})
    return tuple(axes)


def _check_range(first: int, last: int, count: int) -> None:
    if not 0 <= first <= last <= count:
        raise SpaceError(f"Cells {first} to {last} are not within 0 to {count}. Ask for cells that exist.")


def _plain(value: Any) -> Any:
    """A numpy scalar as its Python value."""
    return value.item() if isinstance(value, np.generic) else value
