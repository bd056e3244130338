"""Checks on what indicators are given: columns of numbers and periods."""

import math
import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from algotrade.errors import shown
from strategies.errors import IndicatorError
from strategies.indicators import backends

LONGEST_PERIOD = 100_000


def column(name: str, values: ArrayLike, *, finite: bool = True) -> NDArray[np.float64]:
    """Return `values` as a read-only contiguous float64 column of finite numbers, or refuse it naming the row.

    The kernels know one kind of array only, so that each is compiled once. Without `finite` the caller looks
    for NaN and infinities.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1:
        array = values
    else:
        array = _converted(name, values)
    if not (array.flags.c_contiguous and array.flags.aligned):
        array = array.copy()
    if array.flags.writeable:
        array = frozen(array)
    if finite and not backends.finite().all_finite_nb(array):
        row = int(np.flatnonzero(~np.isfinite(array))[0])
        message = f"{name} is {array[row]} at row {row}. Fill or remove rows without a finite number first."
        raise _refused(name, message)
    return array


def frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """A read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view


def columns(*, finite: bool = True, **named: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Return several columns that must have the same length."""
    checked = [column(name, values, finite=finite) for name, values in named.items()]
    size = checked[0].size
    for array in checked:
        if array.size != size:
            said = ", ".join(f"{name} {each.size}" for name, each in zip(named, checked, strict=True))
            raise IndicatorError(
                f"The columns have different lengths ({said}). Give one value a bar in each."
            )
    return tuple(checked)


def _converted(name: str, values: ArrayLike) -> NDArray[np.float64]:
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
    return array


def period_of(name: str, value: Any, minimum: int = 1) -> int:
    """Return a number of bars, or refuse it naming the bounds."""
    if type(value) is int and minimum <= value <= LONGEST_PERIOD:
        return value
    try:
        bars = None if isinstance(value, (bool, np.bool_)) else operator.index(value)
    except TypeError:
        bars = None
    if bars is None or not minimum <= bars <= LONGEST_PERIOD:
        raise _refused(
            name,
            f"{name} is {shown(value)}. Give a whole number of bars from {minimum} to {LONGEST_PERIOD:,}.",
        )
    return bars


def positive(name: str, value: Any) -> float:
    """Return a finite number above 0, or refuse it."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value <= 0.0:
        raise _refused(name, f"{name} is {shown(value)}. Give a finite number above 0.")
    return float(value)


def _refused(name: str, message: str) -> IndicatorError:
    return IndicatorError(message, fields={name: [message]})
