"""Buy weakness, sell strength: the relative strength index leaving its normal range."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import above, below, hold
from strategies.indicators import TechnicalIndicators
from strategies.library import parameters as shared
from strategies.registry import register


@register
class RSIStrategy(BaseStrategy):
    """Long since the RSI was last oversold, short since it was last overbought."""

    key = "rsi"
    label = "RSI reversal"
    summary = "Buys after a fall that went too far and sells after a rise that did."
    rules = (
        "Buy when the {period}-bar RSI is below {oversold:g}.",
        "Sell when it is above {overbought:g}: go short where the run allows it, else stay out.",
        "In between, keep the position.",
    )
    references = ("J. Welles Wilder, New Concepts in Technical Trading Systems, Trend Research 1978.",)
    params = (
        shared.bars("period", "Period", 14, (2, 200), "Bars over which rises and falls are averaged."),
        shared.level(
            "oversold",
            "Oversold below",
            30.0,
            (1.0, 98.0),
            "Buys below this level. Must be under the overbought level.",
            "RSI points",
        ),
        shared.level(
            "overbought", "Overbought above", 70.0, (2.0, 99.0), "Sells above this level.", "RSI points"
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        return shared.oversold_below_overbought(parameters)

    def warmup(self) -> int:
        return cast(int, self.parameters["period"])

    def target(self, bars: Bars) -> NDArray[np.float64]:
        rsi = self._rsi(bars)
        low, high = (cast(float, self.parameters[name]) for name in ("oversold", "overbought"))
        return hold(below(rsi, low), above(rsi, high), ~np.isnan(rsi))

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        levels = (("Oversold", "oversold"), ("Overbought", "overbought"))
        lines = (Overlay(name, np.full(len(bars), self.parameters[level]), "own") for name, level in levels)
        return (Overlay(f"RSI {self.parameters['period']}", self._rsi(bars), "own"), *lines)

    def _rsi(self, bars: Bars) -> NDArray[np.float64]:
        return TechnicalIndicators.rsi(bars.close, cast(int, self.parameters["period"]))
