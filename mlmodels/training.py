"""Training with an honest report: walk-forward folds, scores beside base rates, importance out of sample."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import xgboost
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels import estimators
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import ModelNotReady, TrainingError
from mlmodels.features import FeatureTable, get_feature, prepare
from mlmodels.importance import FeatureImportance, permuted_losses, summarise
from mlmodels.labels import Labels
from mlmodels.prediction import TrainedModel, TrainingRecord, probabilities
from mlmodels.scoring import CalibrationBin, Score, calibration, score
from mlmodels.splits import Fold, walk_forward

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = NDArray[np.float64]
Progress: TypeAlias = Callable[[float, str], None]

_UNTRAINED = "This predictor is not trained. Call train(data) first."

FITTING_SHARE = 0.8
"""How much of a fold's share of the progress bar fitting takes; the rest is importance."""


@dataclass(frozen=True, slots=True)
class FoldReport:
    """One fold: what it was trained on, what it was tested on, how it did. Times are UTC, ends included."""

    number: int
    train_start: str
    train_end: str
    train_rows: int
    test_start: str
    test_end: str
    score: Score


@dataclass(frozen=True, slots=True, eq=False)
class TrainingReport:
    """Everything out of fold: scores, calibration, importance, and the probabilities with their times."""

    folds: tuple[FoldReport, ...]
    overall: Score
    calibration: tuple[CalibrationBin, ...]
    importance: tuple[FeatureImportance, ...]
    record: TrainingRecord
    labelled_rows: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without the probabilities."""
        first = self.record.first_prediction
        return {
            "overall": _scored(self.overall),
            "folds": [{**asdict(fold), "score": _scored(fold.score)} for fold in self.folds],
            "calibration": [asdict(part) for part in self.calibration],
            "labelled_rows": self.labelled_rows,
            "first_prediction": None if first is None else _said(first),
        }


class MLPredictor:
    """Trains a classifier of "does a trade entered at the next open gain?" and predicts without looking ahead.

    Parameters
    ----------
    algorithm : str
        "logistic_regression", "random_forest" or "xgboost".
    **settings
        Other fields of `TrainingConfiguration`: hyperparameters, features, label, horizon, folds, seed ...

    Examples
    --------
    >>> predictor = MLPredictor("xgboost", horizon=5)          # doctest: +SKIP
    >>> report = predictor.train(bars)                         # doctest: +SKIP
    >>> report.overall.accuracy, report.overall.base_rate      # doctest: +SKIP
    """

    def __init__(self, algorithm: str = "logistic_regression", **settings: Any) -> None:
        self.configuration = TrainingConfiguration.from_dict({"algorithm": algorithm, **settings})
        self.model: TrainedModel | None = None
        self.report: TrainingReport | None = None

    @classmethod
    def from_configuration(cls, configuration: TrainingConfiguration) -> MLPredictor:
        predictor = cls()
        predictor.configuration = configuration
        return predictor

    def prepare_features(self, data: Bars | pd.DataFrame) -> FeatureTable:
        """Return the configured features of the bars; row t uses bars up to t."""
        return prepare(_bars(data), self.configuration.features)

    def create_labels(self, data: Bars | pd.DataFrame) -> Labels:
        """Return the outcome of a trade decided at each close."""
        return self.configuration.labels(_bars(data))

    def train(
        self,
        data: Bars | pd.DataFrame,
        progress: Progress | None = None,
        *,
        labels: Labels | None = None,
        data_sha256: str = "",
    ) -> TrainingReport:
        """Fit and score fold after fold, then fit the final model on all labelled rows.

        Parameters
        ----------
        data : Bars or DataFrame
        progress : callable, optional
            Called often with the share done (0 to 1) and what is going on; what it raises ends the training.
        labels : Labels, optional
            Other outcomes than the configured ones (a control with shuffled labels).
        data_sha256 : str, optional
            Fingerprint of the data; computed from the bars when left out.

        Returns
        -------
        TrainingReport
        """
        bars = _bars(data)
        self.configuration.check_bars(bars)
        run = _Run(self.configuration, bars, labels or self.create_labels(bars), progress or _silent)
        self.report, classifier = run.report(), run.final()
        provenance = {
            "data_sha256": data_sha256 or fingerprint(bars),
            "features": [get_feature(name).schema for name in self.configuration.features],
            "versions": library_versions(),
        }
        self.model = TrainedModel(self.configuration, classifier, self.report.record, provenance)
        return self.report

    def predict(self, data: Bars | pd.DataFrame) -> Floats:
        """Return the probability of a gain at each close; see `TrainedModel.predict`."""
        return self.trained.predict(_bars(data))

    def get_feature_importance(self) -> tuple[FeatureImportance, ...]:
        """Return how much worse out-of-sample predictions become without each feature, largest first."""
        return self.trained_report.importance

    @property
    def trained(self) -> TrainedModel:
        """The trained model, which `artifacts` stores; ModelNotReady before `train`."""
        if self.model is None:
            raise ModelNotReady(_UNTRAINED)
        return self.model

    @property
    def trained_report(self) -> TrainingReport:
        """The report of the last training; ModelNotReady before `train`."""
        if self.report is None:
            raise ModelNotReady(_UNTRAINED)
        return self.report


class _Run:
    """One training from bars to report; shares the arrays between its steps."""

    def __init__(
        self, configuration: TrainingConfiguration, bars: Bars, labels: Labels, progress: Progress
    ) -> None:
        self.configuration, self.bars, self.labels = configuration, bars, labels
        self.progress = progress
        progress(0.0, "Preparing features")
        table = prepare(bars, configuration.features)
        self.values, self.complete = table.values, table.complete
        self.names = table.names
        usable = np.where(self.complete, labels.end, -1)
        self.folds = walk_forward(
            usable,
            first=configuration.warmup,
            folds=configuration.folds,
            horizon=configuration.horizon,
            embargo=configuration.embargo,
        )
        self.usable_rows = np.flatnonzero(usable >= 0)
        # Fitting grows with the rows, so the bar moves evenly when each step weighs what it trains on.
        weights = [fold.train.size + fold.test.size for fold in self.folds] + [self.usable_rows.size]
        self.edges = np.concatenate(([0.0], np.cumsum(weights) / sum(weights)))

    def report(self) -> TrainingReport:
        probability = np.full(len(self.bars), np.nan)
        number = np.zeros(len(self.bars), dtype=np.int64)
        reports, losses = [], []
        for fold in self.folds:
            classifier = self._fit_fold(fold)
            answers = probabilities(classifier, self.values[fold.test], self.complete[fold.test])
            probability[fold.test] = answers
            number[fold.test] = np.where(np.isfinite(answers), fold.number, 0)
            scored = self._scored_rows(fold)
            result = score(probability[scored], self.labels.up[scored], horizon=self.configuration.horizon)
            reports.append(self._fold_report(fold, result))
            losses.append(self._importance(fold, classifier, scored, result.log_loss))
        known = np.flatnonzero(np.isfinite(probability) & self.labels.known)
        up = self.labels.up[known]
        return TrainingReport(
            folds=tuple(reports),
            overall=score(probability[known], up, horizon=self.configuration.horizon),
            calibration=calibration(probability[known], up),
            importance=summarise(self.names, losses),
            record=TrainingRecord(self.bars.time, self.bars.close, probability, number),
            labelled_rows=int(self.usable_rows.size),
        )

    def final(self) -> estimators.Classifier:
        message = f"Training the final model on {self.usable_rows.size:,} bars"
        classifier = self._fit(self.usable_rows, len(self.folds), 1.0, message, "the whole period")
        self.progress(1.0, "Storing the model")
        return classifier

    def _fit_fold(self, fold: Fold) -> estimators.Classifier:
        message = f"Fold {fold.number} of {len(self.folds)}: training on {fold.train.size:,} bars"
        return self._fit(fold.train, fold.number - 1, FITTING_SHARE, message, f"fold {fold.number}")

    def _fit(
        self, rows: NDArray[np.int64], step: int, share: float, message: str, where: str
    ) -> estimators.Classifier:
        up = self.labels.up[rows]
        if not rows.size or up.min() == up.max():
            raise TrainingError(
                f"All {rows.size:,} training outcomes of {where} are the same, so there is nothing to tell apart. "
                "Take a longer period, fewer folds or another horizon."
            )
        low, high = self.edges[step], self.edges[step + 1]
        span = (high - low) * share
        self.progress(float(low), message)
        return estimators.fit(
            self.configuration.algorithm,
            self.values[rows],
            up,
            self.configuration.hyperparameters,
            seed=self.configuration.seed,
            tick=lambda done: self.progress(float(low + span * done), message),
        )

    def _scored_rows(self, fold: Fold) -> NDArray[np.int64]:
        rows = fold.test[self.complete[fold.test] & self.labels.known[fold.test]]
        if not rows.size:
            raise TrainingError(
                f"No bar of fold {fold.number} has both features and an outcome. Use fewer folds."
            )
        return rows

    def _importance(
        self, fold: Fold, classifier: estimators.Classifier, rows: NDArray[np.int64], loss: float
    ) -> Floats:
        low, high = self.edges[fold.number - 1], self.edges[fold.number]
        start = low + (high - low) * FITTING_SHARE
        message = f"Fold {fold.number} of {len(self.folds)}: measuring importance"
        return permuted_losses(
            classifier,
            self.values[rows],
            self.labels.up[rows],
            loss,
            seed=self.configuration.seed + fold.number,
            tick=lambda done: self.progress(float(start + (high - start) * done), message),
        )

    def _fold_report(self, fold: Fold, result: Score) -> FoldReport:
        time = self.bars.time
        return FoldReport(
            number=fold.number,
            train_start=_said(time[fold.train[0]]),
            train_end=_said(time[fold.train[-1]]),
            train_rows=int(fold.train.size),
            test_start=_said(time[fold.test[0]]),
            test_end=_said(time[fold.test[-1]]),
            score=result,
        )


def shuffled(labels: Labels, seed: int) -> Labels:
    """The same outcomes in random order: whatever a model learns from these is chance."""
    known = np.flatnonzero(labels.known)
    order = np.random.default_rng(seed).permutation(known)
    up, returns = labels.up.copy(), labels.returns.copy()
    up[known], returns[known] = labels.up[order], labels.returns[order]
    return replace(labels, up=up, returns=returns)


def fingerprint(bars: Bars) -> str:
    """Return a sha256 over all columns of the bars."""
    digest = hashlib.sha256()
    for column in (bars.time, bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """The versions that decide what a training computes."""
    libraries = {name: version(name) for name in ("numpy", "numba", "scikit-learn", "skops")}
    return {"python": platform.python_version(), **libraries, "xgboost": xgboost.__version__}


def _scored(result: Score) -> dict[str, Any]:
    return {
        **asdict(result),
        "verdict": result.verdict,
        "standard_errors_above": result.standard_errors_above,
    }


def _bars(data: Bars | pd.DataFrame) -> Bars:
    return data if isinstance(data, Bars) else Bars.from_frame(data)


def _said(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s")) + "Z"


def _silent(share: float, message: str) -> None:
    """Nobody listens."""
