"""What a Sharpe ratio measured on few or odd returns is worth.

Formulas: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier" (2012), with the standard error of
the Sharpe ratio under skewed and fat-tailed returns by Mertens (2002). Ratios here are *per bar*, not per year, and
kurtosis is raw: a normal distribution has 3.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

NORMAL = NormalDist()
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """A per-bar Sharpe ratio with what is known about its error; NaN where undefined.

    `low` and `high` bound the two-sided interval of `CONFIDENCE`; `probability_positive` is the probabilistic Sharpe
    ratio against 0; `minimum_bars` is how many returns it takes to tell the ratio from 0 at that confidence,
    one-sided, NaN when the ratio is not positive.
    """

    ratio: float
    standard_error: float
    low: float
    high: float
    probability_positive: float
    minimum_bars: float


UNDEFINED = SharpeEstimate(*(math.nan,) * 6)


def standard_error(ratio: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0) -> float:
    """Standard error of a per-bar Sharpe ratio of `n` returns; NaN for n < 2 or a variance that is not positive."""
    variance = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return math.sqrt(variance / (n - 1)) if n > 1 and variance > 0.0 else math.nan


def probabilistic_sharpe_ratio(
    ratio: float, n: int, skewness: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Probability that the true per-bar Sharpe ratio is above `benchmark`, between 0 and 1; NaN where undefined."""
    error = standard_error(ratio, n, skewness, kurtosis)
    return NORMAL.cdf((ratio - benchmark) / error) if error > 0.0 else math.nan


def minimum_track_record(
    ratio: float,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    benchmark: float = 0.0,
    confidence: float = CONFIDENCE,
) -> float:
    """Number of returns from which the ratio is above `benchmark` with `confidence`; NaN when it is not above."""
    if not ratio > benchmark:
        return math.nan
    variance = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return 1.0 + variance * (NORMAL.inv_cdf(confidence) / (ratio - benchmark)) ** 2


def estimate_from_moments(ratio: float, n: int, skewness: float, kurtosis: float) -> SharpeEstimate:
    """The error of a per-bar Sharpe ratio of `n` returns with these population moments; all NaN where undefined."""
    error = standard_error(ratio, n, skewness, kurtosis) if n > 2 else math.nan
    if not error > 0.0:
        return UNDEFINED
    reach = NORMAL.inv_cdf(0.5 + CONFIDENCE / 2.0) * error
    return SharpeEstimate(
        ratio=ratio,
        standard_error=error,
        low=ratio - reach,
        high=ratio + reach,
        probability_positive=probabilistic_sharpe_ratio(ratio, n, skewness, kurtosis),
        minimum_bars=minimum_track_record(ratio, skewness, kurtosis),
    )


def estimate_sharpe(returns: ArrayLike, risk_free_per_bar: float = 0.0) -> SharpeEstimate:
    """The per-bar Sharpe ratio of `returns` and its error.

    Parameters
    ----------
    returns : array_like of float, shape (n,)
        Finite simple returns, one a bar.
    risk_free_per_bar : float

    Returns
    -------
    SharpeEstimate
        All NaN for fewer than three returns or returns that do not differ.
    """
    excess = np.asarray(returns, dtype=np.float64) - risk_free_per_bar
    n = len(excess)
    if n < 3:
        return UNDEFINED
    mean = float(excess.mean())
    centred = excess - mean
    second = float(np.mean(centred**2))
    if not second > (1e-12 * max(1.0, abs(mean))) ** 2:
        return UNDEFINED
    skewness = float(np.mean(centred**3)) / second**1.5
    kurtosis = float(np.mean(centred**4)) / second**2
    return estimate_from_moments(mean / math.sqrt(second * n / (n - 1)), n, skewness, kurtosis)
