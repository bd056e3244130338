"""Follow a breakout: the close beyond the range of many earlier bars."""

from typing import cast

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
class DonchianBreakoutStrategy(BaseStrategy):
    """Long from a close above the highest high of the earlier bars until one below a shorter lowest low."""

    key = "donchian"
    label = "Donchian breakout"
    summary = "Buys a new high and leaves at a shorter new low, as the Turtle traders did."
    rules = (
        "Buy when the close is above the highest high of the {entry_period} bars before it.",
        "Leave when it is below the lowest low of the {exit_period} bars before it.",
        "Below the lowest low of {entry_period} bars: go short where the run allows it, until the close is above "
        "the highest high of {exit_period}.",
    )
    references = (
        "Curtis Faith, Way of the Turtle, McGraw-Hill 2007.",
        "Richard Donchian, High Finance in Copper, Financial Analysts Journal 16(6), 1960.",
    )
    params = (
        shared.bars(
            "entry_period", "Entry range", 55, (2, 500), "Earlier bars whose range the close must leave."
        ),
        shared.bars(
            "exit_period", "Exit range", 20, (1, 500), "Earlier bars whose opposite end ends the position."
        ),
    )

    def warmup(self) -> int:
        return max(cast(int, value) for value in self.parameters.values())

    def target(self, bars: Bars) -> NDArray[np.float64]:
        top, bottom = self._range(bars, "entry_period")
        near_top, near_bottom = self._range(bars, "exit_period")
        close = bars.close
        target = position(
            above(close, top), below(close, near_bottom), below(close, bottom), above(close, near_top)
        )
        return undecided_until(target, self.warmup())

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        top, bottom = self._range(bars, "entry_period")
        near_top, near_bottom = self._range(bars, "exit_period")
        return (
            Overlay("Entry high", top),
            Overlay("Entry low", bottom),
            Overlay("Exit high", near_top),
            Overlay("Exit low", near_bottom),
        )

    def _range(self, bars: Bars, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The ends of the range of the bars *before* each bar."""
        upper, _, lower = TechnicalIndicators.donchian_channel(
            bars.high, bars.low, cast(int, self.parameters[name])
        )
        return _one_earlier(upper), _one_earlier(lower)


def _one_earlier(line: NDArray[np.float64]) -> NDArray[np.float64]:
    moved = np.full(line.size, np.nan)
    moved[1:] = line[:-1]
    return moved
