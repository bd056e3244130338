"""Whether things given 60 % happened in 60 % of the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

BINS = 10
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Predictions of similar probability: how many, what they said, how often it happened, 95 % interval of that."""

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


def calibration(probability: Floats, up: Floats, *, effective_rows: float) -> tuple[CalibrationBin, ...]:
    """Bins of equal count, from the least to the most confident in a gain.

    Parameters
    ----------
    probability, up : ndarray of float64, shape (n_predictions,)
        No NaN; outcomes are 0.0 or 1.0.
    effective_rows : float
        How many independent outcomes all of them amount to; each bin has its share.
    """
    if not len(up):
        return ()
    order = np.argsort(probability, kind="stable")
    found = []
    for part in np.array_split(order, min(BINS, len(order))):
        observed = float(up[part].mean())
        low, high = wilson_interval(observed, effective_rows * len(part) / len(order))
        found.append(CalibrationBin(len(part), float(probability[part].mean()), observed, low, high))
    return tuple(found)


def wilson_interval(share: float, count: float) -> tuple[float, float]:
    """95 % score interval of a share among `count` independent outcomes.

    Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    count = max(count, 1.0)
    square = NORMAL_95**2 / count
    middle = (share + square / 2.0) / (1.0 + square)
    reach = NORMAL_95 / (1.0 + square) * np.sqrt(share * (1.0 - share) / count + square / (4.0 * count))
    # Rounding must not put the share itself outside.
    return max(0.0, min(share, float(middle - reach))), min(1.0, max(share, float(middle + reach)))
