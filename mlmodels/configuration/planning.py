"""The folds of a configuration, known before anything is trained: from the outcomes' ends and the warm-up alone."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from mlmodels.validation import (
    COMBINATORIAL,
    MIN_NESTED_ROWS,
    NESTED_PARTS,
    ROLLING,
    Fold,
    Indices,
    each_combination,
    rolling,
    walk_forward,
)

if TYPE_CHECKING:
    from marketdata.bars import Bars
    from mlmodels.configuration.settings import TrainingConfiguration

MIN_TRAINING_ROWS = 100
MIN_TEST_ROWS = 50


def plan(configuration: TrainingConfiguration, bars: Bars) -> tuple[Fold, ...]:
    """Return the folds a training would use if no feature had gaps after its warm-up; costs milliseconds.

    The blocks are exactly those of the training; rows that a feature leaves without a value are missing there.
    """
    return plan_folds(configuration, configuration.labels(bars).end)


def plan_folds(configuration: TrainingConfiguration, label_end: Indices) -> tuple[Fold, ...]:
    """As `plan`, from the last bar that each row's outcome looks at; -1 for rows that cannot train."""
    return tuple(each_fold(configuration, label_end))


def each_fold(configuration: TrainingConfiguration, label_end: Indices) -> Iterator[Fold]:
    """The folds of `plan_folds` one after the other: many combinatorial folds of many bars need not be held at once."""
    first, horizon, embargo = configuration.warmup, configuration.horizon, configuration.embargo
    if configuration.validation == COMBINATORIAL:
        return each_combination(
            label_end,
            first=first,
            blocks=configuration.folds,
            tested=configuration.test_folds,
            horizon=horizon,
            embargo=embargo,
        )
    if configuration.validation == ROLLING:
        made = rolling(
            label_end,
            first=first,
            folds=configuration.folds,
            window=configuration.training_bars,
            horizon=horizon,
            embargo=embargo,
        )
        return iter(made)
    return iter(
        walk_forward(label_end, first=first, folds=configuration.folds, horizon=horizon, embargo=embargo)
    )


def gap(configuration: TrainingConfiguration) -> int:
    """Bars between the last row trained on and the first one tested: the horizon, the bar of entry, the embargo."""
    return configuration.horizon + 1 + configuration.embargo


def fewest_training_rows(configuration: TrainingConfiguration) -> int:
    """The fewest rows a fold may train on: 100, and more where a search or a calibration divides them again."""
    nested = configuration.search != "none" or configuration.calibration != "none"
    return max(MIN_TRAINING_ROWS, NESTED_PARTS * (MIN_NESTED_ROWS + gap(configuration)) if nested else 0)


def needed_bars(configuration: TrainingConfiguration) -> int:
    """The fewest bars with which every fold keeps enough rows to train on after its warm-up and its gaps."""
    rows, apart, folds = fewest_training_rows(configuration), gap(configuration), configuration.folds
    if configuration.validation == COMBINATORIAL:
        # A block between two test blocks is purged at both ends; one such block alone must be enough.
        training = max(1, folds - configuration.test_folds)
        block = max(MIN_TEST_ROWS, ceil(rows / training)) + apart + configuration.horizon + 2
        return configuration.warmup + folds * block
    if configuration.validation == ROLLING:
        return configuration.warmup + configuration.training_bars + apart + folds * MIN_TEST_ROWS
    return configuration.warmup + (folds + 1) * (rows + apart + 1)
