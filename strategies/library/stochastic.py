"""Buy weakness as it ends: the slow stochastic turning outside its normal range."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import above, below, cross_down, cross_up, hold
from strategies.indicators import Stochastic, TechnicalIndicators
from strategies.library import parameters as shared
from strategies.registry import register


@register
class StochasticStrategy(BaseStrategy):
    """Long when %K crosses above %D in the oversold range, short when it crosses below %D in the overbought range."""

    key = "stochastic"
    label = "Stochastic reversal"
    summary = (
        "Buys when the close turns up near the low of its range, sells when it turns down near the high."
    )
    rules = (
        "%K is the place of the close in its {k_period}-bar range, averaged over {smooth_period} bars; %D averages "
        "%K over {d_period}.",
        "Buy when %K crosses above %D while %D is below {oversold:g}.",
        "Sell when %K crosses below %D while %D is above {overbought:g}: go short where the run allows it.",
    )
    references = ("George Lane, Lane's Stochastics, Technical Analysis of Stocks & Commodities 2(3), 1984.",)
    params = (
        shared.bars("k_period", "%K period", 14, (2, 300), "Bars whose range the close is placed in."),
        shared.bars("smooth_period", "Smoothing", 3, (1, 50), "Bars over which %K is averaged."),
        shared.bars("d_period", "%D period", 3, (1, 50), "Bars of %K averaged into %D."),
        shared.level("oversold", "Oversold below", 20.0, (1.0, 98.0), "Must be under the overbought level."),
        shared.level("overbought", "Overbought above", 80.0, (2.0, 99.0), "Sells only above this level."),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        return shared.oversold_below_overbought(parameters)

    def warmup(self) -> int:
        return sum(cast(int, self.parameters[name]) for name in _PERIODS) - 2

    def target(self, bars: Bars) -> NDArray[np.float64]:
        k, d = self._lines(bars)
        low, high = (cast(float, self.parameters[name]) for name in ("oversold", "overbought"))
        # The lines are points of a range of 100: near 0 their own size says nothing about their rounding.
        points = np.full(len(bars), 100.0)
        up, down = cross_up(k, d, scale=points), cross_down(k, d, scale=points)
        return hold(up & below(d, low), down & above(d, high), ~np.isnan(d))

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        k, d = self._lines(bars)
        levels = (("Oversold", "oversold"), ("Overbought", "overbought"))
        lines = (Overlay(name, np.full(len(bars), self.parameters[level]), "own") for name, level in levels)
        return (Overlay("%K", k, "own"), Overlay("%D", d, "own"), *lines)

    def _lines(self, bars: Bars) -> Stochastic:
        periods = (cast(int, self.parameters[name]) for name in _PERIODS)
        return TechnicalIndicators.stochastic(bars.high, bars.low, bars.close, *periods)


_PERIODS = ("k_period", "smooth_period", "d_period")
