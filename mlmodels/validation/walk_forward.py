"""Walk-forward folds: each is tested on bars after everything it was trained on."""

from __future__ import annotations

import numpy as np

from mlmodels.validation.folds import Fold, Indices, make_fold


def walk_forward(
    label_end: Indices, *, first: int, folds: int, horizon: int, embargo: int = 0
) -> tuple[Fold, ...]:
    """Split bars into `folds` test blocks of equal length after a first block that is only trained on.

    Parameters
    ----------
    label_end : ndarray of int64, shape (n_bars,)
        Last bar that each row's outcome looks at; -1 for rows that cannot train.
    first : int
        First bar whose features are complete.
    folds, horizon : int
        Number of test blocks; bars that an outcome looks ahead beside the bar of entry.
    embargo : int
        Bars left out between training and test beyond those the horizon demands.

    Returns
    -------
    tuple of Fold
        With growing training parts. Every bar after the first block is tested once.
    """
    edges = np.linspace(first, len(label_end), folds + 2).astype(np.int64)
    return _folds(label_end, edges[1:], first=first, window=None, horizon=horizon, embargo=embargo)


def rolling(
    label_end: Indices, *, first: int, folds: int, window: int, horizon: int, embargo: int = 0
) -> tuple[Fold, ...]:
    """As `walk_forward`, but each fold trains on the `window` bars before its gap only, and tests begin earlier.

    The first test block begins where the first window with its gap ends; `folds` blocks of equal length follow.
    """
    start = first + window + horizon + 1 + embargo
    edges = np.linspace(start, len(label_end), folds + 1).astype(np.int64)
    return _folds(label_end, edges, first=first, window=window, horizon=horizon, embargo=embargo)


def _folds(
    label_end: Indices, edges: Indices, *, first: int, window: int | None, horizon: int, embargo: int
) -> tuple[Fold, ...]:
    labelled = np.flatnonzero(label_end >= 0).astype(np.int64)
    labelled = labelled[labelled >= first]
    found = []
    for number in range(1, len(edges)):
        start, last = int(edges[number - 1]), int(edges[number]) - 1
        oldest = first if window is None else start - window - horizon - 1 - embargo
        rows = labelled[(labelled >= oldest) & (labelled < start)]
        found.append(
            make_fold(
                number, rows, label_end, [(start, last)], (number - 1,), horizon=horizon, before=embargo
            )
        )
    return tuple(found)
