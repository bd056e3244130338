"""Optuna's sampler as a source of trials. Imports Optuna."""

from __future__ import annotations

from typing import Any

import optuna

from mlmodels.search.space import Dimension, Space
from mlmodels.search.trials import Trials
from strategies.params import Value

REPEATS_IN_A_ROW = 50


def suggest(space: Space, made: Trials, seed: int) -> None:
    """Fill `made` with trials that Optuna's TPESampler suggests, in memory and one after another.

    Bergstra, Bardenet, Bengio and Kegl, "Algorithms for hyper-parameter optimization" (2011). A set that was tried
    before is answered from memory and counts no trial; after many such in a row the search ends.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction="minimize")
    known: dict[tuple[Any, ...], float | None] = {}
    repeats = 0
    while not made.is_full and repeats < REPEATS_IN_A_ROW:
        asked = study.ask()
        chosen = {dimension.name: _value(dimension, asked) for dimension in space.dimensions}
        values = tuple(chosen.values())
        repeats = repeats + 1 if values in known else 0
        if values not in known:
            known[values] = made.try_out(space.complete(chosen)).score
        score = known[values]
        if score is None:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(asked, score)


def _value(dimension: Dimension, asked: optuna.trial.Trial) -> Value:
    if not dimension.is_numeric:
        # By place: Optuna tells categories apart by their text.
        places = list(range(len(dimension.values)))
        return dimension.values[asked.suggest_categorical(dimension.name, places)]
    low, high = dimension.bounds
    if dimension.is_whole:
        return asked.suggest_int(dimension.name, int(low), int(high), log=dimension.log)
    return dimension.rounded(asked.suggest_float(dimension.name, low, high, log=dimension.log))
