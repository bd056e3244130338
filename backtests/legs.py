"""The data of a run over several symbols: which series each leg reads and over which days.

The period, unless it is given, is the days that all legs share. A longer one may be asked for: then a leg waits for its
first bar, and one that has ended stays at its last price (docs/portfolio.md).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from backtests.models import BacktestResult, Leg
from backtests.preparation import FEWEST_BARS, Period, Problems, check_size, fitting_series
from marketdata.errors import NoBars
from marketdata.models import Series, Snapshot
from marketdata.panel import Panel
from marketdata.services import current_snapshot, get_visible, open_snapshot
from strategies.models import Strategy
from strategies.portfolio import PortfolioStrategy


@dataclass(frozen=True, slots=True)
class ChosenLeg:
    """One symbol's data as it is now."""

    series: Series
    snapshot: Snapshot


def fitting_legs(strategy: Strategy, candidates: Sequence[Series]) -> list[Series | None]:
    """The data that a strategy means, one series for each of its symbols; None where there is none."""
    return [fitting_series(strategy, candidates, symbol) for symbol in strategy.symbols]


def legs_for(strategy: Strategy, user: Any) -> list[Series | None]:
    """`fitting_legs` among the series that the user sees and that hold bars."""
    named = Q()
    for symbol in strategy.symbols:
        named |= Q(symbol__iexact=symbol)
    held = Series.objects.visible_to(user).with_bars().filter(named, timeframe=strategy.timeframe)
    return fitting_legs(strategy, list(held))


def choose_legs(
    strategy: Strategy,
    user: Any,
    series: Series | None,
    legs: Sequence[Series] | None,
    problems: Problems,
) -> list[ChosenLeg] | None:
    """The data of each symbol: what was named (`series` alone names the first), else what the strategy means."""
    chosen: list[Series | None] = list(legs or ())
    if not chosen:
        chosen = legs_for(strategy, user)
        if series is not None:
            chosen[0] = series
    elif series is not None and series != chosen[0]:
        problems["series"] = [
            _("The series is not the first of the legs. Leave it out or name the same one.")
        ]
    missing = [symbol for symbol, found in zip(strategy.symbols, chosen, strict=False) if found is None]
    if missing:
        said = _("You have no %(timeframe)s data for %(symbols)s. Import it, or choose other series.")
        problems["legs"] = [said % {"timeframe": strategy.timeframe, "symbols": ", ".join(missing)}]
        return None
    found = [item for item in chosen if item is not None]
    if said := _problem_with_legs(strategy, found):
        problems["legs"] = [said]
        return None
    try:
        return [ChosenLeg(item, current_snapshot(get_visible(user, item.pk))) for item in found]
    except NoBars as error:
        problems["legs"] = [error.detail]
        return None


def _problem_with_legs(strategy: Strategy, chosen: Sequence[Series]) -> str:
    wanted = len(strategy.symbols)
    if len(chosen) != wanted:
        said = _("%(count)d series were named and the strategy trades %(wanted)d symbols: name one for each.")
        return said % {"count": len(chosen), "wanted": wanted}
    symbols = [item.symbol for item in chosen]
    repeated = [symbol for symbol in symbols if symbols.count(symbol) > 1]
    if repeated:
        return _("%(symbol)s is there twice. Choose a series of another symbol.") % {"symbol": repeated[0]}
    frames = {item.timeframe for item in chosen}
    if len(frames) > 1:
        said = _("The series have different timeframes (%(frames)s). Choose series of the same one.")
        return said % {"frames": ", ".join(sorted(frames))}
    return ""


def check_panel_period(
    chosen: Sequence[ChosenLeg],
    start: dt.date | None,
    end: dt.date | None,
    strategy: PortfolioStrategy | None,
    problems: Problems,
) -> Period | None:
    """The period to run; every leg has a bar in it, and it is long enough for the strategy to decide."""
    firsts = [leg.snapshot.first_time.date() for leg in chosen]
    lasts = [leg.snapshot.last_time.date() for leg in chosen]
    period = Period(start or max(firsts), end or min(lasts))
    if period.start > period.end:
        problems["start_date"] = [_no_common_days(chosen, firsts, lasts, start, end)]
        return None
    outside = _("%(day)s is outside the data of all symbols, which goes from %(first)s to %(last)s.")
    for name, day in (("start_date", period.start), ("end_date", period.end)):
        if not min(firsts) <= day <= max(lasts):
            problems[name] = [outside % {"day": day, "first": min(firsts), "last": max(lasts)}]
    if "start_date" in problems or "end_date" in problems:
        return None
    counts = [len(open_snapshot(leg.snapshot, start=period.start, end=period.end)) for leg in chosen]
    check_size(sum(counts))
    without = [leg.series.symbol for leg, count in zip(chosen, counts, strict=True) if not count]
    if without:
        said = _("%(symbols)s has no bars in this period. Choose a period in which every symbol has some.")
        problems["start_date"] = [said % {"symbols": ", ".join(without)}]
        return None
    least = max(FEWEST_BARS, strategy.warmup() + 1 if strategy is not None else 0)
    if max(counts) < least:
        said = _(
            "The period holds %(count)d bars; this run needs at least %(least)d. Choose a longer period."
        )
        problems["start_date"] = [said % {"count": max(counts), "least": least}]
        return None
    return period


def _no_common_days(
    chosen: Sequence[ChosenLeg],
    firsts: Sequence[dt.date],
    lasts: Sequence[dt.date],
    start: dt.date | None,
    end: dt.date | None,
) -> str:
    if start is not None and end is not None:
        said = _("The period starts on %(start)s, after its end on %(end)s: swap them.")
        return said % {"start": start, "end": end}
    ranges = (
        f"{leg.series.symbol} {first} – {last}"
        for leg, first, last in zip(chosen, firsts, lasts, strict=True)
    )
    said = _(
        "The symbols have no days in common (%(ranges)s). Choose other data, or name both days yourself."
    )
    return said % {"ranges": "; ".join(ranges)}


def frozen_legs(result: BacktestResult, chosen: Sequence[ChosenLeg]) -> list[Leg]:
    """Unsaved rows that freeze which bytes each symbol is read from."""
    return [
        Leg(
            result=result,
            position=place,
            symbol=leg.series.symbol,
            series=leg.series,
            snapshot=leg.snapshot,
            snapshot_sha256=leg.snapshot.sha256,
        )
        for place, leg in enumerate(chosen)
    ]


def open_panel(result: BacktestResult, legs: Sequence[Leg]) -> Panel:
    """The bars of a stored run, each symbol from the snapshot that was frozen."""
    return Panel.of(
        {
            leg.symbol: open_snapshot(leg.snapshot, start=result.start_date, end=result.end_date)
            for leg in legs
        }
    )
