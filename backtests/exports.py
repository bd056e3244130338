"""Results as CSV files."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.text import slugify

from algotrade.csv_files import csv_response
from backtests.long_runs import StoredTrades
from backtests.models import METRIC_COLUMNS, BacktestQuerySet, BacktestResult

EQUITY_COLUMNS = ("unix_time", "equity", "buy_and_hold", "drawdown")
RETRAINING_COLUMNS = ("model", "decides_from")
TRADE_COLUMNS = (
    "symbol",
    "entry_time",
    "exit_time",
    "side",
    "qty",
    "entry_price",
    "exit_price",
    "gross",
    "fees",
    "borrow",
    "pnl",
    "ret",
    "bars_held",
    "mae",
    "mfe",
    "reason",
    "entry_bar",
    "exit_bar",
)
RESULT_COLUMNS = (
    "id",
    "strategy_name",
    "strategy_type",
    "symbol",
    "timeframe",
    "start_date",
    "end_date",
    "status",
    *METRIC_COLUMNS,
    "in_sample_share",
    "snapshot_sha256",
    "engine_version",
    "created_at",
)


def trades_csv(result: BacktestResult) -> StreamingHttpResponse:
    """Every trade of one result, as a download."""
    return csv_response(_file_name(result, "trades"), TRADE_COLUMNS, trade_rows(result))


def trade_rows(result: BacktestResult) -> Iterator[Sequence[Any]]:
    """Every trade of one result in the order of `TRADE_COLUMNS`; a damaged file is told before the first one."""
    trades = result.all_trades
    if isinstance(trades, StoredTrades):
        return _stored_rows(trades, result.symbol)
    return (
        [trade.get("symbol", result.symbol), *(trade.get(name) for name in TRADE_COLUMNS[1:])]
        for trade in trades
    )


def _stored_rows(trades: StoredTrades, symbol: str) -> Iterator[Sequence[Any]]:
    for block in trades.blocks():
        count = len(block["qty"])
        block.setdefault("symbol", [symbol] * count)
        yield from zip(*(block.get(name) or [None] * count for name in TRADE_COLUMNS), strict=True)


def equity_csv(result: BacktestResult) -> StreamingHttpResponse:
    """The equity curve of one result, every bar of it."""
    return csv_response(_file_name(result, "equity"), EQUITY_COLUMNS, result.all_equity_rows)


def results_csv(results: BacktestQuerySet) -> StreamingHttpResponse:
    """The headline numbers of many results."""
    columns = ["decided_in_sample" if name == "in_sample_share" else name for name in RESULT_COLUMNS]
    rows = results.summaries().values_list(*columns)
    return csv_response("backtests", RESULT_COLUMNS, rows.iterator(chunk_size=500))


def retraining_csv(result: BacktestResult) -> StreamingHttpResponse:
    """When the models of one result took over."""
    rows = ([number, moment] for number, moment in enumerate(result.retraining, start=1))
    return csv_response(_file_name(result, "retraining"), RETRAINING_COLUMNS, rows)


def _file_name(result: BacktestResult, what: str) -> str:
    """The name of a file; who keeps one of an in-sample result reads there what it is."""
    mark = "IN-SAMPLE-" if result.in_sample_share else ""
    return mark + slugify(f"{result.strategy_name} {result.symbol} {result.pk} {what}")
