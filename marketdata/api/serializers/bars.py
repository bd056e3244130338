"""Bars as the API shows them, and which of them are wanted."""

from rest_framework import serializers

from algotrade.serializers import IdField, KnownFieldsMixin
from marketdata.charts import FEWEST_POINTS, POINTS_LIMIT
from marketdata.models import MarketData


class MarketDataSerializer(serializers.ModelSerializer):
    """One stored bar."""

    class Meta:
        model = MarketData
        fields = ["id", "series", "symbol", "timestamp", "open", "high", "low", "close", "volume"]
        read_only_fields = fields


class BarsSerializer(serializers.Serializer):
    """Bars of a period as rows: as they are stored, or merged when `max_points` asks for fewer."""

    symbol = serializers.CharField()
    timeframe = serializers.CharField(help_text="Of the stored bars; a row is `bars_per_row` of them.")
    total = serializers.IntegerField(help_text="Stored bars in the period.")
    downsampled = serializers.BooleanField(help_text="Several bars were merged into one; extremes are kept.")
    bars_per_row = serializers.IntegerField(help_text="Bars in each row; the last row may hold fewer.")
    next = serializers.URLField(allow_null=True, help_text="Where the period goes on; null when all is here.")
    bars = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=6, max_length=6),
        help_text="[time in seconds since 1970 (UTC), open, high, low, close, volume]",
    )


class RangeSerializer(KnownFieldsMixin, serializers.Serializer):
    """Which bars are wanted."""

    series = IdField()
    start = serializers.CharField(required=False, max_length=40, help_text="First day or time, included.")
    end = serializers.CharField(required=False, max_length=40, help_text="Last day or time, included.")
    max_points = serializers.IntegerField(
        required=False,
        min_value=FEWEST_POINTS,
        max_value=POINTS_LIMIT,
        help_text="Merge neighbouring bars until at most so many rows are left. Without it bars come as they are "
        "stored, 10,000 in an answer.",
    )
