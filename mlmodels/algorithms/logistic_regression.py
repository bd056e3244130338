"""Logistic regression: a straight line through scaled features."""

from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.algorithms.registry import Algorithm

LOGISTIC_REGRESSION = Algorithm(
    "logistic_regression",
    "Logistic regression",
    "Weighs the scaled features in a straight line. Fast, hard to overfit, the one to beat.",
    (
        TunedFloat(
            "strength",
            default=0.01,
            minimum=0.0001,
            maximum=1000.0,
            step=0.0001,
            label="Inverse regularisation (C)",
            help="Smaller pulls all weights closer to zero.",
            tries=(0.0001, 0.001, 0.01, 0.1, 1.0, 10.0),
            log=True,
        ),
        TunedInt(
            "max_iterations",
            default=300,
            minimum=20,
            maximum=5000,
            label="Most iterations",
            help="Where the search for the weights stops at the latest.",
        ),
    ),
)
