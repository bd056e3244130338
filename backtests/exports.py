"""Results as CSV files. Text cells that a spreadsheet would run as a formula are neutralised; numbers are not text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.text import slugify

from backtests.models import METRIC_COLUMNS, BacktestQuerySet, BacktestResult

EQUITY_COLUMNS = ("unix_time", "equity", "buy_and_hold", "drawdown")
RETRAINING_COLUMNS = ("model", "decides_from")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
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


class _Echo:
    """A file that hands back what is written, so that rows stream instead of piling up."""

    def write(self, text: str) -> str:
        return text


def cell(value: Any) -> Any:
    """One cell: None is empty, text that starts like a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def csv_response(name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """A download of the rows under their column names."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(columns)
        for row in rows:
            yield writer.writerow([cell(value) for value in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def trades_csv(result: BacktestResult) -> StreamingHttpResponse:
    """Every trade of one result."""
    rows = (
        [trade.get("symbol", result.symbol), *(trade.get(name) for name in TRADE_COLUMNS[1:])]
        for trade in result.trades
    )
    return csv_response(_file_name(result, "trades"), TRADE_COLUMNS, rows)


def equity_csv(result: BacktestResult) -> StreamingHttpResponse:
    """The stored equity curve of one result."""
    return csv_response(_file_name(result, "equity"), EQUITY_COLUMNS, result.equity_curve)


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
