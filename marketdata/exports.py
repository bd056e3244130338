"""Bars as a CSV file that the import reads back."""

from collections.abc import Iterator

import numpy as np
from django.http import StreamingHttpResponse

from marketdata.bars import COLUMNS, Bars
from marketdata.models import Series

CHUNK = 5_000


def csv_response(series: Series, bars: Bars) -> StreamingHttpResponse:
    """Return the bars as a streamed download."""
    response = StreamingHttpResponse(csv_lines(bars, intraday=series.is_intraday), content_type="text/csv")
    safe = "".join(letter if letter.isalnum() else "-" for letter in series.symbol)
    response["Content-Disposition"] = f'attachment; filename="{safe}_{series.timeframe}.csv"'
    return response


def csv_lines(bars: Bars, *, intraday: bool) -> Iterator[str]:
    """Yield the file in pieces: a header, then `CHUNK` bars at a time. Times are UTC and say so."""
    name = "datetime" if intraday else "date"
    yield ",".join((name, *COLUMNS)) + "\n"
    for first in range(0, len(bars), CHUNK):
        rows = slice(first, first + CHUNK)
        times = np.datetime_as_string(bars.time[rows], unit="s" if intraday else "D").tolist()
        if intraday:
            times = [f"{text}Z" for text in times]
        # repr keeps every digit, so that what is exported comes back as the same numbers.
        columns = [list(map(repr, getattr(bars, column)[rows].tolist())) for column in COLUMNS]
        yield "".join(",".join(row) + "\n" for row in zip(times, *columns, strict=True))
