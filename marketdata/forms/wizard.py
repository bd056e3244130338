"""The two forms of the import wizard: the file, and how it is to be read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import calendar_choices, timeframe_choices
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import Plan
from marketdata.models import SYMBOL_HELP, BarImport, Series
from marketdata.reading.layout import POLICIES, REPAIRS, ROLES, TIME_FORMATS

BY_COLUMN = "by_adj_close"
"""The choice of adjustment that has the prices adjusted while they are read."""

ROLE_LABELS = {
    "time": _("time"),
    "date": _("date (the time of day is apart)"),
    "time_of_day": _("time of day"),
    "open": _("open"),
    "high": _("high"),
    "low": _("low"),
    "close": _("close"),
    "volume": _("volume"),
    "adj_close": _("adjusted close"),
    "ignore": _("not used"),
}
TIME_FORMAT_LABELS = {
    "auto": _("detected from the text"),
    "ymd": _("year, month, day"),
    "dmy": _("day, month, year"),
    "mdy": _("month, day, year"),
    "unix_s": _("Unix time in seconds"),
    "unix_ms": _("Unix time in milliseconds"),
    "unix_us": _("Unix time in microseconds"),
    "unix_ns": _("Unix time in nanoseconds"),
}
POLICY_LABELS = {
    "reject": _("Import nothing, and list every problem"),
    "drop": _("Leave out the rows that cannot be used"),
    "repair": _("Repair what is chosen below; anything else refuses the file"),
}
REPAIR_LABELS = {
    "sort": _("Sort the rows by time"),
    "drop_exact_duplicates": _("Keep one of several rows that are exactly alike"),
}


def _labelled(names: tuple[str, ...], labels: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, labels.get(name, name)) for name in names]


class UploadForm(forms.Form):
    """Step one: the file."""

    file = forms.FileField(
        label=_("File of price bars"),
        allow_empty_file=True,
        widget=forms.FileInput(
            {"accept": ".csv,.txt,.tsv,.gz,.parquet,text/csv,text/plain,application/gzip"}
        ),
    )


class ReadingForm(forms.Form):
    """Step two: how the file is to be read, beginning with what was recognised in it."""

    symbol = forms.CharField(
        label=_("Symbol"),
        max_length=32,
        help_text=SYMBOL_HELP,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    timeframe = forms.ChoiceField(label=_("Timeframe"))
    calendar = forms.ChoiceField(
        label=_("Trading calendar"),
        choices=calendar_choices,
        help_text=_("Decides how many bars make a year, and which holes count as missing bars."),
    )
    timezone = forms.CharField(
        label=_("Timezone of the file"),
        max_length=64,
        help_text=_("Name like America/New_York, for times without an offset. Daily dates stay dates."),
        widget=forms.TextInput({"list": "timezones", "autocomplete": "off"}),
    )
    time_format = forms.ChoiceField(
        label=_("How times are written"), choices=lambda: _labelled(TIME_FORMATS, TIME_FORMAT_LABELS)
    )
    decimal = forms.ChoiceField(
        label=_("Decimal mark"), choices=[(".", _("point: 1.5")), (",", _("comma: 1,5"))]
    )
    adjustment = forms.ChoiceField(label=_("The prices are"))
    policy = forms.ChoiceField(
        label=_("Rows that cannot be used"),
        choices=lambda: _labelled(POLICIES, POLICY_LABELS),
        widget=forms.RadioSelect,
        initial="reject",
    )
    repairs = forms.MultipleChoiceField(
        label=_("Repairs"),
        choices=lambda: _labelled(REPAIRS, REPAIR_LABELS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Each repair is counted in the report of the import."),
    )
    overlap = forms.ChoiceField(
        label=_("When the series already holds bars of this period"), choices=BarImport.Overlap.choices
    )
    shared = forms.BooleanField(label=_("Share with everybody"), required=False)

    def __init__(self, data: Any = None, *, plan: Plan, staff: bool = False, **kwargs: Any) -> None:
        super().__init__(data, initial=_initial(plan), **kwargs)
        self.plan = plan
        self.fields["timeframe"].choices = [("", _("Choose one")), *timeframe_choices()]
        self.fields["adjustment"].choices = _adjustments(plan)
        if not staff:
            del self.fields["shared"]
        if plan.options.series is not None:
            for name in ("symbol", "timeframe", "adjustment"):
                self.fields[name].disabled = True
        for position, column in enumerate(plan.layout.names):
            self.fields[f"role_{position}"] = forms.ChoiceField(
                label=column or _("column %(number)d") % {"number": position + 1},
                choices=_labelled(ROLES, ROLE_LABELS),
                initial=plan.layout.roles[position],
            )

    @property
    def role_fields(self) -> list[forms.BoundField]:
        """The select of each column's meaning, in the order of the file."""
        return [self[f"role_{position}"] for position in range(len(self.plan.layout.names))]

    @property
    def series_fields(self) -> list[forms.BoundField]:
        """What the series is described by."""
        names = ("symbol", "name", "timeframe", "calendar", "timezone", "adjustment", "shared")
        return [self[name] for name in names if name in self.fields]

    @property
    def text_fields(self) -> list[forms.BoundField]:
        """How the text of the file is meant."""
        return [self["time_format"], self["decimal"]]

    @property
    def policy_fields(self) -> list[forms.BoundField]:
        """What happens to rows that cannot be used."""
        return [self["policy"], self["repairs"]]

    @property
    def overlap_fields(self) -> list[forms.BoundField]:
        """What happens to bars that are stored."""
        return [self["overlap"]]

    def options(self) -> FileOptions:
        """Return what was chosen. A field that was refused is left to what was recognised."""
        given = getattr(self, "cleaned_data", {})
        chosen = given.get("adjustment", "")
        roles = tuple(given.get(f"role_{position}", "") for position in range(len(self.plan.layout.names)))
        return FileOptions(
            symbol=given.get("symbol", ""),
            name=given.get("name", ""),
            timeframe=given.get("timeframe", ""),
            calendar=given.get("calendar", ""),
            timezone=given.get("timezone", ""),
            adjustment="" if chosen == BY_COLUMN else chosen,
            adjust=chosen == BY_COLUMN or (self.plan.options.series is not None and self.plan.reading.adjust),
            roles=roles if all(roles) else (),
            decimal=given.get("decimal", ""),
            time_format=given.get("time_format", ""),
            policy=given.get("policy") or "reject",
            repairs=tuple(given.get("repairs", ())),
            overlap=given.get("overlap") or BarImport.Overlap.EXTEND.value,
            shared=bool(given.get("shared")),
            series=self.plan.options.series,
        )


def _initial(plan: Plan) -> dict[str, Any]:
    names = ("symbol", "name", "timeframe", "calendar", "timezone", "adjustment")
    values: dict[str, Any] = {name: plan.values[name] for name in names}
    if plan.options.adjust:
        values["adjustment"] = BY_COLUMN
    return values | {
        "decimal": plan.layout.decimal,
        "time_format": plan.layout.time_format,
        "policy": plan.options.policy,
        "repairs": list(plan.options.repairs),
        "overlap": plan.options.overlap,
        "shared": plan.options.shared,
    }


def _adjustments(plan: Plan) -> list[tuple[str, Any]]:
    kinds = Series.Adjustment
    choices: list[tuple[str, Any]] = [
        (kinds.NONE.value, _("as published")),
        (kinds.SPLITS.value, _("adjusted for splits already")),
        (kinds.SPLITS_DIVIDENDS.value, _("adjusted for splits and dividends already")),
    ]
    if "adj_close" in plan.layout.roles or plan.options.adjust:
        choices.append((BY_COLUMN, _("to be adjusted now, by the adjusted close")))
    return choices
