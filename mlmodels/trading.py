"""What a model's probabilities are worth in trades: targets, a sweep over the margin, and buy-and-hold beside them.

The simulator lives in an app above this one, which provides it when it is ready (`use_simulator`); a notebook passes
one itself. Only bars from the first prediction on are traded, so that nothing is compared with a period in which the
model said nothing. Pure: numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.validation import said

Floats: TypeAlias = NDArray[np.float64]

EVEN = 0.5
DEFAULT_COST_RATE = 0.0015
"""Costs of a fill as a fraction of its value where nobody says otherwise: those that a new backtest begins with."""
LARGEST_MARGIN = 0.45
MOST_MARGINS = 41
MOST_POINTS = 1000
STEPS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02)


@dataclass(frozen=True, slots=True, eq=False)
class Traded:
    """What the trades of one target came to; NaN where a figure is undefined.

    Returns, drawdown (<= 0) and exposure are fractions; the Sharpe ratio and its 95 % interval are yearly; `equity`,
    shape (n_bars,), is the growth of 1 at each close, the liquidation after the last bar included.
    """

    net_return: float
    sharpe: float
    sharpe_low: float
    sharpe_high: float
    max_drawdown: float
    trades: int
    exposure: float
    equity: Floats


class Simulator(Protocol):
    """Trades each target over the same bars by the product's own engine and costs.

    `targets` are arrays of shape (n_bars,): -1, 0, +1 or NaN (keep), decided at each close, filled at the next open.
    `cost_rate` is what a fill costs as a fraction of its value.
    """

    def __call__(
        self,
        bars: Bars,
        targets: Sequence[Floats],
        *,
        cost_rate: float,
        short_trades: bool,
        periods_per_year: float,
    ) -> Sequence[Traded]: ...


_provided: list[Simulator] = []


def use_simulator(simulator: Simulator) -> None:
    """Set the one simulator that trainings ask where none is passed."""
    _provided[:] = [simulator]


def simulator() -> Simulator | None:
    """The simulator that was provided; None where nothing can trade."""
    return _provided[0] if _provided else None


def targets_of(probability: Floats, margin: float = 0.0, short_trades: bool = True) -> Floats:
    """Turn probabilities of a gain into wanted positions.

    Parameters
    ----------
    probability : ndarray of float64, shape (n_bars,)
        NaN where there is no prediction.
    margin : float
        Distance from even odds, 0 to 0.45, that a prediction must exceed to be acted on.
    short_trades : bool
        Whether a foreseen loss means going short; else it means staying out.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        +1 above 1/2 + margin, -1 (or 0) below 1/2 - margin, 0 between, NaN (keep) without a prediction.
    """
    target = np.where(np.isnan(probability), np.nan, 0.0)
    target[probability > EVEN + margin] = 1.0
    target[probability < EVEN - margin] = -1.0 if short_trades else 0.0
    return target


def margins_for(probability: Floats) -> tuple[float, ...]:
    """Margins from 0 to where no prediction is acted on, at most `MOST_MARGINS`, in a round step."""
    known = probability[np.isfinite(probability)]
    reach = min(float(np.abs(known - EVEN).max()), LARGEST_MARGIN) if known.size else 0.0
    step = next((step for step in STEPS if reach / step <= MOST_MARGINS - 2), STEPS[-1])
    last = min(math.ceil(round(reach / step, 9)), math.floor(round(LARGEST_MARGIN / step, 9)))
    return tuple(round(number * step, 9) for number in range(last + 1))


@dataclass(frozen=True, slots=True)
class MarginPoint:
    """What acting only on predictions beyond `margin` came to."""

    margin: float
    net_return: float
    trades: int
    exposure: float
    sharpe: float


@dataclass(frozen=True, slots=True, eq=False)
class Trading:
    """The trading part of a report: the model at the margin it is used with, buy-and-hold, and the other margins.

    `time`, shape (n_bars,), are the bars from the first prediction on, which all of it is about.
    """

    time: NDArray[np.datetime64]
    model: Traded
    buy_and_hold: Traded
    margins: tuple[MarginPoint, ...]
    cost_rate: float
    short_trades: bool

    def to_dict(self) -> dict[str, Any]:
        """The report's `trading`: plain values for JSON, null where undefined, at most `MOST_POINTS` of a curve."""
        held = self.buy_and_hold
        return {
            **{name: _plain(getattr(self.model, name)) for name in _FIGURES},
            "start": said(self.time[0]),
            "end": said(self.time[-1]),
            "equity": curve(self.time, self.model.equity),
            "buy_and_hold": {
                "net_return": _plain(held.net_return),
                "sharpe": _plain(held.sharpe),
                "max_drawdown": _plain(held.max_drawdown),
                "equity": curve(self.time, held.equity),
            },
        }

    def thresholds(self) -> dict[str, Any]:
        """The report's `thresholds`: plain values for JSON."""
        points = [{name: _plain(value) for name, value in asdict(point).items()} for point in self.margins]
        return {"points": points, "cost_rate": self.cost_rate, "short_trades": self.short_trades}


_FIGURES = ("net_return", "sharpe", "sharpe_low", "sharpe_high", "max_drawdown", "trades", "exposure")


def margin_sweep(
    simulate: Simulator,
    bars: Bars,
    probability: Floats,
    *,
    margin: float = 0.0,
    cost_rate: float = DEFAULT_COST_RATE,
    short_trades: bool = True,
    periods_per_year: float = 252.0,
) -> Trading | None:
    """Trade out-of-fold probabilities at `margin` and at every other margin of `margins_for`.

    Parameters
    ----------
    simulate : Simulator
    bars : Bars
    probability : ndarray of float64, shape (n_bars,)
        Out of fold: NaN where no model that could have known it has predicted.
    margin : float
        The one the model is used with; its figures are those of `Trading.model`.
    cost_rate, short_trades, periods_per_year
        As for `Simulator`.

    Returns
    -------
    Trading or None
        None without a prediction, or with one on the last bar alone, which nothing could fill.
    """
    rows = traded_rows(probability)
    if rows is None:
        return None
    known, seen = bars.slice(bars.time[rows.start]), probability[rows]
    others = tuple(other for other in margins_for(seen) if other != margin)
    targets = [targets_of(seen, chosen, short_trades) for chosen in (margin, *others)]
    model, *rest, held = simulate(
        known,
        [*targets, np.ones(len(known))],
        cost_rate=cost_rate,
        short_trades=short_trades,
        periods_per_year=periods_per_year,
    )
    points = [
        _point(chosen, traded) for chosen, traded in zip((margin, *others), (model, *rest), strict=True)
    ]
    points.sort(key=lambda point: point.margin)
    return Trading(known.time, model, held, tuple(points), cost_rate, short_trades)


def traded_rows(probability: Floats) -> slice | None:
    """The bars from the first prediction on; None where nothing can be traded on one.

    `probability` has the shape (n_bars,), NaN where nothing was predicted. One of the last bar alone trades nothing.
    """
    known = np.flatnonzero(np.isfinite(probability))
    if not known.size or known[0] >= len(probability) - 1:
        return None
    return slice(int(known[0]), None)


def curve(time: NDArray[np.datetime64], equity: Floats) -> list[list[float | int]]:
    """`[[seconds since 1970, growth of 1], ...]`, at most `MOST_POINTS`, the extremes of each stretch kept.

    `equity` is the growth of 1 at each of the times; shapes (n_bars,), no NaN.
    """
    rows = np.arange(len(equity))
    if len(equity) > MOST_POINTS:
        edges = np.linspace(0, len(equity), MOST_POINTS // 2).astype(np.int64)
        low, high = edges[:-1, np.newaxis], edges[1:, np.newaxis]
        # All stretches side by side; the shorter ones end with their last bar once more.
        within = np.minimum(low + np.arange((high - low).max()), high - 1)
        parts = equity[within]
        extremes = np.concatenate((parts.argmin(axis=1), parts.argmax(axis=1)))
        rows = np.unique(np.concatenate(([0, len(equity) - 1], np.tile(edges[:-1], 2) + extremes)))
    seconds = time[rows].astype("datetime64[s]").astype(np.int64).tolist()
    return [list(point) for point in zip(seconds, equity[rows].tolist(), strict=True)]


def _point(margin: float, traded: Traded) -> MarginPoint:
    return MarginPoint(margin, traded.net_return, traded.trades, traded.exposure, traded.sharpe)


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
