"""Bet on two prices coming together again."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from marketdata.panel import Panel
from strategies.base import Overlay
from strategies.indicators import TechnicalIndicators
from strategies.library import parameters as shared
from strategies.params import ChoiceParam, FloatParam
from strategies.portfolio import PortfolioStrategy
from strategies.registry import register

Line = NDArray[np.float64]
ROUNDING = 1e-12


@register
class PairsStrategy(PortfolioStrategy):
    """Long the one that fell behind and short the other, until their distance is usual again."""

    key = "pairs"
    label = "Pairs"
    summary = "Sells the dearer and buys the cheaper of two related symbols until they meet again."
    rules = (
        "Follow the spread, log price of the first symbol minus hedge times that of the second, over {lookback} bars.",
        "{entry:g} deviations below its average: buy the first and sell the second short. As far above: the reverse.",
        "Leave both when the spread is within {exit:g} deviations of its average, or beyond it.",
        "The hedge is fixed while a position is held; only bars that both symbols have count.",
    )
    references = (
        "Gatev, Goetzmann and Rouwenhorst, Pairs Trading: Performance of a Relative-Value Arbitrage Rule, "
        "Review of Financial Studies 19(3), 2006.",
        "Chan, Algorithmic Trading, Wiley 2013, chapters 2 and 3.",
    )
    symbols_range = (2, 2)
    params = (
        shared.bars("lookback", "Lookback", 60, (5, 1000), "Bars that say what is usual."),
        FloatParam(
            "entry",
            default=2.0,
            minimum=0.1,
            maximum=10.0,
            step=0.1,
            label="Enter at",
            help="How unusual the spread must be.",
            unit="deviations",
        ),
        FloatParam(
            "exit",
            default=0.5,
            minimum=0.0,
            maximum=9.0,
            step=0.1,
            label="Leave at",
            help="How usual it must be again. Below the entry.",
            unit="deviations",
        ),
        ChoiceParam(
            "hedge",
            default="ratio",
            choices=(("ratio", "One to one"), ("regression", "Rolling regression")),
            label="Hedge",
            help="Equal amounts of both, or as many of the second as explain the first over the lookback.",
        ),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, list[str]]:
        leave, enter = parameters["exit"], parameters["entry"]
        if leave >= enter:
            return {"exit": [f"{leave:g} is not below the entry ({enter:g}). Leave closer to the average."]}
        return {}

    def warmup(self) -> int:
        return cast(int, self.parameters["lookback"]) - 1

    def weights(self, panel: Panel) -> NDArray[np.float64]:
        both, z, hedge = self._score(panel)
        enter, leave = (cast(float, self.parameters[name]) for name in ("entry", "exit"))
        out = np.full((len(panel), 2), np.nan)
        side, ratio = 0.0, 1.0
        for row, score, slope in zip(both.tolist(), z.tolist(), hedge.tolist(), strict=True):
            if score != score:  # not defined yet
                continue
            if side == 0.0 and abs(score) > enter and slope > 0.0:
                side, ratio = (-1.0 if score > 0.0 else 1.0), slope
            elif side * score >= -leave:
                side = 0.0
            out[row] = side / (1.0 + ratio), -side * ratio / (1.0 + ratio)
        return out

    def panel_overlays(self, panel: Panel) -> tuple[Overlay, ...]:
        both, z, _ = self._score(panel)
        values = np.full(len(panel), np.nan)
        values[both] = z
        return (Overlay("Spread (deviations)", values, "own"),)

    def _score(self, panel: Panel) -> tuple[NDArray[np.intp], Line, Line]:
        """Rows with both symbols, and there: how many deviations the spread is from its mean, and the hedge."""
        lookback = cast(int, self.parameters["lookback"])
        both = np.flatnonzero(panel.traded.all(axis=1))
        y, x = np.log(panel.close[both]).T

        def deviation(values: Line) -> Line:
            return TechnicalIndicators.standard_deviation(values, lookback)

        covariance = (deviation(y + x) ** 2 - deviation(y - x) ** 2) / 4.0
        spread_y, spread_x = deviation(y) ** 2, deviation(x) ** 2
        hedge = np.ones(len(both))
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.parameters["hedge"] == "regression":
                hedge = covariance / spread_x
            variance = spread_y - 2.0 * hedge * covariance + hedge**2 * spread_x
            mean_y, mean_x = (TechnicalIndicators.moving_average(values, lookback) for values in (y, x))
            z = (y - mean_y - hedge * (x - mean_x)) / np.sqrt(variance)
        moves = variance > ROUNDING * (spread_y + spread_x)
        return both, np.where(moves, z, np.nan), hedge
