"""Probabilities that keep their word: a small curve fitted on rows that the estimator has not seen.

Both curves never fall, so a calibrated model ranks bars as it did before. That of the sigmoid may be flat: where the
estimator's ranking is upside down on the calibration rows, all that is left of it is the share of gains.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.isotonic import IsotonicRegression

from mlmodels.algorithms.methods import CALIBRATIONS
from mlmodels.errors import TrainingError
from mlmodels.estimators.base import Floats

SURE = 1e-6
"""No probability is nearer to 0 or 1: one wrong answer costs at most 14 nats, not infinitely many."""

FEWEST_ROWS = 20
NEWTON_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class CalibrationRows:
    """Rows that the estimator is not fitted on: features (n_rows, n_features), all finite, and outcomes (n_rows,)."""

    features: Floats
    up: Floats

    def __post_init__(self) -> None:
        gains = int(self.up.sum())
        if len(self.up) < FEWEST_ROWS or not 0 < gains < len(self.up):
            message = (
                f"{len(self.up):,} bars with {gains:,} gains are not enough to calibrate by: {FEWEST_ROWS} with both "
                "outcomes are needed. Take a longer period, fewer folds or no calibration."
            )
            raise TrainingError(message, fields={"calibration": [message]})


class Calibrator(ABC):
    """A curve from what the estimator says to how often it happens."""

    kind: ClassVar[str]

    @abstractmethod
    def calibrated(self, probability: Floats) -> Floats:
        """Return the corrected probabilities, 0 to 1; shapes (n_rows,), NaN stays NaN."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON, which writes them exactly."""


class Sigmoid(Calibrator):
    """sigmoid(slope * log-odds + intercept), slope at least 0.

    Platt, "Probabilistic outputs for support vector machines" (1999), on the log-odds of the estimator.
    """

    kind = "sigmoid"

    def __init__(self, slope: float, intercept: float) -> None:
        if not (np.isfinite(slope) and np.isfinite(intercept) and slope >= 0.0):
            raise ValueError("the calibration curve is no rising sigmoid")
        self.slope, self.intercept = float(slope), float(intercept)

    @classmethod
    def fit(cls, probability: Floats, up: Floats) -> Sigmoid:
        """Maximise the likelihood of outcomes pulled a little to the middle, as Platt has it, by Newton's method.

        Both of shape (n_rows,), no NaN; outcomes are 0.0 or 1.0. Where the best curve falls, a flat one.
        """
        gains = float(up.sum())
        losses = len(up) - gains
        wanted = np.where(up > 0.0, (gains + 1.0) / (gains + 2.0), 1.0 / (losses + 2.0))
        slope, intercept = _newton(_log_odds(probability), wanted)
        if slope < 0.0:  # the likelihood is concave, so at its best within the bounds the slope is 0
            share = float(wanted.mean())
            slope, intercept = 0.0, float(np.log(share / (1.0 - share)))
        return cls(slope, intercept)

    def calibrated(self, probability: Floats) -> Floats:
        return _sigmoid(self.slope * _log_odds(probability) + self.intercept)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "slope": self.slope, "intercept": self.intercept}


class Isotonic(Calibrator):
    """The best rising curve of steps joined by lines; needs more rows than a sigmoid.

    Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates" (2002). Its
    ends are kept off 0 and 1 by Laplace's rule: after n rows nothing is surer than (n + 1) / (n + 2).
    """

    kind = "isotonic"

    def __init__(self, at: Floats, gives: Floats) -> None:
        at, gives = np.asarray(at, dtype=np.float64), np.asarray(gives, dtype=np.float64)
        sound = at.ndim == gives.ndim == 1 and at.size == gives.size > 0
        if not sound or not (
            np.isfinite(at).all() and (np.diff(at) > 0).all() and (np.diff(gives) >= 0).all()
        ):
            raise ValueError("the calibration curve does not rise")
        if not (gives[0] >= 0.0 and gives[-1] <= 1.0):
            raise ValueError("the calibration curve leaves 0 to 1")
        self.at, self.gives = at, gives

    @classmethod
    def fit(cls, probability: Floats, up: Floats) -> Isotonic:
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(probability, up)
        least = 1.0 / (len(up) + 2.0)
        return cls(fitted.X_thresholds_, np.clip(fitted.y_thresholds_, least, 1.0 - least))

    def calibrated(self, probability: Floats) -> Floats:
        return np.asarray(np.interp(probability, self.at, self.gives), dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "at": self.at.tolist(), "gives": self.gives.tolist()}


def fit_calibrator(kind: str, probability: Floats, up: Floats) -> Calibrator:
    """Fit "sigmoid" or "isotonic" on what an estimator said about rows it has not seen, and on their outcomes.

    Both of shape (n_rows,), no NaN, as `CalibrationRows` checks them. TrainingError for another kind.
    """
    if kind == Sigmoid.kind:
        return Sigmoid.fit(probability, up)
    if kind == Isotonic.kind:
        return Isotonic.fit(probability, up)
    message = f"There is no calibration '{kind}'. There are: {', '.join(CALIBRATIONS)}."
    raise TrainingError(message, fields={"calibration": [message]})


def calibrator_from_dict(given: Mapping[str, Any]) -> Calibrator:
    """Return the calibrator that `to_dict` gave; KeyError, TypeError or ValueError for anything else."""
    if given["kind"] == Sigmoid.kind:
        return Sigmoid(given["slope"], given["intercept"])
    if given["kind"] == Isotonic.kind:
        return Isotonic(given["at"], given["gives"])
    raise ValueError("the calibration curve is of an unknown kind")


def bounded(probability: Floats) -> Floats:
    """Keep probabilities at least SURE away from 0 and 1."""
    return np.clip(probability, SURE, 1.0 - SURE)


def _newton(x: Floats, wanted: Floats) -> tuple[float, float]:
    slope, intercept = 0.0, float(np.log(wanted.mean() / (1.0 - wanted.mean())))
    loss = _loss(x, wanted, slope, intercept)
    for _ in range(NEWTON_STEPS):
        said = _sigmoid(slope * x + intercept)
        miss, weight = said - wanted, said * (1.0 - said)
        gradient = np.array([miss @ x, miss.sum()])
        # The ridge keeps the matrix regular where the estimator says the same of every row.
        hessian = np.array([[weight @ (x * x), weight @ x], [weight @ x, weight.sum()]]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > 1e-10:
            tried = _loss(x, wanted, slope - size * step[0], intercept - size * step[1])
            if tried < loss:
                break
            size /= 2.0
        else:
            break
        slope, intercept, loss = slope - size * step[0], intercept - size * step[1], tried
    return float(slope), float(intercept)


def _loss(x: Floats, wanted: Floats, slope: float, intercept: float) -> float:
    z = slope * x + intercept
    return float((np.logaddexp(0.0, z) - wanted * z).sum())


def _log_odds(probability: Floats) -> Floats:
    sure = bounded(probability)
    return np.log(sure) - np.log1p(-sure)


def _sigmoid(z: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-z)), dtype=np.float64)
