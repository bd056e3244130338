"""The API's doors to bars: those of a period for a chart, and the stored ones."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketdata import services
from marketdata.api.filters import MarketDataFilter
from marketdata.api.serializers.bars import BarsSerializer, MarketDataSerializer, RangeSerializer
from marketdata.api.views.base import ID_PATTERN, TAGS, checked
from marketdata.models import MarketData


class BarRangeView(APIView):
    """Bars of a period."""

    @extend_schema(
        tags=TAGS,
        summary="Bars of a period, down-sampled for a chart",
        parameters=[RangeSerializer],
        responses=BarsSerializer,
    )
    def get(self, request: Request) -> Response:
        serializer = checked(RangeSerializer, request.query_params)
        wanted = serializer.validated_data
        series = services.get_visible(request.user, wanted["series"])
        chart = services.chart_bars(series, wanted.get("start"), wanted.get("end"), wanted["max_points"])
        return Response(chart.to_dict(symbol=series.symbol, timeframe=series.timeframe))


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="The stored bars of a series, in pages"),
    retrieve=extend_schema(tags=TAGS, summary="One stored bar"),
)
class MarketDataViewSet(viewsets.ReadOnlyModelViewSet):
    """Stored bars, read only: they change by imports, so that rows and snapshot always agree."""

    queryset = MarketData.objects.none()
    serializer_class = MarketDataSerializer
    filterset_class = MarketDataFilter
    ordering_fields = ["timestamp"]
    lookup_value_regex = ID_PATTERN

    def get_queryset(self) -> QuerySet[MarketData]:
        return MarketData.objects.for_user(self.request.user).order_by("timestamp")

    def filter_queryset(self, queryset: QuerySet[MarketData]) -> QuerySet[MarketData]:
        if self.action != "list":  # a single bar needs no series named
            return queryset
        return super().filter_queryset(queryset)
