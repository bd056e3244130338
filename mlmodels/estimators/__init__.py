"""Fitting the algorithms. Imports scikit-learn and XGBoost, so job code imports it and web processes do not.

To add an algorithm: describe it in `mlmodels/algorithms`; write an `Estimator` with the same key in a file here,
decorated with `@register_estimator`, and import the file below. It says how to fit, to predict, and to go to bytes
without pickle; weights, calibration, threads, cancelling and storing are done for it.
"""

from mlmodels.estimators import histogram_boosting, logistic_regression, random_forest, xgboost
from mlmodels.estimators.base import Estimator, Floats, Tick
from mlmodels.estimators.calibration import CalibrationRows
from mlmodels.estimators.fitting import Classifier, fit
from mlmodels.estimators.registry import get_estimator, register_estimator
from mlmodels.estimators.threads import ForkedProcess, one_thread

__all__ = [
    "CalibrationRows",
    "Classifier",
    "Estimator",
    "Floats",
    "ForkedProcess",
    "Tick",
    "fit",
    "get_estimator",
    "histogram_boosting",
    "logistic_regression",
    "one_thread",
    "random_forest",
    "register_estimator",
    "xgboost",
]
