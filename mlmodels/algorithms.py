"""The learning algorithms by name, with their typed hyper-parameters. Light: fitting lives in `estimators`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from algotrade.errors import nearest, shown
from mlmodels.errors import TrainingError
from strategies.params import ChoiceParam, FloatParam, IntParam, Param, Value, clean_all


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What a form and the API need to know about one algorithm."""

    key: str
    label: str
    summary: str
    params: tuple[Param, ...]

    def clean(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """Return a full set of hyper-parameters, or raise TrainingError with a message by name."""
        cleaned, problems = clean_all(self.params, given, "hyper-parameter")
        if problems:
            raise TrainingError(fields=problems)
        return cleaned


_MIN_LEAF = IntParam(
    "min_leaf",
    default=20,
    minimum=1,
    maximum=1000,
    label="Smallest leaf",
    help="Training rows that each leaf must hold: more is smoother and learns less noise.",
    unit="rows",
)

_LOGISTIC = Algorithm(
    "logistic_regression",
    "Logistic regression",
    "Weighs the scaled features in a straight line. Fast, hard to overfit, the one to beat.",
    (
        FloatParam(
            "strength",
            default=0.01,
            minimum=0.0001,
            maximum=1000.0,
            step=0.0001,
            label="Inverse regularisation (C)",
            help="Smaller pulls all weights closer to zero.",
        ),
        IntParam(
            "max_iterations",
            default=300,
            minimum=20,
            maximum=5000,
            label="Most iterations",
            help="Where the search for the weights stops at the latest.",
        ),
    ),
)

_FOREST = Algorithm(
    "random_forest",
    "Random forest",
    "Averages many shallow trees, each grown on a random draw of bars and features.",
    (
        IntParam(
            "trees", default=100, minimum=5, maximum=1000, label="Trees", help="More is steadier and slower."
        ),
        IntParam(
            "max_depth",
            default=5,
            minimum=1,
            maximum=30,
            label="Deepest tree",
            help="How many questions a tree may ask in a row.",
            unit="levels",
        ),
        _MIN_LEAF,
        ChoiceParam(
            "max_features",
            default="sqrt",
            choices=(("sqrt", "Square root of all"), ("log2", "Logarithm of all"), ("all", "All")),
            label="Features a split looks at",
            help="Fewer makes the trees differ more.",
        ),
    ),
)

_XGBOOST = Algorithm(
    "xgboost",
    "XGBoost",
    "Adds small trees one after another, each correcting what is still wrong. Powerful, overfits easily.",
    (
        IntParam(
            "trees",
            default=100,
            minimum=5,
            maximum=2000,
            label="Trees",
            help="Rounds of boosting. With a smaller learning rate it takes more.",
        ),
        IntParam(
            "max_depth",
            default=3,
            minimum=1,
            maximum=12,
            label="Deepest tree",
            help="How many questions a tree may ask in a row.",
            unit="levels",
        ),
        FloatParam(
            "learning_rate",
            default=0.05,
            minimum=0.001,
            maximum=1.0,
            step=0.001,
            label="Learning rate",
            help="How much of each tree's correction is taken over.",
        ),
        FloatParam(
            "row_share",
            default=0.8,
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            label="Share of bars a tree sees",
            help="Below 1 each tree grows on a random draw of bars.",
        ),
        FloatParam(
            "feature_share",
            default=0.8,
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            label="Share of features a tree sees",
            help="Below 1 each tree grows on a random draw of features.",
        ),
        FloatParam(
            "min_child_weight",
            default=5.0,
            minimum=0.0,
            maximum=1000.0,
            step=0.5,
            label="Smallest child weight",
            help="Evidence each side of a split must hold: more learns less noise.",
        ),
        FloatParam(
            "l2_penalty",
            default=1.0,
            minimum=0.0,
            maximum=1000.0,
            step=0.1,
            label="L2 penalty",
            help="Pulls the trees' answers closer to zero.",
        ),
    ),
)

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {algorithm.key: algorithm for algorithm in (_LOGISTIC, _FOREST, _XGBOOST)}
)


def get_algorithm(key: Any) -> Algorithm:
    """Return an algorithm, or raise TrainingError listing those that exist."""
    if isinstance(key, str) and key in ALGORITHMS:
        return ALGORITHMS[key]
    message = f"There is no algorithm {shown(key)}. {nearest(key, ALGORITHMS)}"
    raise TrainingError(message, fields={"algorithm": [message]})
