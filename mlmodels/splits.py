"""Walk-forward folds: each is tested on bars after everything it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.errors import TrainingError

Indices: TypeAlias = NDArray[np.int64]

MIN_TRAINING_ROWS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Rows to train on and rows to predict, as indices of bars.

    `train` has labels only; `test` holds every bar of the block, also the last ones whose outcome is unknown.
    """

    number: int
    train: Indices
    test: Indices


def needed_bars(*, warmup: int, horizon: int, folds: int) -> int:
    """The fewest bars with which the first fold still has enough rows after its warm-up and its gap."""
    return warmup + (folds + 1) * (MIN_TRAINING_ROWS + horizon + 2)


def walk_forward(
    label_end: Indices, *, first: int, folds: int, horizon: int, embargo: int = 0
) -> tuple[Fold, ...]:
    """Split bars into `folds` test blocks of equal length after a first block that is only trained on.

    Parameters
    ----------
    label_end : ndarray of int64, shape (n_bars,)
        Index of the last bar that each row's label looks at; -1 for rows without a label.
    first : int
        First bar whose features are complete.
    folds, horizon : int
        Number of test blocks; bars that a label looks ahead, which sets the gap.
    embargo : int
        Bars left out beyond the gap, and after a test block where training follows it.

    Returns
    -------
    tuple of Fold
        With growing training parts. No training label ends at or after the start of its test block.
    """
    count = len(label_end)
    if count < (fewest := needed_bars(warmup=first, horizon=horizon + embargo, folds=folds)):
        message = (
            f"{count:,} bars are too few for {folds} folds at a horizon of {horizon}: {fewest:,} are needed. "
            "Take a longer period, fewer folds or a shorter horizon."
        )
        raise TrainingError(message, fields={"folds": [message]})
    edges = np.linspace(first, count, folds + 2).astype(np.int64)
    labelled = np.flatnonzero(label_end >= 0).astype(np.int64)
    labelled = labelled[labelled >= first]
    found = []
    for number in range(1, folds + 1):
        start, after = int(edges[number]), int(edges[number + 1])
        before = labelled[labelled < start]
        train = purged(before, label_end, start, after, horizon=horizon, embargo=embargo)
        found.append(Fold(number, train, np.arange(start, after, dtype=np.int64)))
    return tuple(found)


def purged(
    rows: Indices, label_end: Indices, start: int, after: int, *, horizon: int, embargo: int = 0
) -> Indices:
    """Drop the training rows that know something about the test block [start, after).

    Before the block: rows whose label ends at or after its start, and all rows closer than the horizon (labels
    that happened to end early would otherwise be kept by what happened to them). After it: rows within
    `horizon + embargo` bars, whose features look back into it.
    """
    early = (rows + 1 + horizon + embargo < start) & (label_end[rows] < start)
    late = rows >= after + horizon + embargo
    return rows[early | late]
