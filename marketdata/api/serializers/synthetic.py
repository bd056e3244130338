"""Synthetic series as the API takes them."""

from __future__ import annotations

from rest_framework import serializers

from algotrade.serializers import ChoiceField, KnownFieldsMixin
from marketdata.synthetic import BOUNDS, DEFAULTS, PROCESSES, SyntheticSpec
from marketdata.timeframes import CALENDARS, TIMEFRAMES


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
    process = ChoiceField(choices=list(PROCESSES), default=DEFAULTS["process"])
    bars = _whole("bars")
    seed = _whole("seed")
    start = serializers.DateField(default=DEFAULTS["start"])
    timeframe = ChoiceField(choices=list(TIMEFRAMES), default=DEFAULTS["timeframe"])
    calendar = ChoiceField(choices=list(CALENDARS), default=DEFAULTS["calendar"])
    price = _number("price")
    drift = _number("drift")
    volatility = _number("volatility")
    half_life = _number("half_life")
    regime_length = _number("regime_length")

    def spec(self) -> SyntheticSpec:
        """Return what to generate; call it after validation."""
        values = {key: value for key, value in self.validated_data.items() if key not in {"symbol", "name"}}
        return SyntheticSpec(**{**values, "start": str(values["start"])})
