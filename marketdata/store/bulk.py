"""Many rows at once: binary COPY on PostgreSQL, statements of many rows elsewhere. All work in blocks.

Everything runs in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from marketdata.bars import COLUMNS, utc_datetime
from marketdata.columns import ColumnFiles
from marketdata.models import MarketData, Series
from marketdata.store.runs import Rows, Runs

PACKED_ROWS = 65_536
"""Rows of one piece of a COPY: 7 MB."""
STATEMENT_ROWS = 150
"""Rows of one INSERT: six places each stay below the 999 that the oldest SQLite takes."""
PIECE = 49_950
"""Rows that are turned into Python values at once; whole statements."""
READ_ROWS = 20_000

_FIELDS = ("series_id", "symbol", "revision", "timestamp", *COLUMNS)
_EPOCH_2000 = 946_684_800_000_000
_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"


def insert_rows(series: Series, rows: Rows, revision: int) -> None:
    """Insert bars, given as the six columns of a block. None of the times may be there yet in this revision."""
    if not len(rows["time"]):
        return
    if connection.vendor == "postgresql":
        _copy(series, rows, revision)
    else:
        _insert(series, rows, revision)


def delete_rows(series: Series, columns: Any, runs: Runs) -> None:
    """Delete the bars that stand in `runs` of `columns`, the stored ones: one statement for each run of times."""
    table = connection.ops.quote_name(MarketData._meta.db_table)
    statement = f"DELETE FROM {table} WHERE series_id = %s AND timestamp BETWEEN %s AND %s"  # noqa: S608
    with connection.cursor() as cursor:
        for first, after in runs.tolist():
            ends = (columns.read("time", row, row + 1)[0] for row in (first, after - 1))
            cursor.execute(statement, [series.pk, *(moment_value(int(end)) for end in ends)])


def load_columns(series: Series, columns: ColumnFiles, first: Any = None, last: Any = None) -> None:
    """Read the rows of `series`, or those from `first` to `last`, back into columns, oldest first, block by block."""
    rows = MarketData.objects.filter(series=series).order_by("timestamp")
    if first is not None and last is not None:
        rows = rows.filter(timestamp__gte=first, timestamp__lte=last)
    block: list[tuple[Any, ...]] = []
    for row in rows.values_list("timestamp", *COLUMNS).iterator(chunk_size=READ_ROWS):
        block.append(row)
        if len(block) == READ_ROWS:
            columns.append(**_columns_of(block))
            block.clear()
    if block:
        columns.append(**_columns_of(block))


def adapted(moment: Any) -> Any:
    """Return a time as this database's rows hold it."""
    return connection.ops.adapt_datetimefield_value(moment)


def moment_value(nanoseconds: int) -> Any:
    """Return a bar's time as this database's rows hold it."""
    return adapted(utc_datetime(np.datetime64(nanoseconds, "ns")))


def timestamps(time: NDArray[np.int64]) -> list[str]:
    """Return times in nanoseconds as SQLite's rows hold them: 2024-01-31 15:30:00, with microseconds if any."""
    moments = (time // 1000).view("datetime64[us]")
    text = np.datetime_as_string(moments, unit="s")
    if not text.size:
        return []
    # The T between date and time of day is one character of a fixed width; here it is written over in place.
    text.view("U1").reshape(len(text), -1)[:, 10] = " "
    values: list[str] = text.tolist()
    for row in np.flatnonzero(time % 1_000_000_000).tolist():
        values[row] = str(np.datetime_as_string(moments[row], unit="us")).replace("T", " ")
    return values


def _copy(series: Series, rows: Rows, revision: int) -> None:
    names = ", ".join(connection.ops.quote_name(name) for name in _FIELDS)
    table = connection.ops.quote_name(MarketData._meta.db_table)
    with (
        connection.wrap_database_errors,  # Django itself hands a COPY on with the errors of the driver
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(_COPY_HEAD)
        for piece in _pieces(rows, PACKED_ROWS):
            copy.write(_packed(series, piece, revision))
        copy.write(_COPY_END)


def _packed(series: Series, rows: Rows, revision: int) -> memoryview:
    """Return rows in PostgreSQL's binary form: a count of fields, then each field after its length."""
    symbol = series.symbol.encode()
    kinds = [("series_id", ">i8"), ("symbol", f"S{len(symbol)}"), ("revision", ">i4"), ("timestamp", ">i8")]
    kinds += [(name, ">f8") for name in COLUMNS]
    fields = [("fields", ">i2")]
    for name, kind in kinds:
        fields += [(f"{name}_length", ">i4"), (name, kind)]
    packed = np.empty(len(rows["time"]), dtype=fields)
    packed["fields"] = len(kinds)
    for name, kind in kinds:
        packed[f"{name}_length"] = np.dtype(kind).itemsize
    packed["series_id"], packed["symbol"], packed["revision"] = series.pk, symbol, revision
    packed["timestamp"] = rows["time"] // 1000 - _EPOCH_2000
    for name in COLUMNS:
        packed[name] = rows[name]
    return packed.view(np.uint8).data


def _insert(series: Series, rows: Rows, revision: int) -> None:
    common = series.pk, series.symbol, revision
    with connection.cursor() as cursor:
        for piece in _pieces(rows, PIECE):
            values = _interleaved(piece)
            width = 1 + len(COLUMNS)
            whole = len(values) // (STATEMENT_ROWS * width) * STATEMENT_ROWS * width
            step = STATEMENT_ROWS * width
            # One list of values for many rows: a tuple for each row would cost more than SQLite's own work.
            if whole:
                cursor.executemany(
                    _statement(STATEMENT_ROWS),
                    ([*common, *values[first : first + step]] for first in range(0, whole, step)),
                )
            if rest := values[whole:]:
                cursor.execute(_statement(len(rest) // width), [*common, *rest])


def _statement(count: int) -> str:
    """One INSERT of `count` rows. Series, symbol and revision are its first three values, whatever the count."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in _FIELDS)
    table = quote(MarketData._meta.db_table)
    places = ", ".join(["%s"] * (1 + len(COLUMNS)))
    # The first row takes the common values as Django's log of statements expects it, the others refer to them.
    rows = [f"(%s, %s, %s, {places})", *[f"(?1, ?2, ?3, {places})"] * (count - 1)]
    return f"INSERT INTO {table} ({names}) VALUES {', '.join(rows)}"  # noqa: S608  our own words


def _interleaved(rows: Rows) -> list[Any]:
    """Time, open, high, low, close, volume of the first row, then of the next, in one flat list."""
    columns = [timestamps(rows["time"]), *(rows[name].tolist() for name in COLUMNS)]
    values: list[Any] = [None] * (len(columns) * len(columns[0]))
    for number, column in enumerate(columns):
        values[number :: len(columns)] = column
    return values


def _pieces(rows: Rows, size: int) -> Iterator[Rows]:
    for first in range(0, len(rows["time"]), size):
        yield {name: column[first : first + size] for name, column in rows.items()}


def _columns_of(block: list[tuple[Any, ...]]) -> Rows:
    times = np.array([row[0].replace(tzinfo=None) for row in block], dtype="datetime64[us]")
    values = {
        name: np.array([row[position] for row in block], dtype=np.float64)
        for position, name in enumerate(COLUMNS, start=1)
    }
    return {"time": times.astype("datetime64[ns]").view(np.int64), **values}
