"""Whether one model foresaw the same outcomes better than another, measured bar by bar. numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.evaluation.scoring import losses
from mlmodels.evaluation.vocabulary import CLEAR_ERRORS
from mlmodels.labels import effective_rows
from mlmodels.prediction import PRICE_TOLERANCE, TrainingRecord

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

FEWEST_ROWS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What two models gave to the same bars out of fold, and what happened; arrays of shape (n_rows,), no NaN.

    time : ascending
    first, second : probabilities of a gain
    up : 1.0 where the trade gained, 0.0 where it did not
    rows, exits : the bars of the decisions, and the first ones at which their trades were no longer held
    """

    time: NDArray[np.datetime64]
    first: Floats
    second: Floats
    up: Floats
    rows: Indices
    exits: Indices


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A score of both models over the same bars; `mean` is the second minus the first, `error` its standard error."""

    first: float
    second: float
    mean: float
    error: float

    @property
    def standard_errors(self) -> float:
        """How many standard errors the difference is away from none; 0 where both are the same bar by bar."""
        return self.mean / self.error if self.error else 0.0

    @property
    def is_clear(self) -> bool:
        return abs(self.standard_errors) > CLEAR_ERRORS


@dataclass(frozen=True, slots=True)
class Paired:
    """Both models on the bars that both predicted out of fold.

    `only_first` and `only_second` count the bars on which one of them alone was right.
    """

    rows: int
    effective_rows: float
    start: np.datetime64
    end: np.datetime64
    log_loss: PairedDifference
    accuracy: PairedDifference
    only_first: int
    only_second: int


def common_rows(first: TrainingRecord, second: TrainingRecord) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows of each record at the times and prices that both have, where both have predicted."""
    _times, left, right = np.intersect1d(first.time, second.time, assume_unique=True, return_indices=True)
    same = np.isfinite(first.probability[left]) & np.isfinite(second.probability[right])
    same &= np.isclose(first.close[left], second.close[right], rtol=PRICE_TOLERANCE, atol=0.0)
    return left[same], right[same]


def measure(common: Common) -> Paired | None:
    """Return the paired differences; None with fewer than 30 bars.

    Log-loss: the mean of the differences of both losses (Diebold and Mariano, Comparing Predictive Accuracy, Journal
    of Business & Economic Statistics 13, 1995). Accuracy: the mean of the differences of being right, which is
    (c - b) / n of McNemar's table (Note on the sampling error of the difference between correlated proportions,
    Psychometrika 12, 1947). The standard error is the deviation of the differences over the root of the effective
    number of rows, since outcomes that overlap say partly the same; see `labels.effective_rows`.
    """
    if common.time.size < FEWEST_ROWS:
        return None
    effective = max(1.0, effective_rows(common.exits, common.rows))
    right = [(probability > 0.5) == (common.up > 0.5) for probability in (common.first, common.second)]
    return Paired(
        rows=int(common.time.size),
        effective_rows=effective,
        start=common.time[0],
        end=common.time[-1],
        log_loss=_difference(losses(common.first, common.up), losses(common.second, common.up), effective),
        accuracy=_difference(right[0].astype(np.float64), right[1].astype(np.float64), effective),
        only_first=int(np.count_nonzero(right[0] & ~right[1])),
        only_second=int(np.count_nonzero(right[1] & ~right[0])),
    )


def _difference(first: Floats, second: Floats, effective: float) -> PairedDifference:
    gaps = second - first
    return PairedDifference(
        first=float(first.mean()),
        second=float(second.mean()),
        mean=float(gaps.mean()),
        error=float(gaps.std(ddof=1) / np.sqrt(effective)),
    )
