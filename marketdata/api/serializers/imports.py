"""Imports as the API shows them, wherever their bars come from, and what every one of them may be asked."""

from rest_framework import serializers

from algotrade.jobs.api.serializers import QueuedJobSerializer
from algotrade.serializers import ChoiceField, KnownFieldsMixin
from marketdata.models import BarImport


class DestinationSerializer(KnownFieldsMixin, serializers.Serializer):
    """What becomes of bars that come in, from a file or a provider."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    overlap = ChoiceField(
        choices=BarImport.Overlap.choices,
        default=BarImport.Overlap.EXTEND.value,
        help_text="What happens to stored bars of the same period.",
    )
    shared = serializers.BooleanField(
        default=False, help_text="Into a series that everybody sees; for staff."
    )


class ImportSerializer(serializers.ModelSerializer):
    """Bars that came in, or tried to: how it stands, and what it changed."""

    job = QueuedJobSerializer(allow_null=True, read_only=True)
    rows_left_out = serializers.IntegerField(
        allow_null=True, read_only=True, help_text='Rows of the file that the policy "drop" left out.'
    )

    class Meta:
        model = BarImport
        fields = [
            "id",
            "status",
            "source",
            "origin",
            "symbol",
            "timeframe",
            "series",
            "upload",
            "bars_added",
            "bars_changed",
            "bars_removed",
            "bars_unchanged",
            "rows_left_out",
            "problem_count",
            "conflict_count",
            "content_sha256",
            "error_code",
            "error_detail",
            "created_at",
            "finished_at",
            "job",
        ]
        read_only_fields = fields


class ImportDetailSerializer(ImportSerializer):
    """An import with what was asked and the report of what happened."""

    settings = serializers.DictField(read_only=True, help_text="What was asked.")
    report = serializers.DictField(read_only=True, help_text="Rows read, kept and left out; named repairs.")

    class Meta(ImportSerializer.Meta):
        fields = [*ImportSerializer.Meta.fields, "settings", "report"]
        read_only_fields = fields


class FileProblemSerializer(serializers.Serializer):
    """One thing wrong in a file."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    value = serializers.CharField()
    reason = serializers.CharField()


class ConflictSerializer(serializers.Serializer):
    """One value of a stored bar that the import contradicted."""

    time = serializers.CharField()
    column = serializers.CharField()
    stored = serializers.FloatField()
    new = serializers.FloatField()
