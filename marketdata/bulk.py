"""Writing many bars at once: COPY on PostgreSQL, batches of one prepared statement elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import numpy as np
from django.db import connection

from marketdata.bars import COLUMNS, Bars
from marketdata.models import MarketData, Series

BATCH = 5_000

_FIELDS = ("series_id", "symbol", "timestamp", *COLUMNS)


def insert_bars(series: Series, bars: Bars) -> None:
    """Insert `bars` as rows of `series`, in the caller's transaction. None of the times may be there yet."""
    quote = connection.ops.quote_name
    table = quote(MarketData._meta.db_table)
    names = ", ".join(quote(name) for name in _FIELDS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for batch in _batches(series, bars):
                    for row in batch:
                        copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(_FIELDS))
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  names are the model's own
        for batch in _batches(series, bars):
            cursor.executemany(statement, batch)


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


def _batches(series: Series, bars: Bars) -> Iterator[list[tuple[Any, ...]]]:
    for first in range(0, len(bars), BATCH):
        rows = slice(first, first + BATCH)
        times = bars.time[rows].astype("datetime64[us]").tolist()
        # The adapter gives each database the form it stores: text on SQLite, a time with zone elsewhere.
        moments = [connection.ops.adapt_datetimefield_value(moment.replace(tzinfo=UTC)) for moment in times]
        columns = [getattr(bars, name)[rows].tolist() for name in COLUMNS]
        yield [
            (series.pk, series.symbol, moment, *values)
            for moment, *values in zip(moments, *columns, strict=True)
        ]
