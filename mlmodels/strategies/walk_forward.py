"""A strategy that trains while it runs: a new model every so many bars, on nothing but what had ended by then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from algotrade.checkpoints import NOWHERE, Checkpoints
from marketdata.bars import Bars
from mlmodels.algorithms import ALGORITHMS
from mlmodels.configuration import TrainingConfiguration
from mlmodels.configuration.checks import problems_of_volume
from mlmodels.configuration.params import HORIZON_PARAM, SEED_PARAM
from mlmodels.errors import TrainingError
from mlmodels.features import DEFAULT_FEATURES, GROUPS, feature_names
from mlmodels.prediction import Predictions
from mlmodels.strategies.deciding import DECIDING, DecidesByProbability
from mlmodels.strategies.walk import FEWEST_ROWS, Schedule, walk_forward_predictions
from strategies.params import BoolParam, ChoiceParam, IntParam, Param
from strategies.registry import register

MOST_TRAININGS = 300
MOST_ROWS = 5_000_000
QUICK_TRAININGS, QUICK_ROWS = 50, 100_000
"""Up to these the slowest algorithm is done within a minute."""
FEATURE_GROUPS = tuple(group for group in GROUPS if feature_names([group]))
USUAL_GROUPS = frozenset({"returns", "volatility", "oscillators", "trend"})


@register
class MLWalkForwardStrategy(DecidesByProbability):
    """Trains again and again during the run and decides by the latest model.

    Each model learns from bars whose outcome had ended before its training, so that every decision is out of sample.
    The dates of the trainings are part of the result.
    """

    key = "ml_walk_forward"
    label = "Model that trains along"
    summary = "Trains a new model every so many bars on the past alone, and follows its predictions."
    rules = (
        "After the first {first_training} bars, and every {retrain_every} bars from then on, train a model "
        "({algorithm}) on trades that had ended by then.",
        "Buy when the latest model gives a gain over the next {horizon} bars more than 50 % plus the margin.",
        "When it gives less than 50 % minus the margin, go short where short trades are on, else stay out.",
        "In between, stay out.",
    )
    references = (
        "M. López de Prado, Advances in Financial Machine Learning, Wiley, 2018, chapters 7 and 12",
        "R. Pardo, The Evaluation and Optimization of Trading Strategies, 2nd edition, Wiley, 2008, chapter 11",
    )
    params = (
        ChoiceParam(
            "algorithm",
            default="logistic_regression",
            choices=tuple((key, algorithm.label) for key, algorithm in ALGORITHMS.items()),
            label="Algorithm",
            help="What learns, with its usual settings.",
        ),
        replace(HORIZON_PARAM, default=5, help="How long the trades last whose outcome is learned."),
        IntParam(
            "first_training",
            default=500,
            minimum=FEWEST_ROWS,
            maximum=1_000_000,
            label="First training",
            help="How many bars with features pass before the first model is trained.",
            unit="bars",
        ),
        IntParam(
            "retrain_every",
            default=100,
            minimum=5,
            maximum=1_000_000,
            label="Retrain every",
            help="How long a model decides before the next one is trained.",
            unit="bars",
        ),
        IntParam(
            "training_bars",
            default=0,
            minimum=0,
            maximum=1_000_000,
            label="Training window",
            help="How far back a training looks; 0: to the beginning.",
            unit="bars",
        ),
        *DECIDING,
        *(
            BoolParam(
                group,
                default=group in USUAL_GROUPS,
                label=GROUPS[group],
                help="Whether the model sees the usual features of this group.",
            )
            for group in FEATURE_GROUPS
        ),
        replace(SEED_PARAM, help="Same seed, same data, same models."),
    )

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, Iterable[str]]:
        problems: dict[str, list[str]] = {}
        if not any(parameters[group] for group in FEATURE_GROUPS):
            problems[FEATURE_GROUPS[0]] = ["Choose at least one group of features."]
        window, fewest = parameters["training_bars"], FEWEST_ROWS + parameters["horizon"] + 1
        if 0 < window < fewest:
            problems["training_bars"] = [
                f"{window} bars hold fewer than {FEWEST_ROWS} trades that had ended. Give at least {fewest}, or 0 for "
                "all bars so far."
            ]
        return problems

    @classmethod
    def tunable(cls, parameters: Mapping[str, Any]) -> tuple[Param, ...]:
        """What can be varied without training anew: a sweep trains the models once, not once a combination."""
        return DECIDING

    def warmup(self) -> int:
        return self._schedule().first

    def refusals(self, count: int) -> Iterable[str]:
        schedule = self._schedule()
        trainings, rows = len(schedule.starts(count)), schedule.most_rows(count)
        if trainings > MOST_TRAININGS:
            yield (
                f"{count:,} bars would take {trainings:,} trainings; {MOST_TRAININGS} are the most. Retrain every "
                f"{-(-(count - schedule.first) // MOST_TRAININGS):,} bars or more, or choose a shorter period."
            )
        elif rows > MOST_ROWS:
            yield (
                f"{trainings:,} trainings over {count:,} bars would learn from {rows:,} rows together; {MOST_ROWS:,} "
                "are the most. Retrain less often, look back less far (training window), or choose a shorter period."
            )

    def takes_minutes(self, count: int) -> bool:
        schedule = self._schedule()
        return len(schedule.starts(count)) > QUICK_TRAININGS or schedule.most_rows(count) > QUICK_ROWS

    def begin(self, bars: Bars, tell: Callable[[float, str], None]) -> None:
        self._last = bars, self._predict(bars, tell=tell, checkpoints=self.checkpoints)

    def predict(self, bars: Bars) -> Predictions:
        return self._predict(bars)

    def target_before(self, bars: Bars, cut: int) -> NDArray[np.float64]:
        return self.targets(self._predict(bars, before=cut))[:cut]

    def _predict(
        self,
        bars: Bars,
        before: int | None = None,
        tell: Callable[[float, str], None] | None = None,
        checkpoints: Checkpoints = NOWHERE,
    ) -> Predictions:
        refused = list(self.refusals(len(bars)))
        configuration = self._configuration()
        refused += problems_of_volume(configuration, bars).get("features", [])
        if refused:
            raise TrainingError(" ".join(refused))
        return walk_forward_predictions(
            bars, configuration, self._schedule(), before=before, tell=tell, checkpoints=checkpoints
        )

    def _schedule(self) -> Schedule:
        names = ("horizon", "first_training", "retrain_every", "training_bars")
        horizon, first, every, window = (cast(int, self.parameters[name]) for name in names)
        return Schedule(self._configuration().warmup + 1 + horizon + first, every, window)

    def _configuration(self) -> TrainingConfiguration:
        given = self.parameters
        return TrainingConfiguration(
            algorithm=str(given["algorithm"]),
            features=tuple(name for group in FEATURE_GROUPS if given[group] for name in _usual(group)),
            horizon=cast(int, given["horizon"]),
            seed=cast(int, given["seed"]),
        )


def _usual(group: str) -> tuple[str, ...]:
    """The features of a group that a new model begins with; all of it where it begins with none."""
    names = feature_names([group])
    return tuple(name for name in names if name in DEFAULT_FEATURES) or names
