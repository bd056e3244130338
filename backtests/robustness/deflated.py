"""How good the best of many trials looks by luck alone, and what is left of a Sharpe ratio after that.

Formulas: D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio" (2014). Ratios are *per bar*, not per year,
and kurtosis is raw: a normal distribution has 3.
"""

import math
from statistics import NormalDist

from backtests.metrics.confidence import probabilistic_sharpe_ratio

NORMAL = NormalDist()
EULER = 0.5772156649015329


def expected_maximum(trials: int) -> float:
    """Expected largest of `trials` independent standard normal values; 0 for one trial, NaN for none."""
    if trials < 2:
        return 0.0 if trials == 1 else math.nan
    first = NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return (1.0 - EULER) * first + EULER * second


def deflated_sharpe_ratio(
    ratio: float,
    n: int,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    *,
    trials: int,
    variance: float,
) -> float:
    """Probability that the true ratio is above what the best of `trials` without any skill would show.

    Parameters
    ----------
    ratio : float
        Sharpe ratio per bar of the trial that was chosen.
    n : int
        Returns it was measured on, with their `skewness` and raw `kurtosis`.
    trials : int
        All that were tried, the chosen one included.
    variance : float
        Sample variance of the per-bar ratios over all trials.

    Returns
    -------
    float
        Between 0 and 1; NaN where undefined (no trials, a variance that is not known).
    """
    if not variance >= 0.0:
        return math.nan
    luck = math.sqrt(variance) * expected_maximum(trials)
    return probabilistic_sharpe_ratio(ratio, n, skewness, kurtosis, benchmark=luck)
