"""Where the whole of a long run lies."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ResultColumns(models.Model):
    """The files of columns of a run that is too long for its row, which holds thinned curves and the newest trades.

    A row of its own, and only for long runs. A path is empty where the result's row holds all.
    """

    result = models.OneToOneField(
        "backtests.BacktestResult",
        on_delete=models.CASCADE,
        related_name="stored_columns",
        verbose_name=_("result"),
    )
    curve_path = models.CharField(_("file of the curves"), max_length=200, blank=True)
    curve_sha256 = models.CharField(_("fingerprint of the curves"), max_length=64, blank=True)
    trades_path = models.CharField(_("file of the trades"), max_length=200, blank=True)
    trades_sha256 = models.CharField(_("fingerprint of the trades"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("columns of a result")
        verbose_name_plural = _("columns of results")

    def __str__(self) -> str:
        return f"{self.result_id}"
