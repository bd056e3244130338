"""The API's doors to bars: those of a period for a chart, and the stored ones."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from marketdata import services
from marketdata.api.filters import MarketDataFilter
from marketdata.api.serializers.bars import BarsSerializer, MarketDataSerializer, RangeSerializer
from marketdata.api.views.base import ID_PATTERN, TAGS, checked
from marketdata.charts import POINTS_LIMIT, downsample
from marketdata.models import MarketData


class BarRangeView(APIView):
    """Bars of a period: as they are stored, in parts, or merged into the rows that a chart asks for."""

    @extend_schema(
        tags=TAGS,
        summary="Bars of a period, as stored or merged for a chart",
        parameters=[RangeSerializer],
        responses=BarsSerializer,
    )
    def get(self, request: Request) -> Response:
        serializer = checked(RangeSerializer, request.query_params)
        wanted = serializer.validated_data
        series = services.get_visible(request.user, wanted["series"])
        snapshot = services.current_snapshot(series)
        bars = services.open_snapshot(snapshot, wanted.get("start"), wanted.get("end"))
        if "max_points" in wanted:
            chart, rest = downsample(bars, wanted["max_points"]), None
        else:
            chart = downsample(bars.head(POINTS_LIMIT), POINTS_LIMIT)
            rest = bars.time[POINTS_LIMIT] if len(bars) > POINTS_LIMIT else None
        body = chart.to_dict(symbol=series.symbol, timeframe=series.timeframe)
        here = request.build_absolute_uri()
        after = None if rest is None else replace_query_param(here, "start", str(rest))
        rows = body.pop("bars")
        return Response({**body, "total": len(bars), "next": after, "bars": rows})


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
