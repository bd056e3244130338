"""What is handed out as CSV: bars, as the import reads them back, and the problems of a file."""

import csv
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from django.http import StreamingHttpResponse
from numpy.typing import NDArray

from algotrade.csv_files import BlocksResponse, cell
from marketdata.bars import COLUMNS, Bars
from marketdata.models import BarImport, Series

CHUNK = 5_000
WHOLE = 1e15
"""Numbers from here on are written with an exponent."""
Unit = Literal["D", "s", "ms", "us", "ns"]
PROBLEM_COLUMNS = ("line", "column", "value", "reason")


def csv_response(series: Series, bars: Bars) -> StreamingHttpResponse:
    """Return the bars as a streamed download."""
    response = BlocksResponse(csv_lines(bars, intraday=series.is_intraday), content_type="text/csv")
    safe = "".join(letter if letter.isalnum() else "-" for letter in series.symbol)
    response["Content-Disposition"] = f'attachment; filename="{safe}_{series.timeframe}.csv"'
    return response


def csv_lines(bars: Bars, *, intraday: bool) -> Iterator[str]:
    """Yield the file in pieces: a header, then `CHUNK` bars at a time. Times are UTC and say so.

    All are written to the second, or with as many decimals as the finest one needs.
    """
    name = "datetime" if intraday else "date"
    unit: Unit = _unit(bars.time) if intraday else "D"
    yield ",".join((name, *COLUMNS)) + "\n"
    for first in range(0, len(bars), CHUNK):
        rows = slice(first, first + CHUNK)
        times = np.datetime_as_string(bars.time[rows], unit=unit).tolist()
        if intraday:
            times = [f"{text}Z" for text in times]
        columns = [list(map(_text, getattr(bars, column)[rows].tolist())) for column in COLUMNS]
        yield "".join(",".join(row) + "\n" for row in zip(times, *columns, strict=True))


def _text(number: float) -> str:
    """Every digit, so that what is exported comes back as the same number; a whole one without decimals."""
    return str(int(number)) if number.is_integer() and abs(number) < WHOLE else repr(number)


def _unit(time: NDArray[np.datetime64]) -> Unit:
    """The coarsest unit that writes each time exactly."""
    ticks = time.view(np.int64)
    units: tuple[tuple[Unit, int], ...] = (("s", 10**9), ("ms", 10**6), ("us", 10**3))
    return next((unit for unit, length in units if not np.any(ticks % length)), "ns")


def problems_response(item: BarImport) -> StreamingHttpResponse:
    """Return the problems of an import as a CSV download."""
    response = BlocksResponse(_problem_lines(item), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="import-{item.pk}-problems.csv"'
    return response


class _Echo:
    """Hands back what a csv.writer writes."""

    def write(self, text: str) -> str:
        return text


def _problem_lines(item: BarImport) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(PROBLEM_COLUMNS)
    for problem in item.problems:
        yield writer.writerow([_safe(problem.get(name, "")) for name in PROBLEM_COLUMNS])


def _safe(value: Any) -> Any:
    """What stood in a file: a number stays as it was written there, any other text is no formula."""
    return value if _is_number(str(value)) else cell(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
