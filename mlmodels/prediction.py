"""A trained model that cannot be asked about what it was trained on, unless the asker insists and is told so.

Within its training period it answers with out-of-fold probabilities, each made by a model that knew only what
came before; after the period with the final model; before it, and where features are missing, with NaN. Bars of the
training that come again under later dates are recognised by their moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import WrongData
from mlmodels.recognition import Recognised, recognise
from mlmodels.streaming import feature_rows

if TYPE_CHECKING:
    from mlmodels.estimators import Classifier

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

PRICE_TOLERANCE = 1e-9
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRecord:
    """The bars a model was trained on and what was predicted about them out of fold; arrays of shape (n_bars,).

    `fold` is the number of the fold that predicted the bar, 0 where none did (its probability is NaN). `causal` is
    False where models trained on later bars, too, made the probabilities (combinatorial validation): they judge the
    model, and nobody could have traded them.
    """

    time: NDArray[np.datetime64]
    close: Floats
    probability: Floats
    fold: Indices
    causal: bool = True

    @property
    def first_prediction(self) -> np.datetime64 | None:
        """Time of the first out-of-fold prediction."""
        known = np.flatnonzero(np.isfinite(self.probability))
        return self.time[known[0]] if known.size else None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities and where they come from; arrays of shape (n_bars,).

    probability
        Of a gain, decided at each close; NaN where there is none.
    in_sample
        Whether the bar was decided by a model that had been trained on it or on later bars.
    model
        Number of the model that decided: that of its fold, one more than the last fold for the final model, 0 where
        none did.
    """

    probability: Floats
    in_sample: NDArray[np.bool_]
    model: Indices

    @property
    def in_sample_share(self) -> float:
        """Share of the bars decided in sample, 0 to 1."""
        return float(self.in_sample.mean()) if self.in_sample.size else 0.0

    @property
    def retraining(self) -> Indices:
        """The bars from which on another model decides than before, the first decided bar among them."""
        decided = np.flatnonzero(self.model)
        changes: Indices = decided[np.diff(self.model[decided], prepend=0) != 0]
        return changes


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
    """Predict the complete rows, a bounded number at once; NaN elsewhere."""
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
