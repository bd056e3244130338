"""Results as CSV files. Text cells that a spreadsheet would run as a formula are neutralised; numbers are not text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from backtests.filters import ListFilter
from backtests.models import METRIC_COLUMNS, BacktestResult

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
TRADE_COLUMNS = (
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


def _owned(request: HttpRequest, pk: int, *columns: str) -> BacktestResult:
    return get_object_or_404(BacktestResult.objects.for_user(request.user).only(*columns), pk=pk)


def _file_name(result: BacktestResult, what: str) -> str:
    return slugify(f"{result.strategy_name} {result.symbol} {result.pk} {what}")


@login_required
@require_safe
def trades_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Every trade of one result."""
    result = _owned(request, pk, "strategy_name", "symbol", "trades")
    rows = ([trade.get(name) for name in TRADE_COLUMNS] for trade in result.trades)
    return csv_response(_file_name(result, "trades"), TRADE_COLUMNS, rows)


@login_required
@require_safe
def equity_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The stored equity curve of one result."""
    result = _owned(request, pk, "strategy_name", "symbol", "equity_curve")
    columns = ("unix_time", "equity", "buy_and_hold", "drawdown")
    return csv_response(_file_name(result, "equity"), columns, result.equity_curve)


@login_required
@require_safe
def results_csv(request: HttpRequest) -> HttpResponse:
    """The list of results, filtered and sorted as the page shows it."""
    results = ListFilter.read(request.GET).apply(BacktestResult.objects.for_user(request.user))
    rows = results.summaries().values_list(*RESULT_COLUMNS)
    return csv_response("backtests", RESULT_COLUMNS, rows.iterator(chunk_size=500))
