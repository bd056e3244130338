"""Strategies for staff: whose, of which type, on what; checked by the same service as everywhere."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display

from strategies.errors import StrategyError
from strategies.models import Strategy
from strategies.registry import get_strategy_class, names
from strategies.services import StrategyService


class StrategyTypeFilter(admin.SimpleListFilter):
    """Types by their names; the registry knows them, no query is needed."""

    title = _("type")
    parameter_name = "strategy_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(key, get_strategy_class(key).label) for key in names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Strategy]) -> QuerySet[Strategy]:
        return queryset.filter(strategy_type=self.value()) if self.value() else queryset


class StrategyAdminForm(forms.ModelForm):
    """The model's form with the service's check."""

    class Meta:
        model = Strategy
        fields = [
            "user",
            "name",
            "description",
            "strategy_type",
            "parameters",
            "symbol",
            "other_symbols",
            "timeframe",
            "initial_capital",
        ]

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors or self.instance.user_id is None:
            return
        try:
            StrategyService.validate(self.instance)
        except StrategyError as error:
            for name, said in error.fields.items():
                field, _dot, parameter = name.partition(".")
                prefix = f"{parameter}: " if parameter else ""
                self.add_error(field, ValidationError([f"{prefix}{message}" for message in said]))


@admin.register(Strategy)
class StrategyAdmin(ModelAdmin):
    form = StrategyAdminForm
    list_display = [
        "name",
        "user",
        "type_name",
        "symbols_named",
        "timeframe",
        "initial_capital",
        "use_ml",
        "updated_at",
    ]
    list_filter = [StrategyTypeFilter, "timeframe", "use_ml", "updated_at"]
    search_fields = ["name", "symbol", "user__username", "user__email"]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]
    readonly_fields = ["use_ml", "created_at", "updated_at"]
    date_hierarchy = "created_at"
    show_full_result_count = False

    @display(description=_("symbols"), ordering="symbol")
    def symbols_named(self, strategy: Strategy) -> str:
        return ", ".join(strategy.symbols)

    @display(description=_("type"), ordering="strategy_type")
    def type_name(self, strategy: Strategy) -> str:
        return strategy.type_label
