"""The data that the preview process keeps: bars of the last snapshots, and of the last sets of symbols."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtests.preview.errors import PreviewRefused
from backtests.preview.question import Question, QuestionLeg
from backtests.preview.thinning import Moments
from marketdata.bars import Bars
from marketdata.panel import Panel
from marketdata.store import snapshots

MOST_BARS = 200_000
MOST_VALUES = 1_000_000
MOST_POINTS = 600
FEWEST_ROWS = 2
KEPT_MARKETS = 8
KEPT_LEGS = 40
KEPT_PANELS = 3


@dataclass(frozen=True, slots=True)
class Market:
    """The bars of a snapshot as this process keeps them: memory-mapped, with the moments of their chart."""

    bars: Bars
    moments: Moments
    total: int


@dataclass(frozen=True, slots=True)
class PanelMarket:
    """Several symbols beside each other; `close` is the first one's last close at each row, NaN before any."""

    panel: Panel
    moments: Moments
    total: int
    close: NDArray[np.float64]


_markets: OrderedDict[str, Market] = OrderedDict()
_legs: OrderedDict[str, Bars] = OrderedDict()
_panels: OrderedDict[tuple[object, ...], PanelMarket] = OrderedDict()


def forget() -> None:
    """Keep nothing any more."""
    for kept in (_markets, _legs, _panels):
        kept.clear()


def market_of(question: Question) -> Market:
    """The newest bars of the question's snapshot."""
    kept = _markets.get(question.sha256)
    if kept is None:
        whole = snapshots.read(question.path, question.sha256)
        bars = whole.slice(whole.time[-MOST_BARS]) if len(whole) > MOST_BARS else whole
        kept = Market(bars, Moments(len(bars), MOST_POINTS), len(whole))
        _markets[question.sha256] = kept
        if len(_markets) > KEPT_MARKETS:
            _markets.popitem(last=False)
    _markets.move_to_end(question.sha256)
    return kept


def panel_of(question: Question) -> PanelMarket:
    """The newest rows of the question's symbols over its days."""
    kept = _panels.get(question.data)
    if kept is None:
        kept = _put_together(question)
        _panels[question.data] = kept
        if len(_panels) > KEPT_PANELS:
            _panels.popitem(last=False)
    _panels.move_to_end(question.data)
    return kept


def _put_together(question: Question) -> PanelMarket:
    wholes = {leg.symbol: _bars_of(leg) for leg in question.legs}
    shared = {symbol: bars.slice(question.start, question.end) for symbol, bars in wholes.items()}
    if empty := [symbol for symbol, bars in shared.items() if not len(bars)]:
        raise PreviewRefused(
            f"{', '.join(empty)} has no bars from {question.start} to {question.end}, the days that the data of all "
            "symbols covers. Choose other symbols, or save the strategy and name a period in a backtest."
        )
    time = np.unique(np.concatenate([bars.time for bars in shared.values()]))
    if len(time) < FEWEST_ROWS:
        raise PreviewRefused(
            f"The symbols share {len(time)} bar; a preview needs at least {FEWEST_ROWS}. Choose other symbols."
        )
    most = min(MOST_BARS, MOST_VALUES // len(shared))
    if len(time) > most:
        shared = {symbol: bars.slice(time[-most]) for symbol, bars in shared.items()}
    if empty := [symbol for symbol, bars in shared.items() if not len(bars)]:
        raise PreviewRefused(
            f"{', '.join(empty)} has no bars among the newest {most:,}, which a preview computes. Save the strategy "
            "and run a backtest."
        )
    panel = Panel.of(shared)
    first = next(iter(wholes.values()))
    rows = np.searchsorted(first.time, panel.time, side="right") - 1
    close = np.where(rows >= 0, first.close[rows], np.nan)
    return PanelMarket(panel, Moments(len(panel), MOST_POINTS), len(time), close)


def _bars_of(leg: QuestionLeg) -> Bars:
    """A leg's bars stay open while others beside it change."""
    kept = _legs.get(leg.sha256)
    if kept is None:
        kept = snapshots.read(leg.path, leg.sha256)
        _legs[leg.sha256] = kept
        if len(_legs) > KEPT_LEGS:
            _legs.popitem(last=False)
    _legs.move_to_end(leg.sha256)
    return kept
