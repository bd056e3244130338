"""Does a strategy decide by what it could not know?

Two tests at several bars: without the bars that follow, and with other prices in their place, every earlier decision
must stay as it was. A strategy that passes may still have been *chosen* by looking at this data; that is another test.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import LabError
from backtests.engine.strategy import GivesTarget, size_of
from marketdata.bars import Bars
from marketdata.panel import Panel
from strategies.base import BaseStrategy

CUTS = 6
BUDGET_SECONDS = 1.0
Data = TypeVar("Data")


class GivesWeights(Protocol):
    def weights(self, panel: Panel) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class LookaheadAudit:
    """Outcome: `checked` tests were made; `first_bar` is the earliest decision that changed, -1 when none did."""

    checked: int
    first_bar: int

    @property
    def passed(self) -> bool:
        return self.first_bar < 0


def audit_lookahead(
    strategy: GivesTarget,
    bars: Bars,
    target: NDArray[np.float64],
    *,
    size: NDArray[np.float64] | None = None,
    warmup: int = 0,
    cuts: int = CUTS,
    budget_seconds: float = BUDGET_SECONDS,
) -> LookaheadAudit:
    """Recompute decisions on altered futures and compare them with `target`.

    Parameters
    ----------
    strategy : object with `target(bars)`
    bars : Bars
    target : ndarray of float, shape (n_bars,)
        The strategy's decisions on `bars`; NaN (keep) must stay NaN.
    size : ndarray of float, shape (n_bars,), optional
        What it wanted to enter with at each close, where it decides that, too.
    warmup : int
        Bars the strategy needs; cuts are made after them.
    cuts : int
        Bars at which to test; spread evenly after the warm-up.
    budget_seconds : float
        No further test is begun after this long, so that slow strategies still end.
    """

    def futures(cut: int) -> tuple[Bars, ...]:
        return bars.head(cut), _other_future(bars, cut)

    if size is None:
        return _audit(partial(_target_before, strategy), futures, target, warmup, cuts, budget_seconds)

    def decide(altered: Bars, cut: int) -> NDArray[np.float64]:
        wanted = size_of(strategy, altered)
        missing = np.full(len(altered), np.nan)
        return np.column_stack((strategy.target(altered), missing if wanted is None else wanted))

    return _audit(decide, futures, np.column_stack((target, size)), warmup, cuts, budget_seconds)


def audit_weights(
    strategy: GivesWeights,
    panel: Panel,
    weights: NDArray[np.float64],
    *,
    warmup: int = 0,
    cuts: int = CUTS,
    budget_seconds: float = BUDGET_SECONDS,
) -> LookaheadAudit:
    """`audit_lookahead` for the weights of several symbols, shape (n_bars, n_symbols): all futures change together."""

    def futures(cut: int) -> tuple[Panel, ...]:
        return panel.head(cut), _other_futures(panel, cut)

    def decide(altered: Panel, cut: int) -> NDArray[np.float64]:
        return np.asarray(strategy.weights(altered))

    return _audit(decide, futures, weights, warmup, cuts, budget_seconds)


def _target_before(strategy: GivesTarget, altered: Bars, cut: int) -> NDArray[np.float64]:
    """The decisions before `cut`; a strategy that has much to do for the later ones may spare itself these."""
    if isinstance(strategy, BaseStrategy):
        return strategy.target_before(altered, cut)
    return strategy.target(altered)


def _audit(
    decide: Callable[[Data, int], NDArray[np.float64]],
    futures: Callable[[int], tuple[Data, ...]],
    decisions: NDArray[np.float64],
    warmup: int,
    cuts: int,
    budget_seconds: float,
) -> LookaheadAudit:
    """Decide again on every altered future of every cut, the last cut first."""
    n = len(decisions)
    first = min(max(warmup + 2, n // 8, 2), n)
    places = np.unique(np.linspace(first, n - 1, cuts).astype(int)) if first < n else np.empty(0, dtype=int)
    started = time.monotonic()
    checked = 0
    earliest = -1
    for cut in places[::-1].tolist():
        for altered in futures(cut):
            if checked and time.monotonic() - started > budget_seconds:
                return LookaheadAudit(checked, earliest)
            try:
                recomputed = np.asarray(decide(altered, cut))
            except LabError:
                continue  # it refuses data it was not made for (a trained model does): nothing to compare
            changed = _first_change(decisions[:cut], recomputed[:cut])
            checked += 1
            if changed >= 0 and (earliest < 0 or changed < earliest):
                earliest = changed
    return LookaheadAudit(checked, earliest)


def _other_future(bars: Bars, cut: int) -> Bars:
    """The same past; from `cut` on, prices move the other way, so that a rise becomes a fall of the same size."""
    columns = {name: np.array(getattr(bars, name)) for name in ("open", "high", "low", "close")}
    _turn(columns, cut, bars.close[cut - 1] ** 2)
    return Bars(time=bars.time, volume=bars.volume, **columns)


def _other_futures(panel: Panel, cut: int) -> Panel:
    """The same for each symbol of a panel; one that has no bar before `cut` turns at its first close."""
    pivot = panel.last_close()[cut - 1]
    begins = np.isnan(pivot)
    if begins.any():
        rows = np.argmax(panel.traded[:, begins], axis=0)
        pivot[begins] = panel.close[rows, np.flatnonzero(begins)]
    columns = {name: np.array(getattr(panel, name)) for name in ("open", "high", "low", "close")}
    _turn(columns, cut, pivot**2)
    return Panel(symbols=panel.symbols, time=panel.time, volume=panel.volume, **columns)


def _turn(columns: dict[str, NDArray[np.float64]], cut: int, pivot: Any) -> None:
    """Put pivot / price in place of each price from row `cut` on; highs and lows change places."""
    highs, lows = pivot / columns["low"][cut:], pivot / columns["high"][cut:]
    columns["open"][cut:] = np.clip(pivot / columns["open"][cut:], lows, highs)
    columns["close"][cut:] = np.clip(pivot / columns["close"][cut:], lows, highs)
    columns["high"][cut:], columns["low"][cut:] = highs, lows


def _first_change(before: NDArray[np.float64], after: NDArray[np.float64]) -> int:
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    if same.ndim > 1:
        same = same.all(axis=1)
    return -1 if same.all() else int(np.argmin(same))
