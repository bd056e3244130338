"""How often a user has tried something on a series: what the luck of the best one depends on."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class TrialCount(models.Model):
    """Running sums over the trials of one user, series, type of strategy and source. Never taken back."""

    class Source(models.TextChoices):
        RUN = "run", _("Backtest")
        PREVIEW = "preview", _("Preview")
        SWEEP = "sweep", _("Sweep")
        TRAINING = "training", _("Training")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="trial_counts",
        verbose_name=_("user"),
    )
    series = models.ForeignKey(
        "marketdata.Series", on_delete=models.CASCADE, related_name="trial_counts", verbose_name=_("series")
    )
    strategy_type = models.CharField(_("type"), max_length=60)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    count = models.PositiveBigIntegerField(_("trials"), default=0)
    sharpe_count = models.PositiveBigIntegerField(_("trials with a Sharpe ratio"), default=0)
    sharpe_sum = models.FloatField(_("sum of Sharpe ratios per bar"), default=0.0)
    sharpe_squares = models.FloatField(_("sum of their squares"), default=0.0)
    updated_at = models.DateTimeField(_("last trial"), auto_now=True)

    class Meta:
        ordering = ["user", "series", "strategy_type", "source"]
        verbose_name = _("count of trials")
        verbose_name_plural = _("counts of trials")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "series", "strategy_type", "source"], name="trial_count_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy_type} · {self.source} · {self.count}"
