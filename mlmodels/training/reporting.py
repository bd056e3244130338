"""Putting a report together from what the steps of a training found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels.audit import Audit
from mlmodels.configuration import TrainingConfiguration
from mlmodels.drift import Drift, drift_of, mean_of, reference_of
from mlmodels.evaluation.calibration import calibration
from mlmodels.evaluation.controls import Control
from mlmodels.evaluation.curves import precision_recall, roc
from mlmodels.evaluation.importance import summarise
from mlmodels.evaluation.scoring import score
from mlmodels.features import label_of
from mlmodels.labels import base_rates
from mlmodels.prediction import TrainingRecord
from mlmodels.search import SearchResult
from mlmodels.trading import Trading
from mlmodels.training.data import TrainingData
from mlmodels.training.report import (
    FoldReport,
    Impurity,
    PathReport,
    SearchedTrial,
    Stability,
    TrainingReport,
)
from mlmodels.training.validating import OutOfFold
from mlmodels.validation import described

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

STABILITY_ROWS = 2_000
"""Rows of the longer of two parts whose distributions are compared."""
REFERENCE_ROWS = 10_000
"""Rows of the whole period by which live data are compared later."""
FINAL = 0
"""Number under which the search of the final model is reported."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What the steps of a training found."""

    out_of_fold: OutOfFold
    controls: tuple[Control, ...]
    audit: Audit | None
    trading: Trading | None
    paths: tuple[PathReport, ...] | None
    final_search: SearchResult | None
    impurity: Floats | None


def report_of(configuration: TrainingConfiguration, data: TrainingData, findings: Findings) -> TrainingReport:
    """The report; everything in it but `impurity` and `reference` is out of sample."""
    found, time = findings.out_of_fold, data.bars.time
    probability, up, _number = found.pooled(data)
    rows = found.scored(data)
    effective = data.effective_rows(rows)
    labels = {name: label_of(name) for name in data.names}
    importance = [result.importance for result in found.results if result.importance is not None]
    return TrainingReport(
        folds=tuple(
            FoldReport(
                result.fold.number,
                described(result.fold, time),
                result.score,
                result.confusion,
                result.hyperparameters,
            )
            for result in found.results
        ),
        overall=score(
            probability, up, effective_rows=effective, overlap=data.overlap(rows), passes=len(found.paths)
        ),
        base_rates=base_rates(data.labels, data.usable),
        roc=roc(probability, up),
        precision_recall=precision_recall(probability, up),
        calibration=calibration(probability, up, effective_rows=effective),
        importance=summarise(data.names, labels, importance),
        impurity=_impurity(data.names, labels, findings.impurity),
        controls=findings.controls,
        trading=findings.trading,
        paths=findings.paths,
        search_method=None if configuration.search == "none" else configuration.search,
        trials=_trials(found, findings.final_search),
        stability=_stability(data, found, labels),
        reference=reference_of(data.values[_spread(data.usable, REFERENCE_ROWS)], data.names),
        audit=findings.audit,
        record=TrainingRecord(
            time, data.bars.close, found.probability, found.number[0], causal=configuration.causal
        ),
        retraining=_retraining(configuration, found, time),
        labelled_rows=int(data.usable.size),
    )


def _impurity(
    names: tuple[str, ...], labels: Mapping[str, str], shares: Floats | None
) -> tuple[Impurity, ...] | None:
    if shares is None:
        return None
    order = np.argsort(-shares, kind="stable")
    return tuple(Impurity(names[column], labels[names[column]], float(shares[column])) for column in order)


def _trials(found: OutOfFold, final: SearchResult | None) -> tuple[SearchedTrial, ...]:
    searches = [(result.fold.number, result.search) for result in found.results] + [(FINAL, final)]
    return tuple(
        SearchedTrial(
            number,
            trial.number,
            dict(trial.hyperparameters),
            trial.score,
            trial.spread,
            trial.reason,
            trial.number == search.best_number,
        )
        for number, search in searches
        if search is not None
        for trial in search.trials
    )


def _stability(data: TrainingData, found: OutOfFold, labels: Mapping[str, str]) -> tuple[Stability, ...]:
    """How far each feature lies in the test parts from where it lay in their training parts, and how far it would."""
    table: dict[str, list[tuple[int, Drift]]] = {name: [] for name in data.names}
    for result in found.results:
        fold = result.fold
        # The same stride for both, so that windows of the training part last as long as the test.
        stride = -(-max(fold.train.size, fold.test.size) // STABILITY_ROWS)
        train, test = data.values[fold.train[::stride]], data.values[fold.test[::stride]]
        for drift in drift_of(reference_of(train, data.names), test, data.names, train):
            if drift.psi is not None:
                table[drift.name].append((fold.number, drift))
    return tuple(_stability_of(name, labels[name], moved) for name, moved in table.items())


def _stability_of(name: str, label: str, moved: list[tuple[int, Drift]]) -> Stability:
    if not moved:
        return Stability(name, label, None, None, None, None)
    worst, drift = max(moved, key=lambda fold: fold[1].psi or 0.0)
    mean, by_chance = mean_of([drift for _, drift in moved])
    return Stability(name, label, mean, worst, drift.psi, by_chance)


def _spread(rows: Indices, most: int) -> Indices:
    """At most so many of the rows, evenly spread."""
    if rows.size <= most:
        return rows
    return rows[np.linspace(0, rows.size - 1, most).astype(np.int64)]


def _retraining(
    configuration: TrainingConfiguration, found: OutOfFold, time: NDArray[np.datetime64]
) -> tuple[np.datetime64, ...]:
    if not configuration.causal:
        return ()
    return tuple(time[result.fold.test[0]] for result in found.results)
