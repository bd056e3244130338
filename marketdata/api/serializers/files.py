"""Files of bars as the API takes and shows them: sent, looked at, and imported as asked."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.serializers import ChoiceField, IdField, KnownFieldsMixin
from marketdata.api.serializers.imports import DestinationSerializer, FileProblemSerializer
from marketdata.incoming.options import MAX_SKIPPED_LINES, THOUSANDS_ASKED, FileOptions
from marketdata.incoming.planning import Plan
from marketdata.models import Series, Upload
from marketdata.reading.layout import (
    DECIMALS,
    DELIMITERS,
    ENCODINGS,
    POLICIES,
    REPAIRS,
    ROLES,
    TIME_FORMATS,
)
from marketdata.timeframes import CALENDARS, TIMEFRAMES


class UploadFileSerializer(KnownFieldsMixin, serializers.Serializer):
    """A file."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV or other text, packed text (.csv.gz), or Parquet."
    )


class FileOptionsSerializer(DestinationSerializer):
    """How a file is to be read, and into which series. Whatever is left out is taken from the file."""

    symbol = serializers.CharField(max_length=32, required=False, allow_blank=True)
    timeframe = ChoiceField(choices=list(TIMEFRAMES), required=False)
    calendar = ChoiceField(
        choices=list(CALENDARS),
        required=False,
        help_text="Without it the series keeps its own; a new one gets the one that fits the file's days and hours.",
    )
    timezone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="IANA zone of times without an offset. Without it the series keeps its own; a new one gets "
        "that which the file shows, or UTC.",
    )
    adjustment = ChoiceField(
        choices=Series.Adjustment.choices,
        required=False,
        help_text="What the prices of the file are adjusted for already.",
    )
    adjust = serializers.BooleanField(default=False, help_text="Adjust all prices by the column adj_close.")
    roles = serializers.ListField(
        child=ChoiceField(choices=list(ROLES)),
        required=False,
        max_length=64,
        help_text="What each column holds, in the order of the file.",
    )
    encoding = ChoiceField(choices=list(ENCODINGS), required=False)
    delimiter = ChoiceField(
        choices=list(DELIMITERS), required=False, help_text="The sign itself; a tab is written \\t in JSON."
    )
    header = serializers.BooleanField(
        required=False,
        allow_null=True,
        help_text="Whether the first line that is not skipped names the columns.",
    )
    skipped_lines = serializers.IntegerField(
        min_value=0,
        max_value=MAX_SKIPPED_LINES,
        required=False,
        help_text="Lines of prose before the header or the first bar.",
    )
    decimal = ChoiceField(choices=list(DECIMALS), required=False)
    thousands = ChoiceField(
        choices=list(THOUSANDS_ASKED),
        required=False,
        help_text="What stands between groups of three digits; none says that nothing does.",
    )
    time_format = ChoiceField(choices=list(TIME_FORMATS), required=False)
    policy = ChoiceField(
        choices=list(POLICIES), default="reject", help_text="What happens to rows that cannot be used."
    )
    repairs = serializers.ListField(
        child=ChoiceField(choices=list(REPAIRS)),
        required=False,
        max_length=len(REPAIRS),
        help_text="With the policy repair: what may be mended. Anything else refuses the file.",
    )
    series = IdField(
        required=False,
        help_text="An own series that the bars go into, whatever the file calls itself.",
    )

    def options(self) -> FileOptions:
        """Return what was asked; call it after validation."""
        return FileOptions.from_dict(self.validated_data)


class ImportRequestSerializer(FileOptionsSerializer):
    """An upload by its id, and how it is to be read."""

    upload = serializers.UUIDField(help_text="The id that POST uploads/ answered.")


class ImportFileSerializer(UploadFileSerializer, FileOptionsSerializer):
    """A file, and how it is to be read."""


class LayoutSerializer(serializers.Serializer):
    """Where each value stands in a line."""

    dialect = serializers.CharField()
    encoding = serializers.CharField()
    delimiter = serializers.CharField()
    decimal = serializers.CharField()
    thousands = serializers.CharField(
        help_text="What stands between groups of three digits; empty for nothing."
    )
    has_header = serializers.BooleanField()
    skipped_lines = serializers.IntegerField()
    names = serializers.ListField(child=serializers.CharField())
    roles = serializers.ListField(child=serializers.CharField())
    time_format = serializers.CharField()


class PreviewRowSerializer(serializers.Serializer):
    """A row as it will be read, or the problem why it cannot be."""

    line = serializers.IntegerField()
    time = serializers.CharField(allow_null=True)
    open = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    close = serializers.FloatField(allow_null=True)
    volume = serializers.FloatField(allow_null=True)
    problem = FileProblemSerializer(allow_null=True)


class PlannedSeriesSerializer(serializers.Serializer):
    """The series as it would be described; an empty word is one that is still to be said."""

    symbol = serializers.CharField()
    name = serializers.CharField()
    timeframe = serializers.CharField()
    calendar = serializers.CharField()
    timezone = serializers.CharField()
    source = serializers.CharField()
    adjustment = serializers.CharField()


class PlanSerializer(serializers.Serializer):
    """What an import of the file would do."""

    series = PlannedSeriesSerializer()
    extends = serializers.IntegerField(
        allow_null=True, help_text="The stored series that the bars would go into."
    )
    layout = LayoutSerializer()
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was recognised and assumed.")
    newest_first = serializers.BooleanField(help_text="The file needs the repair sort.")
    rows = PreviewRowSerializer(many=True)
    problems = FileProblemSerializer(
        many=True, help_text="What keeps the file, as far as it was looked at, from being read as asked."
    )
    refusals = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="What is missing or wrong in what was asked, by the name of the option.",
    )


def plan_body(plan: Plan) -> dict[str, Any]:
    """Return a plan as `PlanSerializer` shows it."""
    found = plan.detection
    looked = plan.preview() if plan.is_readable else None
    problems = looked.problems if looked else found.problems
    return {
        "series": plan.values,
        "extends": plan.known.pk if plan.known else None,
        "layout": plan.layout.to_dict(),
        "notes": [*plan.warnings, *plan.notes],
        "newest_first": found.newest_first,
        "rows": [asdict(row) for row in looked.rows] if looked else [],
        "problems": [asdict(problem) for problem in problems],
        "refusals": plan.refusals,
    }


class UploadSerializer(serializers.ModelSerializer):
    """A file that waits to be imported. It is kept for a week, or until its bars are stored."""

    class Meta:
        model = Upload
        fields = ["id", "name", "size", "created_at"]
        read_only_fields = fields


class UploadDetailSerializer(UploadSerializer):
    """An upload with what would become of it if nothing else is asked."""

    plan = serializers.SerializerMethodField()

    class Meta(UploadSerializer.Meta):
        fields = [*UploadSerializer.Meta.fields, "plan"]
        read_only_fields = fields

    @extend_schema_field(PlanSerializer)
    def get_plan(self, upload: Upload) -> Any:
        return PlanSerializer(plan_body(self.context["plan"])).data
