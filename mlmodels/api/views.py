"""The API of models: foresee, train, look, compare, keep, delete."""

from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from algotrade.jobs.api.serializers import AcceptedSerializer, accepted
from marketdata.bars import boundary
from mlmodels import store
from mlmodels.api.drift import DriftStateSerializer
from mlmodels.api.filters import MLModelFilter
from mlmodels.api.serializers import (
    ComparisonSerializer,
    DetachSerializer,
    ImportanceSerializer,
    MLModelSerializer,
    MLModelSummarySerializer,
    NoteSerializer,
    PairSerializer,
    PredictionsSerializer,
)
from mlmodels.api.training import ForeseenSerializer, TrainingSerializer, TrainingSettingsSerializer
from mlmodels.downloads import artifact_response
from mlmodels.errors import ModelNotFound
from mlmodels.models import MLModel, MLModelQuerySet
from mlmodels.services import MLModelService

PREDICTIONS_LIMIT = 10_000


@extend_schema_view(
    list=extend_schema(summary="List your models"),
    retrieve=extend_schema(summary="Read a model and its report"),
    destroy=extend_schema(
        summary="Delete a model",
        description="Refused while it is being trained, and while a strategy decides by it unless `detach`.",
        parameters=[DetachSerializer],
    ),
)
class MLModelViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet
):
    """The signed-in user's models."""

    queryset = MLModel.objects.none()
    filterset_class = MLModelFilter
    ordering_fields = MLModelQuerySet.sortable

    def get_queryset(self) -> QuerySet[MLModel]:
        rows = MLModel.objects.for_user(self.request.user)
        return (
            rows.summaries() if self.action == "list" else rows.select_related("job", "drift_job", "series")
        )

    def get_serializer_class(self) -> type[BaseSerializer]:
        return MLModelSummarySerializer if self.action == "list" else MLModelSerializer

    def perform_destroy(self, instance: MLModel) -> None:
        given = DetachSerializer(data=self.request.query_params)
        given.is_valid(raise_exception=True)
        MLModelService.delete(instance, **given.validated_data)

    # -- Training ----------------------------------------------------------------------------------------------

    @extend_schema(
        summary="Look at a training beforehand",
        request=TrainingSettingsSerializer,
        responses=ForeseenSerializer,
        filters=False,
    )
    @action(detail=False, methods=["post"], pagination_class=None)
    def foresee(self, request: Request) -> Response:
        """Say what a training would learn from: base rates, folds, the number of fits, and all problems by field."""
        given = TrainingSettingsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        foreseen = MLModelService.foresee(request.user, **given.validated_data)
        return Response(ForeseenSerializer(foreseen).data)

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

    # -- Looking -----------------------------------------------------------------------------------------------

    @extend_schema(
        summary="Compare two models",
        parameters=[PairSerializer],
        responses=ComparisonSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def compare(self, request: Request) -> Response:
        """Settings that differ, scores side by side, and the difference on the bars that both predicted."""
        given = PairSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        first, second = (self._own(given.validated_data[name]) for name in ("a", "b"))
        return Response(ComparisonSerializer(MLModelService.compare(first, second)).data)

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
        return Response(model.feature_importance)

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
        """Up to 10,000 probabilities, each made by a model that was not trained on what it foresees."""
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

    @extend_schema(
        summary="Download a model's file",
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
        filters=False,
        parameters=[],
    )
    @action(detail=True, pagination_class=None)
    def download(self, request: Request, pk: str | None = None) -> StreamingHttpResponse:
        """The file without pickle, verified before it leaves; `Repr-Digest` has its sha256."""
        return artifact_response(self.get_object())

    # -- Keeping -----------------------------------------------------------------------------------------------

    @extend_schema(summary="Change a model's note", request=NoteSerializer, responses=MLModelSerializer)
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        """The note is all that can be changed of a model: train again for anything else."""
        model = self.get_object()
        given = NoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        MLModelService.set_note(model, given.validated_data["note"])
        return self._answer()

    @extend_schema(summary="Promote a model", request=None, responses=MLModelSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str | None = None) -> Response:
        """Make it the version of its name that counts; the one before is a candidate again."""
        MLModelService.promote(self.get_object())
        return self._answer()

    @extend_schema(summary="Retire a model", request=None, responses=MLModelSerializer, filters=False)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str | None = None) -> Response:
        """Have no new strategy decide by it; those that do go on."""
        MLModelService.retire(self.get_object())
        return self._answer()

    @extend_schema(
        summary="Make a model a candidate again", request=None, responses=MLModelSerializer, filters=False
    )
    @action(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: str | None = None) -> Response:
        """Take back a retirement or a promotion."""
        MLModelService.reinstate(self.get_object())
        return self._answer()

    @extend_schema(
        summary="Read a model's drift", responses=DriftStateSerializer, filters=False, parameters=[]
    )
    @action(detail=True, pagination_class=None)
    def drift(self, request: Request, pk: str | None = None) -> Response:
        """How far its features have moved since the training, as of the last check."""
        return Response(DriftStateSerializer(self.get_object()).data)

    @extend_schema(
        summary="Check a model's drift", request=None, responses={202: AcceptedSerializer}, filters=False
    )
    @drift.mapping.post
    def check_drift(self, request: Request, pk: str | None = None) -> Response:
        """Queue the comparison of the bars after the training with those of the training."""
        model = MLModelService.check_drift(self.get_object())
        return accepted(model.drift_job, made=model.pk, url=reverse("ml-model-drift", args=[model.pk]))

    def _own(self, pk: int) -> MLModel:
        model = self.get_queryset().filter(pk=pk).first()
        if model is None:
            raise ModelNotFound(_("You have no model %(pk)d.") % {"pk": pk})
        return model

    def _answer(self) -> Response:
        body: Any = self.get_serializer(self.get_object()).data
        return Response(body)
