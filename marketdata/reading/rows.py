"""Reading bars from a CSV file, one line at a time, with every problem located.

Nothing is kept in memory but the numbers, so that a file as large as the cap is read in little more than
the columns it turns into. Up to `MAX_PROBLEMS` problems are collected before the reader gives up; bars come
out only when there is none.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import inf, nan
from typing import BinaryIO, NamedTuple, NoReturn

import numpy as np

from marketdata.bars import PRICES, Bars
from marketdata.errors import FileInvalid, FileProblem, FileTooLarge
from marketdata.reading.cells import split
from marketdata.reading.headers import Header, read_header
from marketdata.reading.layout import (
    DELIMITERS,
    ENCODINGS,
    MAX_COLUMNS,
    ROLES,
    THOUSANDS,
    TIME_FORMATS,
    Layout,
    Reading,
)
from marketdata.reading.lines import UNREADABLE
from marketdata.reading.numbers import NumberReader
from marketdata.reading.times import TimeReader, get_zone

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 5_000_000
MAX_LINE_BYTES = 64 * 1024
MAX_PROBLEMS = 100
PROGRESS_EVERY = 5_000
"""Rows between two calls of `progress`."""

NEWEST_FIRST = (
    "comes before line 2, as every row does: the file runs newest first. Sort it by time, oldest first."
)

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_NUMBERS = NumberReader()
_FUTURE_TOLERANCE = dt.timedelta(days=1)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CsvContent:
    """What a file held: the bars, and how they were read."""

    bars: Bars
    columns: tuple[str, ...]
    adjusted: bool
    has_volume: bool


class Row(NamedTuple):
    """What one row means: UTC nanoseconds, prices above 0 in order, volume at least 0.

    `volume` is 0 without such a column. `adj_close` is NaN without one, and where it holds no price unless the
    file is read with `adjust`, which refuses that. Nothing is adjusted here.
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
        """Return what line `number` means, or why it means nothing.

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
        wrong = self._disorder(row, number)
        return [wrong] if wrong else row

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


def problem(line: int, column: str, value: str, reason: str) -> FileProblem:
    """Make a problem whose words are short enough to show."""
    return FileProblem(line, column[:40], value[:60], reason)


def check_layout(layout: Layout, reading: Reading) -> list[FileProblem]:
    """Return what keeps any file from being read by this layout in this way; empty when nothing does."""
    reasons: list[str] = []
    roles = [role for role in layout.roles if role != "ignore"]
    missing = [name for name in PRICES if name not in roles]
    if missing:
        reasons.append(f"no column holds {', '.join(missing)}. Say which column does.")
    times = {role for role in roles if role in ("time", "date", "time_of_day")}
    if not times:
        reasons.append("no column holds the time. Say which column does.")
    elif times not in ({"time"}, {"date"}, {"date", "time_of_day"}):
        reasons.append("the time is one column, or a date and a time of day. Choose one of the two.")
    for role in sorted(set(roles)):
        if role not in ROLES:
            reasons.append(f"{role[:40]!r} is not what a column can hold. There are: {', '.join(ROLES)}.")
        elif roles.count(role) > 1:
            reasons.append(f"{roles.count(role)} columns hold {role}. Keep one of them.")
    if len(layout.roles) != len(layout.names):
        reasons.append("not every column has a name and a role. Detect the columns again.")
    if len(layout.names) > MAX_COLUMNS:
        reasons.append(f"{len(layout.names)} columns are over the cap of {MAX_COLUMNS}. Remove columns.")
    reasons.extend(_wrong_signs(layout))
    if reading.adjust and "adj_close" not in roles:
        reasons.append("the file has no column adj_close to adjust by. Import it without adjusting.")
    try:
        get_zone(reading.timezone)
    except ValueError as error:
        reasons.append(str(error))
    return [problem(0, "", "", reason) for reason in reasons]


def _wrong_signs(layout: Layout) -> Iterator[str]:
    choices = (
        ("encoding", layout.encoding, ENCODINGS),
        ("delimiter", layout.delimiter, tuple(DELIMITERS)),
        ("decimal sign", layout.decimal, (".", ",")),
        ("thousands separator", layout.thousands, THOUSANDS),
        ("time format", layout.time_format, TIME_FORMATS),
    )
    for what, value, known in choices:
        if value not in known:
            said = ", ".join(repr(one) for one in known)
            yield f"{str(value)[:40]!r} is not a known {what}. There are: {said}."
    if layout.thousands == layout.decimal:
        yield "the decimal sign and the thousands separator are the same. Choose another one."


class _ProblemsFullError(Exception):
    """Leaves the reading loop when the list of problems is full."""


def read_csv(
    stream: BinaryIO,
    *,
    timezone: str = "UTC",
    session_dates: bool = False,
    adjust: bool = False,
    now: dt.datetime | None = None,
    progress: Progress | None = None,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
) -> CsvContent:
    """Read bars from a binary stream of UTF-8 text.

    Parameters
    ----------
    stream : binary file
        The header's names are matched in any case and order: a time (date, datetime, time, timestamp, or date
        and time apart), open, high, low, close, and optionally volume (0 when absent) and adj_close. Other
        columns are left out. Comma, semicolon or tab separates them.
    timezone : str
        IANA zone of times written without an offset.
    session_dates : bool
        Daily and longer bars: only the date counts. See `marketdata.reading.times.TimeReader`.
    adjust : bool
        Adjust for splits and dividends by the column adj_close. The convention: with
        factor = adj_close / close of the same row, open, high, low and close are multiplied by the factor and
        the volume is divided by it, so that price times volume (money traded) stays what it was.
    now : datetime, optional
        Bars more than a day later are refused as future dates. The present moment by default.
    progress : callable, optional
        Called as progress(bytes_read, rows_read) now and then; what it raises stops the reading.
    max_bytes, max_rows : int
        Caps; a file over one of them raises.

    Raises
    ------
    FileInvalid
        With every located problem (line, column, value, reason).
    FileTooLarge
        The file is over a cap.
    """
    reader = _Reader(
        lines=_Lines(stream, max_bytes),
        times=TimeReader(timezone, session_dates=session_dates),
        latest=(now or dt.datetime.now(dt.UTC)) + _FUTURE_TOLERANCE,
        adjust=adjust,
        max_rows=max_rows,
    )
    return reader.read(progress)


class _Lines:
    """The lines of a binary stream as text, numbered from 1."""

    def __init__(self, stream: BinaryIO, max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self.number = 0
        self.bytes_read = 0

    def next(self) -> str | None:
        """Return the next line without its end, or None after the last one."""
        raw = self._stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            return None
        self.number += 1
        self.bytes_read += len(raw)
        if self.bytes_read > self._max_bytes:
            cap = self._max_bytes / (1024 * 1024)
            raise FileTooLarge(
                f"The file is larger than {cap:g} MiB. Split it by period and import the parts."
            )
        if self.number == 1:
            raw = self._without_mark(raw)
        if len(raw) > MAX_LINE_BYTES:
            self._stop(f"the line is longer than {MAX_LINE_BYTES} bytes. This does not look like a CSV file.")
        if b"\0" in raw:
            self._stop("the line holds a NUL byte. This is not a text file; export it again as CSV (UTF-8).")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._stop(f"byte {error.start + 1} is not UTF-8. Save the file as CSV with UTF-8 encoding.")
        text = text.rstrip("\r\n")
        if "\r" in text:
            self._stop("lines end with a lone carriage return. Save the file with usual line ends (LF).")
        return text

    def _without_mark(self, raw: bytes) -> bytes:
        if raw.startswith(_UTF16):
            self._stop("the file is UTF-16. Save it as CSV with UTF-8 encoding.")
        return raw.removeprefix(_BOM)

    def _stop(self, reason: str) -> NoReturn:
        raise FileInvalid([FileProblem(self.number, "", "", reason)])


class _Reader:
    """One pass over a file."""

    def __init__(
        self, *, lines: _Lines, times: TimeReader, latest: dt.datetime, adjust: bool, max_rows: int
    ) -> None:
        self.lines = lines
        self.times = times
        self.latest = int(latest.timestamp()) * 1_000_000_000
        self.adjust = adjust
        self.max_rows = max_rows
        self.problems: list[FileProblem] = []
        self.time = array("q")
        self.last_line = 0
        self.backward = 0
        self.columns = {name: array("d") for name in (*PRICES, "volume", "adj_close")}

    def read(self, progress: Progress | None) -> CsvContent:
        header = self._header()
        stopped = False
        try:
            while (line := self.lines.next()) is not None:
                if line.strip():
                    self._row(line, header)
                if progress is not None and self.lines.number % PROGRESS_EVERY == 0:
                    progress(self.lines.bytes_read, len(self.time))
        except _ProblemsFullError:
            stopped = True
        except FileInvalid as error:  # a line that is no text at all: nothing after it can be trusted
            self.problems.extend(error.problems)
        if self._is_newest_first():
            raise FileInvalid([replace(self.problems[0], reason=NEWEST_FIRST)], stopped=False)
        if self.problems:
            raise FileInvalid(self.problems, stopped=stopped)
        if not self.time:
            self._stop("the file has a header and no rows. Add at least one bar.")
        return CsvContent(self._bars(header), header.names, self.adjust, "volume" in header.positions)

    def _is_newest_first(self) -> bool:
        """Whether every row after the first comes before it: one thing to say instead of one a row."""
        return len(self.time) == 1 and 1 < len(self.problems) == self.backward

    def _header(self) -> Header:
        line = self.lines.next()
        if line is None or not line.strip():
            self.lines.number = max(self.lines.number, 1)
            what = "the file is empty" if line is None else "the first line is empty"
            self._stop(f"{what}. The first line must name the columns: date, open, high, low, close, volume.")
        header = read_header(line, self.lines.number, split)
        if self.adjust and "adj_close" not in header.positions:
            self._stop("the file has no column adj_close to adjust by. Import it without adjusting.")
        return header

    def _row(self, line: str, header: Header) -> None:
        if len(self.time) >= self.max_rows:
            raise FileTooLarge(f"The file has more than {self.max_rows} rows. Split it and import the parts.")
        try:
            cells = split(line, header.delimiter)
        except ValueError as error:
            self._problem("row", line, f"cannot be cut into cells: {error}.")
            return
        if len(cells) != len(header.names):
            reason = f"while the header names {len(header.names)} columns. Complete or remove the row."
            self._problem("row", f"{len(cells)} cells", reason)
            return
        moment = self._moment(cells, header)
        values = self._values(cells, header)
        if moment is None or values is None or not self._is_bar(values):
            return
        self.time.append(moment)
        self.last_line = self.lines.number
        for name, value in values.items():
            self.columns[name].append(value)

    def _moment(self, cells: list[str], header: Header) -> int | None:
        text = " ".join(cells[position].strip() for position in header.time_parts)
        before = self.time[-1] if self.time else None
        try:
            moment = self.times.read(text, before)
        except ValueError as error:
            self._problem(header.time_name, text, str(error))
            return None
        if moment > self.latest:
            self._problem(header.time_name, text, "lies in the future. Correct the date or the timezone.")
            return None
        if before is not None and moment <= before:
            if moment == before:
                reason = f"repeats the time of line {self.last_line}. Keep one row per time."
            else:
                self.backward += 1
                reason = f"comes before line {self.last_line}. Sort the rows by time, oldest first."
            self._problem(header.time_name, text, reason)
            return None
        return moment

    def _values(self, cells: list[str], header: Header) -> dict[str, float] | None:
        values: dict[str, float] = {}
        for name, position in header.positions.items():
            if name == "adj_close" and not self.adjust:
                continue
            text = cells[position].strip()
            value = _NUMBERS.read(text)
            if value is None:
                self._problem(header.names[position], text, _NUMBERS.why_not(text))
            elif name == "volume" and value < 0.0:
                self._problem(header.names[position], text, "is below 0. A volume is 0 or more.")
            elif name != "volume" and value <= 0.0:
                self._problem(header.names[position], text, "is not above 0. Correct or remove the row.")
            else:
                values[name] = value
        return values if len(values) == len(header.positions) - self._unread(header) else None

    def _unread(self, header: Header) -> int:
        return int("adj_close" in header.positions and not self.adjust)

    def _is_bar(self, values: dict[str, float]) -> bool:
        top, bottom = max(values["open"], values["close"]), min(values["open"], values["close"])
        high, low = values["high"], values["low"]
        if high < low:
            self._problem("high", f"{high:g}", f"is below the low {low:g}. Correct or remove the row.")
        elif high < top:
            self._problem("high", f"{high:.10g}", f"is below open or close ({top:.10g}). Correct it.")
        elif low > bottom:
            self._problem("low", f"{low:.10g}", f"is above open or close ({bottom:.10g}). Correct it.")
        else:
            return True
        return False

    def _bars(self, header: Header) -> Bars:
        columns = {name: np.frombuffer(values, dtype=np.float64) for name, values in self.columns.items()}
        rows = len(self.time)
        volume = columns["volume"] if "volume" in header.positions else np.zeros(rows)
        prices = {name: columns[name] for name in PRICES}
        if self.adjust:
            # Multiplying by one positive factor keeps the order of the four prices, rounding included.
            with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
                factor = columns["adj_close"] / columns["close"]
                prices = {name: values * factor for name, values in prices.items()}
                volume = volume / factor  # an absurd factor gives an infinity here, which Bars refuses
        time = np.frombuffer(self.time, dtype=np.int64).view("datetime64[ns]")
        return Bars(time=time, volume=volume, **prices)

    def _problem(self, column: str, value: str, reason: str) -> None:
        self.problems.append(FileProblem(self.lines.number, column[:40], value[:60], reason))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _ProblemsFullError

    def _stop(self, reason: str) -> NoReturn:
        raise FileInvalid([FileProblem(self.lines.number, "", "", reason)])
