"""From the table in the first lines of a file to what was recognised in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from marketdata.bars import COLUMNS
from marketdata.errors import FileProblem
from marketdata.reading.cells import split
from marketdata.reading.checks import wrong_roles
from marketdata.reading.layout import MAX_COLUMNS, Layout
from marketdata.reading.moments import EPOCH, parse
from marketdata.reading.numbers import NumberReader
from marketdata.reading.recognition import new_york
from marketdata.reading.recognition.dates import TimeWriting, writing_of
from marketdata.reading.recognition.detection import Detection, Overrides
from marketdata.reading.recognition.guessing import DAY, calendar_of, from_period, timeframe_of, zone_of
from marketdata.reading.recognition.naming import (
    DIALECTS,
    dialect_of,
    is_header,
    period_column,
    plain,
    symbol_column,
    zone_hint,
)
from marketdata.reading.recognition.roles import Roles, by_names, by_values
from marketdata.reading.recognition.sample_times import MICROSECOND, SampleTimes, middle
from marketdata.reading.recognition.signs import Signs, is_number, signs_of
from marketdata.reading.recognition.tables import Table, is_row
from marketdata.reading.report import problem
from marketdata.timeframes import GENERIC, TIMEFRAMES


def recognise(
    lines: Sequence[str], table: Table, encoding: str, named: Detection, overrides: Overrides
) -> Detection:
    """Complete `named` (what the file's name says) by what the table in `lines` shows and `overrides` say."""
    sample = _Sample(lines, table, named, overrides)
    layout = sample.layout(encoding)
    if sample.problems:
        return replace(named, layout=layout, notes=tuple(sample.notes), problems=tuple(sample.problems))
    times = sample.times(layout)
    found = sample.key(replace(layout, time_format=times.time_format), times)
    return replace(found, notes=tuple(sample.notes), problems=tuple(sample.problems))


@dataclass(slots=True)
class _Sample:
    """The first lines of a file; what is noted and refused while they are looked at."""

    lines: Sequence[str]
    table: Table
    named: Detection
    overrides: Overrides
    notes: list[str] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)

    def layout(self, encoding: str) -> Layout:
        """Say where the values stand and how numbers are written."""
        table, rows = self.table, [cells for _index, cells in self.table.rows]
        if len(table.names) > MAX_COLUMNS:
            said = f"{len(table.names)} columns"
            self._refuse("", said, f"are over the cap of {MAX_COLUMNS}. Remove columns.")
        roles = self._roles(rows)
        signs = self._signs(_values(rows, roles))
        dialect = _dialect(table, roles)
        if dialect != "generic":
            self.notes.append(f"The columns are like those of {DIALECTS[dialect]}.")
        self.notes += [*roles.notes, *([signs.note] if signs.note else [])]
        if table.header is None and table.first and self.overrides.skipped_lines is None:
            lines = f"The first {table.first} lines are" if table.first > 1 else "The first line is"
            self.notes.append(f"{lines} passed over: neither names of columns nor bars.")
        for reason in roles.refusals:
            self._refuse("header" if table.header is not None else "", "", reason)
        if not rows and not self.problems:
            reason = "the file has a header and no rows. Add at least one bar."
            self.problems.append(problem((table.header or 0) + 1, "", "", reason))
        is_next = table.header is not None and table.first == table.header + 1
        return Layout(
            dialect=dialect,
            encoding=encoding,
            delimiter=table.delimiter,
            decimal=signs.decimal,
            has_header=is_next,
            skipped_lines=table.first - is_next,
            names=table.names,
            roles=tuple(roles.roles),
            thousands=signs.thousands,
        )

    def _roles(self, rows: Sequence[Sequence[str]]) -> Roles:
        table = self.table
        if len(self.overrides.roles) == len(table.names):
            return Roles(list(self.overrides.roles), refusals=wrong_roles(self.overrides.roles))
        named = None if table.header is None else by_names(table.names, rows)
        if not rows or (named and (is_header(table.names) or not named.refusals)):
            return named or Roles(["ignore"] * len(table.names))
        signs = self._signs(cell for row in rows for cell in row if is_number(cell))
        found = by_values(
            [row for row in rows if is_row(row)] or rows, NumberReader(signs.decimal, signs.thousands)
        )
        return named if named and (found.refusals or len(found.roles) != len(table.names)) else found

    def _signs(self, cells: Iterable[str]) -> Signs:
        said = self.overrides
        return signs_of(cells, self.table.delimiter, said.decimal, said.thousands)

    def times(self, layout: Layout) -> SampleTimes:
        """Read the times of every row of the sample."""
        positions = layout.time_positions
        texts = [" ".join(cells[at] for at in positions) for cells in self._cells(layout, max(positions))]
        writing = writing_of(texts, is_european=layout.decimal == ",")
        if said := self.overrides.time_format:
            writing = TimeWriting(said)
        if writing.note and writing.time_format:
            self.notes.append(writing.note)
        times = SampleTimes(writing.time_format or "auto")
        has_local = False
        for text in texts:
            try:
                found = parse(text, times.time_format)
            except ValueError:
                continue
            moment = found.moment
            if found.kind == "instant":
                times.offsets.add(moment.utcoffset() or dt.timedelta())
            else:
                has_local = has_local or found.kind == "local"
                moment = moment.replace(tzinfo=dt.UTC)
            times.values.append((moment - EPOCH) // MICROSECOND * 1000)
        if not times.values:
            first = self.table.first
            shown = texts[0] if texts else ""
            why = writing.note or f"no row shows one in the format {writing.time_format}"
            reason = f"is not a time that can be read ({why}). Choose the column and the format of the times."
            self.problems.append(problem(first + 1, layout.time_name, shown, reason))
        return replace(times, has_local=has_local)

    def key(self, layout: Layout, times: SampleTimes) -> Detection:
        """Say which series the bars belong to."""
        timeframe, remark = timeframe_of(times.values)
        symbol, period = self._columns(layout)
        wanted = period or self.named.timeframe
        if timeframe is None:
            timeframe = wanted if remark.startswith("One bar") else None
            self.notes.append(remark)
        elif remark:
            self.notes.append(remark)
        elif wanted and wanted != timeframe:
            self.notes.append(f"A name speaks of {wanted}, while the bars are {timeframe} apart.")
        symbol = symbol or self.named.symbol
        calendar, reason = calendar_of(times.values, symbol, timeframe, layout.dialect)
        is_long = TIMEFRAMES[timeframe].minutes >= 1440 if timeframe else middle(times.values) >= DAY
        zone = self._zone(layout, times, is_long=is_long)
        if calendar == GENERIC:
            on_clock = not is_long and (bool(times.offsets) or zone == new_york.ZONE)
            moments = times.moments(as_instants=on_clock and bool(times.offsets))
            if reason := new_york.reason_for(moments, symbol, layout.dialect, on_clock=on_clock):
                calendar = new_york.CALENDAR
        if times.newest_first:
            self.notes.append('The rows run newest first; the repair "sort" puts them in order.')
        elif times.falls and all(times.is_back_by_an_hour(*fall) for fall in times.falls):
            self.notes.append(
                "The clock goes back by an hour, as at the end of daylight saving: choose the timezone whose clock "
                "does that."
            )
        elif times.falls:
            self.notes.append('The rows are not in order of time; the repair "sort" puts them in order.')
        return replace(
            self.named,
            layout=layout,
            symbol=symbol,
            timeframe=timeframe,
            calendar=calendar,
            timezone=zone,
            session_dates=is_long,
            newest_first=times.newest_first,
            calendar_note=reason,
        )

    def _zone(self, layout: Layout, times: SampleTimes, *, is_long: bool) -> str | None:
        if is_long and any(value % DAY for value in times.values):
            self.notes.append(
                "The bars are stamped with a time of day; each counts for its date in the chosen timezone."
            )
        if times.offsets:
            if times.has_local:
                self.notes.append(
                    "Some times have an offset from UTC and some have none; the latter are refused."
                )
            return zone_of(times.offsets)
        if hint := zone_hint(layout.time_name):
            return hint
        if is_long:
            return None
        if layout.dialect == "alpha_vantage" and times.has_local:
            reason = new_york.clock_reason(times.moments(as_instants=False))
            self.notes.append(
                reason
                or "Alpha Vantage writes New York's time, other sources of such columns UTC, and the hours do not show "
                "which: UTC is assumed. Check the timezone."
            )
            return new_york.ZONE if reason else None
        if layout.dialect == "metatrader":
            self.notes.append(
                "MetaTrader writes the time of the broker's server; ask the broker which zone that is."
            )
        elif times.has_local:
            self.notes.append(
                "The times have no offset from UTC and no zone is named; choose the zone they are in."
            )
        return None

    def _columns(self, layout: Layout) -> tuple[str, str | None]:
        """The symbol and the timeframe that columns of the file name."""
        names = layout.names
        if not layout.has_header:
            return self._between(), None
        at, period_at = symbol_column(names), period_column(names)
        rows = list(self.table.rows)
        width = len(rows[0][1])  # a header may name more columns than the rows have
        period = from_period(rows[0][1][period_at]) if period_at is not None and period_at < width else None
        if at is None or at >= width or layout.roles[at] != "ignore":
            return "", period
        first = rows[0][1][at]
        for index, cells in rows:
            if cells[at] != first:
                reason = (
                    f"is another symbol than {first!r} above. A file holds the bars of one symbol; split it."
                )
                self.problems.append(problem(index + 1, names[at], cells[at], reason))
                break
        return first.upper()[:32], period

    def _between(self) -> str:
        """The symbol in a line between header and rows, as yfinance writes it: Ticker,AAPL,AAPL,..."""
        header = self.table.first if self.table.header is None else self.table.header
        for line in self.lines[header + 1 : self.table.first]:
            title, *cells = line.split(self.table.delimiter)
            if plain(title) == "ticker" and len(set(cells)) == 1:
                return cells[0].strip().upper()
        return ""

    def _cells(self, layout: Layout, last: int) -> list[list[str]]:
        found = []
        for line in self.lines[self.table.first :]:
            try:
                cells = [cell.strip() for cell in split(line, layout.delimiter)]
            except ValueError:
                continue
            if len(cells) > last:
                found.append(cells)
        return found

    def _refuse(self, column: str, value: str, reason: str) -> None:
        header = self.table.header
        self.problems.append(
            problem((self.table.first if header is None else header) + 1, column, value, reason)
        )


def _values(rows: Sequence[Sequence[str]], roles: Roles) -> list[str]:
    """The cells of prices and volumes."""
    positions = [at for at, role in enumerate(roles.roles) if role in (*COLUMNS, "adj_close")]
    return [row[at] for row in rows for at in positions if at < len(row) and is_number(row[at])]


def _dialect(table: Table, roles: Roles) -> str:
    if table.header is not None:
        is_next = table.first == table.header + 1
        return dialect_of(table.names) if is_next or table.names[0] != "Price" else "yahoo"
    first = table.rows[0][1]
    if len(table.names) == 12 and first[0].isdecimal() and first[6].isdecimal():
        return "binance"
    if roles.roles[:2] == ["date", "time_of_day"] and re.fullmatch(r"\d{4}\.\d\d\.\d\d", first[0]):
        return "metatrader"
    return "generic"
