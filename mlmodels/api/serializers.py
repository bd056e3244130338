"""Models as JSON, and what can be done with them."""

from rest_framework import serializers

from algotrade.jobs.api.serializers import JobSerializer
from algotrade.serializers import IdField, KnownFieldsMixin
from mlmodels.api.drift import DriftField
from mlmodels.api.report import ReportField
from mlmodels.models import LONGEST_NOTE, MLModel
from mlmodels.presentation.words import verdict_sentence


class MLModelSummarySerializer(serializers.ModelSerializer):
    """A model as lists show it. Figures are fractions, out of fold; null before the training ends."""

    verdict_key = serializers.CharField(
        source="verdict", help_text="no_better, within_noise or better; empty before the training ends."
    )

    class Meta:
        model = MLModel
        fields = [
            "id",
            "name",
            "version",
            "stage",
            "series",
            "symbol",
            "timeframe",
            "algorithm",
            "status",
            "accuracy",
            "accuracy_error",
            "base_rate",
            "log_loss",
            "auc",
            "net_return",
            "sharpe_ratio",
            "verdict_key",
            "artifact_size",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class MLModelSerializer(MLModelSummarySerializer):
    """A model with its report and provenance."""

    verdict = serializers.SerializerMethodField(
        help_text="What the accuracy means beside its base rate, in a sentence."
    )
    metrics = ReportField()
    drift = DriftField()
    report_format = serializers.IntegerField(
        read_only=True, help_text="2; 1 for models of the version before; 0 before the training ends."
    )
    job = JobSerializer(read_only=True, allow_null=True)

    class Meta:
        model = MLModel
        fields = [
            *MLModelSummarySerializer.Meta.fields,
            "note",
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
            "report_format",
            "metrics",
            "feature_importance",
            "drift",
            "provenance",
            "snapshot_sha256",
            "artifact_sha256",
            "job",
        ]
        read_only_fields = fields

    def get_verdict(self, model: MLModel) -> str:
        return verdict_sentence(model.metrics.get("overall", {}))


class NoteSerializer(KnownFieldsMixin, serializers.Serializer):
    """What can be changed of a model."""

    note = serializers.CharField(
        allow_blank=True, max_length=LONGEST_NOTE, trim_whitespace=False, help_text="Empty forgets it."
    )


class DetachSerializer(serializers.Serializer):
    """How to delete a model."""

    detach = serializers.BooleanField(
        default=False,
        help_text="Also while strategies decide by it: they stay, and need another model before they run again.",
    )


class PairSerializer(serializers.Serializer):
    """The two models to compare."""

    a = IdField(help_text="Id of one of your models.")
    b = IdField(help_text="Id of another.")


class SettingDifferenceSerializer(serializers.Serializer):
    """A setting with two values; null where a model has no such setting."""

    name = serializers.CharField()
    label = serializers.CharField()
    first = serializers.JSONField(allow_null=True)
    second = serializers.JSONField(allow_null=True)


class ScorePairSerializer(serializers.Serializer):
    """One figure of both reports, each over its own bars."""

    key = serializers.CharField()
    label = serializers.CharField()
    first = serializers.FloatField(allow_null=True)
    second = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="The second minus the first.")


class PairedDifferenceSerializer(serializers.Serializer):
    """A score of both over the same bars."""

    first = serializers.FloatField()
    second = serializers.FloatField()
    mean = serializers.FloatField(help_text="Of the differences bar by bar: the second minus the first.")
    error = serializers.FloatField(help_text="One standard error, by effective rows.")
    standard_errors = serializers.FloatField()
    is_clear = serializers.BooleanField(help_text="More than two standard errors.")


class PairedSerializer(serializers.Serializer):
    """Both models on the bars that both predicted out of fold."""

    rows = serializers.IntegerField()
    effective_rows = serializers.FloatField()
    start = serializers.CharField()
    end = serializers.CharField()
    log_loss = PairedDifferenceSerializer()
    accuracy = PairedDifferenceSerializer()
    only_first = serializers.IntegerField(help_text="Bars on which only the first was right.")
    only_second = serializers.IntegerField()


class ComparisonSerializer(serializers.Serializer):
    """Two models side by side."""

    first = MLModelSummarySerializer()
    second = MLModelSummarySerializer()
    same_data = serializers.BooleanField()
    same_outcome = serializers.BooleanField(help_text="Whether they foresee the same.")
    same_folds = serializers.BooleanField()
    settings = SettingDifferenceSerializer(many=True, help_text="Those that differ.")
    scores = ScorePairSerializer(many=True)
    paired = PairedSerializer(allow_null=True, help_text="Null where they have no bars in common.")
    remarks = serializers.ListField(child=serializers.CharField())
    conclusion = serializers.CharField()


class ImportanceSerializer(serializers.Serializer):
    """Mean rise of the out-of-sample log-loss when the feature is scrambled, and its deviation between folds."""

    name = serializers.CharField()
    label = serializers.CharField()
    mean = serializers.FloatField()
    spread = serializers.FloatField()
    folds = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        required=False,
        help_text="Fold by fold; missing in reports of format 1.",
    )


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
