"""Results for staff: whose, of what, how they ended. Nothing is edited here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from algotrade.admin import STATE_COLOURS, RecordAdmin
from algotrade.jobs.computed import ComputedService
from algotrade.templatetags import figures
from backtests.models import JSON_COLUMNS, METRIC_COLUMNS, BacktestResult, Sweep
from backtests.models.frozen import FrozenRequest
from backtests.services import BacktestService
from backtests.sweeps.services import SweepService


class ComputedAdmin(RecordAdmin):
    """What runs and sweeps have in common: whose, over which days, how they ended. `service` deletes them."""

    service: type[ComputedService]
    search_fields = ["strategy_name", "symbol", "user__username", "user__email", "snapshot_sha256"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"

    @display(description=_("period"), ordering="start_date")
    def period(self, row: FrozenRequest) -> str:
        return format_html('<span class="whitespace-nowrap">{} – {}</span>', row.start_date, row.end_date)

    @display(description=_("status"), ordering="status", label=STATE_COLOURS)
    def state_label(self, row: Any) -> tuple[str, str]:
        return row.status, row.get_status_display()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.service.delete([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self.service.delete(queryset.select_related("job"))


@admin.register(BacktestResult)
class BacktestResultAdmin(ComputedAdmin):
    service = BacktestService
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

    @display(description=_("net return"), ordering="total_return")
    def net_return(self, result: BacktestResult) -> str:
        return figures.signed_percent(result.total_return)

    @display(description=_("Sharpe"), ordering="sharpe_ratio")
    def sharpe(self, result: BacktestResult) -> str:
        return figures.ratio(result.sharpe_ratio)

    @display(description=_("drawdown"), ordering="max_drawdown")
    def drawdown(self, result: BacktestResult) -> str:
        return figures.percent(result.max_drawdown)


@admin.register(Sweep)
class SweepAdmin(ComputedAdmin):
    """Cells are never loaded here."""

    service = SweepService
    list_display = [
        "strategy_name",
        "user",
        "symbol",
        "period",
        "method",
        "cell_count",
        "valid_count",
        "state_label",
        "error_code",
        "computed_in",
        "created_at",
    ]
    list_filter = ["status", "method", "strategy_type", "timeframe", "error_code", "created_at"]
    fields = [
        ("user", "status", "job"),
        ("strategy", "strategy_name", "strategy_type"),
        "parameters",
        ("method", "objective", "seed"),
        ("cell_count", "valid_count", "best_value"),
        ("series", "symbol", "timeframe", "periods_per_year"),
        ("start_date", "end_date"),
        ("snapshot", "snapshot_sha256"),
        "configuration",
        ("columns_path", "columns_sha256"),
        ("engine_version", "duration_ms"),
        ("error_code", "error_detail"),
        ("created_at", "finished_at"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sweep]:
        return super().get_queryset(request).summaries()

    @display(description=_("computed in"), ordering="duration_ms")
    def computed_in(self, sweep: Sweep) -> str:
        return figures.duration_ms(sweep.duration_ms)
