"""Which settings have a say, given the others: a barrier's width has none where no barrier is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlmodels.algorithms.methods import SEARCH_METHODS
from mlmodels.labels import LABELS
from mlmodels.validation.kinds import COMBINATORIAL, ROLLING

LEADERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "barrier_width": ("label", frozenset(key for key, kind in LABELS.items() if kind.uses_barriers)),
    "training_bars": ("validation", frozenset({ROLLING})),
    "test_folds": ("validation", frozenset({COMBINATORIAL})),
    "search_trials": ("search", frozenset(SEARCH_METHODS)),
    "search_over": ("search", frozenset(SEARCH_METHODS)),
}
"""Setting: the one that decides whether it counts, and with which of its values it does."""


def applies(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether a setting has a say where the others are these."""
    leader, values = LEADERS.get(name, ("", frozenset()))
    return not leader or settings.get(leader) in values
