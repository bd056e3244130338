"""Follow the trend only while there is one: a crossover that the ADX must agree to."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import above, below
from strategies.indicators import TechnicalIndicators
from strategies.library import parameters as shared
from strategies.positions import position, undecided_until
from strategies.registry import register


@register
class ADXTrendStrategy(BaseStrategy):
    """Long while a fast average is above a slow one, entered only while the ADX says that there is a trend."""

    key = "adx_trend"
    label = "Trend with ADX filter"
    summary = "Follows two averages, but enters only while the ADX shows a trend worth following."
    rules = (
        "Buy while the {fast_period}-bar average is above the {slow_period}-bar one and the {adx_period}-bar ADX is "
        "above {threshold:g}.",
        "Leave when the fast average is no longer above the slow one, whatever the ADX says.",
        "Mirrored below: go short where the run allows it.",
    )
    references = ("J. Welles Wilder, New Concepts in Technical Trading Systems, Trend Research 1978.",)
    params = (
        shared.bars("fast_period", "Fast period", 20, (1, 499), "Bars in the average that reacts quickly."),
        shared.bars("slow_period", "Slow period", 50, (2, 500), "Bars in the average that shows the trend."),
        shared.bars(
            "adx_period", "ADX period", 14, (2, 200), "Bars over which the trend's strength is smoothed."
        ),
        shared.level(
            "threshold", "ADX above", 25.0, (0.0, 80.0), "A trend counts above this; 20 to 25 is usual."
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        return shared.fast_below_slow(parameters)

    def warmup(self) -> int:
        slow, adx = (cast(int, self.parameters[name]) for name in ("slow_period", "adx_period"))
        return max(slow, 2 * adx) - 1

    def target(self, bars: Bars) -> NDArray[np.float64]:
        fast, slow = self._averages(bars)
        strong = above(self._adx(bars), cast(float, self.parameters["threshold"]))
        rising, falling = above(fast, slow), below(fast, slow)
        target = position(rising & strong, ~rising, falling & strong, ~falling)
        return undecided_until(target, self.warmup())

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        names = (f"SMA {self.parameters[name]}" for name in ("fast_period", "slow_period"))
        averages = (Overlay(name, line) for name, line in zip(names, self._averages(bars), strict=True))
        level = np.full(len(bars), self.parameters["threshold"])
        return (*averages, Overlay("ADX", self._adx(bars), "own"), Overlay("Threshold", level, "own"))

    def _averages(self, bars: Bars) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        fast, slow = (cast(int, self.parameters[name]) for name in ("fast_period", "slow_period"))
        return (
            TechnicalIndicators.moving_average(bars.close, fast),
            TechnicalIndicators.moving_average(bars.close, slow),
        )

    def _adx(self, bars: Bars) -> NDArray[np.float64]:
        return TechnicalIndicators.adx(
            bars.high, bars.low, bars.close, cast(int, self.parameters["adx_period"])
        )
