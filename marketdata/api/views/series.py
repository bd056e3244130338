"""The API's doors to series, and to what is made of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from algotrade.errors import InvalidInput
from algotrade.jobs.api.serializers import AcceptedSerializer
from marketdata import services
from marketdata.api.filters import SeriesFilter
from marketdata.api.serializers.imports import ImportSerializer
from marketdata.api.serializers.series import (
    AdjustSplitsSerializer,
    ResampleSerializer,
    RestoreSerializer,
    SeriesChangeSerializer,
    SeriesDetailSerializer,
    SeriesSerializer,
    SnapshotSummarySerializer,
)
from marketdata.api.views.base import ID_PATTERN, TAGS, accepted_import, checked
from marketdata.editing import change_series
from marketdata.findings import splits_of
from marketdata.incoming import deriving
from marketdata.incoming.submissions import restore_snapshot
from marketdata.models import BarImport, Series

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
    lookup_value_regex = ID_PATTERN

    def get_queryset(self) -> QuerySet[Series]:
        if self.action in OWN_ACTIONS:
            return Series.objects.for_user(self.request.user)
        return Series.objects.visible_to(self.request.user)

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return SeriesDetailSerializer
        return SeriesSerializer

    @extend_schema(
        tags=TAGS,
        summary="Change the name, the calendar or the timezone of an own series",
        description="The bars stay as they are. With another calendar a job examines the quality anew.",
        request=SeriesChangeSerializer,
        responses=SeriesDetailSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = checked(SeriesChangeSerializer, request.data)
        change_series(asker=request.user, series=series, **serializer.validated_data)
        return Response(SeriesDetailSerializer(series).data)

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
        return Response(series.current_report())

    @extend_schema(
        tags=TAGS,
        summary="Its snapshots, newest first",
        responses=SnapshotSummarySerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"])
    def snapshots(self, request: Request, pk: str) -> Response:
        rows = self.paginate_queryset(self.get_object().snapshots.defer("quality"))
        return self.get_paginated_response(SnapshotSummarySerializer(rows, many=True).data)

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
        request=RestoreSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        serializer = checked(RestoreSerializer, request.data)
        snapshot = get_object_or_404(series.snapshots, sha256=serializer.validated_data["sha256"])
        return accepted_import(restore_snapshot(owner=request.user, series=series, snapshot=snapshot))

    @extend_schema(
        tags=TAGS,
        summary="Make the series beside it whose earlier prices are adjusted for splits",
        request=AdjustSplitsSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"], url_path="adjust-splits")
    def adjust_splits(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        asked = checked(AdjustSplitsSerializer, request.data).validated_data
        splits = asked.get("splits") or splits_of(series.current_report())
        if not splits:
            raise InvalidInput(fields={"splits": [_("No split is suspected: name those to adjust for.")]})
        row = deriving.adjust_splits(request.user, series, splits, shared=asked["shared"])
        return accepted_import(row)

    @extend_schema(
        tags=TAGS,
        summary="Make the series of a longer timeframe",
        request=ResampleSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def resample(self, request: Request, pk: str) -> Response:
        series = self.get_object()
        asked = checked(ResampleSerializer, request.data).validated_data
        row = deriving.resample_series(request.user, series, asked["timeframe"], shared=asked["shared"])
        return accepted_import(row)
