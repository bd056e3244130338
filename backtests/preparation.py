"""The checks before a run is accepted. Each collects its problems by field, so that all of them are told at once."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from algotrade.errors import LabError
from algotrade.templatetags import figures
from backtests.engine.config import SimulationConfig
from backtests.engine.errors import ConfigError
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.errors import RunTooLarge
from backtests.models.frozen import FrozenRequest
from marketdata.errors import NoBars
from marketdata.models import Series, Snapshot
from marketdata.services import current_snapshot, get_visible, open_snapshot
from strategies.base import BaseStrategy
from strategies.models import Strategy
from strategies.params import ReferenceParam
from strategies.portfolio import PortfolioStrategy
from strategies.references import reference_checkers
from strategies.registry import get_strategy_class

Problems = dict[str, list[str]]

FEWEST_BARS = 2


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a run, both included."""

    start: dt.date
    end: dt.date


def fitting_series(strategy: Strategy, candidates: Iterable[Series], symbol: str = "") -> Series | None:
    """The data a strategy means: a series of its symbol (or the named one) and timeframe, own before shared."""
    wanted = (symbol or strategy.symbol).upper(), strategy.timeframe
    fitting = [series for series in candidates if (series.symbol.upper(), series.timeframe) == wanted]
    return min(fitting, key=lambda series: (series.user_id is None, -series.bar_count), default=None)


def series_for(strategy: Strategy, user: Any) -> Series | None:
    """`fitting_series` among those the user sees that hold bars."""
    held = Series.objects.visible_to(user).with_bars()
    return fitting_series(strategy, held.filter(symbol__iexact=strategy.symbol, timeframe=strategy.timeframe))


def current_data(strategy: Strategy, user: Any, series: Series | None, problems: Problems) -> Snapshot | None:
    """The data as it is now, of the named series or else of the one that the strategy means."""
    series = series or series_for(strategy, user)
    if series is None:
        said = _("You have no %(timeframe)s data for %(symbol)s. Import it, or choose another series.")
        problems["series"] = [said % {"timeframe": strategy.timeframe, "symbol": strategy.symbol}]
        return None
    try:
        return current_snapshot(get_visible(user, series.pk))
    except NoBars as error:
        problems["series"] = [error.detail]
        return None


def configure(
    strategy: Strategy, given: Mapping[str, Any] | None, problems: Problems
) -> SimulationConfig | PortfolioConfig | None:
    """The simulation's settings; the strategy's capital, and its type's rebalancing, where none is given."""
    if given is not None and not isinstance(given, Mapping):
        problems["configuration"] = [_("Give the settings as an object of names and values.")]
        return None
    settings = {"initial_capital": float(strategy.initial_capital), **(given or {})}
    strategy_class = strategy.type_class
    try:
        if strategy_class is not None and issubclass(strategy_class, PortfolioStrategy):
            return PortfolioConfig.from_dict({"rebalance": strategy_class.rebalance, **settings})
        return SimulationConfig.from_dict(settings)
    except ConfigError as error:
        problems.update({f"configuration.{name}": said for name, said in error.fields.items()})
        return None


def build(strategy: Strategy, user: Any, problems: Problems) -> BaseStrategy | None:
    """The strategy that will decide, with the objects that its parameters name checked again."""
    try:
        built = strategy.build()
        _check_references(built, user)
    except LabError as error:
        problems["strategy"] = [error.detail]
        return None
    return built


def problems_again(request: FrozenRequest) -> Problems:
    """What keeps something from being computed again: a type of strategy, or a model it names, that is gone."""
    try:
        built = get_strategy_class(request.strategy_type)(**request.parameters)
        _check_references(built, request.user)
    except LabError as error:
        return {"strategy": [error.detail]}
    return {}


def takes_minutes(request: FrozenRequest) -> bool:
    """Whether to compute it once may take minutes, by its strategy and its bars."""
    strategy = get_strategy_class(request.strategy_type)(**request.parameters)
    return strategy.takes_minutes(
        len(open_snapshot(request.snapshot, start=request.start_date, end=request.end_date))
    )


def _check_references(built: BaseStrategy, user: Any) -> None:
    for param in built.params:
        if isinstance(param, ReferenceParam) and param.kind in reference_checkers:
            reference_checkers[param.kind](user, int(built.parameters[param.name]))


def check_size(count: int) -> None:
    """Refuse a run over more bars than this lab computes at once; of several symbols, all their bars count."""
    if count <= settings.BACKTEST_MAX_BARS:
        return
    said = _(
        "The period holds %(count)s bars, and this lab computes at most %(limit)s at a time (BACKTEST_MAX_BARS). "
        "Choose a shorter period or a coarser timeframe."
    )
    numbers = {"count": figures.integer(count), "limit": figures.integer(settings.BACKTEST_MAX_BARS)}
    raise RunTooLarge(fields={"start_date": [said % numbers]})


def check_period(
    snapshot: Snapshot,
    start: dt.date | None,
    end: dt.date | None,
    strategy: BaseStrategy | None,
    problems: Problems,
) -> Period | None:
    """The period to run, which lies inside the data and holds enough bars for the strategy to decide."""
    first, last = snapshot.first_time.date(), snapshot.last_time.date()
    period = Period(start or first, end or last)
    outside = _("%(day)s is outside the data, which goes from %(first)s to %(last)s.")
    for name, day in (("start_date", period.start), ("end_date", period.end)):
        if not first <= day <= last:
            problems[name] = [outside % {"day": day, "first": first, "last": last}]
    if period.start > period.end:
        said = _("The period starts on %(start)s, after its end on %(end)s: swap them.")
        problems.setdefault("start_date", [said % {"start": period.start, "end": period.end}])
    if "start_date" in problems or "end_date" in problems:
        return None
    count = len(open_snapshot(snapshot, start=period.start, end=period.end))
    check_size(count)
    if count < FEWEST_BARS:
        said = _("The period holds %(count)d bars; a run needs at least %(least)d. Choose a longer period.")
        problems["start_date"] = [said % {"count": count, "least": FEWEST_BARS}]
        return None
    warmup = strategy.warmup() if strategy is not None else 0
    if count <= warmup:
        said = _(
            "The period holds %(count)d bars, and this strategy makes its first decision after %(warmup)d. "
            "Start earlier, end later, or choose shorter periods in the strategy."
        )
        problems["start_date"] = [said % {"count": count, "warmup": warmup}]
        return None
    if strategy is not None and (refused := list(strategy.refusals(count))):
        problems["strategy"] = refused
        return None
    return period
