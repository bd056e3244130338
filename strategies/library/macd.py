"""Follow the change of a trend: the MACD line crossing its signal line."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import follow
from strategies.indicators import Macd, TechnicalIndicators
from strategies.library import parameters as shared
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
    references = ("Gerald Appel, Technical Analysis: Power Tools for Active Investors, FT Press 2005.",)
    params = (
        shared.bars(
            "fast_period",
            "Fast period",
            12,
            (2, 499),
            "Bars in the quick average. Must be below the slow period.",
        ),
        shared.bars("slow_period", "Slow period", 26, (3, 500), "Bars in the slow average."),
        shared.bars("signal_period", "Signal period", 9, (2, 200), "Bars in the average of the MACD line."),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        return shared.fast_below_slow(parameters)

    def warmup(self) -> int:
        slow, signal = (cast(int, self.parameters[name]) for name in ("slow_period", "signal_period"))
        return slow + signal - 1

    def target(self, bars: Bars) -> NDArray[np.float64]:
        line, signal, _ = self._macd(bars)
        # Both lines are differences of averages: on a flat price nothing but their rounding noise is left.
        return follow(line, signal, scale=bars.close)

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        names = ("MACD", "Signal", "Histogram")
        return tuple(Overlay(name, line, "own") for name, line in zip(names, self._macd(bars), strict=True))

    def _macd(self, bars: Bars) -> Macd:
        periods = (
            cast(int, self.parameters[name]) for name in ("fast_period", "slow_period", "signal_period")
        )
        return TechnicalIndicators.macd(bars.close, *periods)
