"""What models can be trained with."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from mlmodels.algorithms import ALGORITHMS, Algorithm
from mlmodels.configuration import LARGEST_TRAINING, TRAINING_PARAMS
from mlmodels.features import DEFAULT_FEATURES, GROUPS, feature_kinds, feature_names, get_feature
from mlmodels.labels import LABELS
from mlmodels.models import MLModel
from strategies.api.serializers import ChoiceSerializer, ParameterSerializer


class AlgorithmSerializer(serializers.Serializer):
    """A learning algorithm and its hyper-parameters."""

    key = serializers.CharField(help_text="What `algorithm` of a training holds.")
    label = serializers.CharField()
    summary = serializers.CharField()
    hyperparameters = ParameterSerializer(many=True, source="params")
    searched = serializers.SerializerMethodField(help_text="What a search varies unless it is told.")
    json_schema = serializers.SerializerMethodField(help_text="The hyper-parameters as a JSON schema.")

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_searched(self, algorithm: Algorithm) -> list[str]:
        return [param.name for param in algorithm.params if param.grid()]

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_json_schema(self, algorithm: Algorithm) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {param.name: param.json_schema() for param in algorithm.params},
            "additionalProperties": False,
        }


class FeatureSerializer(serializers.Serializer):
    """A feature that is offered with its usual parameters."""

    name = serializers.CharField()
    label = serializers.CharField()
    group = serializers.CharField()
    warmup = serializers.IntegerField(help_text="Index of the first bar that has a value.")
    needs_volume = serializers.BooleanField()


class FeatureKindSerializer(serializers.Serializer):
    """A feature but for its parameters: `key(value, ...)` in their order names one."""

    key = serializers.CharField()
    label = serializers.CharField()
    summary = serializers.CharField()
    group = serializers.CharField()
    needs_volume = serializers.BooleanField()
    parameters = ParameterSerializer(many=True, source="params")


class LabelKindSerializer(serializers.Serializer):
    """What can be foreseen."""

    key = serializers.CharField()
    label = serializers.CharField()
    summary = serializers.CharField()
    uses_barriers = serializers.BooleanField()


@extend_schema_serializer(many=False)
class AlgorithmsSerializer(serializers.Serializer):
    """Everything a training can be made of."""

    algorithms = AlgorithmSerializer(many=True)
    settings = ParameterSerializer(
        many=True,
        help_text="What every training takes beside hyper-parameters: label, validation, search ...",
    )
    labels = LabelKindSerializer(many=True)
    groups = ChoiceSerializer(many=True, help_text="Groups of features.")
    feature_kinds = FeatureKindSerializer(many=True)
    features = FeatureSerializer(many=True, help_text="Those offered without being asked for.")
    default_features = serializers.ListField(
        child=serializers.CharField(), help_text="What a model sees unless it is told."
    )
    largest_training = serializers.IntegerField(help_text="Bars, at most.")


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
