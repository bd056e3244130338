"""Bet on the return to the mean: the close outside its Bollinger bands."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import above, below
from strategies.indicators import BollingerBands, TechnicalIndicators
from strategies.library import parameters as shared
from strategies.params import FloatParam
from strategies.positions import position, undecided_until
from strategies.registry import register


@register
class BollingerReversionStrategy(BaseStrategy):
    """Long from a close below the lower band until the middle is reached; short from above the upper band."""

    key = "bollinger"
    label = "Bollinger reversion"
    summary = "Buys below the lower band and leaves at the average: a bet that extremes do not last."
    rules = (
        "Buy when the close is below its {period}-bar average minus {num_std:g} standard deviations.",
        "Leave when the close is back at the average or above it.",
        "Above the average plus {num_std:g} deviations: go short where the run allows it, until the average.",
    )
    references = ("John Bollinger, Bollinger on Bollinger Bands, McGraw-Hill 2001.",)
    params = (
        shared.bars("period", "Period", 20, (2, 500), "Bars in the average and in the deviation around it."),
        FloatParam(
            "num_std",
            default=2.0,
            minimum=0.5,
            maximum=5.0,
            step=0.1,
            label="Width",
            help="Standard deviations from the average to each band.",
            unit="deviations",
        ),
    )

    def warmup(self) -> int:
        return cast(int, self.parameters["period"]) - 1

    def target(self, bars: Bars) -> NDArray[np.float64]:
        upper, middle, lower = self._bands(bars)
        cheap, dear = below(bars.close, lower), above(bars.close, upper)
        target = position(cheap, ~below(bars.close, middle), dear, ~above(bars.close, middle))
        return undecided_until(target, self.warmup())

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        names = ("Upper band", "Average", "Lower band")
        return tuple(Overlay(name, line) for name, line in zip(names, self._bands(bars), strict=True))

    def _bands(self, bars: Bars) -> BollingerBands:
        width = cast(float, self.parameters["num_std"])
        return TechnicalIndicators.bollinger_bands(bars.close, cast(int, self.parameters["period"]), width)
