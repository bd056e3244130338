"""The preview for scripts."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.serializers import KnownFieldsMixin
from backtests.api.serializers import WarningSerializer
from backtests.preview.service import DEFAULT_CAPITAL, PreviewService
from marketdata.panel import MOST_SYMBOLS

NUMBERS = "one for each of market.time"


class PreviewRequestSerializer(KnownFieldsMixin, serializers.Serializer):
    """A strategy that need not be saved, and what to try it on."""

    strategy_type = serializers.CharField(max_length=64)
    parameters = serializers.DictField(
        required=False, help_text="Values by parameter name; what is left out takes its default."
    )
    symbol = serializers.CharField(max_length=64)
    other_symbols = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=MOST_SYMBOLS,
        help_text="What it trades beside the symbol, in order; only types over several symbols have any.",
    )
    timeframe = serializers.CharField(required=False, default="1d", max_length=8)
    initial_capital = serializers.FloatField(required=False, default=DEFAULT_CAPITAL)
    known = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=64,
        help_text="market.key of an earlier answer: if it still holds, market is null.",
    )


class MarketSerializer(serializers.Serializer):
    """What does not depend on the strategy: at most 600 moments, each stretch of bars with its lowest and highest."""

    key = serializers.CharField()
    time = serializers.ListField(child=serializers.IntegerField(), help_text="Seconds since 1970, UTC.")
    close = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="Of the (first) symbol, its last one where it has no bar; null before any.",
    )
    benchmark = serializers.ListField(
        child=serializers.FloatField(), help_text="Buy and hold, of equal shares of all symbols; same costs."
    )
    start = serializers.DateField()
    end = serializers.DateField()


class LineSerializer(serializers.Serializer):
    """A line of the strategy."""

    name = serializers.CharField()
    pane = serializers.CharField(help_text="price or own.")
    values = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text=NUMBERS)


class PreviewTrialsSerializer(serializers.Serializer):
    """How often you have tried anything on this series, and what that alone can make of a result."""

    count = serializers.IntegerField(help_text="Runs, previews and cells of sweeps, this one included.")
    luck = serializers.FloatField(
        allow_null=True, help_text="The Sharpe ratio that the best of so many shows by luck alone."
    )


class PreviewLegSerializer(serializers.Serializer):
    """The data of one symbol."""

    symbol = serializers.CharField()
    series = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer):
    """A backtest that was computed and not stored."""

    symbol = serializers.CharField()
    timeframe = serializers.CharField()
    series = serializers.IntegerField()
    legs = PreviewLegSerializer(many=True, help_text="Every symbol, the first one included.")
    periods_per_year = serializers.FloatField()
    market = MarketSerializer(allow_null=True)
    bar_count = serializers.IntegerField(
        help_text="How many were computed: the newest 200,000 at most, and 1,000,000 of all symbols together."
    )
    total_bar_count = serializers.IntegerField()
    equity = serializers.ListField(child=serializers.FloatField(), help_text=NUMBERS)
    drawdown = serializers.ListField(child=serializers.FloatField(), help_text=NUMBERS)
    overlays = LineSerializer(many=True)
    markers = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=3, max_length=3),
        help_text="[number of the moment, 1 buys or -1 sells, 1 enters or 0 leaves], the newest 250.",
    )
    marks = serializers.ChoiceField(
        choices=("trades", "positions"),
        help_text="What markers show: trades; or, of a type that holds weights, where the first symbol is entered, "
        "turned and left, and no rebalancing.",
    )
    trades_marked = serializers.IntegerField()
    metrics = serializers.DictField(
        child=serializers.FloatField(allow_null=True), help_text="The headline figures, as of a result."
    )
    undefined = serializers.DictField(child=serializers.CharField(), help_text="Why a figure is null.")
    warnings = WarningSerializer(many=True)
    computing_ms = serializers.FloatField()
    trials = PreviewTrialsSerializer()
    configuration = serializers.DictField(help_text="The settings: those a new backtest's form begins with.")


class PreviewView(APIView):
    """Live previews."""

    @extend_schema(
        summary="Preview a strategy",
        request=PreviewRequestSerializer,
        responses=PreviewSerializer,
        operation_id="strategies_preview",
    )
    def post(self, request: Request) -> Response:
        """Compute a backtest over all bars of a symbol at once. Nothing is stored; the ledger of trials counts it."""
        asked = PreviewRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = PreviewService.preview(user=request.user, **asked.validated_data)
        made.record()
        return Response(made.answer)
