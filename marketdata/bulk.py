"""Writing many bars at once: COPY on PostgreSQL, batches of one prepared statement elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection

from marketdata.bars import COLUMNS, Bars
from marketdata.models import MarketData, Series

BATCH = 5_000

_FIELDS = ("series_id", "symbol", "timestamp", *COLUMNS)
_COPY_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def insert_bars(series: Series, bars: Bars) -> None:
    """Insert `bars` as rows of `series`, in the caller's transaction. None of the times may be there yet."""
    quote = connection.ops.quote_name
    table = quote(MarketData._meta.db_table)
    names = ", ".join(quote(name) for name in _FIELDS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            head = f"{series.pk}\t{series.symbol.translate(_COPY_ESCAPES)}\t"
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for batch in _batches(bars):
                    # A float's repr is its shortest exact form; the offset makes the times UTC in any session.
                    copy.write(
                        "".join(
                            f"{head}{moment}+00\t{open_!r}\t{high!r}\t{low!r}\t{close!r}\t{volume!r}\n"
                            for moment, open_, high, low, close, volume in batch
                        )
                    )
            return
        places = ", ".join(["%s"] * len(_FIELDS))
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  names are the model's own
        for batch in _batches(bars):
            cursor.executemany(statement, [(series.pk, series.symbol, *row) for row in batch])


def load_bars(series: Series) -> Bars:
    """Read the rows of `series` back into columns, checked like any bars."""
    rows = MarketData.objects.filter(series=series).order_by("timestamp")
    table = list(rows.values_list("timestamp", *COLUMNS).iterator(chunk_size=BATCH))
    times = np.array([row[0].replace(tzinfo=None) for row in table], dtype="datetime64[us]")
    values = {
        name: np.array([row[position] for row in table], dtype=np.float64)
        for position, name in enumerate(COLUMNS, start=1)
    }
    return Bars(time=times.astype("datetime64[ns]"), **values)


def _batches(bars: Bars) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of time, open, high, low, close and volume; times as "2024-01-31 15:30:00", SQLite's stored form."""
    for first in range(0, len(bars), BATCH):
        rows = slice(first, first + BATCH)
        moments = map(str, bars.time[rows].astype("datetime64[us]").tolist())
        yield list(zip(moments, *(getattr(bars, name)[rows].tolist() for name in COLUMNS), strict=True))
