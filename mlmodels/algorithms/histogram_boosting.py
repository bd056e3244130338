"""Histogram gradient boosting: scikit-learn's own boosted trees, the plain baseline beside XGBoost."""

from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.algorithms.registry import Algorithm
from mlmodels.algorithms.trees import BOOSTING_ROUNDS, L2_PENALTY, LEARNING_RATE, MIN_LEAF

HISTOGRAM_BOOSTING = Algorithm(
    "histogram_boosting",
    "Histogram gradient boosting",
    "Boosted trees on values put into bins, with few settings. The plain baseline that XGBoost should beat.",
    (
        BOOSTING_ROUNDS,
        TunedInt(
            "max_leaves",
            default=15,
            minimum=2,
            maximum=255,
            label="Most leaves",
            help="How many answers one tree may give. 2 is a single question.",
            unit="leaves",
            tries=(2, 4, 8, 15, 31),
            log=True,
        ),
        LEARNING_RATE,
        MIN_LEAF,
        TunedFloat(
            "feature_share",
            default=1.0,
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            label="Share of features a split sees",
            help="Below 1 each split looks at a random draw of features.",
            tries=(0.5, 0.8, 1.0),
        ),
        L2_PENALTY,
    ),
)
