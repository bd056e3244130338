"""Follow the past year's return, the last month left out."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.library import parameters as shared
from strategies.params import FloatParam
from strategies.registry import register


@register
class MomentumStrategy(BaseStrategy):
    """Long while the return from `lookback` to `skip` bars ago is above a threshold, decided once a month."""

    key = "momentum"
    label = "Momentum (12-1)"
    summary = "Holds what rose over the past year, its last month left out; decides once a month."
    rules = (
        "On the first bar of each month, look at the return from {lookback} bars ago to {skip} bars ago.",
        "Above {threshold:g}: buy and hold until the next decision.",
        "Below minus that: go short where the run allows it, else stay out. In between: stay out.",
    )
    references = (
        "Jegadeesh and Titman, Returns to Buying Winners and Selling Losers, Journal of Finance 48(1), 1993.",
        "Moskowitz, Ooi and Pedersen, Time Series Momentum, Journal of Financial Economics 104(2), 2012.",
    )
    params = (
        shared.bars(
            "lookback",
            "Lookback",
            252,
            (2, 2000),
            "Where the measured return begins; an exchange year has 252 bars.",
        ),
        shared.bars(
            "skip",
            "Left out",
            21,
            (0, 500),
            "The latest bars, which tend to reverse. Must be below the lookback.",
        ),
        FloatParam(
            "threshold",
            default=0.0,
            minimum=0.0,
            maximum=1.0,
            step=0.01,
            label="Threshold",
            help="How large the return must be, up or down; 0.05 is 5 %.",
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        skip, lookback = parameters["skip"], parameters["lookback"]
        if skip >= lookback:
            return {"skip": [f"{skip} is not below the lookback ({lookback}). Leave out fewer bars."]}
        return {}

    def warmup(self) -> int:
        return cast(int, self.parameters["lookback"])

    def target(self, bars: Bars) -> NDArray[np.float64]:
        momentum = self._momentum(bars)
        month = bars.time.astype("datetime64[M]")
        decides = ~np.isnan(momentum)
        # The first return there is decides at once; then only a bar whose month is not that of the bar before it.
        decides[self.warmup() + 1 :] &= (month[1:] != month[:-1])[self.warmup() :]
        threshold = cast(float, self.parameters["threshold"])
        wanted = (momentum > threshold).astype(np.float64) - (momentum < -threshold)
        return np.where(decides, wanted, np.nan)

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        return (Overlay("Momentum", self._momentum(bars), "own"),)

    def _momentum(self, bars: Bars) -> NDArray[np.float64]:
        lookback, skip = (cast(int, self.parameters[name]) for name in ("lookback", "skip"))
        momentum = np.full(len(bars), np.nan)
        if lookback < len(bars):
            then = bars.close[: len(bars) - lookback]
            momentum[lookback:] = bars.close[lookback - skip : len(bars) - skip] / then - 1.0
        return momentum
