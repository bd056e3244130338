"""Rows whose truth is known: only the first column says something about the outcome."""

import numpy as np

from mlmodels.estimators import CalibrationRows


def known(count=1500, columns=6, seed=0, bias=0.0):
    """Features and outcomes; log-odds of a gain are twice the first column, plus the bias."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((count, columns))
    chance = 1.0 / (1.0 + np.exp(-(2.0 * features[:, 0] + bias)))
    return features, (rng.uniform(size=count) < chance).astype(np.float64)


def calibration_rows(count=400, columns=6, seed=77, bias=0.0):
    return CalibrationRows(*known(count, columns=columns, seed=seed, bias=bias))
