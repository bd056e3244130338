"""A trained model: what was asked for, what it was trained on, how it did out of fold, and where it lies."""

from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.jobs.computed import ComputedModel, ComputedQuerySet
from algotrade.jobs.models import Job
from mlmodels.algorithms import ALGORITHMS
from mlmodels.validation.kinds import is_causal

JSON_COLUMNS = ("configuration", "metrics", "feature_importance", "provenance", "drift")
LONGEST_NAME, LONGEST_NOTE = 100, 2_000
REFERENCE_KIND = "ml_model"
"""What a parameter of a strategy that names a model has as its kind."""
NEWEST = ("-created_at", "-pk")


class MLModelQuerySet(ComputedQuerySet, OwnedQuerySet):
    """Models, by whose they are, how their training ended and what they are kept for."""

    sortable = (
        *("name", "algorithm", "symbol", "status", "stage", "accuracy", "auc", "log_loss", "net_return"),
        *("sharpe_ratio", "artifact_size", "created_at"),
    )

    def summaries(self) -> Self:
        """Without the report, which lists never need."""
        return self.defer(*JSON_COLUMNS, "note")

    def mentioning(self, text: str) -> Self:
        """Those with the text in their name or symbol."""
        return self.filter(models.Q(name__icontains=text) | models.Q(symbol__icontains=text))

    def usable(self) -> Self:
        """Those that a new strategy may decide by, the promoted ones first."""
        rows = self.succeeded().exclude(stage=MLModel.Stage.RETIRED)
        return rows.order_by(
            models.Case(models.When(stage=MLModel.Stage.PROMOTED, then=0), default=1), *NEWEST
        )


class MLModel(OwnedModel, ComputedModel):
    """One training and what came of it. Training again under the same name makes the next version."""

    class Stage(models.TextChoices):
        CANDIDATE = "candidate", _("candidate")
        PROMOTED = "promoted", _("promoted")
        RETIRED = "retired", _("retired")

    name = models.CharField(_("name"), max_length=LONGEST_NAME)
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

    stage = models.CharField(_("stage"), max_length=10, choices=Stage, default=Stage.CANDIDATE)
    note = models.TextField(_("note"), max_length=LONGEST_NOTE, blank=True)

    algorithm = models.CharField(_("algorithm"), max_length=40)
    configuration = models.JSONField(_("configuration"), default=dict)

    accuracy = models.FloatField(_("accuracy"), null=True, blank=True)
    accuracy_error = models.FloatField(_("standard error"), null=True, blank=True)
    base_rate = models.FloatField(_("base rate"), null=True, blank=True)
    log_loss = models.FloatField(_("log-loss"), null=True, blank=True)
    auc = models.FloatField(_("area under the ROC curve"), null=True, blank=True)
    net_return = models.FloatField(_("net return of its signals"), null=True, blank=True)
    sharpe_ratio = models.FloatField(_("Sharpe ratio of its signals"), null=True, blank=True)
    verdict = models.CharField(_("verdict"), max_length=20, blank=True)
    metrics = models.JSONField(_("report"), default=dict)
    feature_importance = models.JSONField(_("feature importance"), default=list)
    provenance = models.JSONField(_("provenance"), default=dict)
    drift = models.JSONField(_("feature drift"), default=dict, blank=True)
    drift_job = models.OneToOneField(
        Job,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="drift_of_model",
        verbose_name=_("check of drift"),
    )
    artifact_path = models.CharField(_("file"), max_length=200, blank=True)
    artifact_sha256 = models.CharField(_("checksum"), max_length=64, blank=True)
    artifact_size = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    objects = MLModelQuerySet.as_manager()

    class Meta:
        ordering = list(NEWEST)
        verbose_name = _("model")
        verbose_name_plural = _("models")
        constraints = [
            models.UniqueConstraint(fields=["user", "name", "version"], name="ml_model_version_unique"),
            models.UniqueConstraint(
                fields=["user", "name"], condition=models.Q(stage="promoted"), name="ml_model_promoted_unique"
            ),
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
    def report_format(self) -> int:
        """Which keys the report has: 2 today, 1 for models of the version before, 0 before the training ends."""
        return int(self.metrics.get("format", 1)) if self.metrics else 0

    @property
    def causal(self) -> bool:
        """Whether each out-of-fold prediction was made by a model that knew only what came before."""
        return is_causal(self.configuration.get("validation"))

    @property
    def is_promoted(self) -> bool:
        return self.stage == self.Stage.PROMOTED

    @property
    def is_retired(self) -> bool:
        return self.stage == self.Stage.RETIRED

    def record_training(self, **results: Any) -> None:
        """Keep what a training found; called in the transaction that ends its job."""
        for field, value in results.items():
            setattr(self, field, value)
        self.save(update_fields=list(results))

    def record_drift(self, drift: dict[str, Any]) -> None:
        """Keep what a check of drift found; called in the transaction that ends its job."""
        self.drift = drift
        self.save(update_fields=["drift"])

    def enter_stage(self, stage: str) -> None:
        """Keep it for something else from now on; the service says whether it may be."""
        self.stage = stage
        self.save(update_fields=["stage"])
