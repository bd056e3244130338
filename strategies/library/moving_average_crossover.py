"""Follow the trend: a fast moving average crossing a slow one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.crossing import TILE, decide_averages, follow
from strategies.decisions import Decisions
from strategies.indicators import TechnicalIndicators, backends
from strategies.library import parameters as shared
from strategies.params import ChoiceParam
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
    references = (
        "Brock, Lakonishok and LeBaron, Simple Technical Trading Rules and the Stochastic Properties of Stock Returns, "
        "Journal of Finance 47(5), 1992.",
    )
    params = (
        shared.bars(
            "fast_period",
            "Fast period",
            10,
            (1, 499),
            "Bars in the average that reacts quickly. Must be below the slow period.",
        ),
        shared.bars("slow_period", "Slow period", 30, (2, 500), "Bars in the average that shows the trend."),
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
        return shared.fast_below_slow(parameters)

    # The next three let a sweep compare each pair of averages without making a strategy of it: see docs/sweeps.md.

    @classmethod
    def valid_cells(cls, values: Mapping[str, Any]) -> NDArray[np.bool_]:
        return np.asarray(values["fast_period"] < values["slow_period"])

    @classmethod
    def crossing_lines(cls, values: Mapping[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        exponential = np.asarray(values["ma_type"]) == "ema"
        fast, slow = (np.asarray(values[name]) * 2 + exponential for name in ("fast_period", "slow_period"))
        return fast, slow

    @classmethod
    def lines(cls, bars: Bars, keys: Sequence[int]) -> NDArray[np.float64]:
        if not any(key % 2 for key in keys):
            return cast(
                NDArray[np.float64], backends.many().moving_averages(bars.close, [key // 2 for key in keys])
            )
        return np.stack([_average("ema" if key % 2 else "sma")(bars.close, key // 2) for key in keys])

    def warmup(self) -> int:
        return cast(int, self.parameters["slow_period"])

    def decisions(self, bars: Bars) -> Decisions | None:
        if self.parameters["ma_type"] == "sma" and len(bars) > TILE:
            return decide_averages(bars.close, *self._periods())
        return None

    def target(self, bars: Bars) -> NDArray[np.float64]:
        decided = self.decisions(bars)
        return follow(*self._averages(bars)) if decided is None else decided.target()

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        kind = str(self.parameters["ma_type"]).upper()
        names = (f"{kind} {self.parameters[name]}" for name in ("fast_period", "slow_period"))
        return tuple(Overlay(name, values) for name, values in zip(names, self._averages(bars), strict=True))

    def _averages(self, bars: Bars) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        average = _average(str(self.parameters["ma_type"]))
        fast, slow = self._periods()
        return average(bars.close, fast), average(bars.close, slow)

    def _periods(self) -> tuple[int, int]:
        return cast(int, self.parameters["fast_period"]), cast(int, self.parameters["slow_period"])


def _average(kind: str) -> Callable[[NDArray[np.float64], int], NDArray[np.float64]]:
    if kind == "ema":
        return TechnicalIndicators.exponential_moving_average
    return TechnicalIndicators.moving_average
