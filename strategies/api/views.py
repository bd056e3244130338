"""Strategies and strategy types over the API."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from strategies.api.filters import StrategyFilter
from strategies.api.serializers import StrategySerializer, StrategyTypeSerializer
from strategies.models import Strategy
from strategies.registry import get_strategy_class, names
from strategies.services import StrategyService


@extend_schema_view(
    list=extend_schema(summary="List your strategies"),
    create=extend_schema(summary="Create a strategy"),
    retrieve=extend_schema(summary="Read a strategy"),
    update=extend_schema(summary="Replace a strategy"),
    partial_update=extend_schema(
        summary="Change a strategy", description="Parameters that are not named keep their value."
    ),
    destroy=extend_schema(summary="Delete a strategy", description="Backtest results stay."),
)
class StrategyViewSet(viewsets.ModelViewSet):
    """The signed-in user's strategies."""

    queryset = Strategy.objects.none()
    serializer_class = StrategySerializer
    filterset_class = StrategyFilter
    ordering_fields = ["name", "strategy_type", "symbol", "timeframe", "created_at", "updated_at"]

    def get_queryset(self) -> QuerySet[Strategy]:
        return Strategy.objects.for_user(self.request.user)

    def perform_create(self, serializer: BaseSerializer) -> None:
        serializer.save(user=self.request.user)

    def perform_destroy(self, instance: Strategy) -> None:
        StrategyService.delete(instance)

    @extend_schema(request=None, responses={201: StrategySerializer}, summary="Copy a strategy")
    @action(detail=True, methods=["post"])
    def duplicate(self, request: Request, pk: Any = None) -> Response:
        """Make a copy under the next free name."""
        copy = StrategyService.duplicate(self.get_object())
        return Response(self.get_serializer(copy).data, status=status.HTTP_201_CREATED)


class StrategyTypeViewSet(viewsets.GenericViewSet):
    """The kinds of strategy that exist, with their parameters."""

    serializer_class = StrategyTypeSerializer
    pagination_class = None
    filter_backends = ()
    lookup_field = "key"
    lookup_value_regex = "[^/]+"
    queryset = Strategy.objects.none()

    @extend_schema(summary="List the strategy types", responses=StrategyTypeSerializer(many=True))
    def list(self, request: Request) -> Response:
        types = [get_strategy_class(key) for key in names()]
        return Response(self.get_serializer(types, many=True).data)

    @extend_schema(
        summary="Read a strategy type",
        parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH, description="The type's key.")],
    )
    def retrieve(self, request: Request, key: str = "") -> Response:
        return Response(self.get_serializer(get_strategy_class(key)).data)
