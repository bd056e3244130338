"""A small file whole in memory, row by row and without compiled code: the samples, and folders of CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from marketdata.bars import COLUMNS, Bars
from marketdata.errors import FileInvalid, FileProblem
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import open_head, open_lines, text_of
from marketdata.reading.recognition.detect import detect
from marketdata.reading.report import MAX_PROBLEMS, problem
from marketdata.reading.rows import Row, RowReader
from marketdata.reading.times import latest_ns

_CAPS = Caps()


def read_bars(
    path: Path,
    *,
    reading: Reading,
    layout: Layout | None = None,
    caps: Caps = _CAPS,
) -> Bars:
    """Read the bars of a file of text; its layout is detected when none is given.

    The same rows mean the same bars as in `marketdata.reading.streaming.reader.read_file`, which is for files of
    any size and for the policies: here a row that cannot be used always refuses the file.

    Raises
    ------
    FileInvalid
        With every located problem, at most 1,000.
    FileTooLarge
        The file is over one of the caps.
    """
    if layout is None:
        found = detect(open_head(path), file_name=path.name)
        if found.problems:
            raise FileInvalid(found.problems)
        layout = found.layout
    reader = RowReader(layout, replace(reading, policy="reject"), latest_ns())
    rows: list[Row] = []
    problems: list[FileProblem] = []
    for found_row in _rows(path, reader, caps):
        if isinstance(found_row, Row):
            rows.append(found_row)
            continue
        problems.extend(found_row)
        if len(problems) >= MAX_PROBLEMS:
            break
    if not (rows or problems):
        problems = [problem(0, "", "", "the file has no rows. Add at least one bar.")]
    if problems:
        raise FileInvalid(problems[:MAX_PROBLEMS], stopped=len(problems) >= MAX_PROBLEMS)
    table = np.array([row[1 : 1 + len(COLUMNS)] for row in rows], dtype=np.float64)
    time = np.array([row.time for row in rows], dtype=np.int64).view("datetime64[ns]")
    return Bars(time=time, **{name: table[:, place] for place, name in enumerate(COLUMNS)})


def _rows(path: Path, reader: RowReader, caps: Caps) -> Iterator[Row | list[FileProblem]]:
    """Yield what each line means, or why it means nothing; rows out of order are problems, too."""
    layout = reader.layout
    before: tuple[int, int] | None = None
    with open_lines(path, caps=caps, encoding=layout.encoding) as stream:
        for number, line in enumerate(stream, start=1):
            if number <= layout.skipped_lines:
                continue
            try:
                text = text_of(line)
            except ValueError as error:
                yield [problem(number, "row", "", str(error))]
                continue
            if layout.has_header and number == layout.skipped_lines + 1:
                if wrong := reader.check_header(text, number):
                    raise FileInvalid(wrong)
                continue
            if not text.strip():
                continue
            found = reader.read(text, number, before[0] if before else None)
            if isinstance(found, Row):
                if before and found.time <= before[0]:
                    yield [reader.order_problem(text, number, found, *before)]
                    continue
                before = (found.time, number)
            yield found
