"""Series, their snapshots and what is made of them, as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.serializers import ChoiceField, KnownFieldsMixin
from marketdata.models import Series, Snapshot
from marketdata.timeframes import CALENDARS, TIMEFRAMES


class SeriesSerializer(serializers.ModelSerializer):
    """A series: what it is, how many bars it holds, and how complete they are."""

    label = serializers.CharField(
        read_only=True, help_text="What it is called: symbol, timeframe, what it is adjusted for, shared."
    )
    shared = serializers.BooleanField(source="is_shared", read_only=True)
    periods_per_year = serializers.IntegerField(read_only=True)
    recipe = serializers.DictField(read_only=True, help_text="What is done to the bars it is made from.")

    class Meta:
        model = Series
        fields = [
            "id",
            "label",
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
        snapshot = series.current_snapshot()
        return SnapshotSerializer(snapshot).data if snapshot else None


class SeriesChangeSerializer(KnownFieldsMixin, serializers.Serializer):
    """What may change of a series without touching its bars."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    calendar = ChoiceField(
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


class DerivationSerializer(KnownFieldsMixin, serializers.Serializer):
    """What every derived series may be asked."""

    shared = serializers.BooleanField(
        default=False, help_text="Into a series that everybody sees; for staff, from a shared series."
    )


class AdjustSplitsSerializer(DerivationSerializer):
    """Splits that the prices are to be adjusted for; without any, those that the quality report suspects."""

    splits = SplitSerializer(many=True, required=False)


class ResampleSerializer(DerivationSerializer):
    """A longer timeframe."""

    timeframe = ChoiceField(choices=list(TIMEFRAMES))
