"""Models for staff: whose, on what, how good, how large. Trained and deleted through the same service."""

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
from mlmodels.services import MLModelService
from mlmodels.words import verdict_sentence


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
        "algorithm_name",
        "symbol",
        "timeframe",
        "state_label",
        "scored",
        "base",
        "size",
        "created_at",
    ]
    list_filter = ["status", AlgorithmFilter, "timeframe", "created_at"]
    search_fields = ["name", "symbol", "user__username", "user__email", "error_detail"]
    list_select_related = ["user"]
    date_hierarchy = "created_at"
    fields = [
        "user",
        "name",
        "version",
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
        "artifact_size",
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

    def delete_model(self, request: HttpRequest, obj: MLModel) -> None:
        MLModelService.delete(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[MLModel]) -> None:
        for model in queryset:
            try:
                MLModelService.delete(model)
            except LabError as error:
                self.message_user(request, error.detail, messages.WARNING)
