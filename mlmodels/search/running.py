"""Searching hyper-parameters by an inner score: grid, random, or Optuna's tree-structured Parzen estimator.

The caller's `evaluate` must see the training part only (inner folds, purged), so that the test part stays unseen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import numpy as np

from mlmodels.algorithms import Algorithm
from mlmodels.algorithms.methods import FEWEST_TRIALS, MOST_TRIALS, SEARCH_METHODS
from mlmodels.errors import TrainingError
from mlmodels.search.results import SearchResult, Trial
from mlmodels.search.space import Space, spread_over
from strategies.params import Value

Hyperparameters: TypeAlias = Mapping[str, Value]
Evaluate: TypeAlias = Callable[[Hyperparameters], tuple[float, float]]
Tick: TypeAlias = Callable[[float, str], None]

DRAWS_A_TRIAL = 1000


def search(
    algorithm: Algorithm,
    space: Space,
    evaluate: Evaluate,
    *,
    method: str,
    trials: int,
    seed: int,
    tick: Tick = lambda share, message: None,
) -> SearchResult:
    """Try sets of hyper-parameters and return all trials with the best; the same seed gives the same to the last bit.

    Parameters
    ----------
    algorithm : Algorithm
    space : Space
        See `space_of`.
    evaluate : callable
        Takes a full set of hyper-parameters; returns mean and deviation of the log-loss on the inner folds. A
        TrainingError from it (one outcome only in an inner fold) is the trial's failure; anything else ends the
        search.
    method : {"grid", "random", "optuna"}
        "grid" tries every combination, or, when there are more than `trials`, an evenly spread part of them.
        "random" draws without repeats, between the ends of each grid. "optuna" draws nearer to what did well.
    trials : int
        The most sets that are tried. Fewer are where the space has no more.
    seed : int
        Of the draws; "grid" draws nothing.
    tick : callable
        Called with the share done and "trial k of n" before each trial, and at the end; may raise to stop.

    Returns
    -------
    SearchResult
        Of equal scores the simplest set wins, then the first.

    Raises
    ------
    TrainingError
        For an unknown method or number of trials, or when all trials failed.
    """
    if method not in SEARCH_METHODS:
        message = f"There is no search '{method}'. There are: {', '.join(SEARCH_METHODS)}."
        raise TrainingError(message, fields={"search": [message]})
    if not FEWEST_TRIALS <= trials <= MOST_TRIALS:
        message = f"{trials} trials are out of bounds. Give {FEWEST_TRIALS} to {MOST_TRIALS}."
        raise TrainingError(message, fields={"search_trials": [message]})
    run = _Run(algorithm, space, evaluate, int(min(trials, _most(space, method))), tick)
    if method == "optuna":
        # Imported here for its weight: the other methods do without it.
        from mlmodels.search.parzen import suggest

        suggest(space, run, seed)
    else:
        for hyperparameters in _grid(space, trials) if method == "grid" else _random(space, run.most, seed):
            run.try_out(hyperparameters)
    return run.result(method)


class _Run:
    """The trials made so far."""

    def __init__(self, algorithm: Algorithm, space: Space, evaluate: Evaluate, most: int, tick: Tick) -> None:
        self.most = most
        self.trials: list[Trial] = []
        self._algorithm, self._space, self._evaluate, self._tick = algorithm, space, evaluate, tick

    @property
    def is_full(self) -> bool:
        return len(self.trials) >= self.most

    def try_out(self, hyperparameters: Hyperparameters) -> Trial:
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


def _most(space: Space, method: str) -> float:
    return space.grid_size if method == "grid" else space.count


def _grid(space: Space, trials: int) -> Iterator[Hyperparameters]:
    return (space.point(index) for index in spread_over(space.grid_size, trials))


def _random(space: Space, most: int, seed: int) -> Iterator[Hyperparameters]:
    rng = np.random.default_rng(seed)
    seen: set[tuple[Value, ...]] = set()
    for _ in range(most * DRAWS_A_TRIAL):
        if len(seen) == most:
            return
        drawn = {dimension.name: dimension.draw(rng) for dimension in space.dimensions}
        values = tuple(drawn.values())
        if values not in seen:
            seen.add(values)
            yield space.complete(drawn)
