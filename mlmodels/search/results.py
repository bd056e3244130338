"""What a search found: every trial it made, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from strategies.params import Value


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of hyper-parameters and how it did on the inner folds.

    Parameters
    ----------
    number : int
        From 1, in the order of evaluation.
    hyperparameters : mapping
        The full set.
    score, spread : float or None
        Mean and deviation of the log-loss over the inner folds, smaller is better; None where the trial failed.
    reason : str
        Why it failed; empty when it did not.
    """

    number: int
    hyperparameters: Mapping[str, Value]
    score: float | None
    spread: float | None
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.score is None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """All trials in the order of their evaluation; `best` is the full set of hyper-parameters of the winner."""

    method: str
    best: Mapping[str, Value]
    best_number: int
    trials: tuple[Trial, ...]
