"""From a provider's rows to `Bars`: sorted, each time once, without rows that contradict themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marketdata.bars import COLUMNS, PRICES, TIME_TYPE, Bars, boundary, in_nanoseconds
from marketdata.errors import ProviderError, ProviderUnavailable
from marketdata.timeframes import get_timeframe

ROUNDING = 1e-6
"""By how much, relative to the price, a high may be below or a low above another price of its bar: adjusted prices are
rounded one by one. Such a high or low is moved to that price; what is further off makes the row contradict itself."""

NO_BARS = Bars(time=np.empty(0, dtype=TIME_TYPE), **{name: np.empty(0) for name in COLUMNS})


def bars_from_columns(
    time: NDArray[np.datetime64],
    open: ArrayLike,
    high: ArrayLike,
    low: ArrayLike,
    close: ArrayLike,
    volume: ArrayLike,
    *,
    note: Callable[[str], None] = lambda text: None,
) -> Bars:
    """Make `Bars` of what a provider sent, in any order, NaN where it sent nothing.

    Of rows with the same time the last one counts. A row without a price is left out, as is one whose prices are not
    above 0 or whose high is below its low; `note` is told how many. No volume counts as 0.

    Raises
    ------
    ProviderUnavailable
        A time that bars cannot hold.
    """
    given = {"open": open, "high": high, "low": low, "close": close, "volume": volume}
    columns = {name: np.array(values, dtype=np.float64) for name, values in given.items()}
    exact, lost = in_nanoseconds(time)
    if lost.size:
        said = f"a bar of {time[lost[0]]}, which is not within the years 1678 to 2261"
        raise ProviderUnavailable(f"The provider answered with {said}.")
    time, columns = _in_order(exact, columns)
    columns["volume"] = np.where(np.isfinite(columns["volume"]), columns["volume"], 0.0)
    _round_extremes(columns)
    empty = np.logical_and.reduce([np.isnan(columns[name]) for name in PRICES])
    sound = _sound(columns)
    broken = int((~sound & ~empty).sum())
    if broken:
        note(f"{broken} rows were left out because their prices contradict each other or are not above 0.")
    if empty.any():
        note(f"{int(empty.sum())} rows without prices were left out.")
    return Bars(time=time[sound], **{name: values[sound] for name, values in columns.items()})


def join(parts: list[Bars]) -> Bars:
    """Put parts that may overlap into one; of bars with the same time that of the later part counts."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return NO_BARS
    time = np.concatenate([part.time for part in parts])
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS}
    time, columns = _in_order(time, columns)
    return Bars(time=time, **columns)


def period(
    timeframe: str,
    start: np.datetime64 | str | None,
    end: np.datetime64 | str | None,
    *,
    now: np.datetime64,
    first: np.datetime64,
) -> tuple[np.datetime64, np.datetime64]:
    """Return the period to ask for in nanoseconds: from `first` on when no start is given, to `now` at most.

    Raises
    ------
    ProviderError
        The end lies before the start.
    BarsError
        One of them is not a date or time.
    """
    begin = first.astype(TIME_TYPE) if start is None else boundary(start, "start")
    finish = now.astype(TIME_TYPE) if end is None else boundary(end, "end", whole_unit=True)
    if start is not None and end is not None and finish < begin:
        message = f"The end {end} lies before the start {start}. Swap them."
        raise ProviderError(message, fields={"end": [message]})
    if not get_timeframe(timeframe).is_intraday:
        begin = begin.astype("datetime64[D]").astype(TIME_TYPE)
    return begin, min(finish, now.astype(TIME_TYPE))


def week_of(days: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return the Monday of each day's week, the date that names a weekly bar."""
    dates = days.astype("datetime64[D]")
    mondays: NDArray[np.datetime64] = dates - ((dates.astype(np.int64) + 3) % 7).astype("timedelta64[D]")
    return mondays


def _in_order(
    time: NDArray[np.datetime64], columns: dict[str, NDArray[np.float64]]
) -> tuple[NDArray[np.datetime64], dict[str, NDArray[np.float64]]]:
    """Sort by time and keep the last row of each."""
    order = np.argsort(time, kind="stable")
    time = time[order]
    last = np.ones(len(time), dtype=bool)
    last[:-1] = time[1:] != time[:-1]
    last &= ~np.isnat(time)
    return time[last], {name: values[order][last] for name, values in columns.items()}


def _round_extremes(columns: dict[str, NDArray[np.float64]]) -> None:
    body_top = np.maximum(columns["open"], columns["close"])
    body_bottom = np.minimum(columns["open"], columns["close"])
    high, low = columns["high"], columns["low"]
    with np.errstate(invalid="ignore"):
        columns["high"] = np.where((high < body_top) & (high >= body_top * (1 - ROUNDING)), body_top, high)
        columns["low"] = np.where(
            (low > body_bottom) & (low <= body_bottom * (1 + ROUNDING)), body_bottom, low
        )


def _sound(columns: dict[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        priced = np.logical_and.reduce(
            [np.isfinite(columns[name]) & (columns[name] > 0.0) for name in PRICES]
        )
        body_top = np.maximum(columns["open"], columns["close"])
        body_bottom = np.minimum(columns["open"], columns["close"])
        inside = (columns["high"] >= body_top) & (columns["low"] <= body_bottom)
        sound: NDArray[np.bool_] = priced & inside & (columns["volume"] >= 0.0)
        return sound
