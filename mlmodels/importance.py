"""Permutation importance: how much worse out-of-sample predictions become when one feature is scrambled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.features import get_feature
from mlmodels.scoring import log_loss

if TYPE_CHECKING:
    from mlmodels.estimators import Classifier

Floats: TypeAlias = NDArray[np.float64]

REPEATS = 3
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """Mean rise of the out-of-sample log-loss over the folds when the feature is scrambled, and its deviation.

    0 or less: the model is no better for having the feature.
    """

    name: str
    label: str
    mean: float
    spread: float


def permuted_losses(
    classifier: Classifier,
    values: Floats,
    up: Floats,
    loss: float,
    *,
    seed: int,
    tick: Callable[[float], None] = lambda share: None,
) -> Floats:
    """Return the mean rise of the log-loss for each feature, shape (n_features,).

    Parameters
    ----------
    values, up : ndarray of float64, shapes (n_rows, n_features) and (n_rows,)
        Rows of a test fold; all finite.
    loss : float
        Log-loss of the untouched rows.
    """
    rows, columns = values.shape
    rng = np.random.default_rng(seed)
    rise = np.zeros(columns)
    # Several scrambled copies are predicted in one call: a forest's call costs more than its rows.
    copies = max(1, min(columns * REPEATS, ROWS_AT_ONCE // rows))
    pending = [column for column in range(columns) for _ in range(REPEATS)]
    for start in range(0, len(pending), copies):
        part = pending[start : start + copies]
        stack = np.tile(values, (len(part), 1)).reshape(len(part), rows, columns)
        for place, column in enumerate(part):
            stack[place, :, column] = rng.permutation(values[:, column])
        answers = classifier.probability_up(stack.reshape(-1, columns)).reshape(len(part), rows)
        for place, column in enumerate(part):
            rise[column] += (log_loss(answers[place], up) - loss) / REPEATS
        tick((start + len(part)) / len(pending))
    return rise


def summarise(names: Sequence[str], losses: Sequence[Floats]) -> tuple[FeatureImportance, ...]:
    """Put the folds together: mean and sample deviation by feature, largest mean first."""
    table = np.vstack(losses)
    means = table.mean(axis=0)
    spreads = table.std(axis=0, ddof=1) if len(table) > 1 else np.zeros(len(means))
    order = np.argsort(-means, kind="stable")
    return tuple(
        FeatureImportance(
            names[column], get_feature(names[column]).label, float(means[column]), float(spreads[column])
        )
        for column in order
    )
