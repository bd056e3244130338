"""The controls of a training: the same procedure where there is nothing to find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.draws import draws
from mlmodels.errors import TrainingError
from mlmodels.evaluation.controls import Control, chance_band, random_walk_twin, shuffled
from mlmodels.evaluation.scoring import Score, log_loss, score
from mlmodels.evaluation.vocabulary import ControlKey
from mlmodels.trading import Traded, traded_rows
from mlmodels.training.data import TrainingData
from mlmodels.training.progress import Part
from mlmodels.training.resuming import Units
from mlmodels.training.validating import OutOfFold, validate

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Trade: TypeAlias = Callable[[Bars, Floats], Traded | None]
"""Trades the probabilities of some bars; None where nothing can be traded."""

HELD_TOLERANCE = 1e-3
"""Share of the final value that rounding of quantities may cost who buys and holds."""


def trained_controls(
    configuration: TrainingConfiguration, data: TrainingData, trade: Trade, part: Part, units: Units
) -> tuple[Control, ...]:
    """Shuffled outcomes and the random-walk twin, fitted with the configured hyper-parameters and without a search."""
    shuffling, walking = part.divided([1.0, 1.0])
    return (
        _guarded("shuffled_labels", lambda: _shuffled(configuration, data, trade, shuffling, units)),
        _guarded("random_walk", lambda: _random_walk(configuration, data, trade, walking, units)),
    )


def majority_control(data: TrainingData, found: OutOfFold) -> Control:
    """Always saying what was more frequent in the training part, with its share as the probability.

    What never changes within a fold scores the middle of the band by definition, so there is nothing to pass.
    """
    shares = np.zeros(1 + max(result.fold.number for result in found.results))
    for result in found.results:
        shares[result.fold.number] = data.labels.up[result.fold.train].mean()
    _probability, up, number = found.pooled(data)
    said = shares[number]
    scored, (low, high) = _scored(data, found, said, up, number)
    return Control(
        "majority",
        accuracy=scored.accuracy,
        accuracy_error=scored.accuracy_error,
        base_rate=scored.base_rate,
        log_loss=log_loss(said, up),
        low=low,
        high=high,
    )


def buy_and_hold_control(bars: Bars, probability: Floats, held: Traded, cost_rate: float) -> Control:
    """Holding from the first prediction on, traded by the same simulator: it must come to what the prices say.

    The band is the change of price from the first open that could be bought at to the last close, less the costs of
    both fills, give or take the rounding of quantities.
    """
    rows = traded_rows(probability)
    change = float(bars.close[-1] / bars.open[rows.start + 1]) if rows is not None else np.nan
    expected = change * (1.0 - cost_rate) / (1.0 + cost_rate) - 1.0
    reach = HELD_TOLERANCE * change
    low, high = expected - reach, expected + reach
    return Control(
        "buy_and_hold",
        net_return=held.net_return,
        sharpe=held.sharpe,
        low=low,
        high=high,
        passed=bool(low <= held.net_return <= high),
    )


def _scored(
    data: TrainingData, found: OutOfFold, probability: Floats, up: Floats, number: Indices
) -> tuple[Score, tuple[float, float]]:
    """The score of all paths, and the band in which it lies by chance."""
    rows, passes = found.scored(data), len(found.paths)
    effective, overlap = data.effective_rows(rows), data.overlap(rows)
    return (
        score(probability, up, effective_rows=effective, overlap=overlap, passes=passes),
        chance_band(probability, up, number, effective, overlap=overlap, passes=passes),
    )


def _guarded(key: ControlKey, make: Callable[[], Control]) -> Control:
    """A control that cannot be trained (one outcome only in one of its folds) must not cost the user the model."""
    try:
        return make()
    except TrainingError as error:
        return Control(key, note=error.detail)


def _shuffled(
    configuration: TrainingConfiguration, data: TrainingData, trade: Trade, part: Part, units: Units
) -> Control:
    labels = shuffled(
        data.labels,
        draws(data.bars, configuration.seed, "shuffled_labels"),
        horizon=configuration.horizon,
    )
    return _judged(
        "shuffled_labels", "Shuffled outcomes: ", configuration, data.with_labels(labels), trade, part, units
    )


def _random_walk(
    configuration: TrainingConfiguration, data: TrainingData, trade: Trade, part: Part, units: Units
) -> Control:
    part.tell(0.0, "Random walk: preparing features")
    rng = draws(data.bars, configuration.seed, "random_walk")
    twin = TrainingData.of(configuration, random_walk_twin(data.bars, rng))
    return _judged("random_walk", "Random walk: ", configuration, twin, trade, part, units)


def _judged(
    key: ControlKey,
    prefix: str,
    configuration: TrainingConfiguration,
    data: TrainingData,
    trade: Trade,
    part: Part,
    units: Units,
) -> Control:
    plain = replace(configuration, search="none")
    found = validate(plain, data, part, units.within(key), prefix=prefix, control=True)
    probability, up, number = found.pooled(data)
    scored, (low, high) = _scored(data, found, probability, up, number)
    traded = trade(data.bars, found.probability) if configuration.causal else None
    return Control(
        key,
        accuracy=scored.accuracy,
        accuracy_error=scored.accuracy_error,
        base_rate=scored.base_rate,
        log_loss=scored.log_loss,
        net_return=None if traded is None else traded.net_return,
        sharpe=None if traded is None else traded.sharpe,
        low=low,
        high=high,
        passed=low <= scored.accuracy <= high,
    )
