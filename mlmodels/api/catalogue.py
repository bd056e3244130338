"""What models can be trained with."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from mlmodels.algorithms import ALGORITHMS
from mlmodels.api.training import AlgorithmsSerializer
from mlmodels.configuration import LARGEST_TRAINING, TRAINING_PARAMS
from mlmodels.features import DEFAULT_FEATURES, GROUPS, feature_kinds, feature_names, get_feature
from mlmodels.labels import LABELS
from mlmodels.models import MLModel


class AlgorithmViewSet(viewsets.GenericViewSet):
    """What models can be trained with."""

    serializer_class = AlgorithmsSerializer
    pagination_class = None
    filter_backends = ()
    queryset = MLModel.objects.none()

    @extend_schema(
        summary="Algorithms, settings, labels and features",
        responses=AlgorithmsSerializer,
        operation_id="ml_algorithms_read",
    )
    def list(self, request: Request) -> Response:
        body: dict[str, Any] = {
            "algorithms": list(ALGORITHMS.values()),
            "settings": TRAINING_PARAMS,
            "labels": list(LABELS.values()),
            "groups": [{"value": key, "label": label} for key, label in GROUPS.items()],
            "feature_kinds": feature_kinds(),
            "features": [get_feature(name) for name in feature_names()],
            "default_features": DEFAULT_FEATURES,
            "largest_training": LARGEST_TRAINING,
        }
        return Response(self.get_serializer(body).data)
