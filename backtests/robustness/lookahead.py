"""Does a strategy decide by what it could not know?

Two tests at several bars: without the bars that follow, and with other prices in their place, every earlier decision
must stay as it was. A strategy that passes may still have been *chosen* by looking at this data; that is another test.
"""

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import LabError
from marketdata.bars import Bars

CUTS = 6
BUDGET_SECONDS = 1.0


class GivesTarget(Protocol):
    def target(self, bars: Bars) -> NDArray[np.float64]: ...


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
    warmup : int
        Bars the strategy needs; cuts are made after them.
    cuts : int
        Bars at which to test; spread evenly after the warm-up.
    budget_seconds : float
        No further test is begun after this long, so that slow strategies still end.
    """
    n = len(bars)
    first = min(max(warmup + 2, n // 8, 2), n)
    places = np.unique(np.linspace(first, n - 1, cuts).astype(int)) if first < n else np.empty(0, dtype=int)
    started = time.monotonic()
    checked = 0
    earliest = -1
    for cut in places[::-1]:
        for altered in (bars.head(int(cut)), _other_future(bars, int(cut))):
            if checked and time.monotonic() - started > budget_seconds:
                return LookaheadAudit(checked, earliest)
            try:
                recomputed = np.asarray(strategy.target(altered))
            except LabError:
                continue  # it refuses data it was not made for (a trained model does): nothing to compare
            changed = _first_change(target[:cut], recomputed[:cut])
            checked += 1
            if changed >= 0 and (earliest < 0 or changed < earliest):
                earliest = changed
    return LookaheadAudit(checked, earliest)


def _other_future(bars: Bars, cut: int) -> Bars:
    """The same past; from `cut` on, prices move the other way, so that a rise becomes a fall of the same size."""
    pivot = bars.close[cut - 1] ** 2
    columns = {name: np.array(getattr(bars, name)) for name in ("open", "high", "low", "close")}
    highs = pivot / columns["low"][cut:]
    lows = pivot / columns["high"][cut:]
    columns["open"][cut:] = np.clip(pivot / columns["open"][cut:], lows, highs)
    columns["close"][cut:] = np.clip(pivot / columns["close"][cut:], lows, highs)
    columns["high"][cut:], columns["low"][cut:] = highs, lows
    return Bars(time=bars.time, volume=bars.volume, **columns)


def _first_change(before: NDArray[np.float64], after: NDArray[np.float64]) -> int:
    same = (before == after) | (np.isnan(before) & np.isnan(after))
    return -1 if same.all() else int(np.argmin(same))
