"""Permutation importance: how much worse out-of-sample predictions become when one feature is scrambled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.evaluation.scoring import log_loss

Floats: TypeAlias = NDArray[np.float64]

MOST_ROWS, FEWEST_ROWS = 400, 150
"""Rows of a test part that are scrambled at most, evenly spread over it, and the fewest a budget leaves of them."""
ROWS_AT_ONCE = 8_192
"""Scrambled rows predicted in one call, so that a cancel is noticed between calls of a large forest."""


class Predictor(Protocol):
    """What importance needs of a classifier."""

    def probability_up(self, features: Floats) -> Floats:
        """Return the probability of a gain, shape (n_rows,), of rows of shape (n_rows, n_features), all finite."""
        ...


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """Rise of the out-of-sample log-loss when the feature is scrambled: by fold, on average, and its deviation.

    0 or less: the model is no better for having the feature.
    """

    name: str
    label: str
    mean: float
    spread: float
    folds: tuple[float, ...]


def permuted_losses(
    classifier: Predictor,
    values: Floats,
    up: Floats,
    *,
    seed: int,
    budget: int | None = None,
    tick: Callable[[float], None] = lambda share: None,
) -> Floats:
    """Return the rise of the log-loss for each feature, shape (n_features,).

    Parameters
    ----------
    values, up : ndarray of float64, shapes (n_rows, n_features) and (n_rows,)
        Rows of a test fold, all finite; of more than `MOST_ROWS` an even choice is used.
    budget : int, optional
        Predictions it may cost, which bounds the rows further (but leaves `FEWEST_ROWS`).
    tick : callable
        Called with the share done; what it raises ends the work.
    """
    columns = values.shape[1]
    most = MOST_ROWS if budget is None else min(MOST_ROWS, max(FEWEST_ROWS, budget // (columns + 1)))
    if len(values) > most:
        chosen = np.linspace(0, len(values) - 1, most).astype(np.int64)
        values, up = values[chosen], up[chosen]
    rows = len(values)
    rng = np.random.default_rng(seed)
    whole = log_loss(classifier.probability_up(np.ascontiguousarray(values)), up)
    rise = np.empty(columns)
    # Several scrambled copies are predicted in one call: a forest's call costs more than its rows.
    copies = max(1, min(columns, ROWS_AT_ONCE // rows))
    for start in range(0, columns, copies):
        part = range(start, min(columns, start + copies))
        stack = np.repeat(values[np.newaxis], len(part), axis=0)
        for place, column in enumerate(part):
            stack[place, :, column] = rng.permutation(values[:, column])
        answers = classifier.probability_up(stack.reshape(-1, columns)).reshape(len(part), rows)
        for place, column in enumerate(part):
            rise[column] = log_loss(answers[place], up) - whole
        tick(part.stop / columns)
    return rise


def summarise(
    names: Sequence[str], labels: Mapping[str, str], losses: Sequence[Floats]
) -> tuple[FeatureImportance, ...]:
    """Put the folds together: mean and sample deviation by feature, largest mean first.

    `losses` has for each fold what `permuted_losses` returned, shape (n_features,) in the order of `names`; at least
    one. Of a single fold the deviation is 0.
    """
    table = np.vstack(losses)
    means = table.mean(axis=0)
    spreads = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(len(means))
    order = np.argsort(-means, kind="stable")
    return tuple(
        FeatureImportance(
            names[column],
            labels.get(names[column], names[column]),
            float(means[column]),
            float(spreads[column]),
            tuple(float(value) for value in table[:, column]),
        )
        for column in order
    )
