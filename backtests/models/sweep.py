"""A sweep: many combinations of parameters over the same data, as columns."""

from typing import Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from backtests.models.frozen import FrozenRequest

HEAVY_COLUMNS = ("parameters", "configuration", "axes", "best")


class SweepQuerySet(ComputedQuerySet, OwnedQuerySet):
    """Sweeps, by whose they are and how they ended."""

    sortable = ("created_at", "finished_at", "symbol", "strategy_name", "status", "cell_count")

    def summaries(self) -> Self:
        """Without what only the page of one sweep shows."""
        return self.defer(*HEAVY_COLUMNS)


class Sweep(OwnedModel, ComputedModel, FrozenRequest):
    """One search through a space of parameters. Its cells are columns in a file, one number a cell."""

    class Method(models.TextChoices):
        GRID = "grid", _("Grid")
        RANDOM = "random", _("Random")

    method = models.CharField(_("method"), max_length=10, choices=Method, default=Method.GRID)
    objective = models.CharField(_("objective"), max_length=40, default="sharpe_ratio")
    cell_count = models.PositiveIntegerField(_("combinations"), default=0)
    valid_count = models.PositiveIntegerField(_("combinations that can be run"), null=True, blank=True)
    best_value = models.FloatField(_("best"), null=True, blank=True)
    columns_path = models.CharField(_("file of columns"), max_length=200, blank=True)
    columns_sha256 = models.CharField(_("fingerprint of the columns"), max_length=64, blank=True)
    axes = models.JSONField(
        _("axes"), default=list, help_text=_("Name and values of each varied setting, in order.")
    )
    best = models.JSONField(_("best combinations"), default=list, blank=True)

    objects = SweepQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("sweep")
        verbose_name_plural = _("sweeps")
        indexes = [
            models.Index(fields=["user", "-created_at", "-id"], name="sweep_user_created"),
            models.Index(fields=["strategy", "-created_at", "-id"], name="sweep_strategy_created"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_name} · {self.symbol} · {self.cell_count}"

    def get_absolute_url(self) -> str:
        return reverse("backtests:sweep_detail", args=[self.pk])
