"""Bars as the API shows them, and which of them are wanted."""

from rest_framework import serializers

from algotrade.serializers import IdField
from marketdata.charts import FEWEST_POINTS, MAX_POINTS, POINTS_LIMIT
from marketdata.models import MarketData


class MarketDataSerializer(serializers.ModelSerializer):
    """One stored bar."""

    class Meta:
        model = MarketData
        fields = ["id", "series", "symbol", "timestamp", "open", "high", "low", "close", "volume"]
        read_only_fields = fields


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

    series = IdField()
    start = serializers.CharField(required=False, max_length=40, help_text="First day or time, included.")
    end = serializers.CharField(required=False, max_length=40, help_text="Last day or time, included.")
    max_points = serializers.IntegerField(
        required=False, min_value=FEWEST_POINTS, max_value=POINTS_LIMIT, default=MAX_POINTS
    )
