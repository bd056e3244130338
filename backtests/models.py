"""A backtest: what was asked for, frozen, and what came out of it."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from backtests import verdict

METRIC_COLUMNS = (
    "total_return",
    "cagr",
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "max_drawdown",
    "volatility",
    "win_rate",
    "profit_factor",
    "total_trades",
    "exposure",
    "final_equity",
    "benchmark_return",
)
# The sparkline stays: it is at most 60 numbers and every list draws it.
JSON_COLUMNS = (
    "parameters",
    "configuration",
    "metrics",
    "undefined",
    "trades",
    "equity_curve",
    "overlays",
    "warnings",
)


class BacktestQuerySet(ComputedQuerySet, OwnedQuerySet):
    """Results, by whose they are, what they are about and how they ended."""

    sortable = (
        *METRIC_COLUMNS,
        "created_at",
        "finished_at",
        "symbol",
        "strategy_name",
        "status",
        "start_date",
    )

    def summaries(self) -> Self:
        """Without the JSON columns, which lists never need and which can weigh megabytes."""
        return self.defer(*JSON_COLUMNS)

    def matching(
        self, *, strategy: int | None = None, symbol: str = "", status: str = "", text: str = ""
    ) -> Self:
        """Narrowed by whatever is given; `text` looks into strategy names and symbols."""
        wanted = Q()
        if strategy is not None:
            wanted &= Q(strategy_id=strategy)
        if symbol:
            wanted &= Q(symbol__iexact=symbol)
        if status:
            wanted &= Q(status=status)
        if text:
            wanted &= Q(strategy_name__icontains=text) | Q(symbol__icontains=text)
        return self.filter(wanted)


class BacktestResult(OwnedModel, ComputedModel):
    """One run of a strategy over a period of a series, with everything it was computed from."""

    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="results",
        verbose_name=_("strategy"),
    )
    strategy_name = models.CharField(_("strategy"), max_length=120)
    strategy_type = models.CharField(_("type"), max_length=60)
    parameters = models.JSONField(_("parameters"), default=dict)
    # RESTRICT and not PROTECT: deleting a user takes series and results together, deleting a used series is refused.
    series = models.ForeignKey(
        "marketdata.Series", on_delete=models.RESTRICT, related_name="results", verbose_name=_("series")
    )
    snapshot = models.ForeignKey(
        "marketdata.Snapshot", on_delete=models.RESTRICT, related_name="results", verbose_name=_("snapshot")
    )
    snapshot_sha256 = models.CharField(_("data fingerprint"), max_length=64)
    symbol = models.CharField(_("symbol"), max_length=40)
    timeframe = models.CharField(_("timeframe"), max_length=8)
    periods_per_year = models.FloatField(_("bars per year"))
    start_date = models.DateField(_("from"))
    end_date = models.DateField(_("to"))
    configuration = models.JSONField(_("configuration"), default=dict)
    seed = models.PositiveIntegerField(_("seed"), default=0)
    engine_version = models.CharField(_("engine"), max_length=20, blank=True)

    total_return = models.FloatField(_("net return"), null=True, blank=True)
    cagr = models.FloatField(_("CAGR"), null=True, blank=True)
    sharpe_ratio = models.FloatField(_("Sharpe"), null=True, blank=True)
    sortino_ratio = models.FloatField(_("Sortino"), null=True, blank=True)
    calmar_ratio = models.FloatField(_("Calmar"), null=True, blank=True)
    max_drawdown = models.FloatField(_("max drawdown"), null=True, blank=True)
    volatility = models.FloatField(_("volatility"), null=True, blank=True)
    win_rate = models.FloatField(_("win rate"), null=True, blank=True)
    profit_factor = models.FloatField(_("profit factor"), null=True, blank=True)
    total_trades = models.PositiveIntegerField(_("trades"), null=True, blank=True)
    exposure = models.FloatField(_("exposure"), null=True, blank=True)
    final_equity = models.FloatField(_("final equity"), null=True, blank=True)
    benchmark_return = models.FloatField(_("buy and hold"), null=True, blank=True)

    sparkline = models.JSONField(_("sparkline"), default=list, blank=True)
    bar_count = models.PositiveIntegerField(_("bars"), default=0)
    duration_ms = models.FloatField(_("computing time (ms)"), null=True, blank=True)
    created_at = models.DateTimeField(_("submitted"), default=timezone.now)

    # Last in the table: SQLite reaches a column behind a large one only by walking through all of that one's pages.
    warnings = models.JSONField(_("reasons for doubt"), default=list, blank=True)
    undefined = models.JSONField(_("why metrics are undefined"), default=dict, blank=True)
    metrics = models.JSONField(_("all metrics"), default=dict, blank=True)
    overlays = models.JSONField(_("chart lines"), default=list, blank=True)
    equity_curve = models.JSONField(_("equity curve"), default=list, blank=True)
    trades = models.JSONField(_("trades"), default=list, blank=True)

    objects = BacktestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("backtest result")
        verbose_name_plural = _("backtest results")
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="result_user_created"),
            models.Index(fields=["user", "status", "-created_at", "-id"], name="result_user_status"),
            models.Index(fields=["user", "symbol"], name="result_user_symbol"),
            models.Index(fields=["strategy", "-created_at", "-id"], name="result_strategy_created"),
            models.Index(fields=["user", "-sharpe_ratio", "-id"], name="result_user_sharpe"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_name} · {self.symbol} · {self.start_date} – {self.end_date}"

    def get_absolute_url(self) -> str:
        return reverse("backtests:detail", args=[self.pk])

    @property
    def title(self) -> str:
        """What its job is called."""
        return _("%(strategy)s on %(symbol)s") % {"strategy": self.strategy_name, "symbol": self.symbol}

    @property
    def excess_return(self) -> float | None:
        """Net return beyond buy and hold of the same period."""
        if self.total_return is None or self.benchmark_return is None:
            return None
        return self.total_return - self.benchmark_return

    @property
    def verdicts(self) -> list[verdict.Verdict]:
        """The reasons for doubt, in words."""
        return verdict.in_words(self.warnings)

    @property
    def queue_seconds(self) -> float | None:
        return self.job.timings.get("queue_seconds") if self.job is not None else None

    def equity_rows(self) -> dict[str, Any]:
        """The stored curves as the charts read them: `[[seconds, value], ...]` each."""
        rows = self.equity_curve
        return {
            "equity": [[row[0], row[1]] for row in rows],
            "benchmark": [[row[0], row[2]] for row in rows],
            "drawdown": [[row[0], row[3]] for row in rows],
            "total": self.bar_count,
            "downsampled": self.bar_count > len(rows),
        }
