"""Fitting on some rows the way a configuration says: search, scaling, weights and calibration see these rows only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlmodels import estimators
from mlmodels.algorithms import get_algorithm
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import TrainingError
from mlmodels.evaluation.scoring import log_loss
from mlmodels.labels import Labels
from mlmodels.search import SearchResult, search, space_of
from mlmodels.training.progress import Part
from mlmodels.training.resuming import Units
from mlmodels.validation import calibration_split, inner_folds
from strategies.params import Value

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

ROWS_AT_ONCE = 8_192


def fit_rows(
    configuration: TrainingConfiguration,
    values: Floats,
    labels: Labels,
    rows: Indices,
    *,
    hyperparameters: Mapping[str, Value] | None = None,
    where: str = "the training part",
    remedy: str = "Take a longer period, fewer folds or another horizon.",
    tick: Callable[[float], None] = lambda share: None,
) -> estimators.Classifier:
    """Fit one classifier on rows of a period, calibrated on their last quarter where the configuration says so.

    Parameters
    ----------
    values : ndarray of float64, shape (n_bars, n_features)
    labels : Labels
        Of the same bars.
    rows : ndarray of int64
        Ascending; each with finite features and an outcome. Nothing else is looked at.
    hyperparameters : mapping, optional
        Others than the configured ones (those a search has found).
    where, remedy : str
        How a refusal calls the rows, and what it advises where their outcomes are all the same.
    tick : callable
        Called with the share done; what it raises ends the fitting.
    """
    held = None
    fitted = rows
    if configuration.calibration != "none":
        fitted, held_rows = calibration_split(
            rows, labels.end, horizon=configuration.horizon, embargo=configuration.embargo
        )
        held = estimators.CalibrationRows(values[held_rows], labels.up[held_rows])
    up = labels.up[fitted]
    if not fitted.size or up.min() == up.max():
        raise TrainingError(
            f"All {fitted.size:,} training outcomes of {where} are the same, so there is nothing to tell apart. "
            f"{remedy}"
        )
    return estimators.fit(
        configuration.algorithm,
        values[fitted],
        up,
        configuration.hyperparameters if hyperparameters is None else hyperparameters,
        seed=configuration.seed,
        class_weight=configuration.class_weight,
        calibration=configuration.calibration,
        calibration_rows=held,
        tick=tick,
    )


def predict_rows(classifier: estimators.Classifier, values: Floats, rows: Indices, part: Part) -> Floats:
    """Probabilities of a gain, shape (n_chosen,), of the chosen rows, a bounded number at once.

    `values` has the shape (n_bars, n_features); the chosen rows of it are finite. `part` is asked after each piece, so
    that a cancel is noticed.
    """
    found = []
    for start in range(0, rows.size, ROWS_AT_ONCE):
        found.append(classifier.probability_up(values[rows[start : start + ROWS_AT_ONCE]]))
        part.again()
    return np.concatenate(found) if found else np.empty(0)


def search_rows(
    configuration: TrainingConfiguration,
    values: Floats,
    labels: Labels,
    rows: Indices,
    *,
    part: Part,
    where: str,
    units: Units,
) -> SearchResult:
    """Look for hyper-parameters by the log-loss of a purged walk-forward inside the rows.

    Trials are fitted with the class weights but without calibration, which would cost each of them a quarter of the
    rows. A trial's score is the mean of its inner folds, its spread their standard deviation. Trials follow from the
    settings and the scores of those before, so their numbers name them in `units`.

    `values`, `labels` and `rows` are as for `fit_rows`; `where` begins the messages of `part`. TrainingError when no
    trial could be fitted.
    """
    splits = inner_folds(rows, labels.end, horizon=configuration.horizon, embargo=configuration.embargo)
    algorithm = get_algorithm(configuration.algorithm)
    numbers = count(1)

    def judged(hyperparameters: Mapping[str, Value]) -> tuple[float, float]:
        name = f"trial-{next(numbers)}"
        kept = units.recall(name)
        if kept is None:
            # What refuses a trial is no result to keep: it is refused again.
            kept = {"judged": _judged(configuration, values, labels, splits, hyperparameters, part)}
            units.add(name, **kept)
        score, spread = kept["judged"].tolist()
        return score, spread

    return search(
        algorithm,
        space_of(algorithm, configuration.hyperparameters, configuration.search_over),
        judged,
        method=configuration.search,
        trials=configuration.search_trials,
        seed=configuration.seed,
        tick=lambda share, message: part.tell(share, f"{where}, {message}"),
    )


def _judged(
    configuration: TrainingConfiguration,
    values: Floats,
    labels: Labels,
    splits: Sequence[tuple[Indices, Indices]],
    hyperparameters: Mapping[str, Value],
    part: Part,
) -> Floats:
    """Mean and standard deviation of the log-loss on the inner folds, of fits with these hyper-parameters."""
    losses = []
    for fitted, scored in splits:
        classifier = estimators.fit(
            configuration.algorithm,
            values[fitted],
            labels.up[fitted],
            hyperparameters,
            seed=configuration.seed,
            class_weight=configuration.class_weight,
            tick=lambda share: part.again(),
        )
        losses.append(log_loss(predict_rows(classifier, values, scored, part), labels.up[scored]))
    return np.array([np.mean(losses), np.std(losses, ddof=1)])
