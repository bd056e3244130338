"""Which data a preview is computed on: chosen by the rules of runs, told by field where there is none."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from backtests.legs import legs_for
from backtests.preparation import Period, series_for
from backtests.preview.errors import NoPreviewData, PreviewRefused
from marketdata.models import Series
from marketdata.timeframes import TIMEFRAMES
from strategies.base import BaseStrategy
from strategies.models import Strategy
from strategies.services import problem_with_symbols

Problems = dict[str, list[str]]

FEWEST_BARS = 2
LONGEST_TEXT = 64


def strategy_of(
    strategy_class: type[BaseStrategy] | None,
    symbol: Any,
    other_symbols: Any,
    timeframe: Any,
    problems: Problems,
) -> Strategy:
    """An unsaved strategy that says what is meant, as far as it could be read."""
    if not isinstance(symbol, str) or not symbol.strip() or len(symbol) > LONGEST_TEXT:
        problems["symbol"] = [_("Choose a symbol to see what the strategy would have done.")]
        symbol = ""
    if not isinstance(timeframe, str) or timeframe not in TIMEFRAMES:
        problems["timeframe"] = [_("Use one of: %(names)s.") % {"names": ", ".join(TIMEFRAMES)}]
        timeframe = ""
    strategy = Strategy(
        strategy_type=strategy_class.key if strategy_class else "",
        symbol=symbol.strip().upper(),
        other_symbols=other_symbols,
        timeframe=timeframe,
    )
    if strategy_class and (said := problem_with_symbols(strategy)):
        problems["other_symbols"] = [said]
    return strategy


def series_of(strategy: Strategy, user: Any) -> list[Series]:
    """One series for each symbol, the user's own before a shared one. Raises `NoPreviewData` for what is missing."""
    if strategy.trades_weights:
        chosen = legs_for(strategy, user)
    else:
        single = series_for(strategy, user)
        chosen = [single if single is not None and single.bar_count >= FEWEST_BARS else None]
    missing = [symbol for symbol, series in zip(strategy.symbols, chosen, strict=True) if series is None]
    if not missing:
        return [series for series in chosen if series is not None]
    others = [symbol for symbol in strategy.other_symbols if symbol in missing]
    fields = {"symbol": [_no_data([strategy.symbol], strategy.timeframe)]} if chosen[0] is None else {}
    if others:
        fields["other_symbols"] = [_no_data(others, strategy.timeframe)]
    raise NoPreviewData(fields=fields)


def shared_days(chosen: Sequence[Series]) -> Period:
    """The days of a run that names none: those that the data of all symbols covers."""
    days = [
        (series.first_time.date(), series.last_time.date())
        for series in chosen
        if series.first_time is not None and series.last_time is not None
    ]
    period = Period(max(first for first, _last in days), min(last for _first, last in days))
    if period.start > period.end:
        ranges = "; ".join(
            f"{series.symbol} {first} – {last}" for series, (first, last) in zip(chosen, days, strict=True)
        )
        said = _(
            "The symbols have no days in common (%(ranges)s). Choose other symbols, or save the strategy and name "
            "both days in a backtest."
        )
        raise PreviewRefused(fields={"other_symbols": [said % {"ranges": ranges}]})
    return period


def _no_data(symbols: Sequence[str], timeframe: str) -> str:
    said = _(
        "You have no %(timeframe)s data for %(symbol)s. Import it, or choose another symbol or timeframe."
    )
    return said % {"timeframe": timeframe, "symbol": ", ".join(symbols)}
