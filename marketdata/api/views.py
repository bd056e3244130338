"""Market data over the API: series, bars, imports, generated data, providers."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from algotrade.parsers import CheckedMultiPartParser
from marketdata import services
from marketdata.api import serializers
from marketdata.api.filters import MarketDataFilter, SeriesFilter
from marketdata.models import MarketData, Series
from marketdata.planning import FileOptions, submit_file
from marketdata.providers import get_provider, names
from marketdata.submissions import submit_generation

TAGS = ["market data"]


def queue_import(request: Request) -> Response:
    """Check the form, keep the file, queue the job."""
    serializer = serializers.ImportSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    given = dict(serializer.validated_data)
    file = given.pop("file")
    row = submit_file(owner=request.user, file=file, options=FileOptions.from_dict(given))
    return accepted(row.job, made=row.pk)


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Own and shared series"),
    retrieve=extend_schema(tags=TAGS, summary="One series with its quality report"),
    destroy=extend_schema(tags=TAGS, summary="Delete an own series that no result uses"),
)
class SeriesViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Own series and the shared ones; only own ones can be deleted."""

    queryset = Series.objects.none()
    filterset_class = SeriesFilter
    ordering_fields = [
        "symbol",
        "timeframe",
        "bar_count",
        "first_time",
        "last_time",
        "updated_at",
        "coverage",
    ]
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Series]:
        if self.action == "destroy":
            return Series.objects.for_user(self.request.user)
        return Series.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.SeriesDetailSerializer
        return serializers.SeriesSerializer

    def get_parsers(self) -> list[Any]:
        return [CheckedMultiPartParser()]

    @extend_schema(
        tags=TAGS,
        summary="Make a series from a CSV file",
        description="The same as POST market-data/imports/.",
        request={"multipart/form-data": serializers.ImportSerializer},
        responses={202: AcceptedSerializer},
    )
    def create(self, request: Request) -> Response:
        return queue_import(request)

    def perform_destroy(self, instance: Series) -> None:
        services.delete_series(instance)


class ImportView(APIView):
    """CSV imports."""

    parser_classes = [CheckedMultiPartParser]

    @extend_schema(
        tags=TAGS,
        summary="Import a CSV file",
        description="Queues a job. A file with problems fails the job with each of them: line, column, value, "
        "reason; nothing of it is stored. Importing the same file again changes nothing.",
        request={"multipart/form-data": serializers.ImportSerializer},
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        return queue_import(request)


class SyntheticView(APIView):
    """Generated series."""

    @extend_schema(
        tags=TAGS,
        summary="Generate a synthetic series",
        request=serializers.SyntheticSerializer,
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = serializers.SyntheticSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = {key: serializer.validated_data[key] for key in ("symbol", "name")}
        row = submit_generation(owner=request.user, spec=serializer.spec(), **given)
        return accepted(row.job, made=row.pk)


class BarRangeView(APIView):
    """Bars of a period."""

    @extend_schema(
        tags=TAGS,
        summary="Bars of a period, down-sampled for a chart",
        parameters=[serializers.RangeSerializer],
        responses=serializers.BarsSerializer,
    )
    def get(self, request: Request) -> Response:
        serializer = serializers.RangeSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
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
    serializer_class = serializers.MarketDataSerializer
    filterset_class = MarketDataFilter
    ordering_fields = ["timestamp"]
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[MarketData]:
        return MarketData.objects.for_user(self.request.user).order_by("timestamp")

    def filter_queryset(self, queryset: QuerySet[MarketData]) -> QuerySet[MarketData]:
        if self.action != "list":  # a single bar needs no series named
            return queryset
        return super().filter_queryset(queryset)


class ProviderView(APIView):
    """Data providers."""

    @extend_schema(
        tags=TAGS,
        summary="The registered data providers",
        responses=serializers.ProviderSerializer(many=True),
        operation_id="market_data_providers_list",
    )
    def get(self, request: Request) -> Response:
        providers = [get_provider(name)() for name in names()]
        body = [
            {
                "key": item.key,
                "label": item.label,
                "summary": item.summary,
                "timeframes": item.capabilities.timeframes,
                "needs_network": item.capabilities.needs_network,
                "adjusted": item.capabilities.adjusted,
                "any_symbol": item.capabilities.any_symbol,
                "symbols": item.symbols(),
            }
            for item in providers
        ]
        return Response(serializers.ProviderSerializer(body, many=True).data)
