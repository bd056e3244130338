"""The trials of one search: each tried out once, judged, and in the end compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from mlmodels.algorithms import Algorithm
from mlmodels.errors import TrainingError
from mlmodels.search.results import SearchResult, Trial
from mlmodels.search.space import Space
from strategies.params import Value

Hyperparameters: TypeAlias = Mapping[str, Value]
Evaluate: TypeAlias = Callable[[Hyperparameters], tuple[float, float]]
Tick: TypeAlias = Callable[[float, str], None]


class Trials:
    """The trials made so far."""

    def __init__(self, algorithm: Algorithm, space: Space, evaluate: Evaluate, most: int, tick: Tick) -> None:
        self.most = most
        self.trials: list[Trial] = []
        self._algorithm, self._space, self._evaluate, self._tick = algorithm, space, evaluate, tick

    @property
    def is_full(self) -> bool:
        return len(self.trials) >= self.most

    def try_out(self, hyperparameters: Hyperparameters) -> Trial:
        """Judge a full set of hyper-parameters; a TrainingError from `evaluate` is the trial's reason to fail."""
        number = len(self.trials) + 1
        self._tick((number - 1) / self.most, f"trial {number} of {self.most}")
        tried = self._algorithm.clean(hyperparameters)
        trial = self._judged(number, tried)
        self.trials.append(trial)
        return trial

    def _judged(self, number: int, tried: dict[str, Value]) -> Trial:
        try:
            score, spread = self._evaluate(tried)
        except TrainingError as error:
            return Trial(number, tried, None, None, error.detail)
        if not math.isfinite(score):
            return Trial(
                number, tried, None, None, f"Its log-loss is {score}, which is no number to compare."
            )
        return Trial(number, tried, float(score), float(spread) if math.isfinite(spread) else None)

    def result(self, method: str) -> SearchResult:
        """All trials with the best: of equal scores the simplest, then the first. TrainingError when all failed."""
        self._tick(1.0, f"{len(self.trials)} trials made")
        ranked = [
            (trial.score, self._space.complexity(trial.hyperparameters), trial.number, trial)
            for trial in self.trials
            if trial.score is not None
        ]
        if not ranked:
            raise TrainingError(
                f"None of the {len(self.trials)} trials of the search could be judged. The first says: "
                f"{self.trials[0].reason}"
            )
        best = min(ranked, key=lambda entry: entry[:3])[3]
        return SearchResult(method, best.hyperparameters, best.number, tuple(self.trials))
