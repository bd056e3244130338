"""What reading a file means, one row at a time: the order that the fast reader must agree with, in every bit."""

import datetime as dt
from dataclasses import dataclass, field, replace

import numpy as np

from marketdata.errors import FileInvalid, FileProblem
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import open_lines, text_of
from marketdata.reading.rows import Row, RowReader
from marketdata.reading.streaming.arranging import repetition
from marketdata.reading.streaming.reader import read_file

NAMES = ("Date", "Open", "High", "Low", "Close", "Volume")
ROLES = ("time", "open", "high", "low", "close", "volume")
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def layout_of(**changes):
    """A plain file with a header, or one that differs from it."""
    plain = Layout("generic", "utf-8", ",", ".", True, 0, NAMES, ROLES)
    return replace(plain, **changes)


@dataclass
class Slow:
    """The rows and the problems of a file whose bad rows are dropped."""

    rows: list = field(default_factory=list)
    problems: list = field(default_factory=list)


def read_slowly(raw: bytes, layout: Layout, reading: Reading) -> Slow:
    """Read every row with the exact reader, and nothing else."""
    reader = RowReader(layout, reading, int(LATEST.timestamp()) * 1_000_000_000)
    found, last = Slow(), None
    lines = raw.removesuffix(b"\n").split(b"\n") if raw else []
    for number, line in enumerate(lines, start=1):
        if number <= layout.skipped_lines + layout.has_header:
            continue
        try:
            text = text_of(line + b"\n")
        except ValueError as error:
            found.problems.append(FileProblem(number, "row", "", str(error)))
            continue
        if not text.strip():
            continue
        row = reader.read(text, number, last[0].time if last else None)
        if isinstance(row, list):
            found.problems.extend(row)
            continue
        if last and row.time <= last[0].time:
            problem = reader.order_problem(text, number, row, last[0].time, last[1])
            if row.time == last[0].time:
                problem = replace(problem, reason=repetition(last[1], last[0][1:], row[1:]))
            found.problems.append(problem)
            continue
        found.rows.append(row)
        last = (row, number)
    return found


def bits(values):
    """Doubles as integers, so that -0.0 is not 0.0 and NaN is itself."""
    return np.asarray(values, dtype=np.float64).view(np.int64).tolist()


def assert_same(path, raw: bytes, layout: Layout, reading: Reading) -> Slow:
    """Read a file in both ways; every bit and every problem must be the same."""
    path.write_bytes(raw)
    try:
        with open_lines(path, caps=Caps(), encoding=layout.encoding) as stream:
            plain = stream.read()
    except FileInvalid:
        plain = b""
    slow = read_slowly(plain, layout, replace(reading, policy="drop"))
    content, problems = _read_fast(path, layout, replace(reading, policy="drop"))
    if content is None:
        if len(slow.rows) > 1 or not slow.rows:
            assert problems == slow.problems[: len(problems)]
            assert not slow.rows
        return slow
    with content.columns as columns:
        assert columns.read("time").tolist() == [row.time for row in slow.rows]
        for place, name in enumerate(("open", "high", "low", "close", "volume"), start=1):
            assert bits(columns.read(name)) == bits([row[place] for row in slow.rows]), name
        if "adj_close" in content.columns.names:
            assert bits(columns.read("adj_close")) == bits([row[6] for row in slow.rows])
        assert content.report.problems == slow.problems[: len(content.report.problems)]
        assert content.report.problem_count == len(slow.problems)
    return slow


def _read_fast(path, layout, reading):
    try:
        return read_file(path, layout=layout, reading=reading, latest=LATEST), []
    except FileInvalid as error:
        return None, list(error.problems)


__all__ = ["LATEST", "Row", "assert_same", "bits", "layout_of", "read_slowly"]
