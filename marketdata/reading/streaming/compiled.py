"""Many lines at once, read by compiled code.

`CompiledLines` gives every row exactly the meaning that `marketdata.reading.rows.RowReader` gives it, or leaves it to
that reader: so nothing about a row's meaning is defined here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.reading.layout import TIME_FORMATS, Layout, Reading
from marketdata.reading.streaming import kernels, moment_kernels
from marketdata.reading.streaming.zones import ZoneTable
from marketdata.reading.times import get_zone

MOST_LINES = 65_536
"""Lines that are read at once."""

_DAY = moment_kernels.DAY
_NUMBERS = {
    "open": kernels.OPEN,
    "high": kernels.HIGH,
    "low": kernels.LOW,
    "close": kernels.CLOSE,
    "volume": kernels.VOLUME,
    "adj_close": kernels.ADJ_CLOSE,
}
# The layouts of time that are read here, and what each of their columns holds.
_TIMES = {
    ("time",): (kernels.TIME,),
    ("date",): (kernels.TIME,),
    ("date", "time_of_day"): (kernels.TIME, kernels.TIME_OF_DAY),
}


class CompiledLines:
    """The compiled reader of the lines of one file.

    Attributes
    ----------
    starts, status, kinds, moments, values : ndarray
        Of the lines that `read` read last: where each begins, what became of it (`kernels.READ` and so on), what its
        time is (`moment_kernels.UNIX` and so on), UTC nanoseconds, and the numbers, shape (lines, 6).
    """

    def __init__(self, layout: Layout, reading: Reading, latest_ns: int) -> None:
        self.usable = _is_plain(layout)
        self._reading = reading
        self._latest = latest_ns
        self._zone = ZoneTable(get_zone(reading.timezone))
        self._columns = _columns(layout)
        self._kinds = _kinds_of_bytes(layout.delimiter)
        self._point = ord(layout.decimal)
        self._order = TIME_FORMATS.index(layout.time_format)
        self.starts = np.empty(MOST_LINES, dtype=np.int64)
        self.status = np.empty(MOST_LINES, dtype=np.uint8)
        self.kinds = np.empty(MOST_LINES, dtype=np.uint8)
        self.moments = np.empty(MOST_LINES, dtype=np.int64)
        self.values = np.empty((MOST_LINES, kernels.VALUES))

    def read(self, data: NDArray[np.uint8], place: int, after: int) -> tuple[int, int]:
        """Read lines of `data` from `place` on, which end at `after`; return how many, and where the next begins."""
        count, place = kernels.read_lines_nb(
            data,
            place,
            after,
            self._columns,
            self._kinds,
            self._point,
            self._order,
            self.starts,
            self.status,
            self.kinds,
            self.moments,
            self.values,
        )
        if not self.usable:
            self.status[:count][self.status[:count] == kernels.READ] = kernels.LEFT
        self._to_utc(count)
        return count, place

    def _to_utc(self, count: int) -> None:
        """Turn what the lines say into UTC; leave the times that are in doubt, and those in the future."""
        status, kinds, moments = self.status[:count], self.kinds[:count], self.moments[:count]
        read = status == kernels.READ
        local = read & (kinds == moment_kernels.LOCAL)
        if self._reading.session_dates:
            moments[local] -= moments[local] % _DAY
            instant = read & (kinds <= moment_kernels.OFFSET) & (moments % _DAY != 0)
            moments[instant] = self._zone.midnights(moments[instant])
        elif local.any():
            times, doubtful = self._zone.utc(moments[local])
            moments[local] = times
            status[np.flatnonzero(local)[doubtful]] = kernels.LEFT
        status[read & (moments > self._latest)] = kernels.LEFT


def _is_plain(layout: Layout) -> bool:
    """Whether a plain line of this layout means here what it means to the exact reader."""
    return (
        layout.delimiter not in (" ", layout.decimal)
        and _time_roles(layout) in _TIMES
        and set(_NUMBERS) - {"volume", "adj_close"} <= set(layout.roles)
    )


def _time_roles(layout: Layout) -> tuple[str, ...]:
    return tuple(role for role in ("time", "date", "time_of_day") if role in layout.roles)


def _columns(layout: Layout) -> NDArray[np.int64]:
    """What each column holds; a second column of the same role is passed over."""
    meanings = dict(_NUMBERS)
    roles = _time_roles(layout)
    meanings |= dict(zip(roles, _TIMES.get(roles, ()), strict=False))
    columns = [
        meanings.get(role, kernels.IGNORED) if layout.position(role) == place else kernels.IGNORED
        for place, role in enumerate(layout.roles)
    ]
    return np.array(columns, dtype=np.int64)


def _kinds_of_bytes(delimiter: str) -> NDArray[np.uint8]:
    kinds = np.full(256, kernels.ODD, dtype=np.uint8)
    kinds[32:127] = kernels.PLAIN
    kinds[9] = kernels.PLAIN
    # Around a line with quotes, tabs are taken off before it is cut.
    kinds[ord('"')] = kernels.ODD if delimiter == "\t" else kernels.QUOTE
    kinds[10], kinds[13] = kernels.NEWLINE, kernels.RETURN
    kinds[ord(delimiter)] = kernels.BETWEEN
    return kinds
