"""Feature drift as JSON: what the last check of a model found, and the job of the one that runs."""

from typing import get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.jobs.api.serializers import JobSerializer
from mlmodels.api.report import ReportField, count, figure
from mlmodels.drift import Level


class FeatureDriftSerializer(serializers.Serializer):
    """How far a feature has moved since the training."""

    name = serializers.CharField()
    label = serializers.CharField()
    psi = figure("Population stability index.")
    by_chance = figure(
        "What it exceeds about once in twenty although nothing changed, from windows of the training."
    )
    level = serializers.ChoiceField(
        choices=get_args(Level), help_text="By the customary limits, and beyond `by_chance`."
    )
    rows = count("New bars with a value.")
    window_bars = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="Length of these windows in bars; null where there were none.",
    )
    windows = serializers.IntegerField(
        required=False, allow_null=True, help_text="How many lie side by side."
    )


class DriftSerializer(serializers.Serializer):
    """The last check of drift; empty before the first one."""

    checked_at = serializers.CharField(required=False)
    start = serializers.CharField(required=False, help_text="First bar after the training.")
    end = serializers.CharField(required=False)
    bars = serializers.IntegerField(required=False)
    level = serializers.ChoiceField(
        choices=get_args(Level),
        required=False,
        help_text="The largest of all once `moved` is above `usual`, else stable.",
    )
    moved = serializers.IntegerField(required=False, help_text="Features that are moderate or large.")
    usual = serializers.IntegerField(
        required=False,
        help_text="How many are so at once, in nineteen of twenty cases, although nothing changed.",
    )
    features = FeatureDriftSerializer(many=True, required=False, help_text="Farthest moved first.")


@extend_schema_field(DriftSerializer)
class DriftField(ReportField):
    """A stored check of drift, handed out as it is."""


class DriftStateSerializer(serializers.Serializer):
    """The last check of a model's drift, and the job of the one that runs or ran last."""

    drift = DriftSerializer()
    job = JobSerializer(allow_null=True, source="drift_job")
