"""Trade pullbacks with the larger trend: two timeframes, the longer one seen only after its bars have closed."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import above, below
from strategies.indicators import TechnicalIndicators
from strategies.library import parameters as shared
from strategies.params import ChoiceParam
from strategies.positions import position
from strategies.registry import register
from strategies.timeframes import higher_timeframe

UTC = "utc"


@register
class TwoTimeframesStrategy(BaseStrategy):
    """Long on a weak RSI of these bars while the longer bars close above their average; mirrored for shorts."""

    key = "two_timeframes"
    label = "Pullback in a larger trend"
    summary = "Buys short weakness while a longer timeframe rises; its bars count only once they have closed."
    rules = (
        "The larger trend is up while the last closed {higher} bar closed above the average of {trend_period} such "
        "bars.",
        "In an upward trend, buy when the {period}-bar RSI is below {pullback:g}; leave when it is above 50 or the "
        "trend turns.",
        "In a downward trend, go short where the run allows it when the RSI is above 100 minus {pullback:g}.",
    )
    references = ("Alexander Elder, Trading for a Living, Wiley 1993 (triple screen).",)
    params = (
        ChoiceParam(
            "higher",
            default="1w",
            choices=(("1h", "Hourly"), ("4h", "4-hour"), ("1d", "Daily"), ("1w", "Weekly")),
            label="Longer timeframe",
            help="Longer than the bars of the run.",
        ),
        # Chosen and frozen with the run: a strategy sees bars alone, and a calendar that were read from the series
        # could change after the run was stored.
        ChoiceParam(
            "sessions",
            default=UTC,
            choices=(
                (UTC, "UTC, from midnight"),
                ("XNYS", "New York"),
                ("XLON", "London"),
                ("XETR", "Frankfurt"),
                ("XTKS", "Tokyo"),
                ("XHKG", "Hong Kong"),
                ("fx", "Foreign exchange, from 17:00 in New York"),
            ),
            label="Days and hours of",
            help="Where the longer bars begin and end.",
        ),
        shared.bars(
            "trend_period", "Trend period", 20, (2, 200), "Longer bars in the average of the larger trend."
        ),
        shared.bars("period", "RSI period", 5, (2, 100), "Bars over which the pullback is measured."),
        shared.level(
            "pullback", "Pullback below", 35.0, (1.0, 49.0), "How weak the RSI must be; mirrored for shorts."
        ),
    )

    def warmup(self) -> int:
        return cast(int, self.parameters["period"])

    def target(self, bars: Bars) -> NDArray[np.float64]:
        closed, average = self._trend(bars)
        rsi = self._rsi(bars)
        level = cast(float, self.parameters["pullback"])
        rising, falling = above(closed, average), below(closed, average)
        target = position(
            rising & below(rsi, level),
            ~rising | above(rsi, 50.0),
            falling & above(rsi, 100.0 - level),
            ~falling | below(rsi, 50.0),
        )
        return np.where(np.isnan(rsi) | np.isnan(average), np.nan, target)

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        closed, average = self._trend(bars)
        return (
            Overlay("Last longer close", closed),
            Overlay("Longer average", average),
            Overlay(f"RSI {self.parameters['period']}", self._rsi(bars), "own"),
        )

    def _trend(self, bars: Bars) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        sessions = str(self.parameters["sessions"])
        longer = higher_timeframe(
            bars, str(self.parameters["higher"]), calendar=None if sessions == UTC else sessions
        )
        period = cast(int, self.parameters["trend_period"])
        average = TechnicalIndicators.moving_average(longer.bars.close, period)
        return longer.align(longer.bars.close), longer.align(average)

    def _rsi(self, bars: Bars) -> NDArray[np.float64]:
        return TechnicalIndicators.rsi(bars.close, cast(int, self.parameters["period"]))
