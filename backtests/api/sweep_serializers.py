"""What the API reads and writes about sweeps."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.jobs.api.serializers import JobSerializer
from backtests.api.serializers import FIRST, LAST, ComputationRequestSerializer
from backtests.models import Sweep
from backtests.sweeps.axes import MOST_AXES, MOST_VALUES
from backtests.sweeps.services import LARGEST_SEED, OBJECTIVES

SUMMARY = (
    *FIRST,
    "method",
    "objective",
    "cell_count",
    "valid_count",
    "best_value",
    "created_at",
    "finished_at",
)


class AxisSerializer(serializers.Serializer):
    """One thing that varies."""

    name = serializers.CharField(
        help_text="A parameter of the strategy, or `configuration.` and a setting: `configuration.stop_loss`."
    )
    values = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text=f"The values to try, at most {MOST_VALUES:,}; instead of start, stop and step.",
    )
    start = serializers.FloatField(required=False, help_text="First value.")
    stop = serializers.FloatField(required=False, help_text="Last value, where the steps meet it.")
    step = serializers.FloatField(required=False, help_text="Above 0.")


@extend_schema_field(AxisSerializer(many=True))
class AxesField(serializers.JSONField):
    """Passed on as it came: the service reads axes of pages and of scripts alike, and says what is wrong with which."""


class SweepRequestSerializer(ComputationRequestSerializer):
    """What to sweep. Everything but the strategy and the axes may be left out."""

    axes = AxesField(help_text=f"1 to {MOST_AXES} axes.")
    method = serializers.ChoiceField(
        choices=Sweep.Method.choices, required=False, help_text="`grid` tries all, `random` draws a sample."
    )
    samples = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="How many to draw; only with `random`."
    )
    seed = serializers.IntegerField(
        required=False, min_value=0, max_value=LARGEST_SEED, help_text="The same seed draws the same sample."
    )
    objective = serializers.ChoiceField(
        choices=OBJECTIVES, required=False, help_text="The figure that the best are chosen by."
    )


class CountSerializer(serializers.Serializer):
    """How large a sweep would be."""

    cells = serializers.IntegerField(help_text="Combinations that would be tried.")
    valid = serializers.IntegerField(help_text="How many of them can be run.")
    exact = serializers.BooleanField(help_text="False: estimated from a sample of the combinations.")


class SweepSummarySerializer(serializers.ModelSerializer):
    """A sweep in a list."""

    class Meta:
        model = Sweep
        fields = list(SUMMARY)
        read_only_fields = fields


_FIGURES = serializers.DictField(
    child=serializers.FloatField(allow_null=True), help_text="Every figure by name, null where undefined."
)


class CellSerializer(serializers.Serializer):
    """One combination: its number, its values and its figures."""

    cell = serializers.IntegerField(help_text="Its number within the sweep, counted from 0.")
    valid = serializers.BooleanField(help_text="False: its values do not go together, so it was not run.")
    values = serializers.DictField(
        child=serializers.JSONField(allow_null=True), help_text="The value of each axis by name."
    )
    metrics = _FIGURES


class OneCellSerializer(CellSerializer):
    """One combination with what it would take to run it, or why it cannot be run."""

    refusal = serializers.CharField(help_text="Why it was not run; empty where it was.")
    parameters = serializers.DictField(allow_null=True, help_text="All parameters of this combination.")
    configuration = serializers.DictField(allow_null=True, help_text="All settings of this combination.")


class SweepSerializer(serializers.ModelSerializer):
    """A whole sweep but for its cells, which have addresses of their own."""

    job = JobSerializer(read_only=True, allow_null=True)
    parameters = serializers.DictField(read_only=True, help_text="What stays at one value.")
    configuration = serializers.DictField(read_only=True)
    axes = serializers.ListField(
        child=serializers.DictField(), read_only=True, help_text="Name and values of each axis."
    )
    best = CellSerializer(many=True, read_only=True)
    series_label = serializers.CharField(
        source="series.label", read_only=True, help_text="What it reads: adjusted or not, own or shared."
    )
    links = serializers.SerializerMethodField()

    class Meta:
        model = Sweep
        fields = [
            *SUMMARY,
            "parameters",
            "configuration",
            "axes",
            "best",
            "series_label",
            "periods_per_year",
            "snapshot_sha256",
            "columns_sha256",
            *LAST,
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_links(self, sweep: Sweep) -> dict[str, str]:
        return {
            "cells": reverse("sweep-cells", args=[sweep.pk]),
            "heatmap": reverse("sweep-heatmap", args=[sweep.pk]),
            "csv": reverse("sweep-csv", args=[sweep.pk]),
            "page": sweep.get_absolute_url(),
        }


class SideSerializer(serializers.Serializer):
    """One side of a map."""

    name = serializers.CharField()
    label = serializers.CharField()
    unit = serializers.CharField()
    values = serializers.ListField(child=serializers.JSONField(allow_null=True))
    last_values = serializers.ListField(
        child=serializers.JSONField(allow_null=True),
        help_text="The last value of each square, where it has several.",
    )
    texts = serializers.ListField(child=serializers.CharField())
    binned = serializers.BooleanField(help_text="Whether several values share a square.")


def _matrix(child: serializers.Field) -> serializers.ListField:
    return serializers.ListField(child=serializers.ListField(child=child))


class HeatmapSerializer(serializers.Serializer):
    """A figure over one or two axes: rows go along y, columns along x; at most 250 by 250 squares."""

    metric = serializers.CharField()
    unit = serializers.CharField()
    centre = serializers.FloatField(allow_null=True, help_text="Where the figure changes from bad to good.")
    low = serializers.FloatField(allow_null=True, help_text="2nd percentile of the values.")
    high = serializers.FloatField(allow_null=True, help_text="98th percentile of the values.")
    x = SideSerializer()
    y = SideSerializer(allow_null=True)
    values = _matrix(serializers.FloatField(allow_null=True))
    cells = _matrix(serializers.IntegerField(allow_null=True))
    counts = _matrix(serializers.IntegerField())
    best = serializers.IntegerField(allow_null=True, help_text="The best cell by this figure.")

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        return {name: instance[name] for name in self.fields}


class DifferenceSerializer(serializers.Serializer):
    """A figure that came out otherwise."""

    name = serializers.CharField()
    stored = serializers.FloatField(allow_null=True)
    again = serializers.FloatField(allow_null=True)


class CheckSerializer(serializers.Serializer):
    """What came of running one cell alone."""

    status = serializers.CharField(help_text="The state of the job.")
    identical = serializers.BooleanField(allow_null=True, help_text="Null until the job has succeeded.")
    differences = DifferenceSerializer(many=True)
    engine = serializers.CharField(allow_blank=True, help_text="The engine that ran it again.")
