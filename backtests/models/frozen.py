"""Everything a computation starts from, frozen when it was asked for."""

import datetime as dt
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from algotrade.checkpoints import fingerprint_of

FROZEN = (
    "user",
    "strategy",
    "strategy_name",
    "strategy_type",
    "parameters",
    "series",
    "snapshot",
    "snapshot_sha256",
    "symbol",
    "timeframe",
    "periods_per_year",
    "start_date",
    "end_date",
    "configuration",
    "seed",
)


class FrozenRequest(models.Model):
    """Base of what is computed from a strategy and data: later changes of either leave it alone."""

    strategy = models.ForeignKey(
        "strategies.Strategy",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="%(class)s_set",
        verbose_name=_("strategy"),
    )
    strategy_name = models.CharField(_("strategy"), max_length=120)
    strategy_type = models.CharField(_("type"), max_length=60)
    parameters = models.JSONField(_("parameters"), default=dict)
    # RESTRICT and not PROTECT: deleting a user takes series and results together, deleting a used series is refused.
    series = models.ForeignKey(
        "marketdata.Series",
        on_delete=models.RESTRICT,
        related_name="%(class)s_set",
        verbose_name=_("series"),
    )
    snapshot = models.ForeignKey(
        "marketdata.Snapshot",
        on_delete=models.RESTRICT,
        related_name="%(class)s_set",
        verbose_name=_("snapshot"),
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
    duration_ms = models.FloatField(_("computing time (ms)"), null=True, blank=True)
    created_at = models.DateTimeField(_("submitted"), default=timezone.now)

    class Meta:
        abstract = True

    def fingerprint(self, *more: str) -> str:
        """One name for all that its computation starts from; `more` names the model's own columns."""
        names = [name for name in (*FROZEN, *more) if name not in ("user", "strategy", "strategy_name")]
        columns = {self._meta.get_field(name).attname for name in names}
        return fingerprint_of(**{column: _plain(getattr(self, column)) for column in sorted(columns)})

    @classmethod
    def freeze(
        cls, *, user: Any, strategy: Any, snapshot: Any, period: Any, configuration: Any, **more: Any
    ) -> Self:
        """An unsaved row that keeps what is asked for as it is now; `more` adds the model's own columns or replaces."""
        series = snapshot.series
        frozen = {
            "user": user,
            "strategy": strategy,
            "strategy_name": strategy.name,
            "strategy_type": strategy.strategy_type,
            "parameters": dict(strategy.parameters),
            "series": series,
            "snapshot": snapshot,
            "snapshot_sha256": snapshot.sha256,
            "symbol": series.symbol,
            "timeframe": series.timeframe,
            "periods_per_year": series.periods_per_year,
            "start_date": period.start,
            "end_date": period.end,
            "configuration": configuration.to_dict(),
        }
        return cls(**frozen | more)

    @property
    def title(self) -> str:
        """What its job is called."""
        return _("%(strategy)s on %(symbol)s") % {"strategy": self.strategy_name, "symbol": self.symbol}

    @property
    def queue_seconds(self) -> float | None:
        return self.job.timings.get("queue_seconds") if self.job is not None else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
