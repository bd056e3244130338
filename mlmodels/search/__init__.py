"""Hyper-parameter search inside a training part. Light: Optuna is imported by a search that uses it."""

from mlmodels.search.results import SearchResult, Trial
from mlmodels.search.running import FEWEST_TRIALS, METHODS, MOST_TRIALS, search
from mlmodels.search.space import Dimension, Space, space_of

__all__ = [
    "FEWEST_TRIALS",
    "METHODS",
    "MOST_TRIALS",
    "Dimension",
    "SearchResult",
    "Space",
    "Trial",
    "search",
    "space_of",
]
