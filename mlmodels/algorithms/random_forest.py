"""A random forest: the mean of many trees, each grown on a random draw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlmodels.algorithms.params import TunedInt
from mlmodels.algorithms.registry import Algorithm
from mlmodels.algorithms.trees import MIN_LEAF
from strategies.params import ChoiceParam

LARGEST_FOREST = 8_000_000
"""Nodes: about as many as an artifact may hold. The largest boosted trees that can be asked for stay below."""
ROWS_A_NODE, FULLNESS = 4, 1 / 64
"""Measured on returns that can hardly be foreseen: grown to the end a tree has a node for every one to three and a half
of its smallest leaves; one that its depth ends first has a small part of the nodes it has room for."""


def likely_nodes(hyperparameters: Mapping[str, Any], rows: int) -> float:
    """About how many nodes a forest has at least."""
    grown = rows / (ROWS_A_NODE * hyperparameters["min_leaf"])
    room = 2.0 ** (hyperparameters["max_depth"] + 1)
    return float(hyperparameters["trees"] * min(FULLNESS * room, grown))


def too_many_nodes(hyperparameters: Mapping[str, Any], rows: int) -> dict[str, str]:
    """Refuse what almost surely outgrows what is stored; what only may do so is stopped when it does."""
    trees, depth, nodes = (
        hyperparameters["trees"],
        hyperparameters["max_depth"],
        likely_nodes(hyperparameters, rows),
    )
    if nodes <= LARGEST_FOREST:
        return {}
    return {
        "trees": f"{trees:,} trees of up to {depth} levels on {rows:,} rows have about {nodes / 1e6:,.0f} million "
        f"nodes, and {LARGEST_FOREST / 1e6:,.0f} million are the most that is stored. Take fewer or shallower trees, "
        "or larger leaves."
    }


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
        MIN_LEAF,
        ChoiceParam(
            "max_features",
            default="sqrt",
            choices=(("sqrt", "Square root of all"), ("log2", "Logarithm of all"), ("all", "All")),
            label="Features a split looks at",
            help="Fewer makes the trees differ more.",
        ),
    ),
    problems=too_many_nodes,
)
