"""Splits inside a training part: for the search of hyper-parameters and for calibration. The test part stays unseen."""

from __future__ import annotations

import numpy as np

from mlmodels.validation.folds import Indices

INNER_FOLDS = 3
NESTED_PARTS = INNER_FOLDS + 1
MIN_NESTED_ROWS = 50


def inner_folds(
    rows: Indices, label_end: Indices, *, horizon: int, embargo: int = 0
) -> tuple[tuple[Indices, Indices], ...]:
    """Purged walk-forward within training rows: pairs of rows to fit on and rows to score.

    The rows, ascending, are cut into four parts of equal count; the second to fourth are scored by what was fitted
    on all parts before them, without the rows whose outcome reaches into the scored part.

    Parameters
    ----------
    rows : ndarray of int64, shape (n_rows,)
        Bars that may train, ascending, at least four; each has an outcome.
    label_end : ndarray of int64, shape (n_bars,)
        Last bar that each bar's outcome looks at.
    horizon, embargo : int
        Bars that an outcome looks ahead beside the bar of entry; bars left out beyond those.

    Returns
    -------
    tuple of (fitted, scored)
        `INNER_FOLDS` pairs of ascending bars; every fitted one lies before every scored one.
    """
    edges = np.linspace(0, rows.size, NESTED_PARTS + 1).astype(np.int64)
    return tuple(
        (
            _ended_before(rows[: edges[part]], label_end, rows[edges[part]], horizon, embargo),
            rows[edges[part] : edges[part + 1]],
        )
        for part in range(1, NESTED_PARTS)
    )


def calibration_split(
    rows: Indices, label_end: Indices, *, horizon: int, embargo: int = 0
) -> tuple[Indices, Indices]:
    """Rows to fit on and rows to calibrate on: the last quarter calibrates, and what reaches into it is left out.

    Parameters and the order of what is returned are those of `inner_folds`.
    """
    cut = rows.size - rows.size // NESTED_PARTS
    return _ended_before(rows[:cut], label_end, rows[cut], horizon, embargo), rows[cut:]


def _ended_before(rows: Indices, label_end: Indices, start: int, horizon: int, embargo: int) -> Indices:
    ends = np.maximum(label_end[rows], rows + 1 + horizon)
    return rows[ends + embargo < start]
