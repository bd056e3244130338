"""The way through the rows of a file, in its order: what is plain by compiled code, the rest by the exact reader.

`marketdata.reading.rows.RowReader` alone puts into words what is wrong with a row. Here stands what needs more than one
row: their order, times that repeat, and what the chosen policy makes of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS
from marketdata.columns import ColumnFiles
from marketdata.errors import FileInvalid, FileProblem, FileTooLarge
from marketdata.reading.lines import MAX_LINE_BYTES, text_of
from marketdata.reading.report import ReadReport
from marketdata.reading.rows import Row, RowReader
from marketdata.reading.streaming.arranging import arrange, repetition
from marketdata.reading.streaming.compiled import MOST_LINES, CompiledLines
from marketdata.reading.streaming.kernels import (
    BACKWARD,
    BLANK,
    LEFT,
    READ,
    REFUSED,
    REPEATED,
    VALUES,
    follow_nb,
)

_FIRST, _LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max
_VOLUME, _ADJ_CLOSE, _CLOSE = 4, 5, 3


class RowWalk:
    """Takes the lines of a file piece by piece, and keeps the bars in `columns`.

    Attributes
    ----------
    line : int
        How many lines of the file came before those that `read` is given next.
    report : ReadReport
        What was found so far.
    """

    def __init__(self, exact: RowReader, columns: ColumnFiles, *, max_rows: int) -> None:
        self._exact = exact
        self._compiled = CompiledLines(exact.layout, exact.reading, exact.latest_ns)
        self._columns = columns
        self._max_rows = max_rows
        reading = exact.reading
        self._adjusts = reading.adjust
        self._drops = reading.policy == "drop"
        repairs = reading.repairs if reading.policy == "repair" else ()
        self._sorts, self._merges = "sort" in repairs, "drop_exact_duplicates" in repairs
        self._data = np.zeros(0, dtype=np.uint8)
        # The ways of writing a time that the exact reader has accepted.
        self._kinds = np.zeros(256, dtype=bool)
        # The newest accepted row: its time, and its place among the lines at hand; -1 when it came before them, and
        # is the one that is held: time, line, values.
        self._before, self._before_row = _FIRST, -1
        self._held = (_FIRST, 0, np.full(VALUES, np.nan))
        self._falls = False  # whether the last step in time was backward
        self._against = np.empty(MOST_LINES, dtype=np.int64)
        self._accepted = 0
        # Which of the listed problems are rows that come before an earlier line.
        self._backward: list[int] = []
        self.line = 0
        self.report = ReadReport()

    def is_full(self) -> bool:
        """Whether as many problems were found as are listed, and the file will be refused: no need to go on."""
        return self.report.is_full and not self._drops

    def read(self, data: NDArray[np.uint8], after: int) -> None:
        """Read the whole lines that end at `after`."""
        self._data = data
        place = 0
        while place < after and not self.is_full():
            count, place = self._compiled.read(data, place, after)
            self._rows(count, place)
            self.line += count

    def finish(self) -> ReadReport:
        """Sort, merge, judge: return the report of a file that can be used, or raise FileInvalid."""
        report = self.report
        report.stopped = self.is_full()
        if self._accepted == 1 and len(self._backward) > 1:
            raise FileInvalid(self._said_once(), stopped=False)
        if report.problem_count and (not self._drops or not self._accepted):
            raise FileInvalid(report.problems, stopped=report.is_full)
        if not self._accepted:
            reason = "the file has a header and no rows. Add at least one bar."
            raise FileInvalid.at(max(1, self.line), reason)
        if self._exact.reading.policy == "repair":
            arrange(self._columns, self._exact, report, sorts=self._sorts, merges=self._merges)
            if report.problem_count:
                raise FileInvalid(report.problems, stopped=report.is_full)
        report.rows_kept = len(self._columns)
        return report

    def _said_once(self) -> list[FileProblem]:
        """The problems, with one in the place of all those that a file which runs newest first has."""
        first = self._backward[0]
        reason = (
            f"comes before line {self._held[1]}, as every row does: the file runs newest first. Sort it by time, "
            "oldest first, or choose the repair that sorts it."
        )
        once = {first: replace(self.report.problems[first], reason=reason)}
        left_out = set(self._backward) - {first}
        return [once.get(at, one) for at, one in enumerate(self.report.problems) if at not in left_out]

    def _rows(self, count: int, end: int) -> None:
        """Walk through the lines that were just cut; the last one ends at `end`."""
        lines = self._compiled
        status = lines.status[:count]
        self._before_row = -1
        self._starts = np.append(lines.starts[:count], end)
        status[np.diff(self._starts) > MAX_LINE_BYTES] = LEFT
        if self._adjusts:
            self._adjust(np.flatnonzero(status == READ))
        self.report.rows_read += count - int(np.count_nonzero(status == BLANK))
        plain = status == READ
        status[plain & ~self._kinds[lines.kinds[:count]]] = LEFT
        first = 0
        while first < count and not self.is_full():
            first = self._walk(first, count, plain)
        self._keep(first)

    def _walk(self, first: int, count: int, plain: NDArray[np.bool_]) -> int:
        """Go on until the end, or until the exact reader accepts another way of writing a time; return how far."""
        status, kinds = self._compiled.status[:count], self._compiled.kinds[:count]
        for row in (first + np.flatnonzero(status[first:] == LEFT)).tolist():
            self._follow(first, row)
            if self.is_full():
                return row
            self._read_exactly(row)
            first = row + 1
            if status[row] == READ:
                self._follow(row, first)
                kind = kinds[row]
                if kind and not self._kinds[kind]:
                    self._kinds[kind] = True
                    status[first:][plain[first:] & (kinds[first:] == kind)] = READ
                    return first
            if self.is_full():
                return first
        self._follow(first, count)
        return count

    def _read_exactly(self, row: int) -> None:
        number = self.line + row + 1
        lines = self._compiled
        try:
            text = self._text(row)
        except ValueError as error:
            self._refuse(row, [FileProblem(number, "row", "", str(error))])
            return
        if not text.strip():
            lines.status[row] = BLANK
            self.report.rows_read -= 1
            return
        found = self._meaning(text, number)
        if isinstance(found, Row):
            lines.moments[row], lines.values[row], lines.status[row] = found.time, found[1:], READ
        else:
            self._refuse(row, found)

    def _meaning(self, text: str, number: int) -> Row | list[FileProblem]:
        before = None if self._before == _FIRST else self._before
        if not (self._sorts and self._falls) or before is None:
            return self._exact.read(text, number, before)
        # Toward the past, the second of two equal hours comes first.
        second = self._exact.read(text, number, _LAST)
        return second if isinstance(second, list) or second.time < before else self._exact.read(text, number)

    def _adjust(self, rows: NDArray[np.int64]) -> None:
        """Adjust plain rows as the exact reader does; those that cannot be go to it."""
        values = self._compiled.values[rows]
        with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
            factor = values[:, _ADJ_CLOSE] / values[:, _CLOSE]
            values[:, :_VOLUME] *= factor[:, np.newaxis]
            values[:, _VOLUME] /= factor
        sound = np.isfinite(values).all(axis=1) & (values[:, :_VOLUME] > 0.0).all(axis=1)
        self._compiled.values[rows] = values
        self._compiled.status[rows[~sound]] = LEFT

    def _follow(self, first: int, after: int) -> None:
        """Compare the times of some rows with the newest before them."""
        lines = self._compiled
        if self._sorts:
            rows = first + np.flatnonzero(lines.status[first:after] == READ)[-2:]
            for row in rows.tolist():
                self._falls = bool(lines.moments[row] < self._before)
                self._before = int(lines.moments[row])
            return
        self._before, self._before_row, wrong = follow_nb(
            lines.moments, lines.status, first, after, self._before, self._before_row, self._against
        )
        if wrong:
            status = lines.status[first:after]
            for row in (first + np.flatnonzero((status == BACKWARD) | (status == REPEATED))).tolist():
                self._not_in_order(row)
                if self.is_full():
                    return

    def _not_in_order(self, row: int) -> None:
        lines, report = self._compiled, self.report
        against = int(self._against[row])
        before, line, values = self._held
        if against >= 0:
            before, line, values = int(lines.moments[against]), self.line + against + 1, lines.values[against]
        repeated = lines.status[row] == REPEATED
        if repeated and self._merges and np.array_equal(values, lines.values[row], equal_nan=True):
            report.repaired("drop_exact_duplicates", 1)
            lines.status[row] = REFUSED
            return
        if report.is_full:
            report.count(1)
        else:
            number = self.line + row + 1
            found = Row(int(lines.moments[row]), *lines.values[row].tolist())
            problem = self._exact.order_problem(self._text(row), number, found, before, line)
            if repeated:
                problem = replace(problem, reason=repetition(line, values, lines.values[row]))
            else:
                self._backward.append(len(report.problems))
            report.add([problem])
        report.rows_dropped += 1

    def _refuse(self, row: int, problems: list[FileProblem]) -> None:
        self._compiled.status[row] = REFUSED
        self.report.add(problems)
        self.report.rows_dropped += 1

    def _text(self, row: int) -> str:
        return text_of(self._data[self._starts[row] : self._starts[row + 1]].tobytes())

    def _keep(self, count: int) -> None:
        """Write the accepted rows, and remember the newest for those to come."""
        lines, columns = self._compiled, self._columns
        if self._before_row >= 0:
            values = lines.values[self._before_row].copy()
            self._held = (self._before, self.line + self._before_row + 1, values)
        rows = np.flatnonzero(lines.status[:count] == READ)
        self._accepted += len(rows)
        if self._accepted > self._max_rows:
            raise FileTooLarge(
                f"The file has more than {self._max_rows} rows. Split it and import the parts."
            )
        if self.report.problem_count and not self._drops:
            return  # nothing will come out of this file
        values = lines.values[rows]
        written: dict[str, NDArray[Any]] = {name: values[:, place] for place, name in enumerate(COLUMNS)}
        if "adj_close" in columns.names:
            written["adj_close"] = values[:, _ADJ_CLOSE]
        if "line" in columns.names:
            written["line"] = self.line + rows + 1
        columns.append(time=lines.moments[rows], **written)
