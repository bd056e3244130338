"""The two forms of the import wizard: the file, and how it is to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import calendar_choices, timeframe_choices
from marketdata.forms.text import TEXT_FIELDS, TextForm, found, labelled, words_of
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import OF_TEXT_ALONE, Plan
from marketdata.models import SYMBOL_HELP, BarImport, Series
from marketdata.reading.layout import POLICIES, REPAIRS, ROLES

BY_COLUMN = "by_adj_close"
"""The choice of adjustment that has the prices adjusted while they are read."""

ROLE_LABELS = {
    "time": _("time"),
    "date": _("date (time apart)"),
    "time_of_day": _("time of day"),
    "open": _("open"),
    "high": _("high"),
    "low": _("low"),
    "close": _("close"),
    "volume": _("volume"),
    "adj_close": _("adjusted close"),
    "ignore": _("not used"),
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


class UploadForm(forms.Form):
    """Step one: the file."""

    file = forms.FileField(
        label=_("File of price bars"),
        allow_empty_file=True,
        widget=forms.FileInput(
            {"accept": ".csv,.txt,.tsv,.gz,.parquet,text/csv,text/plain,application/gzip"}
        ),
    )


class ReadingForm(TextForm):
    """Step two: how the file is to be read, beginning with what was recognised in it.

    What is recognised may change with what is said of the text. A value that was recognised before and left alone
    then gives way to the new one, and `is_renewed` tells so.
    """

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
    adjustment = forms.ChoiceField(label=_("The prices are"))
    policy = forms.ChoiceField(
        label=_("Rows that cannot be used"),
        choices=lambda: labelled(POLICIES, POLICY_LABELS),
        widget=forms.RadioSelect,
        initial="reject",
    )
    repairs = forms.MultipleChoiceField(
        label=_("Repairs"),
        choices=lambda: labelled(REPAIRS, REPAIR_LABELS),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Each repair is counted in the report of the import."),
    )
    overlap = forms.ChoiceField(
        label=_("When the series already holds bars of this period"), choices=BarImport.Overlap.choices
    )
    shared = forms.BooleanField(label=_("Share with everybody"), required=False)

    recognised = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: QueryDict | None = None, *, plan: Plan, staff: bool = False) -> None:
        self.is_renewed = False
        if data is not None:
            data = self._renewed(data, plan)
        super().__init__(data, initial=_initial(plan))
        self.plan = plan
        self.fields["timeframe"].choices = [("", _("Choose one")), *timeframe_choices()]
        self.fields["adjustment"].choices = _adjustments(plan)
        if not staff:
            del self.fields["shared"]
        if plan.is_parquet:
            for name in OF_TEXT_ALONE:
                del self.fields[name]
        if plan.options.series is not None:
            for name in ("symbol", "timeframe", "adjustment"):
                self.fields[name].disabled = True
        for position, column in enumerate(plan.layout.names):
            self.fields[f"role_{position}"] = forms.ChoiceField(
                label=column or _("column %(number)d") % {"number": position + 1},
                choices=labelled(ROLES, ROLE_LABELS),
                initial=plan.layout.roles[position],
            )
        for name in self.text_names:
            layout = plan.without({"header": "has_header"}.get(name, name))
            self.fields[name].help_text = found(words_of(layout, name))

    def _renewed(self, data: QueryDict, plan: Plan) -> QueryDict:
        """What was sent, with what is recognised now in the place of what was recognised before and left alone."""
        before, now = recognised_before(data), _recognised(plan)
        if not before or before == now:
            return data
        changes = {
            name: now[name]
            for name in SERIES_NAMES
            if data.get(name, "") == before.get(name) and before.get(name) != now[name]
        }
        others = before.get("columns") != now["columns"]
        if others:
            changes |= {f"role_{position}": role for position, role in enumerate(plan.layout.roles)}
        self.is_renewed = others or bool(changes)
        renewed = data.copy()
        for name, value in (changes | {"recognised": json.dumps(now)}).items():
            renewed[name] = value
        return renewed

    @cached_property
    def _found_roles(self) -> tuple[str, ...]:
        return self.plan.without("roles").roles

    @property
    def role_fields(self) -> list[tuple[forms.BoundField, Any]]:
        """The select of each column's meaning, in the order of the file, and what was found where another is chosen."""
        pairs = [(self[f"role_{position}"], role) for position, role in enumerate(self._found_roles)]
        return [(field, "" if field.value() == role else found(ROLE_LABELS[role])) for field, role in pairs]

    @property
    def text_names(self) -> list[str]:
        """The names of `text_fields`."""
        return [name for name in TEXT_FIELDS if name in self.fields]

    @property
    def text_fields(self) -> list[forms.BoundField]:
        """How the text of the file is meant."""
        return [self[name] for name in self.text_names]

    @property
    def says_of_text(self) -> bool:
        """Whether anything is said of the text, or was refused in it."""
        return any(self[name].value() not in ("", None) or self[name].errors for name in self.text_names)

    @property
    def series_fields(self) -> list[forms.BoundField]:
        """What the series is described by."""
        names = ("symbol", "name", "timeframe", "calendar", "timezone", "adjustment", "shared")
        return [self[name] for name in names if name in self.fields]

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
            roles=roles if all(roles) and roles != self._found_roles else (),
            policy=given.get("policy") or "reject",
            repairs=tuple(given.get("repairs", ())),
            overlap=given.get("overlap") or BarImport.Overlap.EXTEND.value,
            shared=bool(given.get("shared")),
            series=self.plan.options.series,
            **self.text_options(),
        )


def recognised_before(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what had been recognised when the form was shown that sent `data`; empty when that is not known."""
    try:
        values = json.loads(data.get("recognised") or "{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def roles_sent(data: Mapping[str, Any], plan: Plan) -> tuple[str, ...]:
    """Return what the columns of the plan were said to hold; empty when other columns were meant."""
    if recognised_before(data).get("columns") != list(plan.layout.names):
        return ()
    roles = tuple(data.get(f"role_{position}", "") for position in range(len(plan.layout.names)))
    return roles if all(roles) and roles != plan.layout.roles else ()


SERIES_NAMES = ("symbol", "timeframe", "calendar", "timezone")


def _recognised(plan: Plan) -> dict[str, Any]:
    return {name: plan.values[name] for name in SERIES_NAMES} | {"columns": list(plan.layout.names)}


def _initial(plan: Plan) -> dict[str, Any]:
    options = plan.options
    values: dict[str, Any] = {name: plan.values[name] for name in (*SERIES_NAMES, "name", "adjustment")}
    if options.adjust:
        values["adjustment"] = BY_COLUMN
    values |= {name: getattr(options, name) for name in TEXT_FIELDS}
    return values | {
        "header": {True: "yes", False: "no", None: ""}[options.header],
        "recognised": json.dumps(_recognised(plan)),
        "policy": options.policy,
        "repairs": list(options.repairs),
        "overlap": options.overlap,
        "shared": options.shared,
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
