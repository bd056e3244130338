"""Market data over the API: series and what is made of them, bars, feeds, providers."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.errors import InvalidInput
from algotrade.jobs.api.serializers import AcceptedSerializer
from marketdata import services
from marketdata.api import serializers
from marketdata.api.filters import MarketDataFilter, SeriesFilter
from marketdata.api.incoming import ImportSerializer
from marketdata.api.incoming_views import TAGS, accepted_import
from marketdata.editing import change_series
from marketdata.findings import splits_of
from marketdata.incoming import deriving, feeds
from marketdata.incoming.submissions import restore_snapshot
from marketdata.models import BarImport, Feed, MarketData, Series
from marketdata.providers import get_provider, names

OWN_ACTIONS = {"destroy", "partial_update", "restore"}


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Own and shared series"),
    retrieve=extend_schema(tags=TAGS, summary="One series with its quality report"),
    destroy=extend_schema(tags=TAGS, summary="Delete an own series that no result uses"),
)
class SeriesViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Own series and the shared ones; only own ones can be changed."""

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
        if self.action in OWN_ACTIONS:
            return Series.objects.for_user(self.request.user)
        return Series.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.SeriesDetailSerializer
        return serializers.SeriesSerializer

    @extend_schema(
        tags=TAGS,
        summary="Change the name, the calendar or the timezone of an own series",
        description="The bars stay as they are. With another calendar a job examines the quality anew.",
        request=serializers.SeriesChangeSerializer,
        responses=serializers.SeriesDetailSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = serializers.SeriesChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        change_series(asker=request.user, series=series, **serializer.validated_data)
        return Response(serializers.SeriesDetailSerializer(series).data)

    def perform_destroy(self, instance: Series) -> None:
        services.delete_series(instance)

    @extend_schema(
        tags=TAGS,
        summary="The quality report of what it holds now",
        description="Coverage against its calendar, and what was found: gaps, stale runs, outliers, bars without "
        "volume, suspected splits, contradictions. Empty for a series without bars.",
        responses=OpenApiTypes.OBJECT,
    )
    @action(detail=True, methods=["get"])
    def quality(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        snapshot = series.snapshots.filter(sha256=series.content_sha256).first()
        return Response(snapshot.quality if snapshot else {})

    @extend_schema(
        tags=TAGS,
        summary="Its snapshots, newest first",
        responses=serializers.SnapshotSummarySerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"])
    def snapshots(self, request: Request, pk: str) -> Response:
        rows = self.paginate_queryset(self.get_object().snapshots.defer("quality"))
        return self.get_paginated_response(serializers.SnapshotSummarySerializer(rows, many=True).data)

    @extend_schema(
        tags=TAGS, summary="What came into it", responses=ImportSerializer(many=True), filters=False
    )
    @action(detail=True, methods=["get"])
    def imports(self, request: Request, pk: str) -> Response:
        mine = BarImport.objects.for_user(request.user).filter(series=self.get_object())
        rows = self.paginate_queryset(mine.summaries().select_related("job"))
        return self.get_paginated_response(ImportSerializer(rows, many=True).data)

    @extend_schema(
        tags=TAGS,
        summary="Take an own series back to one of its snapshots",
        request=serializers.RestoreSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = serializers.RestoreSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        snapshot = get_object_or_404(series.snapshots, sha256=serializer.validated_data["sha256"])
        return accepted_import(restore_snapshot(owner=request.user, series=series, snapshot=snapshot))

    @extend_schema(
        tags=TAGS,
        summary="Make the series beside it whose earlier prices are adjusted for splits",
        request=serializers.AdjustSplitsSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"], url_path="adjust-splits")
    def adjust_splits(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = serializers.AdjustSplitsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        splits = serializer.validated_data.get("splits") or splits_of(series)
        if not splits:
            raise InvalidInput(fields={"splits": [_("No split is suspected: name those to adjust for.")]})
        return accepted_import(deriving.adjust_splits(request.user, series, splits))

    @extend_schema(
        tags=TAGS,
        summary="Make the series of a longer timeframe",
        request=serializers.ResampleSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def resample(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = serializers.ResampleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        wanted = serializer.validated_data["timeframe"]
        return accepted_import(deriving.resample_series(request.user, series, wanted))


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Your feeds"),
    retrieve=extend_schema(tags=TAGS, summary="One feed"),
    destroy=extend_schema(tags=TAGS, summary="Remove a feed; the bars stay"),
)
class FeedViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """What keeps own series up to date."""

    queryset = Feed.objects.none()
    serializer_class = serializers.FeedSerializer
    ordering_fields = ["next_at", "last_at", "created_at"]
    lookup_value_regex = r"[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Feed]:
        return Feed.objects.for_user(self.request.user).select_related("series")

    @extend_schema(
        tags=TAGS,
        summary="Give an own series a feed",
        request=serializers.FeedCreateSerializer,
        responses={201: serializers.FeedSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = serializers.FeedCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = dict(serializer.validated_data)
        series = get_object_or_404(Series.objects.for_user(request.user), pk=given.pop("series"))
        feed = feeds.create_feed(user=request.user, series=series, **given)
        where = reverse("feed-detail", args=[feed.pk])
        body = serializers.FeedSerializer(feed).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(
        tags=TAGS,
        summary="Change a feed",
        request=serializers.FeedChangeSerializer,
        responses=serializers.FeedSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        feed = self.get_object()
        serializer = serializers.FeedChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changed = feeds.change_feed(user=request.user, feed=feed, **serializer.validated_data)
        return Response(serializers.FeedSerializer(changed).data)

    @extend_schema(
        tags=TAGS,
        summary="Ask the provider now",
        request=serializers.FeedRefreshSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: str) -> Response:
        feed = self.get_object()
        serializer = serializers.FeedRefreshSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ask = feeds.fetch_anew if serializer.validated_data["anew"] else feeds.refresh_now
        return accepted_import(ask(feed, user=request.user))

    def perform_destroy(self, instance: Feed) -> None:
        feeds.remove_feed(user=self.request.user, feed=instance)


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
                "needs_key": item.capabilities.needs_key,
                "available": item.available,
                "problem": item.problem.detail if item.problem else "",
                "symbol_help": item.capabilities.symbol_help,
                "adjusted": item.capabilities.adjusted,
                "any_symbol": item.capabilities.any_symbol,
                "symbols": item.symbols(),
            }
            for item in providers
        ]
        return Response(serializers.ProviderSerializer(body, many=True).data)
