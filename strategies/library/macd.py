"""Follow the change of a trend: the MACD line crossing its signal line."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import cross_down, cross_up, hold
from strategies.indicators import Macd, TechnicalIndicators
from strategies.params import IntParam
from strategies.registry import register


@register
class MACDStrategy(BaseStrategy):
    """Long when the MACD line crosses above its signal line, short (or flat) when it crosses below."""

    key = "macd"
    label = "MACD crossover"
    summary = "Follows a change of momentum: the MACD line crossing its signal line."
    rules = (
        "MACD is the {fast_period}-bar exponential average of the close minus the {slow_period}-bar one.",
        "Buy when it crosses above its own {signal_period}-bar exponential average, the signal line.",
        "Sell when it crosses below: go short where the run allows it, else stay out.",
    )
    params = (
        IntParam(
            "fast_period",
            default=12,
            minimum=2,
            maximum=499,
            label="Fast period",
            help="Bars in the quick average. Must be below the slow period.",
            unit="bars",
        ),
        IntParam(
            "slow_period",
            default=26,
            minimum=3,
            maximum=500,
            label="Slow period",
            help="Bars in the slow average.",
            unit="bars",
        ),
        IntParam(
            "signal_period",
            default=9,
            minimum=2,
            maximum=200,
            label="Signal period",
            help="Bars in the average of the MACD line.",
            unit="bars",
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        fast, slow = parameters["fast_period"], parameters["slow_period"]
        if fast >= slow:
            return {"fast_period": [f"{fast} is not below the slow period ({slow}). Make it shorter."]}
        return {}

    def warmup(self) -> int:
        slow, signal = (cast(int, self.parameters[name]) for name in ("slow_period", "signal_period"))
        return slow + signal - 1

    def target(self, bars: Bars) -> NDArray[np.float64]:
        line, signal, _ = self._macd(bars)
        # Both lines are differences of averages: on a flat price nothing but their rounding noise is left.
        up = cross_up(line, signal, scale=bars.close)
        down = cross_down(line, signal, scale=bars.close)
        return hold(up, down, ~np.isnan(signal))

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        names = ("MACD", "Signal", "Histogram")
        return tuple(Overlay(name, line, "own") for name, line in zip(names, self._macd(bars), strict=True))

    def _macd(self, bars: Bars) -> Macd:
        periods = (
            cast(int, self.parameters[name]) for name in ("fast_period", "slow_period", "signal_period")
        )
        return TechnicalIndicators.macd(bars.close, *periods)
