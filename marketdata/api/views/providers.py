"""The API's doors to providers: who there is, downloads, and the feeds that repeat them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from algotrade.jobs.api.serializers import AcceptedSerializer
from marketdata.api.serializers.providers import (
    FeedChangeSerializer,
    FeedCreateSerializer,
    FeedRefreshSerializer,
    FeedSerializer,
    FetchSerializer,
    ProviderSerializer,
)
from marketdata.api.views.base import ID_PATTERN, TAGS, accepted_import, checked
from marketdata.incoming import feeds
from marketdata.incoming.submissions import submit_fetch
from marketdata.models import Feed, Series
from marketdata.providers import get_provider, names


class ProviderView(APIView):
    """Data providers."""

    @extend_schema(
        tags=TAGS,
        summary="The registered data providers",
        responses=ProviderSerializer(many=True),
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
        return Response(ProviderSerializer(body, many=True).data)


class FetchView(APIView):
    """Downloads from providers."""

    @extend_schema(
        tags=TAGS,
        summary="Fetch a series from a provider",
        request=FetchSerializer,
        responses={202: AcceptedSerializer},
    )
    def post(self, request: Request) -> Response:
        serializer = checked(FetchSerializer, request.data)
        return accepted_import(submit_fetch(owner=request.user, **serializer.validated_data))


@extend_schema_view(
    list=extend_schema(tags=TAGS, summary="Your feeds"),
    retrieve=extend_schema(tags=TAGS, summary="One feed"),
    destroy=extend_schema(tags=TAGS, summary="Remove a feed; the bars stay"),
)
class FeedViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """What keeps own series up to date, and for staff the shared ones."""

    queryset = Feed.objects.none()
    serializer_class = FeedSerializer
    ordering_fields = ["next_at", "last_at", "created_at"]
    lookup_value_regex = ID_PATTERN

    def get_queryset(self) -> QuerySet[Feed]:
        return Feed.objects.for_user(self.request.user).select_related("series")

    @extend_schema(
        tags=TAGS,
        summary="Give an own series (staff: a shared one, too) a feed",
        request=FeedCreateSerializer,
        responses={201: FeedSerializer},
    )
    def create(self, request: Request) -> Response:
        serializer = checked(FeedCreateSerializer, request.data)
        given = dict(serializer.validated_data)
        series = get_object_or_404(Series.objects.kept_by(request.user), pk=given.pop("series"))
        feed = feeds.create_feed(user=request.user, series=series, **given)
        where = reverse("feed-detail", args=[feed.pk])
        body = FeedSerializer(feed).data
        return Response(body, status=status.HTTP_201_CREATED, headers={"Location": where})

    @extend_schema(
        tags=TAGS,
        summary="Change a feed",
        request=FeedChangeSerializer,
        responses=FeedSerializer,
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        feed = self.get_object()
        serializer = checked(FeedChangeSerializer, request.data)
        changed = feeds.change_feed(user=request.user, feed=feed, **serializer.validated_data)
        return Response(FeedSerializer(changed).data)

    @extend_schema(
        tags=TAGS,
        summary="Ask the provider now",
        request=FeedRefreshSerializer,
        responses={202: AcceptedSerializer},
    )
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: str) -> Response:
        feed = self.get_object()
        serializer = checked(FeedRefreshSerializer, request.data)
        ask = feeds.fetch_anew if serializer.validated_data["anew"] else feeds.refresh_now
        return accepted_import(ask(feed, user=request.user))

    def perform_destroy(self, instance: Feed) -> None:
        feeds.remove_feed(user=self.request.user, feed=instance)
