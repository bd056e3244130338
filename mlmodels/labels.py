"""What a model learns to foresee: whether a trade that could really be made from here on would gain.

numpy only: the page counts outcomes before a training, in a web process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import nearest, shown
from marketdata.bars import Bars
from mlmodels.errors import TrainingError

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

BARRIER_VOLATILITY_WINDOW = 20


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The outcome of a trade decided at each close; all arrays have shape (n_bars,).

    returns
        Return of the trade entered at the next open; NaN where its end lies beyond the data.
    up
        1.0 where the trade gained, 0.0 where it did not, NaN without an outcome.
    end
        Index of the last bar that the outcome looks at; -1 without an outcome.
    exit
        Index of the first bar at which the trade is no longer held: `end` where it was sold at an open, end + 1 where
        a barrier ended it within a bar; -1 without an outcome.
    """

    returns: Floats
    up: Floats
    end: Indices
    exit: Indices

    @property
    def known(self) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = self.end >= 0
        return known


@dataclass(frozen=True, slots=True)
class LabelKind:
    """A way to label bars. `make` takes bars, the horizon in bars and the width of the barriers in volatilities."""

    key: str
    label: str
    summary: str
    make: Callable[[Bars, int, float], Labels]
    uses_barriers: bool = False


_kinds: dict[str, LabelKind] = {}
LABELS: Mapping[str, LabelKind] = MappingProxyType(_kinds)
"""The ways to label bars by key, in the order in which a form offers them."""


def register_label(kind: LabelKind) -> LabelKind:
    """Make a kind of label known. A second one of the same key is a programming error."""
    if kind.key in _kinds:
        raise ValueError(f"The label {kind.key!r} is registered twice.")
    _kinds[kind.key] = kind
    return kind


def get_label(key: str) -> LabelKind:
    """Return a kind of label, or raise TrainingError with the nearest one."""
    if isinstance(key, str) and key in _kinds:
        return _kinds[key]
    message = f"There is no label {shown(key)}. {nearest(key, _kinds)}"
    raise TrainingError(message, fields={"label": [message]})


def fixed_horizon(bars: Bars, horizon: int) -> Labels:
    """Return open[t+1+horizon] / open[t+1] - 1: bought at the next open, sold `horizon` opens later."""
    returns = np.full(len(bars), np.nan)
    last = len(bars) - horizon - 1
    if last > 0:
        returns[:last] = bars.open[1 + horizon :] / bars.open[1 : 1 + last] - 1.0
    ends = _horizon_ends(len(bars), horizon)
    return _labelled(returns, ends, ends)


def triple_barrier(bars: Bars, horizon: int, width: float) -> Labels:
    """Return of a trade that ends at a profit barrier, a loss barrier, or after `horizon` bars.

    Entered at open[t+1]; the barriers lie `width` volatilities (of the last 20 one-bar returns up to t) above
    and below. A bar that touches both counts as a loss; an open beyond a barrier fills at the open. Trades
    whose horizon reaches beyond the data have no label even if a barrier was touched before, because keeping
    only the quick ones would bend the sample. Lopez de Prado, Advances in Financial Machine Learning, Wiley 2018,
    chapter 3.
    """
    count = len(bars)
    returns, ends = np.full(count, np.nan), _horizon_ends(count, horizon)
    sigma = rolling_volatility(bars.close, BARRIER_VOLATILITY_WINDOW)
    ends[np.isnan(sigma)] = -1
    rows = np.flatnonzero(ends >= 0)
    exits = ends.copy()
    entry = bars.open[rows + 1]
    upper, lower = entry * (1.0 + width * sigma[rows]), entry * (1.0 - width * sigma[rows])
    quiet = _untouched(bars, rows + 1, horizon, upper, lower)
    sold = bars.open[rows + 1 + horizon]
    touched = quiet < horizon
    where = (rows + 1 + quiet)[touched]
    upper, lower, opened = upper[touched], lower[touched], bars.open[where]
    # A gap through a barrier trades at the open, and an open beyond the upper one comes before the low.
    lost = (bars.low[where] <= lower) & ~(opened >= upper)
    sold[touched] = np.where(lost, np.minimum(lower, opened), np.maximum(upper, opened))
    returns[rows] = sold / entry - 1.0
    ends[rows[touched]] = where
    exits[rows[touched]] = where + 1
    return _labelled(returns, ends, exits)


register_label(
    LabelKind(
        "fixed_horizon",
        "Return over the horizon",
        "Whether a trade entered at the next open and held for the horizon gains.",
        lambda bars, horizon, width: fixed_horizon(bars, horizon),
    )
)
register_label(
    LabelKind(
        "triple_barrier",
        "Profit, loss or time: what comes first",
        "A triple barrier: whether a trade entered at the next open reaches its profit before its loss; where it "
        "reaches neither within the horizon, whether it gains.",
        triple_barrier,
        uses_barriers=True,
    )
)


@dataclass(frozen=True, slots=True)
class BaseRates:
    """What there is to learn before anything is learned. Shares are fractions; None where there is no such row.

    rows : labelled bars
    up, down : their shares
    effective_rows : how many independent outcomes they are worth, see `effective_rows`
    mean_return, mean_gain, mean_loss : of the trades, of those that gained, of the others
    """

    rows: int
    up: float | None
    down: float | None
    effective_rows: float
    mean_return: float | None
    mean_gain: float | None
    mean_loss: float | None


def base_rates(labels: Labels, rows: Indices | None = None) -> BaseRates:
    """Count the outcomes of all labelled bars, or of those among `rows` (rising indices)."""
    known = np.flatnonzero(labels.known)
    if rows is not None:
        known = rows[labels.known[rows]]
    returns, up = labels.returns[known], labels.up[known] > 0.5
    share = float(up.mean()) if known.size else None
    return BaseRates(
        rows=int(known.size),
        up=share,
        down=None if share is None else 1.0 - share,
        effective_rows=effective_rows(labels.exit[known], known),
        mean_return=_mean(returns),
        mean_gain=_mean(returns[up]),
        mean_loss=_mean(returns[~up]),
    )


def effective_rows(exits: Indices, rows: Indices) -> float:
    """How many independent outcomes overlapping labels are worth: the sum of their average uniqueness.

    A label's uniqueness at a bar is 1 over the number of labels whose trades are held there; its average is taken over
    the bars it is held. Lopez de Prado, Advances in Financial Machine Learning, Wiley 2018, chapter 4. Labels that do
    not overlap count once each; with a horizon of h they count about once in h.

    Parameters
    ----------
    exits : ndarray of int, shape (n_rows,)
        First bar at which each trade is no longer held (`Labels.exit`); it is held one bar at least.
    rows : ndarray of int, shape (n_rows,)
        The bars at whose close the trades were decided; each is held from the next bar on.

    Returns
    -------
    float
        From 0 (no rows) to n_rows.
    """
    if not rows.size:
        return 0.0
    first = int(rows.min())
    starts = rows + 1 - first
    stops = np.maximum(exits - first, starts + 1)
    size = int(stops.max()) + 1
    held = np.cumsum(np.bincount(starts, minlength=size) - np.bincount(stops, minlength=size))
    uniqueness = np.zeros(size)
    np.divide(1.0, held, out=uniqueness, where=held > 0)
    total = np.concatenate(([0.0], np.cumsum(uniqueness)))
    return float(((total[stops] - total[starts]) / (stops - starts)).sum())


def rolling_volatility(close: Floats, window: int) -> Floats:
    """Sample standard deviation of the last `window` one-bar log returns; NaN in the first `window` rows.

    The same figure as the feature `volatility(window)`, without the compiler that web processes do not load.
    """
    result = np.full(close.size, np.nan)
    if close.size <= window:
        return result
    returns = np.diff(np.log(close))
    count = returns.size - window + 1
    parts = [returns[place : place + count] for place in range(window)]
    mean, squares = np.zeros(count), np.zeros(count)
    for part in parts:
        mean += part
    mean /= window
    for part in parts:
        distance = part - mean
        distance *= distance
        squares += distance
    result[window:] = np.sqrt(squares / (window - 1))
    return result


def _untouched(bars: Bars, first: Indices, horizon: int, upper: Floats, lower: Floats) -> Indices:
    """How many bars from `first` on, up to `horizon`, stay between the barriers.

    Extremes of 1, 2, 4, ... bars are made once; each trade then takes the longest stretch that touches nothing, half
    of it, and so on, so that the cost grows with the logarithm of the horizon.
    """
    highs, lows = [bars.high], [bars.low]
    while 2 ** len(highs) <= horizon:
        half = 2 ** (len(highs) - 1)
        highs.append(np.maximum(highs[-1][:-half], highs[-1][half:]))
        lows.append(np.minimum(lows[-1][:-half], lows[-1][half:]))
    quiet = np.zeros(first.size, dtype=np.int64)
    for level in range(len(highs) - 1, -1, -1):
        length = 2**level
        place = first + quiet
        # Beyond the horizon nothing counts; the place is kept within the array for the look that is not used.
        fits = quiet + length <= horizon
        place = np.minimum(place, highs[level].size - 1)
        calm = fits & (highs[level][place] < upper) & (lows[level][place] > lower)
        quiet[calm] += length
    return quiet


def _horizon_ends(count: int, horizon: int) -> Indices:
    ends = np.arange(count, dtype=np.int64) + 1 + horizon
    ends[ends >= count] = -1
    return ends


def _labelled(returns: Floats, ends: Indices, exits: Indices) -> Labels:
    up = np.where(ends >= 0, (returns > 0.0).astype(np.float64), np.nan)
    return Labels(returns, up, ends, exits)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if values.size else None
