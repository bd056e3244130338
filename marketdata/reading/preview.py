"""The first rows of a file as they will be read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from marketdata.errors import FileInvalid, FileProblem
from marketdata.reading.encodings import decoded, foreign, lines_of
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import HEAD_BYTES, MAX_LINE_BYTES, TOO_LONG
from marketdata.reading.report import problem
from marketdata.reading.rows import Row, RowReader
from marketdata.reading.times import as_text, latest_ns


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the file: its values, or the problem why it has none.

    `time` is ISO text in UTC, a date alone for session dates. A row that is only out of order has both values and
    a problem.
    """

    line: int
    time: str | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: float | None = None
    problem: FileProblem | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, and what keeps the whole file from being read as asked."""

    rows: tuple[PreviewRow, ...]
    problems: tuple[FileProblem, ...] = ()


def preview(
    head: bytes, layout: Layout, reading: Reading, *, limit: int = 20, latest: dt.datetime | None = None
) -> Preview:
    """Read the first `limit` rows of `head` (unpacked, as `lines.open_head` gives them); never raises.

    Bars after `latest` (a day from now by default) are future dates. Order is only judged where the reading does
    not sort.
    """
    if reason := foreign(head):
        return Preview((), (problem(0, "", "", reason),))
    try:
        reader = RowReader(layout, reading, latest_ns(latest))
    except FileInvalid as error:
        return Preview((), error.problems)
    lines = lines_of(decoded(head, layout.encoding))
    if len(head) >= HEAD_BYTES and len(lines) > 1:
        lines.pop()  # cut short
    return _Previewing(reader, lines).preview(limit)


class _Previewing:
    """One pass over the first lines."""

    def __init__(self, reader: RowReader, lines: Sequence[str]) -> None:
        self.reader = reader
        self.lines = lines
        self.sorts = reader.reading.policy == "repair" and "sort" in reader.reading.repairs
        self.before: tuple[int, int] | None = None

    def preview(self, limit: int) -> Preview:
        layout = self.reader.layout
        start = layout.skipped_lines
        if layout.has_header:
            if start >= len(self.lines):
                return Preview(
                    (), (problem(start + 1, "", "", "the header is missing. Detect the columns again."),)
                )
            if wrong := self.reader.check_header(self.lines[start], start + 1):
                return Preview((), tuple(wrong))
            start += 1
        rows = []
        for row in self._rows(start):
            rows.append(row)
            if len(rows) >= limit:
                break
        if not rows:
            reason = "the file has no rows. Add at least one bar."
            return Preview((), (problem(max(1, len(self.lines)), "", "", reason),))
        return Preview(tuple(rows), tuple(row.problem for row in rows if row.problem))

    def _rows(self, start: int) -> Iterator[PreviewRow]:
        for number, line in enumerate(self.lines[start:], start + 1):
            if len(line) > MAX_LINE_BYTES:
                yield PreviewRow(number, problem=problem(number, "", line, TOO_LONG))
            elif line.strip():
                yield self._row(line, number)

    def _row(self, line: str, number: int) -> PreviewRow:
        after = self.before[0] if self.before else None
        found = self.reader.read(line, number, after)
        if not isinstance(found, Row):
            return PreviewRow(number, problem=found[0])
        wrong = None
        if self.before and not self.sorts and found.time <= self.before[0]:
            wrong = self.reader.order_problem(line, number, found, *self.before)
        else:
            self.before = (found.time, number)
        return replace(self._shown(found, number), problem=wrong)

    def _shown(self, row: Row, number: int) -> PreviewRow:
        text = as_text(row.time, session_dates=self.reader.reading.session_dates)
        return PreviewRow(number, text, row.open, row.high, row.low, row.close, row.volume)
