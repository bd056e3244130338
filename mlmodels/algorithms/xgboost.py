"""XGBoost: trees that correct one another, with random draws of rows and features."""

from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.algorithms.registry import Algorithm
from mlmodels.algorithms.trees import BOOSTING_ROUNDS, L2_PENALTY, LEARNING_RATE

XGBOOST = Algorithm(
    "xgboost",
    "XGBoost",
    "Adds small trees one after another, each correcting what is still wrong. Powerful, overfits easily.",
    (
        BOOSTING_ROUNDS,
        TunedInt(
            "max_depth",
            default=3,
            minimum=1,
            maximum=12,
            label="Deepest tree",
            help="How many questions a tree may ask in a row.",
            unit="levels",
            tries=(1, 2, 3, 4, 6),
        ),
        LEARNING_RATE,
        TunedFloat(
            "row_share",
            default=0.8,
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            label="Share of bars a tree sees",
            help="Below 1 each tree grows on a random draw of bars.",
            tries=(0.5, 0.8, 1.0),
        ),
        TunedFloat(
            "feature_share",
            default=0.8,
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            label="Share of features a tree sees",
            help="Below 1 each tree grows on a random draw of features.",
            tries=(0.5, 0.8, 1.0),
        ),
        TunedFloat(
            "min_child_weight",
            default=5.0,
            minimum=0.0,
            maximum=1000.0,
            step=0.5,
            label="Smallest child weight",
            help="Evidence each side of a split must hold: more learns less noise.",
            tries=(50.0, 20.0, 5.0, 1.0),
            log=True,
        ),
        L2_PENALTY,
    ),
)
