"""A trained model as a strategy: long where it foresees a gain, short or out where it does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels import store
from mlmodels.features import feature_names, warmup_of
from strategies.base import BaseStrategy, Overlay
from strategies.params import BoolParam, FloatParam, ReferenceParam
from strategies.registry import register


@register
class MLSignalStrategy(BaseStrategy):
    """Decides by probabilities that were never made by a model which had seen their outcome.

    Within the model's training period these are its out-of-fold predictions, after it those of the final model.
    Where there is no prediction the position is kept, so nothing happens before the first one.
    """

    key = "ml_signal"
    label = "Trained model"
    summary = "Follows the out-of-sample predictions of a model you trained."
    rules = (
        "Buy when model {model} gives a gain more than 50 % plus the margin.",
        "When it gives less than 50 % minus the margin, go short where short trades are on, else stay out.",
        "In between, stay out. Within the training period only out-of-fold predictions are used.",
    )
    uses_model = True
    params = (
        ReferenceParam(
            "model", kind="ml_model", label="Model", help="One of your trained models, by its predictions."
        ),
        FloatParam(
            "margin",
            default=0.0,
            minimum=0.0,
            maximum=0.45,
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

    def warmup(self) -> int:
        return warmup_of(feature_names())

    def target(self, bars: Bars) -> NDArray[np.float64]:
        probability = self._probability(bars)
        low, high = self._levels()
        target = np.where(np.isnan(probability), np.nan, 0.0)
        target[probability > high] = 1.0
        target[probability < low] = -1.0 if self.parameters["short_trades"] else 0.0
        return target

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        low, high = (np.full(len(bars), level) for level in self._levels())
        probability = Overlay("Probability of a gain", self._probability(bars), "own")
        return (probability, Overlay("Buy above", high, "own"), Overlay("Sell below", low, "own"))

    def _levels(self) -> tuple[float, float]:
        margin = float(self.parameters["margin"])
        return 0.5 - margin, 0.5 + margin

    def _probability(self, bars: Bars) -> NDArray[np.float64]:
        return store.open_model(int(self.parameters["model"])).predict(bars)
