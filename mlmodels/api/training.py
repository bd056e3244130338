"""Trainings as JSON: asking for one, and looking at one beforehand.

The settings' fields follow from the typed settings of a training; the service checks what the fields' shapes cannot.
"""

from typing import Any

from rest_framework import serializers

from algotrade.serializers import IdField, KnownFieldsMixin
from mlmodels.algorithms import ALGORITHMS
from mlmodels.api.report import BaseRatesSerializer, FoldSpansSerializer
from mlmodels.configuration import TRAINING_PARAMS
from mlmodels.models import LONGEST_NAME
from strategies.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param

MOST_FEATURES = 200
MOST_STRATEGIES = 20
MOST_VALUES = 100


class BoundedListField(serializers.ListField):
    """A list that is refused for its length before its items are looked at."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list | tuple) and len(data) > (self.max_length or 0):
            said = f"{len(data):,} entries are too many: give at most {self.max_length}."
            raise serializers.ValidationError(said)
        values: list[Any] = super().to_internal_value(data)
        return values


class BoundedDictField(serializers.DictField):
    """Values by name, refused for their number before any name is looked at."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, dict) and len(data) > MOST_VALUES:
            said = f"{len(data):,} values are too many: give at most {MOST_VALUES}."
            raise serializers.ValidationError(said)
        values: dict[str, Any] = super().to_internal_value(data)
        return values


class StrategyFeatureSerializer(KnownFieldsMixin, serializers.Serializer):
    """A strategy whose indicators and position are features."""

    strategy_type = serializers.CharField(max_length=64, help_text="See /api/strategy-types/.")
    parameters = BoundedDictField(required=False, help_text="What is left out takes its default.")
    name = serializers.CharField(
        max_length=100, required=False, help_text="How its columns are called; its type when left out."
    )


def setting_field(param: Param) -> serializers.Field:
    """The field for a typed setting. Bounds and choices are checked where they are declared."""
    told = {"required": False, "help_text": param.help}
    if isinstance(param, IntParam):
        return serializers.IntegerField(**told)
    if isinstance(param, FloatParam):
        return serializers.FloatField(**told)
    if isinstance(param, BoolParam):
        return serializers.BooleanField(**told)
    if isinstance(param, ChoiceParam):
        return serializers.CharField(
            max_length=64, required=False, help_text=f"{param.help} One of: {', '.join(param.values())}."
        )
    raise TypeError(f"No field is known for {type(param).__name__}.")


class TrainingSettingsSerializer(KnownFieldsMixin, serializers.Serializer):
    """What a training is made of. Settings that are left out take their defaults; see /api/ml-algorithms/."""

    series = IdField(required=False, help_text="The id of a series you see, /api/market-data/series/.")
    algorithm = serializers.CharField(
        max_length=64, required=False, help_text=f"One of: {', '.join(ALGORITHMS)}."
    )
    hyperparameters = BoundedDictField(required=False, help_text="Values by name.")
    features = BoundedListField(
        child=serializers.CharField(max_length=100),
        required=False,
        max_length=MOST_FEATURES,
        help_text="Names like rsi(14); the default ones when left out.",
    )
    strategies = BoundedListField(
        child=StrategyFeatureSerializer(),
        required=False,
        max_length=MOST_STRATEGIES,
        help_text="Strategies whose indicators and position are features, too.",
    )
    search_over = BoundedListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_VALUES,
        help_text="Hyper-parameters that the search varies; all that it can when left out.",
    )
    start_date = serializers.DateField(required=False, allow_null=True)
    end_date = serializers.DateField(required=False, allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = super().get_fields()
        return {**fields, **{param.name: setting_field(param) for param in TRAINING_PARAMS}}


class TrainingSerializer(TrainingSettingsSerializer):
    """What to train, and under which name. A used name makes its next version."""

    name = serializers.CharField(max_length=LONGEST_NAME)
    series = IdField(help_text="The id of a series you see, /api/market-data/series/.")
    algorithm = serializers.CharField(max_length=64, help_text=f"One of: {', '.join(ALGORITHMS)}.")


class ForeseenSerializer(serializers.Serializer):
    """What can be known before a training."""

    base_rates = BaseRatesSerializer(allow_null=True)
    folds = FoldSpansSerializer(many=True, help_text="Empty with a problem, and with more than 30.")
    bars = serializers.IntegerField()
    usable_rows = serializers.IntegerField(help_text="Bars with features and an outcome.")
    warmup = serializers.IntegerField(help_text="Bars before the first one with all features.")
    fits = serializers.IntegerField(help_text="How many models would be fitted.")
    problems = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="Why it would be refused, by field; empty when it would be accepted.",
    )
