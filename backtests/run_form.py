"""The form for a new backtest of any strategy: over several symbols it asks for the data of each, and when to trade.

The style sheet shows what fits the chosen strategy, the script builds the choices of data for its symbols, and what
is not shown is not sent. What does not fit and is sent all the same is refused by the service, not ignored.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from algotrade.forms import PercentField, percent_text
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.forms import (
    BacktestForm,
    StrategyChoice,
    not_offered,
    prefilled,
    prefilled_from,
    usable_series,
)
from backtests.legs import fitting_legs
from backtests.models import BacktestResult
from backtests.vocabulary import REBALANCES, SETTINGS
from marketdata.forms.common import SeriesChoice
from marketdata.models import Series
from strategies.models import Strategy

FOR_WEIGHTS = ("rebalance", "rebalance_every", "cash_buffer")
FOR_ONE_SYMBOL = ("size", "stop_loss", "take_profit")


class StrategySelect(forms.Select):
    """Marks the strategies that trade weights, so that the style sheet knows which fields they need."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        instance = getattr(value, "instance", None)
        if instance is not None and instance.trades_weights:
            option["attrs"]["data-weights"] = "1" if instance.other_symbols else "0"
        return option


class LegsWidget(forms.Widget):
    """One choice of a series for each symbol beyond the first."""

    def __init__(self) -> None:
        super().__init__()
        self.symbols: Sequence[str] = ()
        self.series: Sequence[tuple[str, str]] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = [str(item) if item else "" for item in value or ()]
        chosen += [""] * (len(self.symbols) - len(chosen))
        rows = format_html_join(
            "",
            '<label class="leg-choice"><span>{}</span><select class="form-select" name="{}">{}</select></label>',
            (
                (symbol, name, self._options(picked))
                for symbol, picked in zip(self.symbols, chosen, strict=False)
            ),
        )
        return format_html(
            '<div class="leg-choices" id="{}" data-legs>{}</div>', (attrs or {}).get("id", ""), rows
        )

    def _options(self, picked: str) -> SafeString:
        offered = [("", str(_("Choose a series"))), *self.series]
        return format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, SafeString(" selected") if key == picked else "", label) for key, label in offered),
        )

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])

    def id_for_label(self, id_: str) -> str:
        return ""


class LegsField(forms.Field):
    """Series of the user's by id, in order."""

    widget = LegsWidget

    def __init__(self, queryset: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.queryset = queryset

    def clean(self, value: Any) -> list[Series]:
        if not value:
            return []
        found = {str(item.pk): item for item in self.queryset}
        missing = [place for place, key in enumerate(value, start=2) if key not in found]
        if missing:
            said = _("Choose a series for symbol number %(place)d.")
            raise forms.ValidationError(said % {"place": missing[0]})
        return [found[key] for key in value]


class RunForm(BacktestForm):
    """What to run, on what, when, and what trading costs, for one symbol or for several."""

    legs = LegsField(
        Series.objects.none(),
        label=_("Other data"),
        required=False,
        help_text=_("For the other symbols, in the strategy's order."),
    )
    rebalance = forms.ChoiceField(
        label=_("Rebalance"),
        choices=[("", _("As the strategy suggests")), *REBALANCES.items()],
        required=False,
        help_text=_("When the weights are acted on; filled at the next open."),
    )
    rebalance_every = forms.IntegerField(
        label=_("Bars between"), min_value=1, max_value=100_000, initial=20, required=False
    )
    cash_buffer = PercentField(
        label=_("Cash buffer"),
        min_value=0,
        max_value=99,
        initial="0",
        required=False,
        help_text=_("Share of the account that stays in cash."),
    )
    field_order = (
        *("strategy", "series", "legs", "initial_capital", "start_date", "end_date", "allow_short"),
        *("rebalance", "rebalance_every", "cash_buffer"),
        *("commission", "slippage", "spread", "sizing", "size", "stop_loss", "take_profit"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["sizing"].required = False
        self.fields["strategy"].widget = StrategySelect()
        self.fields["strategy"].widget.choices = self.fields["strategy"].choices
        self.fields["legs"].queryset = self.fields["series"].queryset
        self.fields["cash_buffer"].widget.attrs["step"] = "any"
        self._fill_legs(self._strategy_named())

    def _strategy_named(self) -> Strategy | None:
        key = str(self.data.get("strategy", "") if self.is_bound else self.initial.get("strategy", ""))
        if not (key.isascii() and key.isdigit() and len(key) < 18):
            return None
        strategies: StrategyChoice = self.fields["strategy"]  # type: ignore[assignment]
        return strategies.queryset.filter(pk=int(key)).first()

    def _fill_legs(self, strategy: Strategy | None) -> None:
        """Offer a series for each of the strategy's other symbols; those it means are chosen."""
        if strategy is None or not strategy.trades_weights or not strategy.other_symbols:
            return
        field: SeriesChoice = self.fields["series"]  # type: ignore[assignment]
        series = list(field.queryset)
        widget: LegsWidget = self.fields["legs"].widget  # type: ignore[assignment]
        widget.symbols = strategy.other_symbols
        widget.series = [(str(item.pk), field.label_from_instance(item)) for item in series]
        meant = fitting_legs(strategy, series)[1:]
        self.initial.setdefault("legs", [item.pk if item else None for item in meant])

    def configuration(self) -> dict[str, Any]:
        """The cleaned settings as the engine names them: those the strategy takes, and what was set nevertheless."""
        cleaned = self.cleaned_data
        own = {name: cleaned[name] for name in FOR_WEIGHTS if cleaned.get(name) not in (None, "")}
        if not cleaned["strategy"].trades_weights:
            if own.get("rebalance") is None:
                own = {}
            cleaned["sizing"] = cleaned["sizing"] or "all_in"
            return super().configuration() | own
        if own.get("rebalance") != "bars":
            own.pop("rebalance_every", None)
        names = ("initial_capital", "allow_short", "commission", "slippage", "spread")
        foreign = {name: cleaned[name] for name in FOR_ONE_SYMBOL if cleaned.get(name) is not None}
        if cleaned["sizing"] not in ("", "all_in"):
            foreign["sizing"] = cleaned["sizing"]
        return {name: cleaned[name] for name in names} | own | foreign

    def values(self) -> dict[str, Any]:
        others = self.cleaned_data["legs"]
        return super().values() | {"legs": [self.cleaned_data["series"], *others] if others else None}


def prefilled_again(result: BacktestResult) -> dict[str, Any]:
    """Initial values that repeat an earlier run, so that one of them can be changed."""
    initial, settings = prefilled_from(result), result.configuration
    legs = list(result.legs.values_list("series_id", flat=True))
    if not legs:
        return initial
    return initial | {
        "legs": legs[1:],
        "rebalance": settings["rebalance"],
        "rebalance_every": settings["rebalance_every"],
        "cash_buffer": percent_text(settings["cash_buffer"]),
    }


def prefilled_run(user: Any, strategy: Strategy | None, series: Series | None) -> dict[str, Any]:
    """Initial values for a strategy and a series that a link named; over several symbols, the days they share."""
    initial = prefilled(user, strategy, series)
    if strategy is None or series is not None or not strategy.trades_weights:
        return initial
    legs = [leg for leg in fitting_legs(strategy, list(usable_series(user))) if leg is not None]
    first = max((leg.first_time.date() for leg in legs), default=None)
    last = min((leg.last_time.date() for leg in legs), default=None)
    return initial | ({"start_date": first, "end_date": last} if first and last and first <= last else {})


def not_offered_again(result: BacktestResult) -> list[str]:
    """Settings of an earlier run, made by a script, that this form cannot repeat; they start at their defaults."""
    if "rebalance" not in result.configuration:
        return not_offered(result)
    plain = PortfolioConfig().to_dict()
    changed = (
        name
        for name, value in result.configuration.items()
        if name not in RunForm.base_fields and value != plain.get(name)
    )
    return [str(SETTINGS[name][0]) if name in SETTINGS else name for name in changed]
