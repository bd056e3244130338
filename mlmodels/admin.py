"""Models for staff: whose, on what, how good, how large. Kept and deleted through the same service as everywhere."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from algotrade.admin import STATE_COLOURS, RecordAdmin
from algotrade.errors import LabError
from mlmodels.algorithms import ALGORITHMS
from mlmodels.models import MLModel
from mlmodels.presentation.words import VERDICTS, verdict_sentence
from mlmodels.services import MLModelService

STAGE_COLOURS = {"candidate": "info", "promoted": "success", "retired": "default"}
VERDICT_COLOURS = {key: words.colour for key, words in VERDICTS.items()}


class AlgorithmFilter(admin.SimpleListFilter):
    """Algorithms by their names; the registry knows them, no query is needed."""

    title = _("algorithm")
    parameter_name = "algorithm"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [(item.key, item.label) for item in ALGORITHMS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> QuerySet[MLModel]:
        return queryset.filter(algorithm=self.value()) if self.value() else queryset


@admin.register(MLModel)
class MLModelAdmin(RecordAdmin):
    list_display = [
        "__str__",
        "user",
        "stage_label",
        "algorithm_name",
        "symbol",
        "timeframe",
        "state_label",
        "scored",
        "base",
        "verdict_label",
        "size",
        "created_at",
    ]
    list_filter = ["status", "stage", "verdict", AlgorithmFilter, "timeframe", "created_at"]
    search_fields = ["name", "symbol", "user__username", "user__email", "note", "error_detail"]
    actions = ["promote", "retire", "reinstate"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    fields = [
        "user",
        "name",
        "version",
        "stage",
        "note",
        "algorithm",
        "series",
        "snapshot_sha256",
        "first_time",
        "last_time",
        "bar_count",
        "status",
        "error_code",
        "error_detail",
        "verdict_text",
        "configuration",
        "provenance",
        "artifact_path",
        "artifact_sha256",
        "size",
        "drift",
        "job",
        "created_at",
        "finished_at",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MLModel]:
        rows = super().get_queryset(request)
        changelist = request.resolver_match and request.resolver_match.url_name.endswith("changelist")
        return rows.summaries() if changelist else rows

    @display(description=_("algorithm"), ordering="algorithm")
    def algorithm_name(self, model: MLModel) -> str:
        return model.algorithm_label

    @display(description=_("status"), ordering="status", label=STATE_COLOURS)
    def state_label(self, model: MLModel) -> tuple[str, str]:
        return model.status, model.get_status_display()

    @display(description=_("stage"), ordering="stage", label=STAGE_COLOURS)
    def stage_label(self, model: MLModel) -> tuple[str, str]:
        return model.stage, model.get_stage_display()

    @display(description=_("verdict"), ordering="verdict", label=VERDICT_COLOURS)
    def verdict_label(self, model: MLModel) -> tuple[str, str]:
        return model.verdict, VERDICTS[model.verdict].said if model.verdict in VERDICTS else ""

    @display(description=_("accuracy"), ordering="accuracy")
    def scored(self, model: MLModel) -> str:
        return "" if model.accuracy is None else f"{model.accuracy:.3f} ± {model.accuracy_error:.3f}"

    @display(description=_("base rate"), ordering="base_rate")
    def base(self, model: MLModel) -> str:
        return "" if model.base_rate is None else f"{model.base_rate:.3f}"

    @display(description=_("size"), ordering="artifact_size")
    def size(self, model: MLModel) -> str:
        return "" if model.artifact_size is None else filesizeformat(model.artifact_size)

    @display(description=_("verdict"))
    def verdict_text(self, model: MLModel) -> str:
        return verdict_sentence(model.metrics.get("overall", {}))

    def has_stage_permission(self, request: HttpRequest) -> bool:
        """Nobody edits models here, but who may change them may say what they are kept for."""
        return bool(request.user.has_perm("mlmodels.change_mlmodel"))

    @admin.action(description=_("Promote"), permissions=["stage"])
    def promote(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> None:
        self._each(request, queryset, MLModelService.promote)

    @admin.action(description=_("Retire"), permissions=["stage"])
    def retire(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> None:
        self._each(request, queryset, MLModelService.retire)

    @admin.action(description=_("Make a candidate again"), permissions=["stage"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> None:
        self._each(request, queryset, MLModelService.reinstate)

    def delete_model(self, request: HttpRequest, obj: MLModel) -> None:
        MLModelService.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> None:
        self._each(request, queryset, MLModelService.delete)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[MLModel], change: Callable[[MLModel], object]
    ) -> None:
        """Do it with each of them that allows it; the others are told with their reasons."""
        for model in queryset:
            try:
                change(model)
            except LabError as error:
                self.message_user(request, error.detail, messages.WARNING)
