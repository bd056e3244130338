"""The report of a training: everything that was found out of sample, beside what chance would have found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mlmodels.audit import Audit
from mlmodels.drift import Reference
from mlmodels.evaluation.calibration import CalibrationBin
from mlmodels.evaluation.controls import Control
from mlmodels.evaluation.curves import PrecisionPoint, RocPoint
from mlmodels.evaluation.importance import FeatureImportance
from mlmodels.evaluation.scoring import Confusion, Score
from mlmodels.evaluation.vocabulary import REPORT_FORMAT
from mlmodels.labels import BaseRates
from mlmodels.prediction import TrainingRecord
from mlmodels.trading import Trading
from mlmodels.validation import said
from strategies.params import Value


@dataclass(frozen=True, slots=True)
class FoldReport:
    """One fold: `described` says what it was trained and tested on, with spans (see `validation.described`)."""

    number: int
    described: Mapping[str, Any]
    score: Score
    confusion: Confusion
    hyperparameters: Mapping[str, Value]

    @property
    def train_end(self) -> str:
        return str(self.described["train_end"])

    @property
    def test_start(self) -> str:
        return str(self.described["test_start"])

    def to_dict(self) -> dict[str, Any]:
        return {
            **self.described,
            "score": self.score.to_dict(),
            "confusion": asdict(self.confusion),
            "hyperparameters": dict(self.hyperparameters),
        }


@dataclass(frozen=True, slots=True)
class SearchedTrial:
    """One trial of a search; `fold` is 0 for the search of the final model. Score: log-loss, None where it failed."""

    fold: int
    number: int
    hyperparameters: Mapping[str, Value]
    score: float | None
    spread: float | None
    reason: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class PathReport:
    """One path of combinatorial validation through all tested bars; returns are those of its trades."""

    number: int
    accuracy: float
    log_loss: float
    auc: float | None
    net_return: float | None
    sharpe: float | None


@dataclass(frozen=True, slots=True)
class Impurity:
    """A feature's share in what the final model learned, IN SAMPLE."""

    name: str
    label: str
    share: float


@dataclass(frozen=True, slots=True)
class Stability:
    """How far a feature moved from training to test parts: mean index over the folds, and the fold of the largest.

    `by_chance` is what windows of the training parts as long as the tests did, also the mean over the folds.
    """

    name: str
    label: str
    psi: float | None
    worst_fold: int | None
    worst_psi: float | None
    by_chance: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrainingReport:
    """Everything out of fold: scores, curves, importance, trades and controls, and the probabilities with their times.

    What does not apply is None: `trading` without a simulator or where nobody could have traded, `paths` unless
    validation is combinatorial, `search_method` without one, `impurity` where the algorithm has none.
    """

    folds: tuple[FoldReport, ...]
    overall: Score
    base_rates: BaseRates
    roc: tuple[RocPoint, ...]
    precision_recall: tuple[PrecisionPoint, ...]
    calibration: tuple[CalibrationBin, ...]
    importance: tuple[FeatureImportance, ...]
    impurity: tuple[Impurity, ...] | None
    controls: tuple[Control, ...]
    trading: Trading | None
    paths: tuple[PathReport, ...] | None
    search_method: str | None
    trials: tuple[SearchedTrial, ...]
    stability: tuple[Stability, ...]
    reference: Mapping[str, Reference]
    audit: Audit | None
    record: TrainingRecord
    retraining: tuple[np.datetime64, ...]
    labelled_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, all numbers finite or None; without the probabilities and the importance."""
        first = self.record.first_prediction
        gains = self.overall.base_rate if self.overall.majority == "up" else 1.0 - self.overall.base_rate
        found = {
            "format": REPORT_FORMAT,
            "overall": self.overall.to_dict(),
            "folds": [fold.to_dict() for fold in self.folds],
            "base_rates": asdict(self.base_rates),
            "roc": {
                "points": [[p.false_positive_rate, p.true_positive_rate, p.threshold] for p in self.roc],
                "auc": self.overall.auc,
                "auc_error": self.overall.auc_error,
            },
            "precision_recall": {
                "points": [[p.recall, p.precision, p.threshold] for p in self.precision_recall],
                "average_precision": self.overall.average_precision,
                "base": gains,
            },
            "calibration": [asdict(part) for part in self.calibration],
            "thresholds": None if self.trading is None else self.trading.thresholds(),
            "trading": None if self.trading is None else self.trading.to_dict(),
            "controls": [control.to_dict() for control in self.controls],
            "search": self._search(),
            "paths": None if self.paths is None else [asdict(path) for path in self.paths],
            "impurity": None if self.impurity is None else [asdict(row) for row in self.impurity],
            "stability": [asdict(row) for row in self.stability],
            "reference": {name: one.to_dict() for name, one in self.reference.items()},
            "audit": None if self.audit is None else self.audit.to_dict(),
            "retraining": [said(moment) for moment in self.retraining],
            "labelled_rows": self.labelled_rows,
            "first_prediction": None if first is None else said(first),
        }
        return {name: plain(value) for name, value in found.items()}

    def _search(self) -> dict[str, Any] | None:
        if self.search_method is None:
            return None
        trials = [asdict(trial) for trial in self.trials]
        return {"method": self.search_method, "evaluated": len(trials), "trials": trials}


def plain(value: Any) -> Any:
    """The value with numbers as JSON has them; what is not finite becomes None."""
    kind = type(value)
    if kind is float:  # thousands of them, so they are asked for first
        return value if math.isfinite(value) else None
    if kind in (str, int, bool) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
