"""One symbol of a run over several."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Leg(models.Model):
    """The data of one symbol of a run, and what that symbol contributed to the account."""

    result = models.ForeignKey(
        "backtests.BacktestResult", on_delete=models.CASCADE, related_name="legs", verbose_name=_("result")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    symbol = models.CharField(_("symbol"), max_length=40)
    series = models.ForeignKey(
        "marketdata.Series", on_delete=models.RESTRICT, related_name="legs", verbose_name=_("series")
    )
    snapshot = models.ForeignKey(
        "marketdata.Snapshot", on_delete=models.RESTRICT, related_name="legs", verbose_name=_("snapshot")
    )
    snapshot_sha256 = models.CharField(_("data fingerprint"), max_length=64)
    pnl = models.FloatField(_("net profit"), null=True, blank=True)
    fees_paid = models.FloatField(_("fees"), null=True, blank=True)
    contribution = models.FloatField(
        _("contribution"),
        null=True,
        blank=True,
        help_text=_("Net profit of this symbol as a fraction of the initial capital."),
    )
    average_weight = models.FloatField(_("average weight"), null=True, blank=True)
    total_trades = models.PositiveIntegerField(_("trades"), null=True, blank=True)

    class Meta:
        ordering = ["result", "position"]
        verbose_name = _("leg")
        verbose_name_plural = _("legs")
        constraints = [
            models.UniqueConstraint(fields=["result", "position"], name="leg_position_unique"),
            models.UniqueConstraint(fields=["result", "symbol"], name="leg_symbol_unique"),
        ]

    def __str__(self) -> str:
        return self.symbol
