"""Backtests as the API shows them. Fractions are fractions, times are UTC, undefined numbers are null."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.jobs.api.serializers import AcceptedSerializer, JobSerializer
from algotrade.serializers import KnownFieldsMixin
from backtests.models import METRIC_COLUMNS, BacktestResult, Leg
from backtests.portfolios import LEG_COLUMNS
from marketdata.models import Series
from strategies.models import Strategy

# What every computation begins and ends with, whatever lies between.
FIRST = (
    "id",
    "strategy",
    "strategy_name",
    "strategy_type",
    "series",
    "symbol",
    "timeframe",
    "start_date",
    "end_date",
    "status",
)
LAST = (
    "engine_version",
    "seed",
    "duration_ms",
    "error_code",
    "error_detail",
    "job",
    "links",
)
SUMMARY = (
    *FIRST,
    *METRIC_COLUMNS,
    "in_sample_share",
    "created_at",
    "finished_at",
)

IN_SAMPLE_SHARE = (
    "Share of the bars, 0 to 1, decided by a model that was trained on them or on later ones. Above 0 the result is "
    "IN-SAMPLE and says nothing about the future."
)

SERIES_LABELS = (
    "What the run reads, one label for each symbol: adjusted or not, own or shared, as in KO 1d (shared)."
)


class KeyField(serializers.PrimaryKeyRelatedField):
    """The id of a row. One with decimals is refused: the database would cut them off and find another row."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, float):
            self.fail("incorrect_type", data_type="float")
        return super().to_internal_value(data)


class ComputationRequestSerializer(KnownFieldsMixin, serializers.Serializer):
    """What every computation may start from: a strategy, and where the defaults are not meant, data and settings."""

    strategy = KeyField(queryset=Strategy.objects.none(), help_text="Id of one of your strategies.")
    series = KeyField(
        queryset=Series.objects.none(),
        required=False,
        allow_null=True,
        help_text="Id of a series; without it the one of the strategy's symbol and timeframe, your own before a "
        "shared one.",
    )
    start_date = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="First day; without it the first bar (of several symbols: the first day they share).",
    )
    end_date = serializers.DateField(
        required=False,
        allow_null=True,
        help_text="Last day; without it the last bar (of several symbols: the last day they share).",
    )
    configuration = serializers.DictField(
        required=False,
        help_text="Settings of the simulation by name: initial_capital, commission, slippage, sizing, size, "
        "allow_short, stop_loss, take_profit ... as fractions. Over several symbols: rebalance (bars, day, week, "
        "month, signal), rebalance_every, cash_buffer, min_trade, leverage ... instead of sizes and stops.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            fields["strategy"].queryset = Strategy.objects.for_user(request.user)
            fields["series"].queryset = Series.objects.visible_to(request.user)
        return fields


class RunRequestSerializer(ComputationRequestSerializer):
    """What to run. Everything but the strategy may be left out."""

    legs = KeyField(
        queryset=Series.objects.none(),
        many=True,
        required=False,
        help_text="For a strategy over several symbols: ids of the series of its symbols, in their order; without "
        "them those of its symbols and timeframe.",
    )

    def get_fields(self) -> dict[str, serializers.Field]:
        fields = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            fields["legs"].child_relation.queryset = Series.objects.visible_to(request.user)
        return fields


class RunAcceptedSerializer(AcceptedSerializer):
    """The answer to a run that was queued, with the data that it reads."""

    series_labels = serializers.ListField(child=serializers.CharField(), help_text=SERIES_LABELS)


class SummarySerializer(serializers.ModelSerializer):
    """A result in a list: what it was and its headline numbers."""

    in_sample_share = serializers.FloatField(read_only=True, help_text=IN_SAMPLE_SHARE)

    class Meta:
        model = BacktestResult
        fields = list(SUMMARY)
        read_only_fields = fields


class DataProblemSerializer(serializers.Serializer):
    """One kind of open quality problem of the data within the period of a run."""

    symbol = serializers.CharField(required=False, help_text="Of a run over several symbols.")
    kind = serializers.CharField(
        help_text="split, inconsistency, gap, stale, outlier, outside, zero_volume, coverage."
    )
    severity = serializers.ChoiceField(choices=["warning", "error"])
    count = serializers.IntegerField(help_text="Findings of this kind.")
    bars = serializers.IntegerField(help_text="Bars that these concern; of gaps: that are missing.")
    dates = serializers.ListField(
        child=serializers.CharField(),
        help_text="When the first of them begin, at most five; of coverage: years.",
    )
    coverage = serializers.FloatField(required=False)
    more = serializers.BooleanField(required=False, help_text="There may be others that are not listed.")


class WarningSerializer(serializers.Serializer):
    """One reason not to believe the result yet."""

    code = serializers.CharField()
    label = serializers.CharField()
    detail = serializers.CharField(source="words")
    meaning = serializers.CharField()
    severe = serializers.BooleanField()
    problems = DataProblemSerializer(
        many=True, help_text="What is open in the data, of the warning data_quality; empty for the others."
    )


class LegSerializer(serializers.ModelSerializer):
    """One symbol of a run over several: its data, and what it contributed (null until the run has ended)."""

    class Meta:
        model = Leg
        fields = ["symbol", "series", "snapshot_sha256", *LEG_COLUMNS]
        read_only_fields = fields


class ResultSerializer(serializers.ModelSerializer):
    """A whole result but for its trades and curves, which have addresses of their own."""

    job = JobSerializer(read_only=True, allow_null=True)
    metrics = serializers.DictField(
        child=serializers.FloatField(allow_null=True), read_only=True, help_text="Every figure by name."
    )
    undefined = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="Why a figure is null, by name."
    )
    warnings = WarningSerializer(source="verdicts", many=True, read_only=True)
    series_labels = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text=SERIES_LABELS
    )
    legs = LegSerializer(many=True, read_only=True, help_text="Empty for a run over one symbol.")
    in_sample_share = serializers.FloatField(read_only=True, help_text=IN_SAMPLE_SHARE)
    retraining = serializers.ListField(
        child=serializers.DateTimeField(),
        read_only=True,
        help_text="Times of the bars from which on a newly trained model decides, for runs that models decide: where "
        "the model of the next fold, or at last the final one, takes over.",
    )
    parameters = serializers.DictField(read_only=True)
    configuration = serializers.DictField(read_only=True)
    links = serializers.SerializerMethodField()

    class Meta:
        model = BacktestResult
        fields = [
            *SUMMARY,
            "parameters",
            "configuration",
            "metrics",
            "undefined",
            "warnings",
            "series_labels",
            "retraining",
            "legs",
            "periods_per_year",
            "bar_count",
            "snapshot_sha256",
            *LAST,
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_links(self, result: BacktestResult) -> dict[str, str]:
        return {
            "trades": reverse("backtest-trades", args=[result.pk]),
            "equity": reverse("backtest-equity", args=[result.pk]),
            "definitions": reverse("backtest-metric-definitions"),
            "page": result.get_absolute_url(),
        }


class TradeSerializer(serializers.Serializer):
    """One round trip; money in the account's currency, `ret` as a fraction of the entry value."""

    symbol = serializers.CharField(
        allow_null=True, help_text="What was traded; null for a run over one symbol, which has its own."
    )
    entry_time = serializers.DateTimeField()
    exit_time = serializers.DateTimeField()
    side = serializers.ChoiceField(choices=["long", "short"])
    entry_bar = serializers.IntegerField()
    exit_bar = serializers.IntegerField()
    bars_held = serializers.IntegerField()
    entry_price = serializers.FloatField()
    exit_price = serializers.FloatField()
    qty = serializers.FloatField()
    gross = serializers.FloatField()
    fees = serializers.FloatField()
    borrow = serializers.FloatField()
    pnl = serializers.FloatField()
    ret = serializers.FloatField(allow_null=True)
    mae = serializers.FloatField(allow_null=True)
    mfe = serializers.FloatField(allow_null=True)
    reason = serializers.CharField()

    def to_representation(self, instance: dict[str, Any]) -> dict[str, Any]:
        return {name: instance.get(name) for name in self.fields}


_POINTS = serializers.ListField(
    child=serializers.ListField(child=serializers.FloatField(allow_null=True), min_length=2, max_length=2)
)


class EquitySerializer(serializers.Serializer):
    """Curves as `[[seconds since 1970, value], ...]`; at most 5,000 points, peaks and troughs kept."""

    equity = _POINTS
    benchmark = _POINTS
    drawdown = _POINTS
    total = serializers.IntegerField(help_text="Bars of the run.")
    downsampled = serializers.BooleanField(help_text="Whether fewer points than bars are given.")


class DefinitionSerializer(serializers.Serializer):
    """What a figure means."""

    name = serializers.CharField()
    label = serializers.CharField()
    formula = serializers.CharField()
    unit = serializers.CharField()
    convention = serializers.CharField()
    undefined = serializers.CharField(help_text="When there is no value; empty where there always is one.")
