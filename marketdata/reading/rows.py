"""What one row of a file means: the exact reader that every other way of reading agrees with."""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import NamedTuple

from marketdata.bars import PRICES
from marketdata.errors import FileInvalid, FileProblem
from marketdata.reading.cells import split
from marketdata.reading.checks import check_layout
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import UNREADABLE
from marketdata.reading.numbers import NumberReader
from marketdata.reading.report import problem
from marketdata.reading.times import TimeReader


class Row(NamedTuple):
    """What one row means: UTC nanoseconds, prices above 0 in order, volume at least 0.

    `volume` is 0 without such a column. `adj_close` is NaN without one, and where it holds no price unless the
    file is read with `adjust`, which refuses that.
    """

    time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    adj_close: float

    def adjusted(self) -> Row:
        """Return the row with its prices multiplied, and its volume divided, by adj_close / close."""
        factor = self.adj_close / self.close
        volume = self.volume / factor if factor else inf
        return Row(
            self.time,
            self.open * factor,
            self.high * factor,
            self.low * factor,
            self.close * factor,
            volume,
            self.adj_close,
        )


class RowReader:
    """The exact reader of one row, and the definition of what a row means.

    Parameters
    ----------
    layout, reading : Layout, Reading
        Where the values stand, and how they are meant.
    latest_ns : int
        A bar after this moment (nanoseconds since 1970) is refused as a future date.

    Raises
    ------
    FileInvalid
        The layout or the reading cannot be used (see `check_layout`).

    Notes
    -----
    The first row of a file must go through it: that fixes how its times are written, so that a later row that
    differs is refused ("mixed timezones").
    """

    def __init__(self, layout: Layout, reading: Reading, latest_ns: int) -> None:
        if problems := check_layout(layout, reading):
            raise FileInvalid(problems)
        self.layout = layout
        self.reading = reading
        self.latest_ns = latest_ns
        self.times = TimeReader(
            reading.timezone, session_dates=reading.session_dates, time_format=layout.time_format
        )
        self.numbers = NumberReader(layout.decimal, layout.thousands)
        self._width = len(layout.names)
        self._prices = [(name, layout.roles.index(name)) for name in PRICES]
        self._volume = layout.position("volume")
        self._adj_close = layout.position("adj_close")

    def check_header(self, text: str, number: int) -> list[FileProblem]:
        """Compare the header's line with the layout; an empty list means that they agree."""
        try:
            names = tuple(cell.strip() for cell in split(text, self.layout.delimiter))
        except ValueError as error:
            return [problem(number, "header", text, f"cannot be cut into cells: {error}.")]
        while len(names) > self._width and not names[-1]:
            names = names[:-1]
        # A column without a name, or one that only rows have, was given a name of its own.
        pairs = zip(names, self.layout.names, strict=False)
        if len(names) <= self._width and all(name in ("", wanted) for name, wanted in pairs):
            return []
        reason = (
            f"is not the header this file is to be read by ({', '.join(self.layout.names)[:200]}). "
            "Detect the columns of this file again."
        )
        return [problem(number, "header", text, reason)]

    def read(self, text: str, number: int, after: int | None = None) -> Row | list[FileProblem]:
        """Return what line `number` means, adjusted if the reading asks for it, or why it means nothing.

        `after` is the time of the bar before, which decides between the two of a local time that exists twice.
        Order and repetition are not judged here: see `order_problem`.
        """
        cells = self._cells(text, number)
        if isinstance(cells, FileProblem):
            return [cells]
        found: list[FileProblem] = []
        time = self._time(cells, number, after, found)
        prices = [self._number(cells, position, number, found) for _name, position in self._prices]
        volume, adj_close = 0.0, nan
        if self._volume is not None:
            volume = self._number(cells, self._volume, number, found, is_volume=True)
        if self._adj_close is not None:
            unread: list[FileProblem] = []
            required = found if self.reading.adjust else unread
            adj_close = self._number(cells, self._adj_close, number, required)
        if found:
            return found
        row = Row(time, prices[0], prices[1], prices[2], prices[3], volume, adj_close)
        if wrong := self._disorder(row, number):
            return [wrong]
        return self._adjusted(row, number) if self.reading.adjust else row

    def order_problem(self, text: str, number: int, row: Row, before: int, before_line: int) -> FileProblem:
        """Say what is wrong with a row whose time is not after `before`, the time of line `before_line`."""
        cells = self._cells(text, number)
        said = "" if isinstance(cells, FileProblem) else self._time_text(cells)
        if row.time == before:
            reason = f"repeats the time of line {before_line}. Keep one row per time."
        else:
            reason = f"comes before line {before_line}. Sort the rows by time, oldest first."
        return problem(number, self.layout.time_name, said, reason)

    def _cells(self, text: str, number: int) -> list[str] | FileProblem:
        for sign, reason in UNREADABLE.items():
            if sign in text:
                return problem(number, "row", "", reason)
        try:
            cells = split(text, self.layout.delimiter)
        except ValueError as error:
            return problem(number, "row", text, f"cannot be cut into cells: {error}.")
        if len(cells) == self._width + 1 and not cells[-1].strip():
            cells.pop()  # a delimiter at the end of the line
        if len(cells) != self._width:
            whose = "the header names" if self.layout.has_header else "the rows of this file have"
            reason = f"while {whose} {self._width} columns. Complete or remove the row."
            return problem(number, "row", f"{len(cells)} cells", reason)
        return cells

    def _time_text(self, cells: list[str]) -> str:
        return " ".join(cells[position].strip() for position in self.layout.time_positions)

    def _time(self, cells: list[str], number: int, after: int | None, found: list[FileProblem]) -> int:
        text = self._time_text(cells)
        try:
            time = self.times.read(text, after)
        except ValueError as error:
            found.append(problem(number, self.layout.time_name, text, str(error)))
            return 0
        if time > self.latest_ns:
            reason = "lies in the future. Correct the date or the timezone."
            found.append(problem(number, self.layout.time_name, text, reason))
        return time

    def _number(
        self,
        cells: list[str],
        position: int,
        number: int,
        found: list[FileProblem],
        *,
        is_volume: bool = False,
    ) -> float:
        text = cells[position].strip()
        value = self.numbers.read(text)
        if value is None:
            reason = self.numbers.why_not(text)
        elif is_volume and value < 0.0:
            reason = "is below 0. A volume is 0 or more."
        elif not is_volume and value <= 0.0:
            reason = "is not above 0. Correct or remove the row."
        else:
            return value
        found.append(problem(number, self.layout.names[position], text, reason))
        return nan

    def _disorder(self, row: Row, number: int) -> FileProblem | None:
        top, bottom = max(row.open, row.close), min(row.open, row.close)
        high, low = self.layout.roles.index("high"), self.layout.roles.index("low")
        if row.high < row.low:
            position, value = high, row.high
            reason = f"is below the low {row.low:.10g}. Correct or remove the row."
        elif row.high < top:
            position, value, reason = high, row.high, f"is below open or close ({top:.10g}). Correct it."
        elif row.low > bottom:
            position, value, reason = low, row.low, f"is above open or close ({bottom:.10g}). Correct it."
        else:
            return None
        return problem(number, self.layout.names[position], f"{value:.10g}", reason)

    def _adjusted(self, row: Row, number: int) -> Row | list[FileProblem]:
        adjusted = row.adjusted()
        if all(isfinite(value) for value in adjusted) and min(adjusted[1:5]) > 0.0:
            return adjusted
        name = self.layout.names[self.layout.roles.index("adj_close")]
        reason = (
            f"against the close {row.close:.10g} gives no price or volume that a number holds. Correct it."
        )
        return [problem(number, name, f"{row.adj_close:.10g}", reason)]
