"""How good probabilities were, always beside what saying the same thing every time would have scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Verdict: TypeAlias = Literal["no_better", "within_noise", "better"]

SMALLEST_PROBABILITY = 1e-6
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of some predictions. `base_rate` is the accuracy of always saying `majority`.

    `accuracy_error` is one standard error; outcomes over h bars overlap, so that n rows count as n / h.
    """

    rows: int
    effective_rows: float
    log_loss: float
    base_log_loss: float
    brier: float
    accuracy: float
    accuracy_error: float
    base_rate: float
    majority: Literal["up", "down"]

    @property
    def standard_errors_above(self) -> float:
        """By how many standard errors the accuracy exceeds the base rate."""
        return (self.accuracy - self.base_rate) / self.accuracy_error if self.accuracy_error else 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the predictions beat the constant answer by more than two standard errors."""
        if self.accuracy <= self.base_rate:
            return "no_better"
        return "better" if self.standard_errors_above > 2.0 else "within_noise"


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions of similar probability: how many, what they said and how often they were right."""

    rows: int
    predicted: float
    observed: float


def score(probability: Floats, up: Floats, *, horizon: int) -> Score:
    """Score probabilities of a gain against outcomes 0.0 or 1.0; both of shape (n_rows,), n_rows > 0, no NaN."""
    rows = len(up)
    share_up = float(up.mean())
    accuracy = float(((probability > 0.5) == (up > 0.5)).mean())
    effective = max(1.0, rows / horizon)
    return Score(
        rows=rows,
        effective_rows=effective,
        log_loss=log_loss(probability, up),
        base_log_loss=log_loss(np.full(rows, share_up), up),
        brier=float(((probability - up) ** 2).mean()),
        accuracy=accuracy,
        accuracy_error=float(np.sqrt(max(accuracy * (1.0 - accuracy), 1e-12) / effective)),
        base_rate=max(share_up, 1.0 - share_up),
        majority="up" if share_up >= 0.5 else "down",
    )


def log_loss(probability: Floats, up: Floats) -> float:
    """Mean of -log(probability given to what happened); a certain and wrong answer costs 13.8, not infinity."""
    safe = np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    return float(-np.where(up > 0.5, np.log(safe), np.log1p(-safe)).mean())


def calibration(probability: Floats, up: Floats) -> tuple[CalibrationBin, ...]:
    """Bins of equal count, from the least to the most confident in a gain."""
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(CALIBRATION_BINS, max(1, len(order))))
    return tuple(
        CalibrationBin(len(part), float(probability[part].mean()), float(up[part].mean()))
        for part in parts
        if len(part)
    )
