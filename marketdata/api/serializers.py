"""Market data as the API shows and takes it."""

from dataclasses import fields
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.serializers import KnownFieldsMixin
from marketdata.charts import FEWEST_POINTS, MAX_POINTS, POINTS_LIMIT
from marketdata.models import BarImport, MarketData, Series, Snapshot
from marketdata.synthetic import BOUNDS, PROCESSES, SyntheticSpec
from marketdata.timeframes import CALENDARS, TIMEFRAMES

DEFAULTS = {field.name: field.default for field in fields(SyntheticSpec)}


class SeriesSerializer(serializers.ModelSerializer):
    """A series: what it is, how many bars it holds, and how complete they are."""

    shared = serializers.BooleanField(source="is_shared", read_only=True)
    periods_per_year = serializers.IntegerField(read_only=True)

    class Meta:
        model = Series
        fields = [
            "id",
            "symbol",
            "name",
            "timeframe",
            "source",
            "calendar",
            "timezone",
            "adjustment",
            "shared",
            "periods_per_year",
            "bar_count",
            "first_time",
            "last_time",
            "coverage",
            "quality_grade",
            "content_sha256",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class SnapshotSerializer(serializers.ModelSerializer):
    """An immutable state of a series, with its quality report."""

    class Meta:
        model = Snapshot
        fields = ["sha256", "bar_count", "first_time", "last_time", "quality", "created_at"]
        read_only_fields = fields


class SeriesDetailSerializer(SeriesSerializer):
    """A series with its current snapshot (null while it holds no bars)."""

    current_snapshot = serializers.SerializerMethodField()

    class Meta(SeriesSerializer.Meta):
        fields = [*SeriesSerializer.Meta.fields, "current_snapshot"]
        read_only_fields = fields

    @extend_schema_field(SnapshotSerializer(allow_null=True))
    def get_current_snapshot(self, series: Series) -> Any:
        snapshot = series.snapshots.filter(sha256=series.content_sha256).first()
        return SnapshotSerializer(snapshot).data if snapshot else None


class MarketDataSerializer(serializers.ModelSerializer):
    """One stored bar."""

    class Meta:
        model = MarketData
        fields = ["id", "series", "symbol", "timestamp", "open", "high", "low", "close", "volume"]
        read_only_fields = fields


class ImportSerializer(KnownFieldsMixin, serializers.Serializer):
    """A CSV file and how it is to be read."""

    file = serializers.FileField(allow_empty_file=True, help_text="CSV, UTF-8, at most 64 MiB.")
    symbol = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES))
    calendar = serializers.ChoiceField(
        choices=list(CALENDARS),
        required=False,
        help_text="Without it the series keeps its own; a new one gets exchange.",
    )
    timezone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="IANA zone of times without an offset. Without it the series keeps its own; a new one gets UTC.",
    )
    adjust = serializers.BooleanField(default=False, help_text="Adjust all prices by the column adj_close.")
    overlap = serializers.ChoiceField(
        choices=BarImport.Overlap.values,
        default=BarImport.Overlap.EXTEND.value,
        help_text="What happens to stored bars of the same period.",
    )


def _whole(name: str) -> serializers.IntegerField:
    low, high = BOUNDS[name]
    return serializers.IntegerField(min_value=low, max_value=high, default=DEFAULTS[name])


def _number(name: str) -> serializers.FloatField:
    low, high = BOUNDS[name]
    return serializers.FloatField(min_value=low, max_value=high, default=DEFAULTS[name])


class SyntheticSerializer(KnownFieldsMixin, serializers.Serializer):
    """A synthetic series: fractions per year for drift and volatility."""

    symbol = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    process = serializers.ChoiceField(choices=list(PROCESSES), default=DEFAULTS["process"])
    bars = _whole("bars")
    seed = _whole("seed")
    start = serializers.DateField(default=DEFAULTS["start"])
    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES), default=DEFAULTS["timeframe"])
    calendar = serializers.ChoiceField(choices=list(CALENDARS), default=DEFAULTS["calendar"])
    price = _number("price")
    drift = _number("drift")
    volatility = _number("volatility")
    half_life = _number("half_life")
    regime_length = _number("regime_length")

    def spec(self) -> SyntheticSpec:
        """Return what to generate; call it after validation."""
        values = {key: value for key, value in self.validated_data.items() if key not in {"symbol", "name"}}
        return SyntheticSpec(**{**values, "start": str(values["start"])})


class BarsSerializer(serializers.Serializer):
    """Bars of a period in columns, down-sampled when there are more than `max_points`."""

    symbol = serializers.CharField()
    timeframe = serializers.CharField()
    bars = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=6, max_length=6),
        help_text="[time in seconds since 1970 (UTC), open, high, low, close, volume]",
    )
    downsampled = serializers.BooleanField(help_text="Several bars were merged into one; extremes are kept.")
    total = serializers.IntegerField(help_text="Bars in the period before down-sampling.")


class RangeSerializer(serializers.Serializer):
    """Which bars are wanted."""

    series = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    start = serializers.CharField(required=False, max_length=40, help_text="First day or time, included.")
    end = serializers.CharField(required=False, max_length=40, help_text="Last day or time, included.")
    max_points = serializers.IntegerField(
        required=False, min_value=FEWEST_POINTS, max_value=POINTS_LIMIT, default=MAX_POINTS
    )


class ProviderSerializer(serializers.Serializer):
    """A source of bars and what it can do."""

    key = serializers.CharField()
    label = serializers.CharField()
    summary = serializers.CharField()
    timeframes = serializers.ListField(child=serializers.CharField())
    needs_network = serializers.BooleanField()
    adjusted = serializers.BooleanField()
    any_symbol = serializers.BooleanField()
    symbols = serializers.ListField(child=serializers.CharField())
