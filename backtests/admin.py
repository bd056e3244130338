"""Results for staff: whose, of what, how they ended. Nothing is edited here."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from algotrade.admin import STATE_COLOURS, RecordAdmin
from algotrade.templatetags import figures
from backtests.models import JSON_COLUMNS, METRIC_COLUMNS, BacktestResult
from backtests.services import BacktestService


@admin.register(BacktestResult)
class BacktestResultAdmin(RecordAdmin):
    list_display = [
        "strategy_name",
        "user",
        "symbol",
        "period",
        "state_label",
        "net_return",
        "sharpe",
        "drawdown",
        "total_trades",
        "error_code",
        "created_at",
    ]
    list_filter = ["status", "strategy_type", "timeframe", "error_code", "created_at"]
    search_fields = ["strategy_name", "symbol", "user__username", "user__email", "snapshot_sha256"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    fields = [
        ("user", "status", "job"),
        ("strategy", "strategy_name", "strategy_type"),
        "parameters",
        ("series", "symbol", "timeframe", "periods_per_year"),
        ("start_date", "end_date", "bar_count"),
        ("snapshot", "snapshot_sha256"),
        "configuration",
        METRIC_COLUMNS[:7],
        METRIC_COLUMNS[7:],
        "warnings",
        ("engine_version", "seed", "duration_ms"),
        ("error_code", "error_detail"),
        ("created_at", "finished_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BacktestResult]:
        results = super().get_queryset(request)
        return results.defer(*JSON_COLUMNS, "sparkline")

    @display(description=_("period"), ordering="start_date")
    def period(self, result: BacktestResult) -> str:
        return format_html(
            '<span class="whitespace-nowrap">{} – {}</span>', result.start_date, result.end_date
        )

    @display(description=_("status"), ordering="status", label=STATE_COLOURS)
    def state_label(self, result: BacktestResult) -> tuple[str, str]:
        return result.status, result.get_status_display()

    @display(description=_("net return"), ordering="total_return")
    def net_return(self, result: BacktestResult) -> str:
        return figures.signed_percent(result.total_return)

    @display(description=_("Sharpe"), ordering="sharpe_ratio")
    def sharpe(self, result: BacktestResult) -> str:
        return figures.ratio(result.sharpe_ratio)

    @display(description=_("drawdown"), ordering="max_drawdown")
    def drawdown(self, result: BacktestResult) -> str:
        return figures.percent(result.max_drawdown)

    def delete_model(self, request: HttpRequest, obj: BacktestResult) -> None:
        BacktestService.delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BacktestResult]) -> None:
        BacktestService.delete(queryset.select_related("job"))
