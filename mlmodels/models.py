"""A trained model: what was asked for, what it was trained on, how it did out of fold, and where it lies."""

from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from mlmodels.algorithms import ALGORITHMS

JSON_COLUMNS = ("configuration", "metrics", "feature_importance", "provenance")


class MLModelQuerySet(ComputedQuerySet, OwnedQuerySet):
    """Models, by whose they are and how their training ended."""

    sortable = ("name", "algorithm", "symbol", "status", "accuracy", "log_loss", "created_at")

    def summaries(self) -> Self:
        """Without the report, which lists never need."""
        return self.defer(*JSON_COLUMNS)


class MLModel(OwnedModel, ComputedModel):
    """One training and what came of it. Training again under the same name makes the next version."""

    name = models.CharField(_("name"), max_length=100)
    version = models.PositiveIntegerField(_("version"), default=1)
    # RESTRICT and not PROTECT: deleting a user takes series and models together, deleting a used series is refused.
    series = models.ForeignKey(
        "marketdata.Series", on_delete=models.RESTRICT, related_name="ml_models", verbose_name=_("series")
    )
    snapshot = models.ForeignKey(
        "marketdata.Snapshot", on_delete=models.RESTRICT, related_name="ml_models", verbose_name=_("snapshot")
    )
    snapshot_sha256 = models.CharField(_("data fingerprint"), max_length=64)
    symbol = models.CharField(_("symbol"), max_length=40)
    timeframe = models.CharField(_("timeframe"), max_length=8)
    start_date = models.DateField(_("from"), null=True, blank=True)
    end_date = models.DateField(_("to"), null=True, blank=True)
    bar_count = models.PositiveIntegerField(_("bars"), default=0)
    first_time = models.DateTimeField(_("first bar"), null=True, blank=True)
    last_time = models.DateTimeField(_("last bar"), null=True, blank=True)
    first_prediction = models.DateTimeField(_("first out-of-sample prediction"), null=True, blank=True)

    algorithm = models.CharField(_("algorithm"), max_length=40)
    configuration = models.JSONField(_("configuration"), default=dict)

    accuracy = models.FloatField(_("accuracy"), null=True, blank=True)
    accuracy_error = models.FloatField(_("standard error"), null=True, blank=True)
    base_rate = models.FloatField(_("base rate"), null=True, blank=True)
    log_loss = models.FloatField(_("log-loss"), null=True, blank=True)
    metrics = models.JSONField(_("report"), default=dict)
    feature_importance = models.JSONField(_("feature importance"), default=list)
    provenance = models.JSONField(_("provenance"), default=dict)
    artifact_path = models.CharField(_("file"), max_length=200, blank=True)
    artifact_sha256 = models.CharField(_("checksum"), max_length=64, blank=True)
    artifact_size = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = MLModelQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("model")
        verbose_name_plural = _("models")
        constraints = [
            models.UniqueConstraint(fields=["user", "name", "version"], name="ml_model_version_unique"),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="ml_model_user_created")]

    def __str__(self) -> str:
        return self.name if self.version == 1 else f"{self.name} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("mlmodels:detail", args=[self.pk])

    @property
    def algorithm_label(self) -> str:
        algorithm = ALGORITHMS.get(self.algorithm)
        return algorithm.label if algorithm else self.algorithm

    @property
    def verdict(self) -> str:
        """ "no_better", "within_noise" or "better" than always giving the same answer; "" before the end."""
        return str(self.metrics.get("overall", {}).get("verdict", ""))

    def record_training(self, **results: Any) -> None:
        """Keep what a training found; called in the transaction that ends its job."""
        for field, value in results.items():
            setattr(self, field, value)
        self.save(update_fields=list(results))
