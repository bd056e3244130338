"""Fitting one classifier: rows in, the probability of a gain out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlmodels.algorithms.methods import CLASS_WEIGHTS, NONE
from mlmodels.errors import TrainingError
from mlmodels.estimators.base import Estimator, Floats, Tick
from mlmodels.estimators.calibration import CalibrationRows, Calibrator, bounded, fit_calibrator
from mlmodels.estimators.registry import get_estimator
from mlmodels.estimators.threads import one_thread, refuse_fork
from mlmodels.estimators.watched import watched


class Classifier:
    """A fitted estimator with its calibration curve, if it has one. `artifacts` stores both."""

    def __init__(self, estimator: Estimator, calibrator: Calibrator | None = None) -> None:
        self.estimator = estimator
        self.calibrator = calibrator

    @property
    def algorithm(self) -> str:
        return self.estimator.algorithm

    def probability_up(self, features: Floats) -> Floats:
        """Return the probability of a gain for rows of shape (n_rows, n_features), all finite; shape (n_rows,).

        Never nearer to 0 or 1 than `calibration.SURE`.
        """
        with one_thread():
            probability = self.estimator.probability_up(features)
        return bounded(probability if self.calibrator is None else self.calibrator.calibrated(probability))

    def impurity_importance(self) -> Floats | None:
        """Return each feature's share in what was learned IN SAMPLE, shape (n_features,), sum 1, or None.

        Falls of impurity of a forest, gains of boosted trees, sizes of the weights of a logistic regression. It
        says what the classifier uses, not what helps: `importance.permuted_losses` says that, out of sample.
        """
        return self.estimator.impurity_importance()


def fit(
    algorithm: str,
    features: Floats,
    up: Floats,
    hyperparameters: Mapping[str, Any],
    *,
    seed: int,
    class_weight: str = NONE,
    calibration: str = NONE,
    calibration_rows: CalibrationRows | None = None,
    tick: Tick = lambda share: None,
) -> Classifier:
    """Fit a fresh classifier; the same input and seed give the same one to the last bit.

    Parameters
    ----------
    algorithm : str
        Key of a registered algorithm.
    features, up : ndarray of float64, shapes (n_rows, n_features) and (n_rows,)
        All finite; outcomes 0.0 or 1.0, both among them.
    hyperparameters : mapping
        A full set, as `Algorithm.clean` returns it.
    class_weight : {"none", "balanced"}
        "balanced" lets gains and losses count the same in sum. That pulls probabilities towards 1/2; a calibration
        puts them right again.
    calibration : {"none", "sigmoid", "isotonic"}
    calibration_rows : CalibrationRows, optional
        What the curve is fitted on, all rows counting the same: the last part of the training part, whose outcomes
        neither overlap those of `features` nor those of the test part. Needed unless calibration is "none".
    tick : callable
        Called from the calling thread several times a second with the share done; what it raises ends the fitting.

    Raises
    ------
    TrainingError
        Outcomes of one kind only, an unknown setting, or calibration rows that are missing, too few or of one kind.
    ForkedProcess
        In a process that was forked after this package was imported.
    """
    refuse_fork()
    if calibration != NONE and calibration_rows is None:
        raise TrainingError(fields={"calibration": ["Give the rows to calibrate by, or no calibration."]})
    weights = class_weights(up, class_weight)
    kind = get_estimator(algorithm)
    # BLAS rounds by the layout in memory, and the same rows shall give the same classifier.
    rows = np.ascontiguousarray(features, dtype=np.float64)

    def compute(tell: Tick) -> Classifier:
        with one_thread():  # OpenMP's limit holds for the thread that sets it,
            estimator = kind.fit(rows, up, hyperparameters, weights=weights, seed=seed, tick=tell)
            if calibration == NONE or calibration_rows is None:
                return Classifier(estimator)
            said = bounded(estimator.probability_up(calibration_rows.features))
        return Classifier(estimator, fit_calibrator(calibration, said, calibration_rows.up))

    with one_thread():  # and OpenBLAS heeds one that was set outside of it
        return watched(compute, tick)


def class_weights(up: Floats, class_weight: str) -> Floats | None:
    """Return a weight for each row, shape (n_rows,), of mean 1; None when all count the same."""
    gains = float(up.sum())
    if not 0.0 < gains < len(up):
        raise TrainingError(
            f"All {len(up):,} training outcomes are the same, so there is nothing to tell apart. "
            "Take a longer period, fewer folds or another horizon."
        )
    if class_weight == NONE:
        return None
    if class_weight != "balanced":
        message = f"There is no class weight '{class_weight}'. There are: {', '.join(CLASS_WEIGHTS)}."
        raise TrainingError(message, fields={"class_weight": [message]})
    half = len(up) / 2.0
    return np.where(up > 0.0, half / gains, half / (len(up) - gains))
