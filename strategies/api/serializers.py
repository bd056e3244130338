"""Strategies and strategy types as JSON. The service checks what the fields' shapes cannot."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.serializers import KnownFieldsMixin
from strategies.models import Strategy
from strategies.params import Param
from strategies.services import StrategyService, symbols_range

REPLACED_BY_DEFAULT = {
    "parameters": {},
    "description": "",
    "other_symbols": [],
    "timeframe": "1d",
    "initial_capital": Decimal("10000"),
}


class StrategySerializer(KnownFieldsMixin, serializers.ModelSerializer):
    """A saved strategy. `use_ml` follows from the type."""

    parameters = serializers.DictField(
        required=False,
        help_text="Values by parameter name, see /api/strategy-types/. What is left out takes its default.",
    )

    other_symbols = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        max_length=99,
        help_text="What it trades beside the symbol, in order. Only types over several symbols have any.",
    )

    class Meta:
        model = Strategy
        fields = [
            "id",
            "name",
            "description",
            "strategy_type",
            "parameters",
            "symbol",
            "other_symbols",
            "timeframe",
            "initial_capital",
            "use_ml",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["id", "use_ml", "created_at", "updated_at"]

    def create(self, validated_data: dict[str, Any]) -> Strategy:
        return StrategyService.create(**validated_data)

    def update(self, instance: Strategy, validated_data: dict[str, Any]) -> Strategy:
        validated_data.pop("user", None)
        if not self.partial:  # PUT says all of it: what is left out goes back to its default
            validated_data = {**REPLACED_BY_DEFAULT, **validated_data}
        return StrategyService.update(instance, merge=self.partial, **validated_data)


class ChoiceSerializer(serializers.Serializer):
    """A value and its name."""

    value = serializers.CharField()
    label = serializers.CharField()


class ParameterSerializer(serializers.Serializer):
    """A parameter of a strategy type."""

    name = serializers.CharField()
    type = serializers.CharField(
        source="type_name",
        help_text="integer, number, choice, boolean, reference (the id of another object), text (a rule) or "
        "values (named values: an object of value, minimum, maximum and step by name).",
    )
    label = serializers.CharField()
    help = serializers.CharField()
    unit = serializers.CharField(help_text="What the number counts; empty for none.")
    default = serializers.SerializerMethodField(help_text="Null when the parameter is required.")
    minimum = serializers.SerializerMethodField()
    maximum = serializers.SerializerMethodField()
    step = serializers.SerializerMethodField()
    choices = serializers.SerializerMethodField()
    reference = serializers.SerializerMethodField(help_text="What the id names, for a reference.")

    @extend_schema_field(
        {"oneOf": [{"type": t} for t in ("number", "string", "boolean", "object")], "nullable": True}
    )
    def get_default(self, param: Param) -> Any:
        return getattr(param, "default", None)

    def get_minimum(self, param: Param) -> float | None:
        return getattr(param, "minimum", None)

    def get_maximum(self, param: Param) -> float | None:
        return getattr(param, "maximum", None)

    def get_step(self, param: Param) -> float | None:
        return getattr(param, "step", None)

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_choices(self, param: Param) -> list[dict[str, str]]:
        return [{"value": value, "label": label} for value, label in getattr(param, "choices", ())]

    def get_reference(self, param: Param) -> str | None:
        return getattr(param, "kind", None)


class StrategyTypeSerializer(serializers.Serializer):
    """A kind of strategy that can be created."""

    key = serializers.CharField(help_text="What `strategy_type` of a strategy holds.")
    label = serializers.CharField()
    summary = serializers.CharField()
    rules = serializers.ListField(child=serializers.CharField(), help_text="In words; {name} is a parameter.")
    references = serializers.ListField(
        child=serializers.CharField(), help_text="Where the idea comes from: author, title, publisher, year."
    )
    uses_model = serializers.BooleanField()
    fewest_symbols = serializers.SerializerMethodField(help_text="How many symbols it trades, at least.")
    most_symbols = serializers.SerializerMethodField(help_text="And at most.")
    parameters = ParameterSerializer(many=True, source="params")
    json_schema = serializers.SerializerMethodField(help_text="The parameters as a JSON schema.")

    def get_fewest_symbols(self, strategy_class: Any) -> int:
        return symbols_range(strategy_class.key)[0]

    def get_most_symbols(self, strategy_class: Any) -> int:
        return symbols_range(strategy_class.key)[1]

    def get_json_schema(self, strategy_class: Any) -> dict[str, Any]:
        schema: dict[str, Any] = strategy_class.json_schema()
        return schema
