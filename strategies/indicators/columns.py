"""Checks on what indicators are given: columns of numbers and periods."""

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from algotrade.errors import shown
from strategies.errors import IndicatorError

LONGEST_PERIOD = 100_000


def column(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """Return `values` as a contiguous float64 column of finite numbers, or refuse it naming the row."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "iufO":
            raise TypeError(f"{array.dtype} values")
        dimensions = array.ndim
        array = np.ascontiguousarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(
            name, f"{name} holds something that is not a number ({error}). Give numbers."
        ) from error
    if dimensions != 1:
        raise _refused(name, f"{name} has {dimensions} dimensions. Give a flat (1-d) column.")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        row = int(bad[0])
        message = f"{name} is {array[row]} at row {row}. Fill or remove rows without a finite number first."
        raise _refused(name, message)
    return array


def columns(**named: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return several columns that must have the same length."""
    checked = {name: column(name, values) for name, values in named.items()}
    lengths = {name: array.size for name, array in checked.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise IndicatorError(f"The columns have different lengths ({said}). Give one value a bar in each.")
    return tuple(checked.values())


def period(name: str, value: Any, minimum: int = 1) -> int:
    """Return a number of bars, or refuse it naming the bounds."""
    bounds = f"a whole number of bars from {minimum} to {LONGEST_PERIOD:,}"
    try:
        bars = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        bars = None
    if bars is None or not minimum <= bars <= LONGEST_PERIOD:
        raise _refused(name, f"{name} is {shown(value)}. Give {bounds}.")
    return bars


def _refused(name: str, message: str) -> IndicatorError:
    return IndicatorError(message, fields={name: [message]})
