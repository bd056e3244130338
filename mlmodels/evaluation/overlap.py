"""How sure a mean is whose neighbouring rows say partly the same, because their trades are held at the same time."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

LAGS_AN_OVERLAP = 3
"""Bartlett's weights fall from 1 at once, so that twice the overlap makes errors a tenth too small."""
ROWS_A_LAG = 10
"""With fewer rows the autocovariances are too uncertain, and too small, to be relied on."""


def mean_error(values: Floats, overlap: int) -> float:
    """One standard error of the mean of values in the order of time, shape (n_rows,).

    W. K. Newey and K. D. West, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
    covariance matrix", Econometrica 55(3), 1987, with 3 times the overlap as the number of lags.

    Parameters
    ----------
    overlap : int
        How many later rows share a bar with each; 0 gives the error of independent rows.
    """
    count = len(values)
    centred = values - values.mean()
    variance = float(centred @ centred)
    lags = min(LAGS_AN_OVERLAP * overlap, count - 1)
    for lag in range(1, lags + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1.0)) * float(centred[lag:] @ centred[:-lag])
    return float(np.sqrt(max(0.0, variance))) / count


def relied_on(rows: int, overlap: int) -> bool:
    """Whether so many rows tell how much neighbours agree."""
    return rows >= ROWS_A_LAG * LAGS_AN_OVERLAP * overlap
