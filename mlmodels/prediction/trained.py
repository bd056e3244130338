"""A trained model that cannot be asked about what it was trained on, unless the asker insists and is told so.

Within its training period it answers with out-of-fold probabilities, each made by a model that knew only what
came before; after the period with the final model; before it, and where features are missing, with NaN. Bars of the
training that come again under later dates are recognised by their moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import WrongData
from mlmodels.prediction.recognition import Recognised, recognise
from mlmodels.prediction.streaming import feature_rows
from mlmodels.prediction.values import PRICE_TOLERANCE, Floats, Indices, Predictions, TrainingRecord

if TYPE_CHECKING:
    from mlmodels.estimators import Classifier

ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """The final classifier, the record of its training, and where both came from."""

    configuration: TrainingConfiguration
    classifier: Classifier
    record: TrainingRecord
    provenance: Mapping[str, Any]

    def predict(self, bars: Bars, *, in_sample: bool = False) -> Floats:
        """Return the probability of a gain decided at each close, shape (n_bars,); see `predictions`."""
        return self.predictions(bars, in_sample=in_sample).probability

    def predictions(self, bars: Bars, *, in_sample: bool = False) -> Predictions:
        """Predict each bar: out of fold within the training period, by the final model after it.

        Parameters
        ----------
        bars : Bars
        in_sample : bool
            Where there is no out-of-fold prediction, ask the final model, too: before and within the training
            period, about other prices than it was trained on, and about those of the training under later dates.
            What it says there is marked, and worth nothing.

        Returns
        -------
        Predictions
            The value at bar t depends on bars up to t only (but for what is marked as in-sample).

        Raises
        ------
        WrongData
            When bars within the training period are not those the model was trained on, or later ones are, unless
            `in_sample`.
        """
        record, count = self.record, len(bars)
        probability, model = np.full(count, np.nan), np.zeros(count, dtype=np.int64)
        inside = np.flatnonzero((bars.time >= record.time[0]) & (bars.time <= record.time[-1]))
        if inside.size and record.causal:
            known, place = self._places(bars, inside, lenient=in_sample)
            probability[known], model[known] = record.probability[place], record.fold[place]
        later = self._unknown(bars, lenient=in_sample)
        missing = np.isnan(probability) & (later | in_sample)
        if missing.any():
            rows = np.flatnonzero(missing)
            probability[rows] = answers = self._final(bars, rows)
            model[rows] = np.where(np.isfinite(answers), 1 + record.fold.max(initial=0), 0)
        return Predictions(probability, missing & ~later & np.isfinite(probability), model)

    def _places(self, bars: Bars, rows: Indices, *, lenient: bool) -> tuple[Indices, Indices]:
        """Those of the rows that are bars of the training, and where in the record they stand."""
        record = self.record
        place = np.searchsorted(record.time, bars.time[rows])
        same = record.time[place] == bars.time[rows]
        same &= np.isclose(record.close[place], bars.close[rows], rtol=PRICE_TOLERANCE, atol=0.0)
        if not (same.all() or lenient):
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
        return rows[same], place[same]

    def _unknown(self, bars: Bars, *, lenient: bool) -> NDArray[np.bool_]:
        """Which bars come after all that the final model has learned from."""
        after = int(np.searchsorted(bars.time, self.record.time[-1], side="right"))
        rows = np.arange(len(bars))
        found = recognise(bars.close[after:], self.record.close)
        if found is None:
            return rows >= after
        if not lenient:
            raise WrongData(self._seen_before(bars.time[after:], found))
        # What comes before a copy is older than what the model knows, as the bars before its training are.
        return rows > after + found.last

    def _seen_before(self, time: NDArray[np.datetime64], found: Recognised) -> str:
        first, last, original = (
            np.datetime_as_string(moment, unit="s")
            for moment in (time[found.first], time[found.last], self.record.time[found.original])
        )
        return (
            f"From {first} to {last} these bars hold what the model was trained on under other dates: their closes "
            f"move as those from {original} on. What it says about them says nothing about bars it does not know. "
            "Use bars it has not seen, or train a model on others."
        )

    def _final(self, bars: Bars, rows: Indices) -> Floats:
        """What the final model says about ascending rows, shape (n_rows,), a bounded number of them at once."""
        result = np.full(rows.size, np.nan)
        with feature_rows(bars, self.configuration, int(rows[0])) as read:
            for part in _parts(rows):
                chosen = rows[part]
                start, after = int(chosen[0]), int(chosen[-1]) + 1
                values = read(start, after)
                if chosen.size < after - start:
                    values = values[chosen - start]
                result[part] = probabilities(self.classifier, values, np.isfinite(values).all(axis=1))
        return result


def probabilities(classifier: Classifier, values: Floats, complete: NDArray[np.bool_]) -> Floats:
    """Predict the complete rows of `values`, shape (n_rows, n_features), a bounded number at once.

    Returns shape (n_rows,), NaN where a row is not `complete` (all features finite).
    """
    result = np.full(len(values), np.nan)
    rows = np.flatnonzero(complete)
    for start in range(0, rows.size, ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        result[part] = classifier.probability_up(values[part])
    return result


def _parts(rows: Indices) -> Iterator[slice]:
    """Stretches of the rows that span at most `ROWS_AT_ONCE` bars."""
    start = 0
    while start < rows.size:
        after = int(np.searchsorted(rows, rows[start] + ROWS_AT_ONCE))
        yield slice(start, after)
        start = after
