"""The two repairs: rows put in order of time, and one of several rows that agree in everything.

Both work on columns in files, with one or two whole columns in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import COLUMNS
from marketdata.columns import ColumnFiles
from marketdata.errors import FileProblem
from marketdata.reading.report import MAX_PROBLEMS, ReadReport, problem
from marketdata.reading.rows import RowReader
from marketdata.reading.times import as_text

_VALUES = (*COLUMNS, "adj_close")


def arrange(columns: ColumnFiles, exact: RowReader, report: ReadReport, *, sorts: bool, merges: bool) -> None:
    """Repair what may be repaired, and report times that still repeat; `columns` loses its column "line"."""
    time = columns.read("time")
    if sorts:
        moved = int(np.count_nonzero(time < np.maximum.accumulate(time)))
        report.repaired("sort", moved)
        if moved:
            order = np.argsort(time, kind="stable")
            del time
            columns.reorder(order)
            del order
            time = columns.read("time")
    repeated = np.flatnonzero(time[1:] == time[:-1]) + 1
    if repeated.size:
        del time
        _judge(columns, exact, report, repeated, merges=merges)
    columns.drop("line")


def _judge(
    columns: ColumnFiles, exact: RowReader, report: ReadReport, repeated: NDArray[np.int64], *, merges: bool
) -> None:
    """Merge rows that agree with the row before them, and report those that do not."""
    same = np.full(len(repeated), merges)
    for name in _VALUES:
        if merges and name in columns.names:
            values = columns.read(name)
            left, right = values[repeated - 1], values[repeated]
            same &= (left == right) | ((left != left) & (right != right))
    different = repeated[~same]
    report.count(max(0, len(different) - MAX_PROBLEMS))
    report.add(_told(columns, exact, row) for row in different[:MAX_PROBLEMS].tolist())
    report.rows_dropped += len(different)
    if different.size:
        return
    kept = np.ones(len(columns), dtype=bool)
    kept[repeated] = False
    columns.select(kept)
    report.repaired("drop_exact_duplicates", len(repeated))


def _told(columns: ColumnFiles, exact: RowReader, row: int) -> FileProblem:
    pair = {name: columns.read(name, row - 1, row + 1) for name in ("time", "line", *COLUMNS)}
    text = as_text(int(pair["time"][1]), session_dates=exact.reading.session_dates)
    lines = pair["line"].tolist()
    before, after = ([float(pair[name][at]) for name in COLUMNS] for at in (0, 1))
    return problem(lines[1], exact.layout.time_name, text, repetition(lines[0], before, after))


def repetition(line: int, before: Iterable[float], values: Iterable[float]) -> str:
    """Say how a row compares with the one of the same time in another line."""
    for name, old, new in zip(COLUMNS, before, values, strict=False):
        if old != new:
            return (
                f"repeats the time of line {line} with another {name} ({new:.10g}, there {old:.10g}). "
                "Keep one row per time."
            )
    return (
        f"repeats the time of line {line} with the same values. Keep one row per time, or choose the repair that drops "
        "exact duplicates."
    )
