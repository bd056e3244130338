"""How bars come in, as the API shows and takes it: uploads, imports, downloads, generated series."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from algotrade.jobs.api.serializers import QueuedJobSerializer
from algotrade.serializers import KnownFieldsMixin
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import Plan
from marketdata.models import BarImport, Series, Upload
from marketdata.reading.layout import POLICIES, REPAIRS, ROLES, TIME_FORMATS
from marketdata.synthetic import BOUNDS, PROCESSES, SyntheticSpec
from marketdata.timeframes import CALENDARS, TIMEFRAMES

DEFAULTS = {field.name: field.default for field in fields(SyntheticSpec)}
LARGEST_KEY = 2**63 - 1


class FileOptionsSerializer(KnownFieldsMixin, serializers.Serializer):
    """How a file is to be read, and into which series. Whatever is left out is taken from the file."""

    symbol = serializers.CharField(max_length=32, required=False, allow_blank=True)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES), required=False)
    calendar = serializers.ChoiceField(
        choices=list(CALENDARS),
        required=False,
        help_text="Without it the series keeps its own; a new one gets the one that fits the file's days and hours.",
    )
    timezone = serializers.CharField(
        max_length=64,
        required=False,
        help_text="IANA zone of times without an offset. Without it the series keeps its own; a new one gets UTC.",
    )
    adjustment = serializers.ChoiceField(
        choices=Series.Adjustment.choices,
        required=False,
        help_text="What the prices of the file are adjusted for already.",
    )
    adjust = serializers.BooleanField(default=False, help_text="Adjust all prices by the column adj_close.")
    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ROLES)),
        required=False,
        max_length=64,
        help_text="What each column holds, in the order of the file.",
    )
    decimal = serializers.ChoiceField(choices=[".", ","], required=False)
    time_format = serializers.ChoiceField(choices=list(TIME_FORMATS), required=False)
    policy = serializers.ChoiceField(
        choices=list(POLICIES), default="reject", help_text="What happens to rows that cannot be used."
    )
    repairs = serializers.ListField(
        child=serializers.ChoiceField(choices=list(REPAIRS)),
        required=False,
        max_length=len(REPAIRS),
        help_text="With the policy repair: what may be mended. Anything else refuses the file.",
    )
    overlap = serializers.ChoiceField(
        choices=BarImport.Overlap.choices,
        default=BarImport.Overlap.EXTEND.value,
        help_text="What happens to stored bars of the same period.",
    )
    shared = serializers.BooleanField(
        default=False, help_text="Into a series that everybody sees; for staff."
    )
    series = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_KEY,
        required=False,
        help_text="An own series that the bars go into, whatever the file calls itself.",
    )

    def options(self) -> FileOptions:
        """Return what was asked; call it after validation."""
        return FileOptions.from_dict(self.validated_data)


class ImportRequestSerializer(FileOptionsSerializer):
    """An upload by its id, and how it is to be read."""

    upload = serializers.UUIDField(help_text="The id that POST uploads/ answered.")


class ImportFileSerializer(FileOptionsSerializer):
    """A file, and how it is to be read."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV or other text, packed text (.csv.gz), or Parquet."
    )


class ImportSerializer(serializers.ModelSerializer):
    """Bars that came in, or tried to: how it stands, and what it changed."""

    job = QueuedJobSerializer(allow_null=True, read_only=True)

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


class LayoutSerializer(serializers.Serializer):
    """Where each value stands in a line."""

    dialect = serializers.CharField()
    encoding = serializers.CharField()
    delimiter = serializers.CharField()
    decimal = serializers.CharField()
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
        "notes": found.notes,
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


class UploadFileSerializer(KnownFieldsMixin, serializers.Serializer):
    """A file."""

    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV or other text, packed text (.csv.gz), or Parquet."
    )


class FetchSerializer(KnownFieldsMixin, serializers.Serializer):
    """A download from a provider."""

    provider = serializers.CharField(max_length=40)
    provider_symbol = serializers.CharField(max_length=64, help_text="As the provider writes it.")
    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES), default="1d")
    symbol = serializers.CharField(
        max_length=32, required=False, allow_blank=True, help_text="What it is called here; the same without."
    )
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    calendar = serializers.ChoiceField(choices=list(CALENDARS), required=False)
    start = serializers.DateField(required=False, help_text="First day; without it all that there is.")
    end = serializers.DateField(required=False, help_text="Last day, included.")
    overlap = serializers.ChoiceField(
        choices=BarImport.Overlap.choices, default=BarImport.Overlap.EXTEND.value
    )
    shared = serializers.BooleanField(default=False)


def _whole(name: str) -> serializers.IntegerField:
    low, high = BOUNDS[name]
    return serializers.IntegerField(min_value=low, max_value=high, default=DEFAULTS[name])


def _number(name: str) -> serializers.FloatField:
    low, high = BOUNDS[name]
    return serializers.FloatField(min_value=low, max_value=high, default=DEFAULTS[name])


class SyntheticSerializer(KnownFieldsMixin, serializers.Serializer):
    """A synthetic series: fractions per year for drift and volatility."""

    symbol = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    process = serializers.ChoiceField(choices=list(PROCESSES), default=DEFAULTS["process"])
    bars = _whole("bars")
    seed = _whole("seed")
    start = serializers.DateField(default=DEFAULTS["start"])
    timeframe = serializers.ChoiceField(choices=list(TIMEFRAMES), default=DEFAULTS["timeframe"])
    calendar = serializers.ChoiceField(choices=list(CALENDARS), default=DEFAULTS["calendar"])
    price = _number("price")
    drift = _number("drift")
    volatility = _number("volatility")
    half_life = _number("half_life")
    regime_length = _number("regime_length")

    def spec(self) -> SyntheticSpec:
        """Return what to generate; call it after validation."""
        values = {key: value for key, value in self.validated_data.items() if key not in {"symbol", "name"}}
        return SyntheticSpec(**{**values, "start": str(values["start"])})
