"""The settings of a training as one value, checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from typing import Any

from algotrade.errors import nearest, shown
from marketdata.bars import Bars
from mlmodels.algorithms import Algorithm, get_algorithm
from mlmodels.configuration.checks import Problems, problems_of_settings, problems_with_bars
from mlmodels.configuration.params import TRAINING_PARAMS
from mlmodels.configuration.planning import needed_bars
from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, StrategyFeatures, get_feature, warmup_of
from mlmodels.labels import Labels, get_label
from mlmodels.trading import DEFAULT_COST_RATE
from mlmodels.validation import COMBINATORIAL, INNER_FOLDS, WALK_FORWARD, count_splits, is_causal
from strategies.params import Value

MOST_LISTED = 200
MOST_UNKNOWN, LONGEST_NAME = 10, 100
"""Unknown settings that are told, so that a heap of junk costs nothing."""


@dataclass(frozen=True, slots=True)
class TrainingConfiguration:
    """Algorithm, what it sees, what it foresees and how it is judged. Bad values raise TrainingError by field.

    `strategies` are mappings of strategy_type, parameters and name, whose indicators become features;
    `search_over` names the hyper-parameters a search may change, none meaning all that can be searched.
    The other settings are described in `TRAINING_PARAMS`.
    """

    algorithm: str = "logistic_regression"
    hyperparameters: Mapping[str, Value] = field(default_factory=dict)
    features: tuple[str, ...] = DEFAULT_FEATURES
    strategies: tuple[Mapping[str, Any], ...] = ()
    label: str = "fixed_horizon"
    horizon: int = 1
    barrier_width: float = 1.0
    validation: str = WALK_FORWARD
    folds: int = 5
    training_bars: int = 1000
    test_folds: int = 2
    embargo: int = 0
    class_weight: str = "none"
    calibration: str = "none"
    search: str = "none"
    search_trials: int = 20
    search_over: tuple[str, ...] = ()
    controls: bool = True
    cost_rate: float = DEFAULT_COST_RATE
    short_trades: bool = True
    seed: int = 1

    def __post_init__(self) -> None:
        problems: Problems = {}
        for param in TRAINING_PARAMS:
            try:
                object.__setattr__(self, param.name, param.clean(getattr(self, param.name)))
            except ValueError as error:
                problems[param.name] = [str(error)]
        self._take("features", _clean_features, problems)
        self._take("strategies", _clean_strategies, problems)
        if not problems.keys() & {"features", "strategies"} and not (self.features or self.strategies):
            problems["features"] = ["Choose at least one feature."]
        try:
            algorithm = get_algorithm(self.algorithm)
        except TrainingError as error:
            problems.update(error.fields)
        else:
            self._take("hyperparameters", lambda given: _clean_hyperparameters(algorithm, given), problems)
            self._take("search_over", lambda given: _clean_search_over(algorithm, given), problems)
        if problems or (problems := problems_of_settings(self)):
            raise TrainingError(fields=problems)

    def _take(self, name: str, clean: Callable[[Any], Any], problems: Problems) -> None:
        try:
            object.__setattr__(self, name, clean(getattr(self, name)))
        except TrainingError as error:
            problems.update(error.fields)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> TrainingConfiguration:
        """Build from plain values; what is left out takes its default, unknown names are refused."""
        names = [item.name for item in fields(cls)]
        unknown = islice((name for name in given if name not in names), MOST_UNKNOWN)
        problems = {
            str(name)[:LONGEST_NAME]: [f"There is no such setting. {nearest(name, names)}"]
            for name in unknown
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
            "strategies": [dict(strategy) for strategy in self.strategies],
            "search_over": list(self.search_over),
        }

    @property
    def strategy_features(self) -> tuple[StrategyFeatures, ...]:
        """The strategies whose indicators are features."""
        return tuple(StrategyFeatures.from_dict(strategy) for strategy in self.strategies)

    @property
    def warmup(self) -> int:
        """The first bar at which all features can have a value."""
        return warmup_of(self.features, self.strategy_features)

    @property
    def needed_bars(self) -> int:
        """The fewest bars this training can work with."""
        return needed_bars(self)

    @property
    def splits(self) -> int:
        """How many folds there are: of combinatorial validation, all choices of the tested blocks."""
        return count_splits(self.folds, self.test_folds) if self.validation == COMBINATORIAL else self.folds

    @property
    def fits(self) -> int:
        """The most models this training fits: folds and the final one, the trials of their searches, the controls."""
        searched = 0 if self.search == "none" else self.search_trials * INNER_FOLDS
        return (self.splits + 1) * (1 + searched) + (2 * self.splits if self.controls else 0)

    @property
    def causal(self) -> bool:
        """Whether each prediction is made by a model that knew only what came before."""
        return is_causal(self.validation)

    def labels(self, bars: Bars) -> Labels:
        """The outcomes to learn from, one a bar."""
        return get_label(self.label).make(bars, self.horizon, self.barrier_width)

    def problems_with(self, bars: Bars) -> Problems:
        """Why nothing could be learned from these bars, by field; empty when something could."""
        return problems_with_bars(self, bars)

    def check_bars(self, bars: Bars) -> None:
        """Refuse, in words, bars from which nothing could be learned; costs milliseconds."""
        if problems := self.problems_with(bars):
            raise TrainingError(fields=problems)


def _clean_features(given: Any) -> tuple[str, ...]:
    names = tuple(get_feature(name).name for name in _listed(given, "features", "feature names"))
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise TrainingError(fields={"features": [f"{repeated} is named twice. Name each feature once."]})
    return names


def _clean_strategies(given: Any) -> tuple[dict[str, Any], ...]:
    found = [StrategyFeatures.from_dict(each) for each in _listed(given, "strategies", "strategies")]
    names = [strategy.name for strategy in found]
    if len(set(names)) < len(names):
        repeated = next(name for name in names if names.count(name) > 1)
        raise TrainingError(
            fields={"strategies": [f"Two strategies are named {shown(repeated)}. Give each its own name."]}
        )
    return tuple(strategy.to_dict() for strategy in found)


def _clean_hyperparameters(algorithm: Algorithm, given: Any) -> dict[str, Value]:
    if not isinstance(given, Mapping):
        raise TrainingError(
            fields={"hyperparameters": ["Give the hyper-parameters as an object of names and values."]}
        )
    try:
        return algorithm.clean(given)
    except TrainingError as error:
        raise TrainingError(
            fields={f"hyperparameters.{name}": said for name, said in error.fields.items()}
        ) from error


def _clean_search_over(algorithm: Algorithm, given: Any) -> tuple[str, ...]:
    names = tuple(_listed(given, "search_over", "names of hyper-parameters"))
    searched = [param.name for param in algorithm.params if param.grid()]
    for name in names:
        if name not in searched:
            said = f"{shown(name)} cannot be searched for {algorithm.label}. {nearest(name, searched)}"
            raise TrainingError(fields={"search_over": [said]})
    return tuple(name for name in searched if name in names)


def _listed(given: Any, name: str, what: str) -> list[Any]:
    if isinstance(given, str | Mapping) or not hasattr(given, "__iter__"):
        raise TrainingError(fields={name: [f"Give a list of {what}."]})
    taken = list(islice(given, MOST_LISTED + 1))
    if len(taken) > MOST_LISTED:
        raise TrainingError(fields={name: [f"Give at most {MOST_LISTED} {what}."]})
    return taken
