"""The API of models: train, look, delete."""

from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from marketdata.bars import boundary
from mlmodels import store
from mlmodels.algorithms import ALGORITHMS
from mlmodels.api.serializers import (
    AlgorithmsSerializer,
    ImportanceSerializer,
    MLModelSerializer,
    MLModelSummarySerializer,
    PredictionsSerializer,
    TrainingSerializer,
)
from mlmodels.configuration import TRAINING_PARAMS
from mlmodels.features import feature_names, get_feature
from mlmodels.models import MLModel
from mlmodels.services import MLModelService

PREDICTIONS_LIMIT = 10_000


@extend_schema_view(
    list=extend_schema(summary="List your models"),
    retrieve=extend_schema(summary="Read a model and its report"),
    destroy=extend_schema(
        summary="Delete a model", description="Refused while a strategy decides by it or it is being trained."
    ),
)
class MLModelViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """The signed-in user's models."""

    queryset = MLModel.objects.none()
    filterset_fields = ["status", "algorithm", "series", "symbol", "timeframe"]
    ordering_fields = ["created_at", "name", "accuracy", "log_loss"]

    def get_queryset(self) -> QuerySet[MLModel]:
        rows = MLModel.objects.for_user(self.request.user)
        return rows.summaries() if self.action == "list" else rows.select_related("job")

    def get_serializer_class(self) -> type[BaseSerializer]:
        return MLModelSummarySerializer if self.action == "list" else MLModelSerializer

    def perform_destroy(self, instance: MLModel) -> None:
        MLModelService.delete(instance)

    @extend_schema(
        summary="Train a model",
        request=TrainingSerializer,
        responses={202: AcceptedSerializer},
        filters=False,
    )
    @action(detail=False, methods=["post"])
    def train(self, request: Request) -> Response:
        """Check the request and queue its training; the answer names the job to follow."""
        given = TrainingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        model = MLModelService.submit_training(user=request.user, **given.validated_data)
        return accepted(model.job, made=model.pk, url=reverse("ml-model-detail", args=[model.pk]))

    @extend_schema(
        summary="Feature importance of a model",
        responses=ImportanceSerializer(many=True),
        filters=False,
        parameters=[],
    )
    @action(detail=True, pagination_class=None)
    def importance(self, request: Request, pk: str | None = None) -> Response:
        """Permutation importance on the out-of-sample folds, largest first."""
        model = self.get_object()
        store.require_trained(model)
        return Response(ImportanceSerializer(model.feature_importance, many=True).data)

    @extend_schema(
        summary="Out-of-fold predictions of a model",
        responses=PredictionsSerializer,
        filters=False,
        parameters=[
            OpenApiParameter("start", str, description="First time, like 2020-01-31 or 2020-01-31T15:30."),
            OpenApiParameter("end", str, description="Last time, included."),
        ],
    )
    @action(detail=True, pagination_class=None)
    def predictions(self, request: Request, pk: str | None = None) -> Response:
        """Up to 10,000 probabilities, each made by a model that knew only what came before it."""
        record = store.open_record(self.get_object())
        wanted = np.isfinite(record.probability)
        if start := request.query_params.get("start"):
            wanted &= record.time >= boundary(start, "start")
        if end := request.query_params.get("end"):
            wanted &= record.time <= boundary(end, "end", whole_unit=True)
        rows = np.flatnonzero(wanted)
        shown = rows[:PREDICTIONS_LIMIT]
        seconds = record.time[shown].astype("datetime64[s]").astype(np.int64)
        columns = (seconds.tolist(), record.probability[shown].tolist(), record.fold[shown].tolist())
        body = {
            "rows": list(zip(*columns, strict=True)),
            "total": rows.size,
            "truncated": rows.size > shown.size,
        }
        return Response(PredictionsSerializer(body).data)


class AlgorithmViewSet(viewsets.GenericViewSet):
    """What models can be trained with."""

    serializer_class = AlgorithmsSerializer
    pagination_class = None
    filter_backends = ()
    queryset = MLModel.objects.none()

    @extend_schema(
        summary="Algorithms, settings and features",
        responses=AlgorithmsSerializer,
        operation_id="ml_algorithms_read",
    )
    def list(self, request: Request) -> Response:
        body: dict[str, Any] = {
            "algorithms": list(ALGORITHMS.values()),
            "settings": TRAINING_PARAMS,
            "features": [get_feature(name) for name in feature_names()],
        }
        return Response(self.get_serializer(body).data)
