"""Bars: frozen columns of open, high, low, close and volume, checked once and then trusted everywhere.

numpy only; pandas is imported inside the two methods that speak of frames, because it is heavy and most
users of bars (the web process among them) never need it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from marketdata.errors import BarsError

if TYPE_CHECKING:
    import pandas as pd

PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")

TIME_TYPE = np.dtype("datetime64[ns]")
_OFFSET = re.compile(r"T.*(Z|[+-]\d{2}:?\d{2})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Open, high, low, close and volume of one symbol, oldest first.

    Parameters
    ----------
    time : ndarray of datetime64[ns], shape (n_bars,)
        UTC, strictly increasing.
    open, high, low, close : ndarray of float64, shape (n_bars,)
        Finite and above 0; low <= min(open, close) and high >= max(open, close).
    volume : ndarray of float64, shape (n_bars,)
        Finite and at least 0.

    Raises
    ------
    BarsError
        Naming the row (0-based index and time), the value and the remedy.

    Notes
    -----
    The columns are read-only and contiguous. A writable input is copied, so that nobody can change bars after
    the check. Two objects are equal only when they are the same object.
    """

    time: NDArray[np.datetime64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", _frozen(_time_column(self.time)))
        for name in COLUMNS:
            object.__setattr__(self, name, _frozen(_number_column(name, getattr(self, name))))
        lengths = {name: len(getattr(self, name)) for name in ("time", *COLUMNS)}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise BarsError(
                f"The columns have different lengths ({said}). Give every bar a value in each column."
            )
        _check_times(self.time)
        _check_prices(self)

    def __len__(self) -> int:
        return len(self.time)

    def __repr__(self) -> str:
        if not len(self):
            return "Bars(empty)"
        first, last = (np.datetime_as_string(self.time[row], unit="s") for row in (0, -1))
        return f"Bars({len(self)} bars, {first} to {last})"

    @classmethod
    def trusted(
        cls,
        *,
        time: NDArray[np.datetime64],
        open: NDArray[np.float64],
        high: NDArray[np.float64],
        low: NDArray[np.float64],
        close: NDArray[np.float64],
        volume: NDArray[np.float64],
    ) -> Self:
        """Wrap columns that were validated before (a stored snapshot), without checking or copying them."""
        bars = object.__new__(cls)
        columns = {"time": time, "open": open, "high": high, "low": low, "close": close, "volume": volume}
        for name, values in columns.items():
            object.__setattr__(bars, name, _read_only(values))
        return bars

    def slice(
        self,
        start: np.datetime64 | dt.date | str | None = None,
        end: np.datetime64 | dt.date | str | None = None,
    ) -> Self:
        """Return the bars from `start` to `end`, both included.

        An end that is coarser than a nanosecond covers its whole unit: `"2020-01-31"` includes every intraday
        bar of that day. Times are UTC; one with an offset is converted. Nothing is copied.
        """
        first = 0 if start is None else int(np.searchsorted(self.time, boundary(start, "start"), side="left"))
        after = len(self)
        if end is not None:
            after = int(np.searchsorted(self.time, boundary(end, "end", whole_unit=True), side="right"))
        return self._rows(first, max(first, after))

    def head(self, n: int) -> Self:
        """Return the first `n` bars (all of them when there are fewer)."""
        return self._rows(0, max(0, min(n, len(self))))

    def _rows(self, first: int, after: int) -> Self:
        columns = {name: getattr(self, name)[first:after] for name in ("time", *COLUMNS)}
        return type(self).trusted(**columns)

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> Self:
        """Read a frame with a DatetimeIndex (naive means UTC) and the columns open, high, low, close, volume.

        Column names are matched without regard to case; other columns are left out.
        """
        import pandas as pd

        if not isinstance(frame.index, pd.DatetimeIndex):
            raise BarsError(
                f"The frame's index is a {type(frame.index).__name__}. Give it a DatetimeIndex, for example "
                "with frame.set_index(pandas.to_datetime(frame['time'], utc=True))."
            )
        named = [str(column).lower() for column in frame.columns]
        for name in COLUMNS:
            if named.count(name) != 1:
                found = ", ".join(str(column) for column in frame.columns) or "none"
                problem = "has no column" if name not in named else "has more than one column"
                raise BarsError(f"The frame {problem} {name!r} (its columns: {found}). Rename its columns.")
        columns = {name: frame.iloc[:, named.index(name)].to_numpy() for name in COLUMNS}
        return cls(time=frame.index, **columns)  # type: ignore[arg-type]

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a UTC DatetimeIndex named "time" and one column each."""
        import pandas as pd

        index = pd.DatetimeIndex(self.time, name="time").tz_localize("UTC")
        return pd.DataFrame({name: getattr(self, name) for name in COLUMNS}, index=index)


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    """A read-only view; a memory-mapped column stays mapped."""
    view = np.asarray(values).view()  # asarray turns a memory map into a plain array on the same pages
    view.flags.writeable = False
    return view


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    """Contiguous and safe from its giver: copied when anyone could still write to it."""
    if values.flags.writeable or not values.flags.c_contiguous:
        values = values.copy()
    return _read_only(values)


def _time_column(values: Any) -> NDArray[np.datetime64]:
    if getattr(values, "tz", None) is not None:  # a pandas index with a zone: numpy would make objects of it
        values = values.tz_convert("UTC").tz_localize(None)
    column = np.asarray(values)
    if column.ndim != 1:
        raise BarsError(
            f"time has {column.ndim} dimensions. Give a flat (1-d) column.", fields={"time": ["not 1-d"]}
        )
    if column.dtype.kind != "M":
        remedy = "Convert it first, for example with numpy.asarray(values, dtype='datetime64[ns]')."
        raise _column_error("time", f"time holds {column.dtype} values. {remedy}")
    if column.dtype == TIME_TYPE:
        return column
    exact, lost = in_nanoseconds(column)
    if lost.size:
        row = int(lost[0])
        message = f"Row {row}: time {column[row]} is not within 1678 to 2261. Correct or remove the row."
        raise _column_error("time", message)
    return exact


def in_nanoseconds(
    time: NDArray[np.datetime64],
) -> tuple[NDArray[np.datetime64], NDArray[np.intp]]:
    """Return times of any unit in nanoseconds, and the rows that these cannot hold.

    They reach from 1677 to 2262 only, and numpy lets what lies beyond wrap around to a year within.
    """
    exact = time.astype(TIME_TYPE)
    return exact, np.flatnonzero((exact.astype(time.dtype) != time) & ~np.isnat(time))


def _number_column(name: str, values: Any) -> NDArray[np.float64]:
    try:
        column = np.asarray(values)
        if column.dtype.kind == "c":
            raise TypeError("complex numbers")
        column = column.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        message = f"{name} holds something that is not a number ({error}). Give plain numbers."
        raise _column_error(name, message) from error
    if column.ndim != 1:
        raise BarsError(
            f"{name} has {column.ndim} dimensions. Give a flat (1-d) column.", fields={name: ["not 1-d"]}
        )
    return column


def _check_times(time: NDArray[np.datetime64]) -> None:
    missing = np.flatnonzero(np.isnat(time))
    if missing.size:
        row = int(missing[0])
        raise BarsError(
            f"Row {row} has no time. Give every bar its time, or remove the row.", fields={"time": ["NaT"]}
        )
    back = np.flatnonzero(time[1:] <= time[:-1])
    if back.size:
        row = int(back[0]) + 1
        what = "repeats" if time[row] == time[row - 1] else "comes before"
        remedy = "Keep one bar per time." if what == "repeats" else "Sort the bars by time, oldest first."
        message = (
            f"{_place(time, row)}: its time {what} that of row {row - 1} ({_said(time[row - 1])}). {remedy}"
        )
        raise BarsError(message, fields={"time": [message]})


def _check_prices(bars: Bars) -> None:
    for name in PRICES:
        values = getattr(bars, name)
        _refuse(bars, name, ~(np.isfinite(values) & (values > 0.0)), "is not a finite price above 0")
    _refuse(
        bars,
        "volume",
        ~(np.isfinite(bars.volume) & (bars.volume >= 0.0)),
        "is not a finite volume of 0 or more",
    )
    _refuse(bars, "low", bars.low > np.minimum(bars.open, bars.close), "is above the open or the close")
    _refuse(bars, "high", bars.high < np.maximum(bars.open, bars.close), "is below the open or the close")


def _refuse(bars: Bars, name: str, bad: NDArray[np.bool_], problem: str) -> None:
    if not bad.any():
        return
    row = int(np.argmax(bad))
    shown = ", ".join(f"{column} {getattr(bars, column)[row]:.10g}" for column in PRICES)
    value = f"{getattr(bars, name)[row]:.10g}"
    message = f"{_place(bars.time, row)}: {name} {value} {problem} ({shown}). Correct or remove the row."
    raise _column_error(name, message)


def _column_error(name: str, message: str) -> BarsError:
    return BarsError(message, fields={name: [message]})


def _place(time: NDArray[np.datetime64], row: int) -> str:
    return f"Row {row} ({_said(time[row])})"


def _said(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s"))


def boundary(value: np.datetime64 | dt.date | str, name: str, *, whole_unit: bool = False) -> np.datetime64:
    """Return an end of a period as nanoseconds; `whole_unit` takes the last nanosecond of a coarser value."""
    try:
        if isinstance(value, str) and _OFFSET.search(value.strip()):
            value = dt.datetime.fromisoformat(value.strip())
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        moment = np.datetime64(value)
        exact = moment.astype(TIME_TYPE)
        if np.isnat(exact) or exact.astype(moment.dtype) != moment:
            raise ValueError("not a time between 1678 and 2261")
        # A full timestamp (microseconds and finer) means that instant, not a span.
        spans = whole_unit and np.datetime_data(moment.dtype)[0] in {"Y", "M", "W", "D", "h", "m", "s"}
        return (moment + 1).astype(TIME_TYPE) - np.timedelta64(1, "ns") if spans else exact
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{name} {value!r} is not a date or time. Write it like 2020-01-31 or 2020-01-31T15:30."
        raise _column_error(name, message) from error


def utc_datetime(moment: np.datetime64) -> dt.datetime:
    """Return a bar's time as the database and templates take it: aware, in UTC, with microseconds."""
    naive: dt.datetime = moment.astype("datetime64[us]").item()
    return naive.replace(tzinfo=dt.UTC)
