"""Histogram gradient boosting: scikit-learn's own boosted trees, the plain baseline beside XGBoost."""

from mlmodels.algorithms.boosting import BOOSTING_ROUNDS, LEARNING_RATE
from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.algorithms.registry import Algorithm

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
        TunedInt(
            "min_leaf",
            default=20,
            minimum=1,
            maximum=1000,
            label="Smallest leaf",
            help="Training rows that each leaf must hold: more is smoother and learns less noise.",
            unit="rows",
            tries=(200, 50, 20, 5),
            log=True,
        ),
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
        TunedFloat(
            "l2_penalty",
            default=1.0,
            minimum=0.0,
            maximum=1000.0,
            step=0.1,
            label="L2 penalty",
            help="Pulls the trees' answers closer to zero.",
            tries=(100.0, 10.0, 1.0),
            log=True,
        ),
    ),
)
