"""A backtest: what was asked for, frozen, and what came out of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from backtests import verdict
from backtests.curves import MAX_POINTS
from backtests.long_runs import MOST_TRADES, StoredTrades, curve_rows, files
from backtests.models.frozen import FrozenRequest
from backtests.models.leg import Leg
from backtests.models.long_run import ResultColumns
from backtests.models.use import ModelUse

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
        """Without the JSON columns, which lists never need and which can weigh megabytes.

        With the count of legs, and how much models decided in-sample.
        """
        legs = Leg.objects.filter(result=OuterRef("pk")).order_by().values("result")
        return self.defer(*JSON_COLUMNS).annotate(
            leg_count=Subquery(legs.annotate(n=Count("pk")).values("n")),
            decided_in_sample=Coalesce(F("model_use__in_sample_share"), 0.0),
        )

    def out_of_sample(self) -> Self:
        """Without the results of models that decided about what they were trained on."""
        return self.exclude(model_use__in_sample_share__gt=0.0)

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


class BacktestResult(OwnedModel, ComputedModel, FrozenRequest):
    """One run of a strategy over a period of a series, with everything it was computed from."""

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
    def excess_return(self) -> float | None:
        """Net return beyond buy and hold of the same period."""
        if self.total_return is None or self.benchmark_return is None:
            return None
        return self.total_return - self.benchmark_return

    @property
    def symbols_text(self) -> str:
        """Its symbol and how many others, for rows of `summaries`."""
        others = (getattr(self, "leg_count", None) or 1) - 1
        return f"{self.symbol} +{others}" if others else self.symbol

    @property
    def has_legs(self) -> bool:
        """Whether it traded weights over a portfolio: such a run has rows of `Leg`, even over one symbol."""
        return "rebalance" in self.configuration

    @property
    def series_labels(self) -> list[str]:
        """What it reads, by the label of each symbol's series."""
        if self.has_legs:
            return [leg.series.label for leg in self.legs.select_related("series")]
        return [self.series.label]

    @property
    def verdicts(self) -> list[verdict.Verdict]:
        """The reasons for doubt, in words."""
        return verdict.in_words(self.warnings)

    @property
    def in_sample_share(self) -> float:
        """Share of the bars, 0 to 1, decided by a model that was trained on them."""
        if "decided_in_sample" in self.__dict__:  # a row of `summaries`
            return float(self.__dict__["decided_in_sample"])
        use = self._model_use
        return use.in_sample_share if use else 0.0

    @property
    def retraining(self) -> list[str]:
        """Times (UTC) of the bars from which on a newly trained model decides; none where no model does."""
        use = self._model_use
        return use.retraining if use else []

    @property
    def all_trades(self) -> Sequence[dict[str, Any]]:
        """Every trade in the order of the exits; those of a long run are read from its file."""
        stored = self._columns
        if stored is None or not stored.trades_path:
            trades: list[dict[str, Any]] = self.trades
            return trades
        return StoredTrades(files.read(stored.trades_path, stored.trades_sha256))

    @property
    def all_equity_rows(self) -> Iterable[list[float | int | None]]:
        """Every bar of the curves, `[seconds, equity, buy and hold, drawdown]`."""
        stored = self._columns
        if stored is None or not stored.curve_path:
            rows: list[list[float | int | None]] = self.equity_curve
            return rows
        return curve_rows(files.read(stored.curve_path, stored.curve_sha256))

    @property
    def _columns(self) -> ResultColumns | None:
        if self.bar_count <= MAX_POINTS and (self.total_trades or 0) <= MOST_TRADES:
            return None  # nothing was stored beside its row, and nobody needs to ask
        return getattr(self, "stored_columns", None)

    @property
    def _model_use(self) -> ModelUse | None:
        return getattr(self, "model_use", None)

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
