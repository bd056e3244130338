"""What trained models had to do with a run."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ModelUse(models.Model):
    """When the models of a run took over, and how much they decided about bars that they were trained on.

    A row of its own, and only for runs that a model decides: lists read it without passing the curves and trades.
    """

    result = models.OneToOneField(
        "backtests.BacktestResult",
        on_delete=models.CASCADE,
        related_name="model_use",
        verbose_name=_("result"),
    )
    in_sample_share = models.FloatField(
        _("in-sample share"),
        default=0.0,
        help_text=_("Share of the bars, 0 to 1, decided by a model that was trained on them."),
    )
    retraining = models.JSONField(
        _("retraining dates"),
        default=list,
        blank=True,
        help_text=_("Times (UTC) of the bars from which on a newly trained model decides."),
    )

    class Meta:
        verbose_name = _("use of models")
        verbose_name_plural = _("uses of models")

    def __str__(self) -> str:
        return f"{self.result_id}"
