"""Curves over all thresholds: receiver operating characteristic, and precision against recall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class RocPoint:
    """Shares of losses and of gains that a threshold calls gains; the threshold is None where it is beyond all."""

    false_positive_rate: float
    true_positive_rate: float
    threshold: float | None


@dataclass(frozen=True, slots=True)
class PrecisionPoint:
    """Share of gains found at a threshold, and share of gains among those it calls gains."""

    recall: float
    precision: float
    threshold: float | None


def roc(probability: Floats, up: Floats) -> tuple[RocPoint, ...]:
    """The curve from (0, 0) to (1, 1), thinned to `MOST_POINTS`; empty where only one outcome happened.

    Parameters
    ----------
    probability, up : ndarray of float64, shape (n_predictions,)
        No NaN; outcomes are 0.0 or 1.0. A gain is said where the probability is at least the threshold.
    """
    if not _both(up):
        return ()
    thresholds, hits, alarms = _counts(probability, up)
    right = np.concatenate(([0.0], hits / hits[-1]))
    wrong = np.concatenate(([0.0], alarms / alarms[-1]))
    named = [None, *thresholds.tolist()]
    return tuple(RocPoint(float(wrong[row]), float(right[row]), named[row]) for row in thinned(wrong, right))


def precision_recall(probability: Floats, up: Floats) -> tuple[PrecisionPoint, ...]:
    """The curve from the highest threshold to the lowest, thinned to `MOST_POINTS`; empty without any gain."""
    if not up.any():
        return ()
    thresholds, hits, alarms = _counts(probability, up)
    recall, precision = hits / hits[-1], hits / (hits + alarms)
    return tuple(
        PrecisionPoint(float(recall[row]), float(precision[row]), float(thresholds[row]))
        for row in thinned(recall, precision)
    )


def area_under_roc(probability: Floats, up: Floats) -> float | None:
    """Chance that a gain got a higher probability than a loss, ties half; None where only one outcome happened.

    The Mann-Whitney statistic, which equals the area under the curve. Both of shape (n_predictions,), no NaN.
    """
    if not _both(up):
        return None
    _thresholds, hits, alarms = _counts(probability, up)
    gains, losses = hits[-1], alarms[-1]
    # Losses below each threshold, and half of those at it: whole and half numbers, so the sum is exact.
    beaten = losses - (alarms + np.concatenate(([0.0], alarms[:-1]))) / 2.0
    return float((np.diff(hits, prepend=0.0) * beaten).sum() / (gains * losses))


def auc_standard_error(auc: float, gains: float, losses: float) -> float:
    """One standard error of an area under the curve among (effective) numbers of gains and losses.

    Hanley and McNeil, The meaning and use of the area under a receiver operating characteristic (ROC) curve,
    Radiology 143 (1982).
    """
    gains, losses = max(gains, 1.0), max(losses, 1.0)
    two_gains, two_losses = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    variance = (
        auc * (1.0 - auc) + (gains - 1.0) * (two_gains - auc**2) + (losses - 1.0) * (two_losses - auc**2)
    )
    return float(np.sqrt(max(variance, 0.0) / (gains * losses)))


def average_precision(probability: Floats, up: Floats) -> float | None:
    """Sum over the thresholds of precision times the gain in recall; None without any gain.

    Both of shape (n_predictions,), no NaN.
    """
    if not up.any():
        return None
    _thresholds, hits, alarms = _counts(probability, up)
    recall = hits / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * hits / (hits + alarms)))


def thinned(across: Floats, along: Floats) -> NDArray[np.int64]:
    """Rows of a curve that keep its shape: evenly spread over its length, first and last included."""
    if len(across) <= MOST_POINTS:
        return np.arange(len(across), dtype=np.int64)
    steps = np.abs(np.diff(across, prepend=across[0])) + np.abs(np.diff(along, prepend=along[0]))
    way = np.cumsum(steps)
    rows = np.searchsorted(way, np.linspace(0.0, way[-1], MOST_POINTS))
    rows[0], rows[-1] = 0, len(across) - 1
    return np.unique(np.minimum(rows, len(across) - 1)).astype(np.int64)


def _both(up: Floats) -> bool:
    return bool(up.size and 0.0 < up.mean() < 1.0)


def _counts(probability: Floats, up: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct thresholds, highest first, with the numbers of gains and of losses at or above each."""
    order = np.argsort(-probability)  # whichever comes first of equals, only the last of them counts
    sorted_probability, sorted_up = probability[order], up[order]
    last = np.append(np.flatnonzero(np.diff(sorted_probability)), len(order) - 1)
    hits = np.cumsum(sorted_up)[last]
    return sorted_probability[last], hits, last + 1.0 - hits
