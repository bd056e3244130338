"""Market data as the API shows and takes it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.serializers import KnownFieldsMixin
from marketdata.charts import FEWEST_POINTS, MAX_POINTS, POINTS_LIMIT
from marketdata.models import Feed, MarketData, Series, Snapshot
from marketdata.timeframes import CALENDARS, TIMEFRAMES


class SeriesSerializer(serializers.ModelSerializer):
    """A series: what it is, how many bars it holds, and how complete they are."""

    shared = serializers.BooleanField(source="is_shared", read_only=True)
    periods_per_year = serializers.IntegerField(read_only=True)
    recipe = serializers.DictField(read_only=True, help_text="What is done to the bars it is made from.")

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
            "derived_from",
            "recipe",
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
        fields = ["sha256", "bar_count", "first_time", "last_time", "damaged_at", "quality", "created_at"]
        read_only_fields = fields


class SnapshotSummarySerializer(serializers.ModelSerializer):
    """An immutable state of a series."""

    class Meta:
        model = Snapshot
        fields = ["sha256", "bar_count", "first_time", "last_time", "damaged_at", "created_at"]
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


class SeriesChangeSerializer(KnownFieldsMixin, serializers.Serializer):
    """What may change of a series without touching its bars."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    calendar = serializers.ChoiceField(
        choices=list(CALENDARS), required=False, help_text="Another one has the quality examined anew."
    )
    timezone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="The zone the source writes its times in; stored ones are UTC.",
    )


class RestoreSerializer(KnownFieldsMixin, serializers.Serializer):
    """A snapshot to go back to."""

    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="The fingerprint of one of its snapshots.")


class SplitSerializer(KnownFieldsMixin, serializers.Serializer):
    """A split of shares."""

    time = serializers.CharField(max_length=40, help_text="The first bar after it.")
    ratio = serializers.FloatField(
        min_value=0.0001, max_value=10_000, help_text="New shares for one old share: 4 for four to one."
    )


class AdjustSplitsSerializer(KnownFieldsMixin, serializers.Serializer):
    """Splits that the prices are to be adjusted for; without any, those that the quality report suspects."""

    splits = SplitSerializer(many=True, required=False)


class ResampleSerializer(KnownFieldsMixin, serializers.Serializer):
    """A longer timeframe."""

    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES))


class FeedSerializer(serializers.ModelSerializer):
    """What keeps a series up to date."""

    class Meta:
        model = Feed
        fields = [
            "id",
            "series",
            "provider",
            "symbol",
            "every",
            "enabled",
            "next_at",
            "last_at",
            "failures",
            "last_error",
            "created_at",
        ]
        read_only_fields = fields


class FeedChangeSerializer(KnownFieldsMixin, serializers.Serializer):
    """What may change of a feed."""

    provider = serializers.CharField(max_length=40, required=False)
    symbol = serializers.CharField(max_length=64, required=False, help_text="As the provider writes it.")
    every = serializers.ChoiceField(choices=Feed.Every.choices, required=False)
    enabled = serializers.BooleanField(required=False)


class FeedCreateSerializer(KnownFieldsMixin, serializers.Serializer):
    """A feed for an own series."""

    series = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    provider = serializers.CharField(max_length=40)
    symbol = serializers.CharField(max_length=64, help_text="As the provider writes it.")
    every = serializers.ChoiceField(choices=Feed.Every.choices, default=Feed.Every.DAY.value)
    enabled = serializers.BooleanField(default=True)


class FeedRefreshSerializer(KnownFieldsMixin, serializers.Serializer):
    """How a feed is refreshed."""

    anew = serializers.BooleanField(
        default=False, help_text="Download the whole history in place of what is stored."
    )


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
    needs_key = serializers.CharField(help_text="The environment variable that holds its key; empty: none.")
    available = serializers.BooleanField(help_text="Whether it can be asked here.")
    problem = serializers.CharField(help_text="What it lacks, and the remedy; empty when nothing.")
    symbol_help = serializers.CharField(help_text="How a symbol is written there.")
    adjusted = serializers.BooleanField()
    any_symbol = serializers.BooleanField()
    symbols = serializers.ListField(child=serializers.CharField())
