"""A trained model that cannot be asked about what it was trained on.

Within its training period it answers with out-of-fold probabilities, each made by a model that knew only what
came before; after the period with the final model; before it, and where features are missing, with NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import WrongData
from mlmodels.features import prepare

if TYPE_CHECKING:
    from mlmodels.estimators import Classifier

Floats: TypeAlias = NDArray[np.float64]

PRICE_TOLERANCE = 1e-9
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRecord:
    """The bars a model was trained on and what was predicted about them out of fold; arrays of shape (n_bars,).

    `fold` is the number of the fold that predicted the bar, 0 where none did (its probability is NaN).
    """

    time: NDArray[np.datetime64]
    close: Floats
    probability: Floats
    fold: NDArray[np.int64]

    @property
    def first_prediction(self) -> np.datetime64 | None:
        """Time of the first out-of-fold prediction."""
        known = np.flatnonzero(np.isfinite(self.probability))
        return self.time[known[0]] if known.size else None


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """The final classifier, the record of its training, and where both came from."""

    configuration: TrainingConfiguration
    classifier: Classifier
    record: TrainingRecord
    provenance: Mapping[str, Any]

    def predict(self, bars: Bars) -> Floats:
        """Return the probability of a gain decided at each close, shape (n_bars,), NaN where there is none.

        The value at bar t depends on bars up to t only.

        Raises
        ------
        WrongData
            When bars within the training period are not those the model was trained on.
        """
        result = np.full(len(bars), np.nan)
        if not len(bars):
            return result
        record = self.record
        inside = (bars.time >= record.time[0]) & (bars.time <= record.time[-1])
        if inside.any():
            result[inside] = self._out_of_fold(bars, np.flatnonzero(inside))
        later = np.flatnonzero(bars.time > record.time[-1])
        if later.size:
            result[later] = self._final(bars)[later]
        return result

    def _out_of_fold(self, bars: Bars, rows: NDArray[np.intp]) -> Floats:
        record = self.record
        place = np.searchsorted(record.time, bars.time[rows])
        same = record.time[place] == bars.time[rows]
        same &= np.isclose(record.close[place], bars.close[rows], rtol=PRICE_TOLERANCE, atol=0.0)
        if not same.all():
            row = int(rows[np.argmin(same)])
            first, last, here = (
                np.datetime_as_string(moment, unit="s")
                for moment in (record.time[0], record.time[-1], bars.time[row])
            )
            raise WrongData(
                f"The model was trained on other prices from {first} to {last}: the bar of {here} (close "
                f"{bars.close[row]:.10g}) is not one of them. Within that period use the series it was trained "
                "on, start after it, or train a model on this series."
            )
        return record.probability[place]

    def _final(self, bars: Bars) -> Floats:
        table = prepare(bars, self.configuration.features)
        return probabilities(self.classifier, table.values, table.complete)


def probabilities(classifier: Classifier, values: Floats, complete: NDArray[np.bool_]) -> Floats:
    """Predict the complete rows, a bounded number at once; NaN elsewhere."""
    result = np.full(len(values), np.nan)
    rows = np.flatnonzero(complete)
    for start in range(0, rows.size, ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        result[part] = classifier.probability_up(values[part])
    return result
