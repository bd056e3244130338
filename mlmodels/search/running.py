"""Searching hyper-parameters by an inner score: grid, random, or Optuna's tree-structured Parzen estimator.

The caller's `evaluate` must see the training part only (inner folds, purged), so that the test part stays unseen.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlmodels.algorithms import Algorithm
from mlmodels.algorithms.methods import FEWEST_TRIALS, MOST_TRIALS, SEARCH_METHODS
from mlmodels.errors import TrainingError
from mlmodels.search.results import SearchResult
from mlmodels.search.space import Space, spread_over
from mlmodels.search.trials import Evaluate, Hyperparameters, Tick, Trials
from strategies.params import Value

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
    made = Trials(algorithm, space, evaluate, int(min(trials, _most(space, method))), tick)
    if method == "optuna":
        # Imported here for its weight: the other methods do without it.
        from mlmodels.search.parzen import suggest

        suggest(space, made, seed)
    else:
        for hyperparameters in _grid(space, trials) if method == "grid" else _random(space, made.most, seed):
            made.try_out(hyperparameters)
    return made.result(method)


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
