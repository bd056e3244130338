"""Fold after fold: fit on its training part, predict its test part, score what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels import estimators
from mlmodels.configuration import TrainingConfiguration
from mlmodels.evaluation.importance import permuted_losses
from mlmodels.evaluation.scoring import Confusion, Score, confusion, score
from mlmodels.search import SearchResult
from mlmodels.training.data import TrainingData
from mlmodels.training.fitting import fit_rows, predict_rows, search_rows
from mlmodels.training.progress import Part, counted
from mlmodels.training.resuming import Units
from mlmodels.validation import INNER_FOLDS, Fold, paths
from strategies.params import Value

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

PREDICTIONS_A_TRAINING_ROW = 2
"""What importance may cost: predicting this many rows is cheap beside fitting one."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """What one fold's model said about its test part, `probability` shaped as `fold.test`, and how good it was."""

    fold: Fold
    probability: Floats
    score: Score
    confusion: Confusion
    hyperparameters: Mapping[str, Value]
    search: SearchResult | None
    importance: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class OutOfFold:
    """All out-of-fold predictions of some folds.

    paths
        Probabilities, shape (n_paths, n_bars), NaN where none was made; one path unless validation is combinatorial.
    number
        Which fold predicted each bar on each path, 0 where none did.
    """

    results: tuple[FoldResult, ...]
    paths: Floats
    number: Indices

    @property
    def probability(self) -> Floats:
        """One probability a bar, shape (n_bars,): that of the path, or the mean of all paths."""
        return self.paths[0] if len(self.paths) == 1 else np.asarray(self.paths.mean(axis=0))

    def scored(self, data: TrainingData) -> Indices:
        """The bars with a prediction and an outcome; the same on every path."""
        return np.flatnonzero(np.isfinite(self.paths[0]) & data.labels.known).astype(np.int64)

    def pooled(self, data: TrainingData) -> tuple[Floats, Floats, Indices]:
        """Probabilities, outcomes and numbers of folds of all paths one after the other, at the bars of `scored`.

        Each of shape (n_paths * n_scored,), without NaN.
        """
        rows = self.scored(data)
        up = np.tile(data.labels.up[rows], len(self.paths))
        return self.paths[:, rows].ravel(), up, self.number[:, rows].ravel()


def effort(configuration: TrainingConfiguration, rows: int, *, searching: bool) -> float:
    """How long fitting on rows takes beside others, for the progress bar."""
    # The inner folds train on a quarter, two and three quarters of the rows.
    inner = configuration.search_trials * INNER_FOLDS / 2.0
    return rows * (1.0 + inner if searching and configuration.search != "none" else 1.0)


def validate(
    configuration: TrainingConfiguration,
    data: TrainingData,
    part: Part,
    units: Units,
    *,
    prefix: str = "",
    control: bool = False,
) -> OutOfFold:
    """Fit, predict and score all folds but those known from `units`, to which the others are added.

    A control is neither searched nor asked for its importance.
    """
    weights = [
        effort(configuration, fold.train.size, searching=not control) + fold.test.size for fold in data.folds
    ]
    results = tuple(
        _fold(
            configuration,
            data,
            fold,
            stretch,
            units,
            where=f"{prefix}Fold {fold.number} of {len(data.folds)}",
            control=control,
        )
        for fold, stretch in zip(data.folds, part.divided(weights), strict=True)
    )
    return _joined(results, len(data.bars))


def _fold(
    configuration: TrainingConfiguration,
    data: TrainingData,
    fold: Fold,
    part: Part,
    units: Units,
    *,
    where: str,
    control: bool,
) -> FoldResult:
    searched = not control and configuration.search != "none"
    looking, fitting, measuring = part.divided([8.0 if searched else 0.0, 8.0, 0.0 if control else 2.0])
    found, name = None, f"fold-{fold.number}"
    if searched:
        found = search_rows(
            configuration,
            data.values,
            data.labels,
            fold.train,
            part=looking,
            where=where,
            units=units.within(name),
        )
    chosen = configuration.hyperparameters if found is None else found.best
    kept = units.recall(name)
    if kept is None:
        kept = _computed(configuration, data, fold, chosen, fitting, None if control else measuring, where)
        units.add(name, **kept)
    rows = data.scored_rows(fold)
    said, up = kept["probability"][rows_within(fold, rows)], data.labels.up[rows]
    return FoldResult(
        fold=fold,
        probability=kept["probability"],
        score=score(said, up, effective_rows=data.effective_rows(rows), overlap=data.overlap(rows)),
        confusion=confusion(said, up),
        hyperparameters=dict(chosen),
        search=found,
        importance=kept.get("importance"),
    )


def _computed(
    configuration: TrainingConfiguration,
    data: TrainingData,
    fold: Fold,
    chosen: Mapping[str, Value],
    fitting: Part,
    measuring: Part | None,
    where: str,
) -> dict[str, Floats]:
    """What one fold's model said about its test part, and how much it needs each feature where that is measured."""
    message = f"{where}: training on {counted(fold.train.size)} bars"
    fitting.tell(0.0, message)
    classifier = fit_rows(
        configuration,
        data.values,
        data.labels,
        fold.train,
        hyperparameters=chosen,
        where=f"fold {fold.number}",
        tick=fitting.ticks(message),
    )
    found = {"probability": _predicted(classifier, data, fold, fitting)}
    if measuring is not None:
        rows = data.scored_rows(fold)
        found["importance"] = _importance(configuration, data, fold, rows, classifier, measuring, where)
    return found


def _predicted(classifier: estimators.Classifier, data: TrainingData, fold: Fold, part: Part) -> Floats:
    """Predict the test part a bounded number of rows at once, listening for a cancel in between."""
    result = np.full(fold.test.size, np.nan)
    known = np.flatnonzero(data.complete[fold.test])
    result[known] = predict_rows(classifier, data.values, fold.test[known], part)
    return result


def rows_within(fold: Fold, rows: Indices) -> Indices:
    """Where bars that the fold tests stand among all that it tests; shapes (n_rows,)."""
    return np.searchsorted(fold.test, rows).astype(np.int64)


def _importance(
    configuration: TrainingConfiguration,
    data: TrainingData,
    fold: Fold,
    rows: Indices,
    classifier: estimators.Classifier,
    part: Part,
    where: str,
) -> Floats:
    message = f"{where}: measuring importance"
    part.tell(0.0, message)
    return permuted_losses(
        classifier,
        data.values[rows],
        data.labels.up[rows],
        seed=configuration.seed + fold.number,
        budget=PREDICTIONS_A_TRAINING_ROW * fold.train.size,
        tick=part.ticks(message),
    )


def _joined(results: tuple[FoldResult, ...], count: int) -> OutOfFold:
    """Lay the predictions of all folds side by side; of combinatorial folds along their paths."""
    assigned = paths(tuple(result.fold for result in results))
    probability = np.full((len(assigned), count), np.nan)
    number = np.zeros((len(assigned), count), dtype=np.int64)
    for path, by_block in enumerate(assigned):
        for block, index in enumerate(by_block):
            result = results[index]
            first, last = result.fold.tests[result.fold.blocks.index(block)]
            rows = np.arange(first, last + 1)
            said = result.probability[rows_within(result.fold, rows)]
            probability[path, rows] = said
            number[path, rows] = np.where(np.isfinite(said), result.fold.number, 0)
    return OutOfFold(results, probability, number)
