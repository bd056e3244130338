"""Models, trainings and algorithms as JSON. The service checks what the fields' shapes cannot."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.jobs.api.serializers import JobSerializer
from algotrade.serializers import KnownFieldsMixin
from mlmodels.algorithms import ALGORITHMS, Algorithm
from mlmodels.configuration import (
    BARRIER_PARAM,
    EMBARGO_PARAM,
    FOLDS_PARAM,
    HORIZON_PARAM,
    LABEL_PARAM,
    SEED_PARAM,
)
from mlmodels.models import MLModel
from mlmodels.words import verdict_sentence
from strategies.api.serializers import ParameterSerializer


class MLModelSummarySerializer(serializers.ModelSerializer):
    """A model as lists show it. Accuracy and base rate are fractions, out of fold; null before the training ends."""

    class Meta:
        model = MLModel
        fields = [
            "id",
            "name",
            "version",
            "series",
            "symbol",
            "timeframe",
            "algorithm",
            "status",
            "accuracy",
            "accuracy_error",
            "base_rate",
            "log_loss",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class MLModelSerializer(serializers.ModelSerializer):
    """A model with its report and provenance."""

    verdict = serializers.SerializerMethodField(
        help_text="What the accuracy means beside its base rate, in a sentence."
    )
    job = JobSerializer(read_only=True, allow_null=True)

    class Meta:
        model = MLModel
        fields = [
            *MLModelSummarySerializer.Meta.fields,
            "verdict",
            "error_code",
            "error_detail",
            "configuration",
            "start_date",
            "end_date",
            "bar_count",
            "first_time",
            "last_time",
            "first_prediction",
            "metrics",
            "feature_importance",
            "provenance",
            "snapshot_sha256",
            "artifact_sha256",
            "artifact_size",
            "job",
        ]
        read_only_fields = fields

    def get_verdict(self, model: MLModel) -> str:
        return verdict_sentence(model.metrics.get("overall", {}))


class TrainingSerializer(KnownFieldsMixin, serializers.Serializer):
    """What to train. Settings that are left out take their defaults; see /api/ml-algorithms/."""

    name = serializers.CharField(max_length=100)
    series = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="The id of a series you see, /api/market-data/series/."
    )
    algorithm = serializers.CharField(help_text=f"One of: {', '.join(ALGORITHMS)}.")
    hyperparameters = serializers.DictField(required=False, help_text="Values by name.")
    features = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=100,
        help_text="Names of features; all that need no volume when left out.",
    )
    label = serializers.CharField(required=False, help_text=f"{', '.join(LABEL_PARAM.values())}.")
    horizon = serializers.IntegerField(required=False, help_text=HORIZON_PARAM.help)
    barrier_width = serializers.FloatField(required=False, help_text=BARRIER_PARAM.help)
    folds = serializers.IntegerField(required=False, help_text=FOLDS_PARAM.help)
    embargo = serializers.IntegerField(required=False, help_text=EMBARGO_PARAM.help)
    seed = serializers.IntegerField(required=False, help_text=SEED_PARAM.help)
    start_date = serializers.DateField(required=False, allow_null=True)
    end_date = serializers.DateField(required=False, allow_null=True)


class ImportanceSerializer(serializers.Serializer):
    """Mean rise of the out-of-sample log-loss when the feature is scrambled, and its deviation between folds."""

    name = serializers.CharField()
    label = serializers.CharField()
    mean = serializers.FloatField()
    spread = serializers.FloatField()


class PredictionsSerializer(serializers.Serializer):
    """Out-of-fold probabilities of a gain, oldest first."""

    rows = serializers.ListField(
        child=serializers.ListField(),
        help_text="[time (UTC, seconds since 1970), probability of a gain, number of the fold].",
    )
    total = serializers.IntegerField(help_text="Predictions between start and end.")
    truncated = serializers.BooleanField(
        help_text="Whether later ones were left out: ask again from the last time."
    )


class AlgorithmSerializer(serializers.Serializer):
    """A learning algorithm and its hyper-parameters."""

    key = serializers.CharField(help_text="What `algorithm` of a training holds.")
    label = serializers.CharField()
    summary = serializers.CharField()
    hyperparameters = ParameterSerializer(many=True, source="params")
    json_schema = serializers.SerializerMethodField(help_text="The hyper-parameters as a JSON schema.")

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_json_schema(self, algorithm: Algorithm) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {param.name: param.json_schema() for param in algorithm.params},
            "additionalProperties": False,
        }


class FeatureSerializer(serializers.Serializer):
    """A feature that a model may see."""

    name = serializers.CharField()
    label = serializers.CharField()
    group = serializers.CharField()
    warmup = serializers.IntegerField(help_text="Index of the first bar that has a value.")
    needs_volume = serializers.BooleanField()


class AlgorithmsSerializer(serializers.Serializer):
    """Everything a training can be made of."""

    algorithms = AlgorithmSerializer(many=True)
    settings = ParameterSerializer(many=True, help_text="What every training takes beside hyper-parameters.")
    features = FeatureSerializer(many=True)
