"""Results arranged for a page: which numbers stand where, how each is printed, and what a chart is told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from algotrade.jobs.models import Job
from algotrade.templatetags import figures
from backtests.legs import fitting_legs
from backtests.long_runs import StoredTrades
from backtests.metrics.definitions import DEFINITIONS, Definition
from backtests.models import BacktestResult, Leg
from backtests.preparation import fitting_series
from backtests.vocabulary import GROUPS, HEADLINE, REBALANCES, SETTINGS, SIGNED, WORDS
from marketdata.models import Series
from marketdata.timeframes import get_timeframe
from strategies.models import Strategy

TRADES_PAGE = 25
TRADE_SORTS = ("entry_time", "exit_time", "pnl", "ret", "bars_held", "fees", "reason", "side")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number as the page prints it, with its meaning."""

    name: str
    label: str
    text: str
    tone: str
    reason: str
    definition: Definition
    hint: str = ""


def figure(name: str, value: Any, reason: str = "") -> Figure:
    """Format a metric by the unit of its definition; signed where a sign carries meaning."""
    definition = DEFINITIONS[name]
    signed = name in SIGNED
    return Figure(
        name=name,
        label=definition.label,
        text=_printed(value, definition.unit, signed),
        tone=figures.tone(value) if signed else "",
        reason=reason if value is None else "",
        definition=definition,
    )


def _printed(value: Any, unit: str, signed: bool) -> str:
    if unit == "fraction":
        return figures.signed_percent(value) if signed else figures.percent(value)
    if unit == "money":
        return figures.signed_money(value, "") if signed else figures.money(value, "")
    if unit == "count":
        return figures.integer(value)
    if unit in {"bars", "days"} and value is not None:
        whole = float(value).is_integer()
        said = figures.integer(value) if whole else figures.ratio(value, 1)
        return f"{said} {ngettext('bar', 'bars', 1 if value == 1 else 2) if unit == 'bars' else _('days')}"
    return figures.ratio(value)


def result_context(result: BacktestResult, query: Any) -> dict[str, Any]:
    """What the page of a finished result shows beyond the row itself."""
    return {
        "headline": [_with_interval(figure(name, *_of(result, name)), result.metrics) for name in HEADLINE],
        "groups": [(label, [figure(name, *_of(result, name)) for name in names]) for label, names in GROUPS],
        "verdicts": result.verdicts,
        "settings": settings_rows(result.configuration),
        **trades_context(result, query),
    }


def legs_context(result: BacktestResult, query: Any) -> dict[str, Any]:
    """Each symbol of a run over several, and the one whose candles are shown; nothing for a run over one."""
    if not result.has_legs:
        return {}
    legs = list(result.legs.select_related("series"))
    symbols = [leg.symbol for leg in legs]
    wanted = query.get("candles", "")
    return {
        "legs": legs_rows(legs),
        "symbols": symbols,
        "candles_symbol": wanted if wanted in symbols else symbols[0],
    }


def legs_rows(legs: Sequence[Leg]) -> list[dict[str, Any]]:
    """Legs with a bar each, from 0 to its contribution, all on one scale of 0 to 100."""
    values = [leg.contribution or 0.0 for leg in legs]
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    return [
        {
            "leg": leg,
            "x": f"{(min(value, 0.0) - low) / span * 100:.2f}",
            "width": f"{abs(value) / span * 100:.2f}",
            "zero": f"{-low / span * 100:.2f}",
        }
        for leg, value in zip(legs, values, strict=True)
    ]


def strategy_facts(result: BacktestResult) -> dict[str, Any]:
    """Type and parameters as they were at the run, in the words of the strategy's page."""
    frozen = Strategy(
        user_id=result.user_id, strategy_type=result.strategy_type, parameters=result.parameters
    )
    return {"type": frozen.type_label, "parameters": frozen.parameter_rows}


def _of(result: BacktestResult, name: str) -> tuple[Any, str]:
    return result.metrics.get(name), result.undefined.get(name, "")


def _with_interval(item: Figure, metrics: Mapping[str, Any]) -> Figure:
    """The Sharpe ratio never stands alone: its interval is the first thing to read after it."""
    low, high = metrics.get("sharpe_low"), metrics.get("sharpe_high")
    if item.name != "sharpe_ratio" or low is None or high is None:
        return item
    bounds = {"low": figures.ratio(low), "high": figures.ratio(high)}
    return replace(item, hint=_("95 %% interval %(low)s to %(high)s") % bounds)


def trades_context(result: BacktestResult, query: Any) -> dict[str, Any]:
    """One page of the trades, sorted and of the symbol as asked."""
    sort = query.get("trades_sort", "")
    column = sort.removeprefix("-")
    symbol = query.get("trades_symbol", "")[:40] if result.has_legs else ""
    sorts = column in TRADE_SORTS or (column == "symbol" and result.has_legs)
    trades = _arranged(result.all_trades, symbol, column if sorts else "", sort.startswith("-"))
    page: Page = Paginator(trades, TRADES_PAGE).get_page(query.get("trades_page"))
    page.object_list = [
        {**trade, "left_by": WORDS.get(trade["reason"], trade["reason"])} for trade in page.object_list
    ]
    daily = not get_timeframe(result.timeframe).is_intraday
    return {
        "trades_page": page,
        "trades_sort": sort,
        "trades_symbol": symbol,
        "trades_daily": daily,
        "trades_marked": len(result.trades) if isinstance(trades, StoredTrades) else None,
    }


def _arranged(
    trades: Sequence[dict[str, Any]], symbol: str, column: str, descending: bool
) -> Sequence[dict[str, Any]]:
    """Trades of one symbol (or all), sorted by a column (or by their exits); those without a value come last."""
    if isinstance(trades, StoredTrades):
        chosen = trades.of_symbol(symbol) if symbol else trades
        return chosen.sorted_by(column, descending=descending) if column else chosen
    if symbol:
        trades = [trade for trade in trades if trade["symbol"] == symbol]
    if not column:
        return trades
    known = [trade for trade in trades if trade[column] is not None]
    unknown = [trade for trade in trades if trade[column] is None]
    return sorted(known, key=lambda trade: trade[column], reverse=descending) + unknown


def settings_rows(configuration: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The configuration in words; settings that are off are left out."""
    rows = []
    for name, (label, kind) in SETTINGS.items():
        value = configuration.get(name)
        if value is None or (value == 0 and not isinstance(value, bool) and name != "commission"):
            continue
        if name == "size" and configuration.get("sizing") == "all_in":
            continue
        if name == "rebalance_every" and configuration.get("rebalance") != "bars":
            continue
        said = str(REBALANCES[value]) if name == "rebalance" else _setting(value, kind)
        rows.append((str(label), said))
    return rows


def _setting(value: Any, kind: str) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        return str(WORDS.get(value, value))
    if kind == "fraction":
        return figures.percent(value, 2 if round(value, 4) == value else 3)
    if kind == "money":
        return figures.money(value, "")
    return figures.ratio(value) if kind == "ratio" else f"{value:g}"


def markers(trades: Iterable[Mapping[str, Any]], symbol: str = "") -> list[dict[str, Any]]:
    """Two marks a trade: where it was entered and where and why it was left.

    With a symbol, of its trades only. Parts of one position that were left one by one share their entry's mark.
    """
    marks: list[dict[str, Any]] = []
    entered: set[str] = set()
    for trade in trades:
        if symbol and trade.get("symbol") != symbol:
            continue
        is_long = trade["side"] == "long"
        for kind, buys in (("entry", is_long), ("exit", not is_long)):
            if kind == "entry" and symbol:
                if trade["entry_time"] in entered:
                    continue
                entered.add(trade["entry_time"])
            said = _("Buy") if buys else _("Sell")
            note = f" · {WORDS.get(trade['reason'], trade['reason'])}" if kind == "exit" else ""
            marks.append(
                {
                    "time": _unix(trade[f"{kind}_time"]),
                    "side": "buy" if buys else "sell",
                    "kind": kind,
                    "price": trade[f"{kind}_price"],
                    "text": f"{said} {figures.price(trade[f'{kind}_price'])}{note}",
                }
            )
    return marks


def retraining_marks(moments: Iterable[str]) -> list[dict[str, Any]]:
    """One mark for each model that takes over."""
    said = _("New model")
    return [
        {"time": _unix(moment), "side": "", "kind": "model", "price": None, "text": said}
        for moment in moments
    ]


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def consequences(results: Sequence[BacktestResult]) -> list[str]:
    """What deleting does, in sentences."""
    running = sum(result.status in Job.ACTIVE for result in results)
    lines = [_("Its numbers, trades and curves are gone."), _("The strategy and the data stay.")]
    if len(results) > 1:
        lines[0] = _("Their numbers, trades and curves are gone.")
    if running:
        said = ngettext(
            "%(count)d of them still runs: it is stopped.",
            "%(count)d of them still run: they are stopped.",
            running,
        )
        lines.append(said % {"count": running} if len(results) > 1 else _("It still runs: it is stopped."))
    return lines


def form_choices(strategies: Sequence[Strategy], series: Sequence[Series]) -> dict[str, Any]:
    """What the form's script fills in: each series' range, and each strategy's data and capital."""
    return {
        "series": {
            str(item.pk): {"first": f"{item.first_time:%Y-%m-%d}", "last": f"{item.last_time:%Y-%m-%d}"}
            for item in series
        },
        "strategies": {
            str(item.pk): {
                "series": getattr(fitting_series(item, series), "pk", None),
                "capital": float(item.initial_capital),
                "symbols": item.other_symbols,
                "legs": [getattr(leg, "pk", None) for leg in fitting_legs(item, series)[1:]],
            }
            for item in strategies
        },
    }
