"""From probabilities to positions: what all strategies that decide by a model have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import cast

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.prediction import Predictions
from mlmodels.trading import EVEN, LARGEST_MARGIN, targets_of
from strategies.base import BaseStrategy, Overlay
from strategies.params import BoolParam, FloatParam

DECIDING = (
    FloatParam(
        "margin",
        default=0.0,
        minimum=0.0,
        maximum=LARGEST_MARGIN,
        step=0.01,
        label="Margin around 50 %",
        help="How far from even odds a prediction must be to act on it; 0.05 acts above 55 % and below 45 %.",
    ),
    BoolParam(
        "short_trades",
        default=True,
        label="Short trades",
        help="Off: a foreseen loss means staying out. A run must allow short positions, too.",
    ),
)


class DecidesByProbability(BaseStrategy):
    """Long above 50 % plus the margin, short (or out) below 50 % minus it, out between; kept without a prediction."""

    uses_model = True
    _last: tuple[Bars, Predictions] | None = None

    @abstractmethod
    def predict(self, bars: Bars) -> Predictions:
        """The probability of a gain decided at each close, and which model gave it."""

    def predictions(self, bars: Bars) -> Predictions:
        """What `predict` gives, kept for these bars: a run asks for the target, its lines and its dates."""
        if self._last is None or self._last[0] is not bars:
            self._last = bars, self.predict(bars)
        return self._last[1]

    def target(self, bars: Bars) -> NDArray[np.float64]:
        return self.targets(self.predictions(bars))

    def targets(self, predictions: Predictions) -> NDArray[np.float64]:
        """The wanted position that follows from each probability."""
        margin, short_trades = cast(float, self.parameters["margin"]), bool(self.parameters["short_trades"])
        return targets_of(predictions.probability, margin, short_trades)

    def in_sample_share(self, bars: Bars) -> float:
        return self.predictions(bars).in_sample_share

    def retraining(self, bars: Bars) -> NDArray[np.int64]:
        return self.predictions(bars).retraining

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        margin = cast(float, self.parameters["margin"])
        low, high = (np.full(len(bars), level) for level in (EVEN - margin, EVEN + margin))
        probability = Overlay("Probability of a gain", self.predictions(bars).probability, "own")
        return (probability, Overlay("Buy above", high, "own"), Overlay("Sell below", low, "own"))
