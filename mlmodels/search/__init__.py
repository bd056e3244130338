"""Hyper-parameter search inside a training part. Light: Optuna is imported by a search that uses it."""

from mlmodels.search.results import SearchResult, Trial
from mlmodels.search.running import search
from mlmodels.search.space import Dimension, Space, space_of

__all__ = [
    "Dimension",
    "SearchResult",
    "Space",
    "Trial",
    "search",
    "space_of",
]
