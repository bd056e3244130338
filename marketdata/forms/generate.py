"""The form of a synthetic series."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import calendar_choices, timeframe_choices
from marketdata.models import SYMBOL_HELP
from marketdata.synthetic import BOUNDS, DEFAULTS, PROCESSES, SyntheticSpec

PROCESS_LABELS = {
    "geometric_brownian": _("Random walk (geometric)"),
    "mean_reverting": _("Mean-reverting price"),
    "regime_switching": _("Calm and stressed regimes"),
}


def _of(name: str) -> dict[str, Any]:
    low, high = BOUNDS[name]
    return {"min_value": low, "max_value": high, "initial": DEFAULTS[name]}


class GenerateForm(forms.Form):
    """A synthetic series."""

    symbol = forms.CharField(
        label=_("Symbol"),
        max_length=32,
        help_text=SYMBOL_HELP,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    process = forms.ChoiceField(
        label=_("Process"),
        choices=lambda: [(name, PROCESS_LABELS.get(name, name)) for name in PROCESSES],
    )
    timeframe = forms.ChoiceField(
        label=_("Timeframe"), choices=timeframe_choices, initial=DEFAULTS["timeframe"]
    )
    calendar = forms.ChoiceField(
        label=_("Trading calendar"),
        choices=calendar_choices,
        initial=DEFAULTS["calendar"],
        help_text=_("Decides how many bars make a year, and which holes count as missing bars."),
    )
    bars = forms.IntegerField(label=_("Bars"), **_of("bars"))
    start = forms.DateField(
        label=_("First day"),
        initial=DEFAULTS["start"],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    seed = forms.IntegerField(
        label=_("Seed"),
        **_of("seed"),
        help_text=_("The same seed gives the same bars."),
    )
    price = forms.FloatField(label=_("First price"), **_of("price"))
    drift = forms.FloatField(
        label=_("Drift per year"),
        **_of("drift"),
        help_text=_("A fraction: 0.08 is 8 %. Not used by the mean-reverting price."),
    )
    volatility = forms.FloatField(
        label=_("Volatility per year"),
        **_of("volatility"),
        help_text=_("A fraction: 0.2 is 20 %."),
    )
    half_life = forms.FloatField(
        label=_("Half-life"),
        **_of("half_life"),
        help_text=_("Mean-reverting price only: bars in which half the distance from the level is lost."),
    )
    regime_length = forms.FloatField(
        label=_("Length of a regime"),
        **_of("regime_length"),
        help_text=_("Regimes only: expected bars until the market changes."),
    )

    def spec(self) -> SyntheticSpec:
        """Return what to generate; call it on a valid form."""
        values: dict[str, Any] = {
            name: value for name, value in self.cleaned_data.items() if name not in {"symbol", "name"}
        }
        return SyntheticSpec(**{**values, "start": values["start"].isoformat()})
