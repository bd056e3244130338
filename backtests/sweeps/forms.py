"""The form of a sweep: what to run as for a backtest, and for each parameter one value or a range."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from algotrade.forms import PercentField
from backtests.forms import BacktestForm, prefilled
from backtests.metrics.definitions import DEFINITIONS
from backtests.models import Sweep
from backtests.optimize.space import CONFIGURATION
from backtests.sweeps.axes import setting_label
from backtests.sweeps.ranges import HUNDRED, SETTING_RANGES, range_around
from backtests.sweeps.services import LARGEST_SEED, OBJECTIVES
from strategies.forms import parameter_field, translated
from strategies.models import Strategy
from strategies.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param

PERCENT_SETTINGS = ("stop_loss", "take_profit", "trailing_stop")
SETTINGS_VARIED = (*PERCENT_SETTINGS, "size")
ACCOUNT = "account-"
"""What the key of a setting's row begins with: no parameter can have that name, as its names are identifiers."""
VARIED_AT_FIRST = 2
RANGE_PARTS = (("from", _("From")), ("to", _("To")), ("step", _("Step")))


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of what may vary: a parameter of the strategy or a setting of the account."""

    name: str
    label: str
    unit: str
    help: str
    is_choice: bool
    setting: str
    vary: BoundField
    value: BoundField
    parts: tuple[BoundField, ...]

    @property
    def refused(self) -> list[BoundField]:
        """Its fields that cannot be used as they are."""
        return [field for field in (self.vary, self.value, *self.parts) if field.errors]


class SweepForm(BacktestForm):
    """A backtest's form without its choice of strategy, plus the axes and the way to search."""

    trailing_stop = PercentField(
        label=_("Trailing stop"),
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        required=False,
        help_text=_("Leave a position that falls this much from its best. Empty: none."),
    )
    method = forms.ChoiceField(
        label=_("Search"),
        choices=((Sweep.Method.GRID, _("Every combination")), (Sweep.Method.RANDOM, _("A random sample"))),
        initial=Sweep.Method.GRID,
    )
    samples = forms.IntegerField(
        label=_("Sample"),
        min_value=1,
        required=False,
        initial=1000,
        help_text=_("How many combinations to draw."),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        min_value=0,
        max_value=LARGEST_SEED,
        initial=0,
        required=False,
        help_text=_("The same seed draws the same sample."),
    )
    objective = forms.ChoiceField(
        label=_("Best by"),
        choices=[(name, DEFINITIONS[name].label) for name in OBJECTIVES],
        initial=OBJECTIVES[0],
        help_text=_("What the best combinations are chosen by; the map shows any figure."),
    )
    field_order = (
        *("strategy", "series", "start_date", "end_date", "initial_capital"),
        *("commission", "slippage", "spread", "sizing", "allow_short"),
    )

    def __init__(self, *args: Any, strategy: Strategy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["strategy"].widget = forms.HiddenInput()
        self.strategy = strategy
        strategy_class = strategy.type_class
        # Read leniently: a strategy that no longer fits its type says so when the sweep is asked for.
        self.tunable = tuple(strategy_class.tunable(strategy.parameters)) if strategy_class else ()
        self.stored = {
            param.name: getattr(param, "default", None) for param in self.tunable
        } | strategy.parameters
        varied = [param.name for param in self.tunable if isinstance(param, IntParam | FloatParam)]
        for param in self.tunable:
            self._add_parameter(param, param.name in varied[:VARIED_AT_FIRST])
        for setting in SETTINGS_VARIED:
            self._add_range(ACCOUNT + setting, "any", SETTING_RANGES[setting], label=setting_label(setting))
        self.fields["size"].label = _("Units")
        if not varied:
            self.fields[f"vary-{ACCOUNT}stop_loss"].initial = True

    def _add_parameter(self, param: Param, vary: bool) -> None:
        name, stored = param.name, self.stored[param.name]
        value = parameter_field(param)
        value.initial, value.required = stored, False
        self.fields[f"value-{name}"] = value
        if isinstance(param, IntParam | FloatParam):
            around = range_around(param, float(stored))
            self._add_range(name, f"{param.step:.12g}", around, label=value.label, vary=vary)
            return
        choices = getattr(param, "choices", ()) or (("true", _("Yes")), ("false", _("No")))
        if isinstance(param, ChoiceParam):
            choices = [(key, translated(label)) for key, label in choices]
            value.widget = forms.Select(choices=choices)
        self.fields[f"vary-{name}"] = forms.BooleanField(required=False, initial=vary, label=value.label)
        self.fields[f"pick-{name}"] = forms.MultipleChoiceField(
            label=value.label,
            choices=choices,
            required=False,
            initial=[key for key, _label in choices],
            widget=forms.CheckboxSelectMultiple,
        )

    def _add_range(self, name: str, step: str, around: Any, *, label: Any, vary: bool = False) -> None:
        self.fields[f"vary-{name}"] = forms.BooleanField(required=False, initial=vary, label=label)
        for (part, words), number in zip(RANGE_PARTS, (around.start, around.stop, around.step), strict=True):
            self.fields[f"{part}-{name}"] = forms.DecimalField(
                label=f"{label}: {words}",
                required=False,
                initial=number.normalize().__format__("f"),
                widget=forms.NumberInput(attrs={"step": "any" if part == "step" else step}),
            )

    def rows(self) -> Iterator[Row]:
        """The table of what may vary, parameters before settings."""
        for param in self.tunable:
            is_choice = isinstance(param, ChoiceParam | BoolParam)
            parts = ("pick",) if is_choice else tuple(part for part, _words in RANGE_PARTS)
            yield self._row(
                param.name, f"value-{param.name}", parts, unit=translated(param.unit), help=param.help
            )
        for setting in SETTINGS_VARIED:
            unit = "%" if setting in PERCENT_SETTINGS else _("units")
            parts = tuple(part for part, _words in RANGE_PARTS)
            said = self.fields[setting].help_text
            yield self._row(ACCOUNT + setting, setting, parts, unit=unit, help=said, setting=setting)

    def _row(
        self, name: str, value: str, parts: tuple[str, ...], *, unit: Any, help: Any, setting: str = ""
    ) -> Row:
        return Row(
            name=name,
            label=self.fields[f"vary-{name}"].label,
            unit=str(unit),
            help=translated(str(help)),
            is_choice=parts == ("pick",),
            setting=setting,
            vary=self[f"vary-{name}"],
            value=self[value],
            parts=tuple(self[f"{part}-{name}"] for part in parts),
        )

    def plain_fields(self) -> list[BoundField]:
        """What the sweep runs on, above the table."""
        return [self[name] for name in self.field_order if name != "strategy"]

    def search_fields(self) -> list[BoundField]:
        return [self[name] for name in ("objective", "method", "samples", "seed")]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get(f"vary-{ACCOUNT}size") and self.cleaned_data.get("size") is None:
            # A varied size stands in for the one value; the other rules of the form stay as they are.
            self.cleaned_data["size"] = float(self.cleaned_data.get(f"from-{ACCOUNT}size") or 1)
        cleaned = super().clean() or {}
        if cleaned.get(f"vary-{ACCOUNT}size") and cleaned.get("sizing") == "all_in":
            self.add_error(
                f"vary-{ACCOUNT}size",
                _("All of the cash has no size to vary. Choose a fixed number of units."),
            )
        for name in self._varied():
            for part, words in RANGE_PARTS:
                field = f"{part}-{name}"
                if field in self.fields and cleaned.get(field) is None and field not in self.errors:
                    said = _("Give a number for “%(part)s”, or keep this at one value.")
                    self.add_error(field, said % {"part": words})
            if f"pick-{name}" in self.fields and not cleaned.get(f"pick-{name}"):
                self.add_error(f"pick-{name}", _("Choose at least one, or keep this at one value."))
        return cleaned

    def _varied(self) -> list[str]:
        names = [*(param.name for param in self.tunable), *(ACCOUNT + name for name in SETTINGS_VARIED)]
        return [name for name in names if self.cleaned_data.get(f"vary-{name}")]

    def axes(self) -> list[dict[str, Any]]:
        """The varied rows as the service reads axes; percents have become fractions."""
        params = {param.name: param for param in self.tunable}
        return [self._axis(name, params.get(name)) for name in self._varied()]

    def _axis(self, name: str, param: Param | None) -> dict[str, Any]:
        if f"pick-{name}" in self.fields:
            picked = self.cleaned_data[f"pick-{name}"]
            return {
                "name": name,
                "values": [key == "true" for key in picked] if isinstance(param, BoolParam) else picked,
            }
        numbers = [self.cleaned_data[f"{part}-{name}"] for part, _words in RANGE_PARTS]
        setting = name.removeprefix(ACCOUNT) if param is None else ""
        if setting in PERCENT_SETTINGS:
            numbers = [number / HUNDRED for number in numbers]
        elif isinstance(param, IntParam):
            numbers = [int(number) if number == int(number) else number for number in numbers]
        parts = dict(zip(("start", "stop", "step"), numbers, strict=True))
        return {"name": CONFIGURATION + setting if setting else name, **parts}

    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), "trailing_stop": self.cleaned_data["trailing_stop"]}

    def search(self) -> dict[str, Any]:
        """What `SweepService.count` takes beside the user."""
        given = self.cleaned_data
        fixed = {param.name: given.get(f"value-{param.name}") for param in self.tunable}
        varied = self._varied()
        is_random = given["method"] == Sweep.Method.RANDOM
        return {
            "strategy": given["strategy"],
            "configuration": self.configuration(),
            "parameters": {
                name: value for name, value in fixed.items() if name not in varied and value not in (None, "")
            },
            "axes": self.axes(),
            "method": given["method"],
            "samples": given["samples"] if is_random else None,
            "seed": (given["seed"] or 0) if is_random else 0,
        }

    def values(self) -> dict[str, Any]:
        plain = ("series", "start_date", "end_date", "objective")
        return {**self.search(), **{name: self.cleaned_data[name] for name in plain}}

    def field_of_refusal(self, name: str) -> str:
        """The form's field for what the service refuses by name."""
        head, _dot, number = name.partition(".")
        varied = self._varied()
        if head == "axes" and number.isdigit() and int(number) < len(varied):
            return f"vary-{varied[int(number)]}"
        return name.removeprefix("configuration.")


def first_values(user: Any, strategy: Strategy, series: Any = None) -> dict[str, Any]:
    """Initial values for a strategy: its data over all time, its capital, the usual costs."""
    return prefilled(user, strategy, series)
