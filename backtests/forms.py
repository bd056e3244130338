"""The form for a new backtest. People type percents; the service gets fractions."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from algotrade.forms import PercentField, percent_text, plain_text
from backtests.engine.config import SimulationConfig
from backtests.models import BacktestResult
from backtests.preparation import series_for
from backtests.vocabulary import SETTINGS
from marketdata.forms.common import SeriesChoice
from marketdata.models import Series
from strategies.models import Strategy

PERCENTS = ("commission", "slippage", "spread", "stop_loss", "take_profit")
SIZINGS = (("all_in", _("All of the cash")), ("units", _("A fixed number of units")))


class StrategyChoice(forms.ModelChoiceField):
    def label_from_instance(self, strategy: Strategy) -> str:
        return f"{strategy.name} ({strategy.type_label})"


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class BacktestForm(forms.Form):
    """What to run, on what, when, and what trading costs."""

    strategy = StrategyChoice(
        Strategy.objects.none(), label=_("Strategy"), empty_label=_("Choose a strategy")
    )
    series = SeriesChoice(Series.objects.none(), label=_("Data"), empty_label=_("Choose a series"))
    start_date = forms.DateField(
        label=_("From"),
        widget=_date(),
        required=False,
        help_text=_(
            "First day, included. Empty: the first bar. The strategy warms up on bars of this period."
        ),
    )
    end_date = forms.DateField(
        label=_("To"), widget=_date(), required=False, help_text=_("Last day, included. Empty: the last bar.")
    )
    initial_capital = forms.FloatField(label=_("Initial capital"), min_value=1, max_value=1e12)
    commission = PercentField(
        label=_("Commission"),
        min_value=0,
        max_value=50,
        initial="0.1",
        help_text=_("Of each fill's value; paid when entering and when leaving."),
    )
    slippage = PercentField(
        label=_("Slippage"),
        min_value=0,
        max_value=50,
        initial="0.05",
        help_text=_("How much worse than the open each order fills."),
    )
    spread = PercentField(
        label=_("Spread"),
        min_value=0,
        max_value=50,
        initial="0",
        help_text=_("Between bid and ask; half of it is paid on each fill."),
    )
    sizing = forms.ChoiceField(label=_("Position size"), choices=SIZINGS, initial="all_in")
    size = forms.FloatField(
        label=_("Units"),
        min_value=0.000001,
        max_value=1e12,
        required=False,
        help_text=_("For a fixed number of units."),
    )
    stop_loss = PercentField(
        label=_("Stop loss"),
        min_value=Decimal("0.01"),
        max_value=Decimal("99.99"),
        required=False,
        help_text=_("Leave a position that loses this much. Empty: none."),
    )
    take_profit = PercentField(
        label=_("Take profit"),
        min_value=Decimal("0.01"),
        max_value=10_000,
        required=False,
        help_text=_("Leave a position that gains this much. Empty: none."),
    )
    allow_short = forms.BooleanField(label=_("Allow short positions"), required=False, initial=True)
    # What is tested in the first row of a wide page, the period in the second, costs and sizes below.
    field_order = (
        *("strategy", "series", "initial_capital", "start_date", "end_date", "allow_short"),
        *("commission", "slippage", "spread", "sizing", "size", "stop_loss", "take_profit"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["strategy"].queryset = Strategy.objects.for_user(user).order_by("name")
        self.fields["series"].queryset = usable_series(user)
        for name in ("initial_capital", "size"):
            self.fields[name].widget.attrs["step"] = "any"
        for name in PERCENTS:
            self.fields[name].widget.attrs["step"] = "any"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("sizing") == "units" and cleaned.get("size") is None and "size" not in self.errors:
            self.add_error("size", _("Say how many units each position has."))
        return cleaned

    def configuration(self) -> dict[str, Any]:
        """The cleaned settings as the engine names them."""
        names = ("initial_capital", "sizing", "allow_short", *PERCENTS)
        settings = {name: self.cleaned_data[name] for name in names}
        if settings["sizing"] == "units":
            settings["size"] = self.cleaned_data["size"]
        return settings

    def values(self) -> dict[str, Any]:
        """The cleaned input as the service takes it."""
        plain = ("strategy", "series", "start_date", "end_date")
        return {**{name: self.cleaned_data[name] for name in plain}, "configuration": self.configuration()}

    @staticmethod
    def field_of(name: str) -> str:
        """The form's name of what the service calls `name`."""
        return name.removeprefix("configuration.")


def usable_series(user: Any) -> Any:
    """Series the user sees that hold bars, own and shared."""
    return Series.objects.visible_to(user).with_bars().order_by("symbol", "timeframe", "pk")


def prefilled(user: Any, strategy: Strategy | None, series: Series | None) -> dict[str, Any]:
    """Initial values for a strategy and a series that a link named; the series follows from the strategy."""
    if series is None and strategy is not None:
        series = series_for(strategy, user)
    initial: dict[str, Any] = {"initial_capital": 10_000}
    if strategy is not None:
        initial |= {"strategy": strategy.pk, "initial_capital": plain_text(strategy.initial_capital)}
    if series is not None and series.first_time and series.last_time:
        initial |= {
            "series": series.pk,
            "start_date": series.first_time.date(),
            "end_date": series.last_time.date(),
        }
    return initial


def prefilled_from(result: BacktestResult) -> dict[str, Any]:
    """Initial values that repeat an earlier run, so that one of them can be changed."""
    settings = result.configuration
    percents = {name: percent_text(settings.get(name)) for name in PERCENTS}
    sizing = settings.get("sizing") if settings.get("sizing") in dict(SIZINGS) else "all_in"
    return {
        "strategy": result.strategy_id,
        "series": result.series_id,
        "start_date": result.start_date,
        "end_date": result.end_date,
        "initial_capital": plain_text(Decimal(str(settings.get("initial_capital", 10_000)))),
        "sizing": sizing,
        "size": settings.get("size") if sizing == "units" else None,
        "allow_short": settings.get("allow_short", True),
        **percents,
    }


def not_offered(result: BacktestResult) -> list[str]:
    """Settings of an earlier run, made by a script, that this form cannot repeat; they start at their defaults."""
    plain = SimulationConfig().to_dict()
    offered = {*BacktestForm.base_fields, "size"}
    changed = [
        name
        for name, value in result.configuration.items()
        if name not in offered and value != plain.get(name)
    ]
    if result.configuration.get("sizing") not in dict(SIZINGS):
        changed.append("sizing")
    return [str(SETTINGS[name][0]) if name in SETTINGS else name for name in changed]
