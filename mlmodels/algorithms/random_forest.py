"""A random forest: the mean of many trees, each grown on a random draw."""

from mlmodels.algorithms.params import TunedInt
from mlmodels.algorithms.registry import Algorithm
from strategies.params import ChoiceParam

RANDOM_FOREST = Algorithm(
    "random_forest",
    "Random forest",
    "Averages many shallow trees, each grown on a random draw of bars and features.",
    (
        TunedInt(
            "trees",
            default=100,
            minimum=5,
            maximum=1000,
            label="Trees",
            help="More is steadier and slower.",
        ),
        TunedInt(
            "max_depth",
            default=5,
            minimum=1,
            maximum=30,
            label="Deepest tree",
            help="How many questions a tree may ask in a row.",
            unit="levels",
            tries=(2, 3, 5, 8, 12),
        ),
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
        ChoiceParam(
            "max_features",
            default="sqrt",
            choices=(("sqrt", "Square root of all"), ("log2", "Logarithm of all"), ("all", "All")),
            label="Features a split looks at",
            help="Fewer makes the trees differ more.",
        ),
    ),
)
