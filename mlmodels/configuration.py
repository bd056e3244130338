"""What a training is asked to do, checked as a whole before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from algotrade.errors import nearest
from marketdata.bars import Bars
from mlmodels.algorithms import Algorithm, get_algorithm
from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, get_feature, warmup_of
from mlmodels.labels import Labels, fixed_horizon, triple_barrier
from mlmodels.splits import needed_bars
from strategies.params import ChoiceParam, FloatParam, IntParam, Param, Value

LARGEST_TRAINING = 250_000

LABEL_PARAM = ChoiceParam(
    "label",
    default="fixed_horizon",
    choices=(("fixed_horizon", "Return over the horizon"), ("triple_barrier", "First barrier touched")),
    label="What to foresee",
    help="Whether a trade entered at the next open gains, held for the horizon or until a barrier is touched.",
)
HORIZON_PARAM = IntParam(
    "horizon",
    default=1,
    minimum=1,
    maximum=250,
    label="Horizon",
    help="How long the foreseen trade is held. Longer horizons overlap, so there is less to learn from.",
    unit="bars",
)
BARRIER_PARAM = FloatParam(
    "barrier_width",
    default=1.0,
    minimum=0.1,
    maximum=10.0,
    step=0.1,
    label="Barrier width",
    help="Distance of the barriers from the entry; used by the barrier label only.",
    unit="volatilities",
)
FOLDS_PARAM = IntParam(
    "folds",
    default=5,
    minimum=2,
    maximum=20,
    label="Folds",
    help="Test periods. Each is predicted by a model trained only on what came before it.",
)
EMBARGO_PARAM = IntParam(
    "embargo",
    default=0,
    minimum=0,
    maximum=500,
    label="Embargo",
    help="Bars left out between training and test beyond those the horizon demands.",
    unit="bars",
)
SEED_PARAM = IntParam(
    "seed",
    default=1,
    minimum=0,
    maximum=2**31 - 1,
    label="Seed",
    help="Same seed, same data, same model.",
)
TRAINING_PARAMS: tuple[Param, ...] = (
    LABEL_PARAM,
    HORIZON_PARAM,
    BARRIER_PARAM,
    FOLDS_PARAM,
    EMBARGO_PARAM,
    SEED_PARAM,
)


@dataclass(frozen=True, slots=True)
class TrainingConfiguration:
    """Algorithm, what it sees, what it foresees and how it is judged. Bad values raise TrainingError by field."""

    algorithm: str = "logistic_regression"
    hyperparameters: Mapping[str, Value] = field(default_factory=dict)
    features: tuple[str, ...] = DEFAULT_FEATURES
    label: str = "fixed_horizon"
    horizon: int = 1
    barrier_width: float = 1.0
    folds: int = 5
    embargo: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        problems: dict[str, list[str]] = {}
        for param in TRAINING_PARAMS:
            try:
                object.__setattr__(self, param.name, param.clean(getattr(self, param.name)))
            except ValueError as error:
                problems[param.name] = [str(error)]
        try:
            object.__setattr__(self, "features", _clean_features(self.features))
        except TrainingError as error:
            problems.update(error.fields)
        try:
            algorithm = get_algorithm(self.algorithm)
        except TrainingError as error:
            problems.update(error.fields)
        else:
            problems.update(self._take_hyperparameters(algorithm))
        if problems:
            raise TrainingError(fields=problems)

    def _take_hyperparameters(self, algorithm: Algorithm) -> dict[str, list[str]]:
        given: Any = self.hyperparameters  # from outside, so it may be anything
        if not isinstance(given, Mapping):
            return {"hyperparameters": ["Give the hyper-parameters as an object of names and values."]}
        try:
            object.__setattr__(self, "hyperparameters", algorithm.clean(given))
        except TrainingError as error:
            return {f"hyperparameters.{name}": said for name, said in error.fields.items()}
        return {}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> TrainingConfiguration:
        """Build from plain values; unknown names are refused with the nearest one."""
        names = [item.name for item in fields(cls)]
        problems = {
            str(name): [f"There is no such setting. {nearest(name, names)}"]
            for name in given
            if name not in names
        }
        if problems:
            raise TrainingError(fields=problems)
        return cls(**dict(given))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back."""
        return {
            **asdict(self),
            "hyperparameters": dict(self.hyperparameters),
            "features": list(self.features),
        }

    @property
    def warmup(self) -> int:
        return warmup_of(self.features)

    @property
    def needed_bars(self) -> int:
        """The fewest bars this training can work with."""
        return needed_bars(warmup=self.warmup, horizon=self.horizon + self.embargo, folds=self.folds)

    def labels(self, bars: Bars) -> Labels:
        """The outcomes to learn from, one a bar."""
        if self.label == "triple_barrier":
            return triple_barrier(bars, self.horizon, self.barrier_width)
        return fixed_horizon(bars, self.horizon)

    def check_bars(self, bars: Bars) -> None:
        """Refuse, in words, bars from which nothing could be learned; costs milliseconds."""
        problems: dict[str, list[str]] = {}
        count, fewest = len(bars), self.needed_bars
        if count < fewest:
            problems["folds"] = [
                f"{count:,} bars are too few for {self.folds} folds at a horizon of {self.horizon}: "
                f"{fewest:,} are needed. Take a longer period, fewer folds or a shorter horizon."
            ]
        if count > LARGEST_TRAINING:
            problems["series"] = [
                f"{count:,} bars are more than the {LARGEST_TRAINING:,} one training takes. "
                "Choose a shorter period or a coarser timeframe."
            ]
        if any(get_feature(name).needs_volume for name in self.features) and not bars.volume.any():
            problems["features"] = [
                "These bars carry no volume, so volume features have no value. Leave them out."
            ]
        if not problems:
            up = self.labels(bars).up
            known = up[np.isfinite(up)]
            if known.size and known.min() == known.max():
                outcome = "gains" if known[0] else "does not gain"
                problems["label"] = [
                    f"Every trade of this period {outcome}: there is nothing to tell apart. "
                    "Take another period or horizon."
                ]
        if problems:
            raise TrainingError(fields=problems)


def _clean_features(given: Any) -> tuple[str, ...]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TrainingError(fields={"features": ["Give a list of feature names."]})
    names = tuple(get_feature(name).name for name in given)
    if not names:
        raise TrainingError(fields={"features": ["Choose at least one feature."]})
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise TrainingError(fields={"features": [f"{repeated} is named twice. Name each feature once."]})
    return names
