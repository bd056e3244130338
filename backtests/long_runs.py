"""What of a long run does not fit its row: all bars of its curves and all its trades, as files of columns.

The row holds curves of at most `curves.MAX_POINTS` points, each peak and trough kept, and the newest `MOST_TRADES`
trades. Runs that are shorter than both have no files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from backtests import curves
from backtests.columnar import ColumnFiles, Columns
from backtests.errors import ResultDamaged

MOST_TRADES = 5_000
BLOCK = 1_000

Row = dict[str, Any]


def _damaged(sha256: str, why: str) -> ResultDamaged:
    return ResultDamaged(
        f"The stored curves or trades {sha256[:12]} of this result cannot be read any more ({why}). Run it again."
    )


files = ColumnFiles("results", _damaged)


@dataclass(frozen=True, slots=True)
class LongColumns:
    """The columns of a run that its row has no room for; empty where it has."""

    curve: Columns
    trades: Columns

    def write(self, result_id: int) -> dict[str, str]:
        """Store them; return the columns of `ResultColumns`, none where nothing had to be stored."""
        stored = {}
        for name, columns in (("curve", self.curve), ("trades", self.trades)):
            if columns:
                stored[f"{name}_path"], stored[f"{name}_sha256"] = files.write(result_id, columns)
        return stored


def columns_of(
    time: NDArray[np.datetime64],
    equity: NDArray[np.float64],
    benchmark: NDArray[np.float64],
    drawdown: NDArray[np.float64],
    trades: NDArray[Any],
) -> LongColumns:
    """What of these does not fit a row."""
    curve = {"time": time, "equity": equity, "benchmark": benchmark, "drawdown": drawdown}
    return LongColumns(
        curve=curve if len(time) > curves.MAX_POINTS else {},
        trades={name: trades[name] for name in trades.dtype.names or ()} if len(trades) > MOST_TRADES else {},
    )


class StoredTrades(Sequence[Row]):
    """The trades of a long run as rows, made when they are asked for; nothing else of the file is touched."""

    def __init__(self, columns: Columns, order: NDArray[np.intp] | None = None) -> None:
        self._columns = columns
        self._order = order

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()))) if self._order is None else len(self._order)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, int):
            return self[place : place + 1 or None][0]
        return _rows(self._plain(place))

    def __iter__(self) -> Iterator[Row]:
        for start in range(0, len(self), BLOCK):
            yield from self[start : start + BLOCK]

    def blocks(self) -> Iterator[dict[str, list[Any]]]:
        """All of them as columns of at most `BLOCK` rows, which is cheaper than rows."""
        for start in range(0, len(self), BLOCK):
            yield self._plain(slice(start, start + BLOCK))

    def _plain(self, place: slice) -> dict[str, list[Any]]:
        rows: Any = place if self._order is None else self._order[place]
        return plain_columns({name: column[rows] for name, column in self._columns.items()})

    def of_symbol(self, symbol: str) -> StoredTrades:
        """Only those of one symbol."""
        return self._arranged(np.flatnonzero(self._columns["symbol"] == symbol))

    def sorted_by(self, name: str, *, descending: bool) -> StoredTrades:
        """Sorted by a column; rows without a value come last."""
        order = np.arange(len(self)) if self._order is None else self._order
        if name == "side":  # it is not stored: a long position has a quantity above 0
            values: NDArray[Any] = (self._columns["qty"] < 0)[order]
        else:
            values = self._columns[name][order]
        known = values == values
        if descending:  # equal rows keep their order, as in a sorted list that is asked for in reverse
            backwards = np.argsort(values[known][::-1], kind="stable")[::-1]
            ranked = len(backwards) - 1 - backwards
        else:
            ranked = np.argsort(values[known], kind="stable")
        return self._arranged(np.concatenate((order[known][ranked], order[~known])))

    def _arranged(self, order: NDArray[np.intp]) -> StoredTrades:
        return StoredTrades(self._columns, order)


def rows_of_trades(columns: Columns) -> list[dict[str, Any]]:
    """Trades as rows: ISO times in UTC, None for undefined numbers.

    A run over several symbols has a column more, the symbol.
    """
    return _rows(plain_columns(columns))


def plain_columns(columns: Columns) -> dict[str, list[Any]]:
    """Columns of trades as JSON holds them, and their side."""
    plain = {name: _plain(column) for name, column in columns.items()}
    plain["side"] = np.where(columns["qty"] > 0, "long", "short").tolist()
    return plain


def _rows(plain: dict[str, list[Any]]) -> list[Row]:
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def curve_rows(columns: Columns) -> Iterator[list[float | int | None]]:
    """Every bar of stored curves: seconds, equity, buy and hold, drawdown."""
    for start in range(0, len(columns["time"]), BLOCK):
        block = slice(start, start + BLOCK)
        values = [_plain(columns[name][block]) for name in ("equity", "benchmark", "drawdown")]
        for row in zip(curves.seconds(columns["time"][block]), *values, strict=True):
            yield list(row)


def _plain(column: Any) -> list[Any]:
    """A column of the record as JSON holds it, by its type."""
    if column.dtype.kind == "M":
        return [f"{text}Z" for text in np.datetime_as_string(column.astype("datetime64[s]")).tolist()]
    plain: list[Any] = column.tolist()
    if column.dtype.kind == "f" and not np.isfinite(column).all():
        return [curves.finite(value) for value in plain]
    return plain
