"""The form of a strategy, made from the parameters of its type."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import timeframe_choices
from strategies.base import BaseStrategy
from strategies.models import Strategy
from strategies.params import BoolParam, ChoiceParam, FloatParam, IntParam, Param, ReferenceParam, TextParam
from strategies.references import reference_choices
from strategies.rules.values import NamedValuesParam
from strategies.services import symbols_range
from strategies.widgets import SliderInput

PREFIX = "parameters-"
"""Form names of parameters: "parameters-period" for the API's "parameters.period"."""


def translated(text: str) -> str:
    """The text in the reader's language; strategy classes are pure Python and cannot mark theirs."""
    return _t(text) if text else ""


class StrategyForm(forms.Form):
    """Name, market and capital, then one field for each parameter of the type."""

    name = forms.CharField(label=_("Name"), max_length=100, strip=True)
    symbol = forms.CharField(
        label=_("Symbol"),
        max_length=32,
        help_text=_("What it is meant to trade, for example AAPL. A run may choose other data."),
        widget=forms.TextInput(attrs={"list": "known-symbols", "autocapitalize": "characters"}),
    )
    timeframe = forms.ChoiceField(
        label=_("Timeframe"), choices=timeframe_choices, initial="1d", help_text=_("The length of one bar.")
    )
    initial_capital = forms.DecimalField(
        label=_("Initial capital"),
        max_digits=16,
        decimal_places=2,
        initial=Decimal("10000"),
        help_text=_("What the account holds before the first trade, at least 1."),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("The idea behind it, for you and others."),
    )

    def __init__(self, *args: Any, strategy_class: type[BaseStrategy], user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.strategy_class = strategy_class
        for param in strategy_class.params:
            self.fields[PREFIX + param.name] = parameter_field(param, user)
        # Parameters first after the name: they are what the page is about.
        names = ["name", *(PREFIX + param.name for param in strategy_class.params)]
        fewest, most = symbols_range(strategy_class.key)
        if most > 1:
            self.fields["other_symbols"] = SymbolsField(fewest - 1, most - 1)
        self.order_fields([*names, "symbol", "other_symbols", "timeframe", "initial_capital", "description"])

    @classmethod
    def initial_of(cls, strategy: Strategy) -> dict[str, Any]:
        """The form's values for a saved strategy."""
        plain = ("name", "symbol", "other_symbols", "timeframe", "initial_capital", "description")
        values = {field: getattr(strategy, field) for field in plain}
        return values | {PREFIX + name: value for name, value in strategy.parameters.items()}

    @property
    def lacks_references(self) -> bool:
        """Whether a parameter names an object of which the user has none yet."""
        references = [param for param in self.strategy_class.params if isinstance(param, ReferenceParam)]
        return any(len(self.fields[PREFIX + param.name].choices) < 2 for param in references)

    def values(self) -> dict[str, Any]:
        """The cleaned input as `StrategyService` takes it."""
        plain = {name: value for name, value in self.cleaned_data.items() if not name.startswith(PREFIX)}
        parameters = {
            param.name: self.cleaned_data[PREFIX + param.name] for param in self.strategy_class.params
        }
        return {**plain, "strategy_type": self.strategy_class.key, "parameters": parameters}

    @staticmethod
    def field_of(name: str) -> str:
        """The form's name of what the service calls `name`."""
        return name.replace("parameters.", PREFIX, 1)


class SymbolsField(forms.CharField):
    """Symbols with commas or spaces between them, cleaned into a list; the service checks each."""

    longest = 2_000

    def __init__(self, fewest: int, most: int) -> None:
        said = _("%(fewest)d to %(most)d symbols, with commas between them. A run may choose other data.")
        one = _("The second of the two. A run may choose other data.")
        super().__init__(
            label=_("Other symbol") if most == 1 else _("Other symbols"),
            max_length=self.longest,
            help_text=one if most == 1 else said % {"fewest": fewest, "most": most},
            widget=forms.TextInput(attrs={"autocapitalize": "characters", "list": "known-symbols"}),
        )

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        return [symbol for symbol in re.split(r"[,;\s]+", super().clean(value)) if symbol]


def parameter_field(param: Param, user: Any = None) -> forms.Field:
    """Return the form field of a parameter: bounds, default, step, help and unit from its declaration."""
    shared: dict[str, Any] = {
        "label": translated(param.label),
        "help_text": translated(param.help),
        "validators": [_validator(param)],
    }
    if isinstance(param, IntParam | FloatParam):
        bounds = {
            "min": f"{param.minimum:.12g}",
            "max": f"{param.maximum:.12g}",
            "step": f"{param.step:.12g}",
        }
        slider = SliderInput(attrs=bounds, logarithmic=param.log)
        field_class = forms.IntegerField if isinstance(param, IntParam) else forms.FloatField
        field = field_class(initial=_plain(param.default), widget=slider, **shared)
    elif isinstance(param, ChoiceParam):
        choices = [(value, translated(label)) for value, label in param.choices]
        field = forms.ChoiceField(initial=param.default, choices=choices, widget=forms.RadioSelect, **shared)
    elif isinstance(param, BoolParam):
        field = forms.BooleanField(initial=param.default, required=False, **shared)
    elif isinstance(param, ReferenceParam):
        offered = reference_choices.get(param.kind, lambda user: ())(user)
        choices = [("", _("Choose one")), *((str(number), label) for number, label in offered)]
        field = forms.TypedChoiceField(coerce=int, empty_value=None, choices=choices, **shared)
    elif isinstance(param, TextParam):
        area = forms.Textarea(attrs={"rows": 1, "spellcheck": "false", "data-syntax": param.syntax})
        field = forms.CharField(
            initial=param.default, required=False, max_length=param.longest, widget=area, **shared
        )
    elif isinstance(param, NamedValuesParam):
        area = forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "data-syntax": "values"})
        field = NamedValuesField(initial=param.default, required=False, widget=area, **shared)
    else:
        raise TypeError(f"No form field is known for {type(param).__name__}.")
    field.unit = translated(param.unit)
    return field


class NamedValuesField(forms.Field):
    """Named values as JSON, which the page's script turns into a table. Empty means none."""

    longest = 8_000

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else json.dumps(value or {}, indent=1, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        try:
            return self.read(value or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error

    @classmethod
    def read(cls, typed: str) -> Any:
        """The values, or a ValueError in words."""
        if len(typed) > cls.longest:
            raise ValueError(_t("This is too long for a few named values."))
        try:
            return json.loads(typed) if typed.strip() else {}
        # RecursionError: brackets hundreds deep.
        except (ValueError, RecursionError) as error:
            message = _t("This is not JSON. Give an object of names, or correct its commas and quotes.")
            raise ValueError(message) from error


def _validator(param: Param) -> Any:
    def check(value: Any) -> None:
        try:
            param.clean(int(value) if isinstance(param, ReferenceParam) else value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    return check


def _plain(value: float) -> float:
    """30 instead of 30.0 where a number happens to be whole."""
    return int(value) if float(value).is_integer() else value


class StrategyFilterForm(forms.Form):
    """Search and filters above the list. Anything odd in the address is ignored, not refused."""

    q = forms.CharField(required=False, max_length=100, label=_("Search"))
    type = forms.ChoiceField(required=False, label=_("Type"))
    timeframe = forms.ChoiceField(required=False, label=_("Timeframe"))

    def __init__(self, data: Mapping[str, Any], types: Mapping[str, str]) -> None:
        super().__init__(data)
        self.fields["type"].choices = [("", _("All types")), *types.items()]
        self.fields["timeframe"].choices = [("", _("All timeframes")), *timeframe_choices()]
        self.full_clean()

    @property
    def chosen(self) -> dict[str, str]:
        return {name: value for name, value in self.cleaned_data.items() if value}
