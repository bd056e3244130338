"""Providers, downloads from them, and the feeds that repeat these, as the API shows and takes them."""

from rest_framework import serializers

from algotrade.serializers import ChoiceField, IdField, KnownFieldsMixin
from marketdata.api.serializers.imports import DestinationSerializer
from marketdata.models import Feed
from marketdata.timeframes import CALENDARS, TIMEFRAMES


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


class FetchSerializer(DestinationSerializer):
    """A download from a provider."""

    provider = serializers.CharField(max_length=40)
    provider_symbol = serializers.CharField(max_length=64, help_text="As the provider writes it.")
    timeframe = ChoiceField(choices=list(TIMEFRAMES), default="1d")
    symbol = serializers.CharField(
        max_length=32, required=False, allow_blank=True, help_text="What it is called here; the same without."
    )
    calendar = ChoiceField(choices=list(CALENDARS), required=False)
    start = serializers.DateField(required=False, help_text="First day; without it all that there is.")
    end = serializers.DateField(required=False, help_text="Last day, included.")


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
    every = ChoiceField(choices=Feed.Every.choices, required=False)
    enabled = serializers.BooleanField(required=False)


class FeedCreateSerializer(KnownFieldsMixin, serializers.Serializer):
    """A feed for a series."""

    series = IdField()
    provider = serializers.CharField(max_length=40)
    symbol = serializers.CharField(max_length=64, help_text="As the provider writes it.")
    every = ChoiceField(choices=Feed.Every.choices, default=Feed.Every.DAY.value)
    enabled = serializers.BooleanField(default=True)


class FeedRefreshSerializer(KnownFieldsMixin, serializers.Serializer):
    """How a feed is refreshed."""

    anew = serializers.BooleanField(
        default=False, help_text="Download the whole history in place of what is stored."
    )
