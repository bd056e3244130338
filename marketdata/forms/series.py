"""Forms about one series, and about fetching one: what it is called, where its bars come from, what is made of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from marketdata.forms.common import calendar_choices, timeframe_choices
from marketdata.incoming.deriving import longer_timeframes
from marketdata.models import SYMBOL_HELP, BarImport, Feed, Series
from marketdata.providers import get_provider, names
from marketdata.timeframes import TIMEFRAMES


def fetching_providers() -> list[Any]:
    """The registered providers: those that work here first, of these the ones that ask a service."""
    providers = [get_provider(name)() for name in names()]
    return sorted(
        providers, key=lambda item: (not item.available, not item.capabilities.needs_network, item.label)
    )


def provider_choices() -> list[tuple[str, str]]:
    """Return the providers as a select offers them; one that lacks something says so."""
    return [
        (item.key, item.label if item.available else _now("%s (not ready)") % item.label)
        for item in fetching_providers()
    ]


class SeriesEditForm(forms.Form):
    """What may change of a series without touching its bars."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    calendar = forms.ChoiceField(
        label=_("Trading calendar"),
        choices=calendar_choices,
        help_text=_("With another calendar the quality is examined anew; the bars stay as they are."),
    )
    timezone = forms.CharField(
        label=_("Timezone of the source"),
        max_length=64,
        help_text=_("Used for files that are imported from now on; stored times are UTC."),
        widget=forms.TextInput({"list": "timezones", "autocomplete": "off"}),
    )


class ResampleForm(forms.Form):
    """A longer timeframe."""

    timeframe = forms.ChoiceField(label=_("Timeframe"))

    def __init__(self, *args: Any, series: Series, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timeframe"].choices = [  # type: ignore[attr-defined]
            (name, _now(TIMEFRAMES[name].label)) for name in longer_timeframes(series)
        ]


class FeedForm(forms.Form):
    """Where a series gets new bars from, and how often."""

    provider = forms.ChoiceField(label=_("Provider"))
    symbol = forms.CharField(
        label=_("Provider's symbol"), max_length=64, widget=forms.TextInput({"autocomplete": "off"})
    )
    every = forms.ChoiceField(label=_("Refresh"), choices=Feed.Every.choices, initial=Feed.Every.DAY)
    enabled = forms.BooleanField(label=_("Switched on"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored, choices = self.initial.get("provider"), provider_choices()
        if stored and stored not in dict(choices):
            # Else the select would show another provider, and saving would switch to it.
            choices.append((stored, _now("%s (no longer there)") % stored))
        self.fields["provider"].choices = choices  # type: ignore[attr-defined]


class FetchForm(forms.Form):
    """A download from a provider."""

    provider = forms.ChoiceField(label=_("Provider"), choices=provider_choices)
    provider_symbol = forms.CharField(
        label=_("Provider's symbol"),
        max_length=64,
        help_text=_("As the provider writes it: AAPL, BTC/USDT."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    symbol = forms.CharField(
        label=_("Symbol in the lab"),
        max_length=32,
        required=False,
        help_text=_("Leave empty to use the provider's.") + " " + SYMBOL_HELP,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    timeframe = forms.ChoiceField(label=_("Timeframe"), choices=timeframe_choices, initial="1d")
    calendar = forms.ChoiceField(
        label=_("Trading calendar"),
        choices=lambda: [("", _("the provider's usual one")), *calendar_choices()],
        required=False,
    )
    start = forms.DateField(
        label=_("First day"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    end = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Leave both days empty for all that the provider has."),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    overlap = forms.ChoiceField(
        label=_("When the series already holds bars of this period"), choices=BarImport.Overlap.choices
    )
