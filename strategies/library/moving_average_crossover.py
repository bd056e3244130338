"""Follow the trend: a fast moving average crossing a slow one."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import cross_down, cross_up, hold
from strategies.indicators import TechnicalIndicators
from strategies.params import ChoiceParam, IntParam
from strategies.registry import register


@register
class MovingAverageCrossoverStrategy(BaseStrategy):
    """Long when the fast average of the close crosses above the slow one, short when it crosses below."""

    key = "ma_crossover"
    label = "Moving average crossover"
    summary = "Follows a trend from the moment a fast average crosses a slow one."
    rules = (
        "Buy when the {fast_period}-bar {ma_type} average of the close crosses above the {slow_period}-bar one.",
        "Sell when it crosses below: go short where the run allows it, else stay out.",
        "Being above already when the averages begin is not a crossing.",
    )
    params = (
        IntParam(
            "fast_period",
            default=10,
            minimum=1,
            maximum=499,
            label="Fast period",
            help="Bars in the average that reacts quickly. Must be below the slow period.",
            unit="bars",
        ),
        IntParam(
            "slow_period",
            default=30,
            minimum=2,
            maximum=500,
            label="Slow period",
            help="Bars in the average that shows the trend.",
            unit="bars",
        ),
        ChoiceParam(
            "ma_type",
            default="sma",
            choices=(("sma", "Simple"), ("ema", "Exponential")),
            label="Average",
            help="Simple weighs all bars alike, exponential weighs recent bars more.",
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        fast, slow = parameters["fast_period"], parameters["slow_period"]
        if fast >= slow:
            return {"fast_period": [f"{fast} is not below the slow period ({slow}). Make it shorter."]}
        return {}

    def warmup(self) -> int:
        return cast(int, self.parameters["slow_period"])

    def target(self, bars: Bars) -> NDArray[np.float64]:
        fast, slow = self._averages(bars)
        return hold(cross_up(fast, slow), cross_down(fast, slow), ~np.isnan(slow))

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        kind = str(self.parameters["ma_type"]).upper()
        names = (f"{kind} {self.parameters[name]}" for name in ("fast_period", "slow_period"))
        return tuple(Overlay(name, values) for name, values in zip(names, self._averages(bars), strict=True))

    def _averages(self, bars: Bars) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        exponential = self.parameters["ma_type"] == "ema"
        average = (
            TechnicalIndicators.exponential_moving_average
            if exponential
            else TechnicalIndicators.moving_average
        )
        fast, slow = (cast(int, self.parameters[name]) for name in ("fast_period", "slow_period"))
        return average(bars.close, fast), average(bars.close, slow)
