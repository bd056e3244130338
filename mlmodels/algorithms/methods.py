"""What any algorithm can be fitted with: weights, calibration and a search, each key with its words."""

from collections.abc import Mapping

NONE = "none"

CLASS_WEIGHTS: Mapping[str, str] = {
    NONE: "As often as they happen",
    "balanced": "Gains and losses count the same",
}
CALIBRATIONS: Mapping[str, str] = {
    NONE: "None",
    "sigmoid": "Sigmoid (Platt)",
    "isotonic": "Isotonic",
}
SEARCHES: Mapping[str, str] = {
    NONE: "None: use the values given",
    "grid": "Grid",
    "random": "Random",
    "optuna": "Optuna (TPE)",
}
SEARCH_METHODS = tuple(key for key in SEARCHES if key != NONE)
FEWEST_TRIALS, MOST_TRIALS = 2, 200
"""Sets of hyper-parameters that one search tries."""
