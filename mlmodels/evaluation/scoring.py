"""How good probabilities were, always beside what saying the same thing every time would have scored."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.evaluation.curves import area_under_roc, auc_standard_error, average_precision
from mlmodels.evaluation.overlap import mean_error, relied_on
from mlmodels.evaluation.vocabulary import CLEAR_ERRORS, Verdict

Floats: TypeAlias = NDArray[np.float64]

SMALLEST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class Score:
    """Scores of some predictions. `base_rate` is the accuracy of always saying `majority`.

    `accuracy_error` and `auc_error` are one standard error at `effective_rows`, which is how many independent answers
    the predictions are worth: outcomes that overlap in time say partly the same. `auc` and `average_precision` are
    None where only one outcome happened.
    """

    rows: int
    effective_rows: float
    log_loss: float
    base_log_loss: float
    brier: float
    accuracy: float
    accuracy_error: float
    base_rate: float
    majority: Literal["up", "down"]
    auc: float | None
    auc_error: float | None
    average_precision: float | None

    @property
    def standard_errors_above(self) -> float:
        """By how many standard errors the accuracy exceeds the base rate."""
        return (self.accuracy - self.base_rate) / self.accuracy_error if self.accuracy_error else 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the predictions beat the constant answer by more than two standard errors."""
        if self.accuracy <= self.base_rate:
            return "no_better"
        return "better" if self.standard_errors_above > CLEAR_ERRORS else "within_noise"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **asdict(self),
            "verdict": self.verdict,
            "standard_errors_above": self.standard_errors_above,
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Predictions by what was said (up: a probability above 1/2) and what happened."""

    true_up: int
    false_up: int
    true_down: int
    false_down: int


def score(
    probability: Floats, up: Floats, *, effective_rows: float, overlap: int = 0, passes: int = 1
) -> Score:
    """Score probabilities of a gain against outcomes.

    Parameters
    ----------
    probability, up : ndarray of float64, shape (n_predictions,)
        No NaN; outcomes are 0.0 or 1.0. At least one.
    effective_rows : float
        How many independent outcomes the tested rows amount to; see `labels.effective_rows`.
    overlap : int
        How many later rows share a bar with each row's trade. Above 0 the rows are in the order of time (of each
        pass), and how much neighbouring answers agree is taken from the answers: see `answers_worth`.
    passes : int
        How often each row was predicted (the paths of combinatorial validation). More of them are no more rows.
    """
    share_up = float(up.mean())
    accuracy = float(((probability > 0.5) == (up > 0.5)).mean())
    effective = answers_worth(probability, up, effective_rows=effective_rows, overlap=overlap, passes=passes)
    auc = area_under_roc(probability, up)
    return Score(
        rows=len(up) // passes,
        effective_rows=effective,
        log_loss=log_loss(probability, up),
        base_log_loss=log_loss(np.full(len(up), share_up), up),
        brier=float(((probability - up) ** 2).mean()),
        accuracy=accuracy,
        accuracy_error=standard_error(accuracy, effective),
        base_rate=max(share_up, 1.0 - share_up),
        majority="up" if share_up >= 0.5 else "down",
        auc=auc,
        auc_error=None
        if auc is None
        else auc_standard_error(auc, effective * share_up, effective * (1.0 - share_up)),
        average_precision=average_precision(probability, up),
    )


def answers_worth(
    probability: Floats, up: Floats, *, effective_rows: float, overlap: int, passes: int
) -> float:
    """How many independent answers give the accuracy the error that it has; at most one a row.

    Two overlapping trades are answered rightly together if the answer is the same, but not if it changed in between:
    so it is the right answers whose neighbours are compared, and not the outcomes alone. Where rows are too few for
    that, it is at most `effective_rows`, as if the answer never changed.
    """
    rows = len(up) // passes
    if not overlap:
        return min(float(rows), max(1.0, effective_rows))
    right = ((probability > 0.5) == (up > 0.5)).reshape(passes, rows).mean(axis=0)
    accuracy, error = float(right.mean()), mean_error(right, overlap)
    most = float(rows) if relied_on(rows, overlap) else max(1.0, effective_rows)
    return max(1.0, min(most, max(accuracy * (1.0 - accuracy), 1e-12) / max(error**2, 1e-300)))


def standard_error(share: float, effective_rows: float) -> float:
    """One standard error of a share among independent outcomes, sqrt(p (1 - p) / n); above 0 even where p is 0 or 1."""
    return float(np.sqrt(max(share * (1.0 - share), 1e-12) / max(1.0, effective_rows)))


def confusion(probability: Floats, up: Floats) -> Confusion:
    """Count predictions by what was said and what happened; both of shape (n_predictions,), no NaN."""
    said, happened = probability > 0.5, up > 0.5
    return Confusion(
        true_up=int((said & happened).sum()),
        false_up=int((said & ~happened).sum()),
        true_down=int((~said & ~happened).sum()),
        false_down=int((~said & happened).sum()),
    )


def losses(probability: Floats, up: Floats) -> Floats:
    """-log(probability given to what happened) of each row; a certain and wrong answer costs 13.8, not infinity.

    All three of shape (n_predictions,); no NaN, outcomes are 0.0 or 1.0. In nats: saying 1/2 always costs 0.693.
    """
    safe = np.clip(probability, SMALLEST_PROBABILITY, 1.0 - SMALLEST_PROBABILITY)
    each: Floats = -np.where(up > 0.5, np.log(safe), np.log1p(-safe))
    return each


def log_loss(probability: Floats, up: Floats) -> float:
    """Mean of the `losses` of at least one row."""
    return float(losses(probability, up).mean())
