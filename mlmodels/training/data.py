"""What one training works on: features, outcomes and folds of some bars, in arrays that all steps share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration, fewest_training_rows, plan_folds
from mlmodels.errors import TrainingError
from mlmodels.features import FeatureTable, prepare
from mlmodels.labels import Labels, effective_rows
from mlmodels.validation import Fold

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

MOST_MISSING = 0.2
"""Share of the bars after the warm-up that a feature may have no value in."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Bars with their features (n_bars, n_features), outcomes (n_bars,) and folds.

    `usable` are the rows with all features and an outcome: those that may train or be scored.
    """

    bars: Bars
    table: FeatureTable
    values: Floats
    complete: NDArray[np.bool_]
    labels: Labels
    usable: Indices
    folds: tuple[Fold, ...]

    @classmethod
    def of(
        cls, configuration: TrainingConfiguration, bars: Bars, labels: Labels | None = None
    ) -> TrainingData:
        """Compute features, outcomes (unless given) and folds; TrainingError where a fold has too few rows."""
        labels = labels or configuration.labels(bars)
        _check_labels(labels, len(bars))
        table = prepare(bars, configuration.features, configuration.strategy_features)
        complete = table.complete
        ends = np.where(complete, labels.end, -1)
        made = cls(
            bars=bars,
            table=table,
            # By rows, because every fit takes rows.
            values=np.ascontiguousarray(table.values),
            complete=complete,
            labels=labels,
            usable=np.flatnonzero(ends >= 0).astype(np.int64),
            folds=plan_folds(configuration, ends),
        )
        # Gaps may cost a fold rows, but not most of them.
        made.check_folds(fewest_training_rows(configuration) // 2)
        return made

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of `values`."""
        return self.table.names

    def with_labels(self, labels: Labels) -> TrainingData:
        """The same bars, features and folds with other outcomes (a control)."""
        return replace(self, labels=labels)

    def check_features(self, warmup: int) -> None:
        """Refuse features that say nothing, by name: constant ones, and those without a value too often."""
        problems = []
        # By columns, in which the table lies in one piece.
        for name, seen in zip(self.names, self.table.values[warmup:].T, strict=True):
            known = seen[np.isfinite(seen)]
            missing = 1.0 - known.size / max(1, len(seen))
            if missing > MOST_MISSING:
                problems.append(
                    f"{name} has no value in {missing:.0%} of the bars after its warm-up; up to {MOST_MISSING:.0%} are "
                    "taken. Leave it out or choose another period."
                )
            elif known.min() == known.max():
                problems.append(
                    f"{name} is {known[0]:g} at every bar, so it tells nothing apart. Leave it out."
                )
        if problems:
            raise TrainingError(problems[0], fields={"features": problems})

    def check_folds(self, fewest: int) -> None:
        """Refuse a fold that would train on fewer rows, because its features have too many gaps."""
        for fold in self.folds:
            if fold.train.size < fewest:
                message = (
                    f"Fold {fold.number} has {fold.train.size:,} bars with all features and an outcome to train on; at "
                    f"least {fewest:,} are needed. Take fewer folds, a longer period, or features with fewer gaps."
                )
                raise TrainingError(message, fields={"folds": [message]})

    def scored_rows(self, fold: Fold) -> Indices:
        """The tested rows with features and an outcome."""
        rows = fold.test[self.complete[fold.test] & self.labels.known[fold.test]]
        if not rows.size:
            raise TrainingError(
                f"No bar of fold {fold.number} has both features and an outcome. Use fewer folds."
            )
        return rows

    def effective_rows(self, rows: Indices) -> float:
        """How many independent outcomes the rows amount to."""
        return effective_rows(self.labels.exit[rows], rows)

    def overlap(self, rows: Indices) -> int:
        """How many later rows may share a bar with the trade of each; 0 at a horizon of one bar."""
        held = self.labels.exit[rows] - (rows + 1)  # from the next open on
        return max(0, int(held.max(initial=1)) - 1)


def _check_labels(labels: Labels, count: int) -> None:
    """Refuse outcomes given from outside that do not fit the bars or are known before their trade begins."""
    rows = np.flatnonzero(labels.known)
    sound = len(labels.end) == len(labels.up) == len(labels.exit) == count
    if not sound or not ((labels.end[rows] > rows) & (labels.end[rows] < count)).all():
        message = (
            f"The outcomes do not fit the {count:,} bars: each is known after its bar and within the data."
        )
        raise TrainingError(message, fields={"label": [message]})
