"""What the ledger of trials adds up to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrialTotals:
    """All trials of one user on one series; mean and sample variance of their Sharpe ratios per bar.

    NaN where fewer than one (mean) or two (variance) trials have a ratio.
    """

    count: int
    mean: float
    variance: float
