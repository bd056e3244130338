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
            label="Freedom of the weights (C)",
            help="How far weights may go from zero: the inverse of the regularisation. Smaller is simpler and overfits "
            "less; try factors of ten.",
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
            log=True,
        ),
    ),
)
