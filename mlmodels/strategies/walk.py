"""Training again and again along the bars: each model knows only what had ended when it was trained. Pure: numpy.

Fits are remembered by the content of what they were trained on and asked about. So the same past is learned from only
once, whatever comes after it: a look-ahead audit, the lines of a chart and a sweep over the margin train nothing anew,
unless something of the future had reached a training, which makes its content another one. A job keeps what it
remembers every few seconds, so that a killed process costs no more than that.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Bundles, Checkpoints
from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.configuration.planning import MIN_TRAINING_ROWS
from mlmodels.features import prepare
from mlmodels.labels import Labels
from mlmodels.prediction import Predictions, probabilities

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]
Digests: TypeAlias = NDArray[np.uint64]
Progress: TypeAlias = Callable[[float, str], None]

FEWEST_ROWS = MIN_TRAINING_ROWS
KEPT_FITS = 2048
KEY_BYTES = 16
KEEP_SECONDS = 5.0
"""Training between two checkpoints; a single fit may take longer, and is kept then as it ends."""
ONE_OUTCOME = (
    "Train the first model later, let each look back further (training window), or take another horizon."
)

_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(29))


@dataclass(frozen=True, slots=True)
class Schedule:
    """When models are trained: first at bar `first`, then every `every` bars, on the last `window` bars (0: all)."""

    first: int
    every: int
    window: int = 0

    def starts(self, count: int) -> range:
        """The bars of `count` from which on a newly trained model decides."""
        return range(self.first, count, self.every)

    def most_rows(self, count: int) -> int:
        """How many rows all trainings together have at most."""
        return sum(min(start, self.window or start) for start in self.starts(count))


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """What one model said, by the digests of the rows it was asked about."""

    rows: Digests
    probability: Floats


class _Memory:
    """The answers of the latest fits, by the content of their training."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._kept: OrderedDict[bytes, _Answers] = OrderedDict()

    def recall(self, key: bytes, rows: Digests) -> Floats | None:
        """The answers about these rows, if the same training was asked about them and perhaps more after them."""
        answers = self._kept.get(key)
        if answers is None or not np.array_equal(answers.rows[: rows.size], rows):
            return None
        self._kept.move_to_end(key)
        return answers.probability[: rows.size]

    def keep(self, key: bytes, answers: _Answers) -> None:
        self._kept[key] = answers
        while len(self._kept) > KEPT_FITS:
            self._kept.popitem(last=False)

    def forget(self) -> None:
        self._kept.clear()


memory = _Memory()


def walk_forward_predictions(
    bars: Bars,
    configuration: TrainingConfiguration,
    schedule: Schedule,
    *,
    before: int | None = None,
    tell: Progress | None = None,
    checkpoints: Checkpoints = NOWHERE,
) -> Predictions:
    """Predict each bar with a model trained on what had ended before the latest retraining.

    Parameters
    ----------
    bars : Bars
    configuration : TrainingConfiguration
        Algorithm, features, label, weights and seed; its validation is not used.
    schedule : Schedule
    before : int, optional
        Predict the bars before this one alone, and train no model that decides later; the rest is NaN.
    tell : callable, optional
        Told the share done and what is going on, several times a second; what it raises ends the training.
    checkpoints : Checkpoints
        Where the answers of finished models are kept every few seconds, and are taken from.

    Returns
    -------
    Predictions
        NaN before the first training, where features are missing, and while fewer than `FEWEST_ROWS` outcomes are
        known. The value at bar t depends on bars up to t only. `model` counts the trainings from 1.

    Raises
    ------
    TrainingError
        When all outcomes that a model could learn from are the same.
    """
    kept = Bundles(checkpoints, "fits", KEEP_SECONDS)
    walk = _Walk(bars, configuration, schedule, tell or _silent, kept)
    with memory.lock:  # the threads of a sweep want the same models
        return walk.predictions(len(bars) if before is None else min(before, len(bars)))


class _Walk:
    """One way along the bars; shares the arrays between its trainings."""

    def __init__(
        self,
        bars: Bars,
        configuration: TrainingConfiguration,
        schedule: Schedule,
        tell: Progress,
        kept: Bundles,
    ) -> None:
        self.configuration, self.schedule, self.tell, self.count = configuration, schedule, tell, len(bars)
        self.kept = kept
        tell(0.0, "Preparing features")
        table = prepare(bars, configuration.features, configuration.strategy_features)
        self.values, self.complete = table.values, table.complete
        self.labels: Labels = configuration.labels(bars)
        self.asked = digests(self.values)
        self.taught = digests(self.labels.up[:, None], self.asked)
        self.usable = np.flatnonzero(self.complete & self.labels.known)

    def predictions(self, end: int) -> Predictions:
        """Predict the bars before `end`."""
        for unit in self.kept.recall():
            memory.keep(*_unpacked(unit))
        probability, model = np.full(self.count, np.nan), np.zeros(self.count, dtype=np.int64)
        starts = self.schedule.starts(end)
        weights = np.cumsum([0, *(max(1, self._rows(start).size) for start in starts)])
        for number, start in enumerate(starts, start=1):
            after = min(start + self.schedule.every, end)
            low, high = (weights[number - 1 : number + 1] / weights[-1]).tolist()
            tick = partial(self._tick, f"Training model {number} of {len(starts)}", low, high - low)
            answers = self._ask(start, after, tick)
            probability[start:after] = answers
            model[start:after] = np.where(np.isfinite(answers), number, 0)
        return Predictions(probability, np.zeros(self.count, dtype=np.bool_), model)

    def _tick(self, said: str, low: float, share: float, done: float) -> None:
        self.tell(low + share * done, said)

    def _rows(self, start: int) -> Indices:
        """Rows whose outcome had ended before bar `start`, also by their horizon: else the quick ones were picked."""
        horizon = self.configuration.horizon
        before = self.usable[: np.searchsorted(self.usable, start - 1 - horizon)]
        before = before[self.labels.end[before] < start]
        if self.schedule.window:
            before = before[before >= start - self.schedule.window]
        return before

    def _ask(self, start: int, after: int, tick: Callable[[float], None]) -> Floats:
        tick(0.0)
        rows = self._rows(start)
        if rows.size < FEWEST_ROWS:
            return np.full(after - start, np.nan)
        key = _key(self.configuration, self.taught[rows])
        known = memory.recall(key, self.asked[start:after])
        if known is None:
            known = self._fit_and_ask(rows, start, after, tick)
            answers = _Answers(self.asked[start:after].copy(), known)
            memory.keep(key, answers)
            self.kept.add(_packed(key, answers))
        return known

    def _fit_and_ask(self, rows: Indices, start: int, after: int, tick: Callable[[float], None]) -> Floats:
        # Brings scikit-learn and XGBoost, which only jobs may load.
        from mlmodels.training.fitting import fit_rows

        where = f"the model that takes over at bar {start:,}"
        classifier = fit_rows(
            self.configuration, self.values, self.labels, rows, where=where, remedy=ONE_OUTCOME, tick=tick
        )
        return probabilities(classifier, self.values[start:after], self.complete[start:after])


def digests(values: Floats, before: Digests | None = None) -> Digests:
    """A number for the content of each row of shape (n_rows, n_columns), bit by bit; `before` is mixed in."""
    result = np.zeros(len(values), dtype=np.uint64) if before is None else before.copy()
    multiplier, other, shift = _MIX
    for column in values.T:
        result ^= np.ascontiguousarray(column).view(np.uint64)
        result *= multiplier
        result ^= result >> shift
        result *= other
    return result


def _key(configuration: TrainingConfiguration, taught: Digests) -> bytes:
    settings: Mapping[str, Any] = configuration.to_dict()
    digest = hashlib.blake2b(repr(sorted(settings.items())).encode(), digest_size=KEY_BYTES)
    digest.update(taught.tobytes())
    return digest.digest()


def _packed(key: bytes, answers: _Answers) -> bytes:
    return key + answers.rows.tobytes() + answers.probability.tobytes()


def _unpacked(unit: bytes) -> tuple[bytes, _Answers]:
    count = (len(unit) - KEY_BYTES) // (np.dtype(np.uint64).itemsize + np.dtype(np.float64).itemsize)
    rows = np.frombuffer(unit, np.uint64, count, KEY_BYTES)
    return unit[:KEY_BYTES], _Answers(rows, np.frombuffer(unit, np.float64, count, KEY_BYTES + rows.nbytes))


def _silent(share: float, message: str) -> None:
    """Nobody listens."""
