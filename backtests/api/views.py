"""The API of backtests: start a run, look at results, delete them. A result is never edited."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from backtests.api import serializers
from backtests.api.filters import BacktestFilter
from backtests.metrics.definitions import DEFINITIONS
from backtests.models import BacktestQuerySet, BacktestResult
from backtests.services import BacktestService

CURVES = ("trades", "equity_curve", "overlays", "sparkline")
COLUMNS_OF = {"trades": ("trades", "bar_count", "total_trades"), "equity": ("equity_curve", "bar_count")}


@extend_schema_view(
    list=extend_schema(
        summary="List your results",
        description="Your results, newest first, without trades, curves and the full metrics.",
    ),
    retrieve=extend_schema(
        summary="Read a result",
        description="One result with every metric, its settings, its data and reasons for doubt.",
    ),
    destroy=extend_schema(summary="Delete a result", description="One that still runs is stopped."),
)
class BacktestViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """Your backtests."""

    queryset = BacktestResult.objects.none()
    filterset_class = BacktestFilter
    ordering_fields = BacktestQuerySet.sortable
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[BacktestResult]:
        results = BacktestResult.objects.for_user(self.request.user)
        if self.action == "list":
            return results.summaries().defer("sparkline", "error_detail")
        if self.action in COLUMNS_OF:
            return results.only(*COLUMNS_OF[self.action])
        return results.defer(*CURVES).select_related("job", "series", "model_use").prefetch_related("legs")

    def get_serializer_class(self) -> type[Any]:
        return serializers.SummarySerializer if self.action == "list" else serializers.ResultSerializer

    @extend_schema(
        summary="Start a backtest",
        request=serializers.RunRequestSerializer,
        responses={202: serializers.RunAcceptedSerializer},
    )
    @action(detail=False, methods=["post"], filterset_class=None, pagination_class=None)
    def run(self, request: Request) -> Response:
        """Start a backtest. Answers at once; the result's address is in `url` and in the Location header."""
        asked = serializers.RunRequestSerializer(data=request.data, context={"request": request})
        asked.is_valid(raise_exception=True)
        result = BacktestService.submit(user=request.user, **asked.validated_data)
        return _run_accepted(result)

    @extend_schema(summary="Run again", request=None, responses={202: serializers.RunAcceptedSerializer})
    @action(detail=True, methods=["post"])
    def rerun(self, request: Request, pk: str | None = None) -> Response:
        """Run exactly the same again: same parameters, settings and data, as a new result."""
        return _run_accepted(BacktestService.rerun(self.get_object()))

    @extend_schema(summary="Cancel a backtest", request=None, responses={202: AcceptedSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        """Ask a waiting or running backtest to stop; it ends within about two seconds."""
        return _accepted(BacktestService.cancel(self.get_object()))

    @extend_schema(summary="List the trades", responses=serializers.TradeSerializer(many=True))
    @action(detail=True, filterset_class=None, filter_backends=[])
    def trades(self, request: Request, pk: str | None = None) -> Response:
        """The round trips in the order of their exits, page by page."""
        page = self.paginate_queryset(self.get_object().all_trades)
        return self.get_paginated_response(serializers.TradeSerializer(page, many=True).data)

    @extend_schema(summary="Read the curves", responses=serializers.EquitySerializer)
    @action(detail=True, filterset_class=None, filter_backends=[], pagination_class=None)
    def equity(self, request: Request, pk: str | None = None) -> Response:
        """The account, buy-and-hold and the drawdown over time."""
        return Response(self.get_object().equity_rows())

    @extend_schema(summary="Define the metrics", responses=serializers.DefinitionSerializer(many=True))
    @action(
        detail=False,
        url_path="metric-definitions",
        filterset_class=None,
        filter_backends=[],
        pagination_class=None,
    )
    def metric_definitions(self, request: Request) -> Response:
        """Formula, unit and convention of every metric."""
        return Response(serializers.DefinitionSerializer(DEFINITIONS.values(), many=True).data)

    def perform_destroy(self, instance: BacktestResult) -> None:
        BacktestService.delete([instance])


def _accepted(result: BacktestResult) -> Response:
    return accepted(result.job, made=result.pk, url=reverse("backtest-detail", args=[result.pk]))


def _run_accepted(result: BacktestResult) -> Response:
    """The answer to a run: the same, and which series were taken."""
    answer = _accepted(result)
    answer.data["series_labels"] = result.series_labels
    return answer
