"""What a training costs beside the bare fits it contains.

    .venv/bin/python benchmarks/learning.py            # --rows 20000 --algorithms xgboost,random_forest --rounds 3

All sides train the same folds and the final model of the same bars in this process, in turns.

bare        scikit-learn and XGBoost themselves, with the same arrays cut out beforehand, on one thread.
whole       `MLPredictor.train` without the controls: features, leak audit, outcomes, folds, fits, out-of-fold
            predictions, scores, curves, permutation importance, drift, trades through the engine with a sweep over the
            margin, the report as JSON. Its ratio to bare is the figure with a goal.
unaudited   the same without the audit and the trades.
lean        the same without the importance, too.
default     the whole with its controls, as a training runs unless told otherwise, beside all bare fits it contains:
            the folds once for the model, once on shuffled outcomes, once on the random walk.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import xgboost  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import mlmodels.training.validating as validating  # noqa: E402
from backtests.learning import simulate_targets  # noqa: E402
from mlmodels.configuration import TrainingConfiguration  # noqa: E402
from mlmodels.estimators import one_thread  # noqa: E402
from mlmodels.tests.prices import autoregressive  # noqa: E402
from mlmodels.training import MLPredictor  # noqa: E402
from mlmodels.training.data import TrainingData  # noqa: E402

GOAL = 1.15
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}


def logistic(given: dict[str, Any], seed: int) -> Any:
    classifier = LogisticRegression(C=given["strength"], max_iter=given["max_iterations"], random_state=seed)
    return make_pipeline(StandardScaler(), classifier)


def forest(given: dict[str, Any], seed: int) -> Any:
    return RandomForestClassifier(
        n_estimators=given["trees"],
        max_depth=given["max_depth"],
        min_samples_leaf=given["min_leaf"],
        max_features=given["max_features"],
        random_state=seed,
        n_jobs=1,
    )


def boosting(given: dict[str, Any], seed: int) -> Any:
    return HistGradientBoostingClassifier(
        max_iter=given["trees"],
        max_leaf_nodes=given["max_leaves"],
        learning_rate=given["learning_rate"],
        min_samples_leaf=given["min_leaf"],
        max_features=given["feature_share"],
        l2_regularization=given["l2_penalty"],
        early_stopping=False,
        random_state=seed,
    )


def fit_xgboost(given: dict[str, Any], seed: int, values: Any, up: Any) -> None:
    settings = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": given["max_depth"],
        "eta": given["learning_rate"],
        "subsample": given["row_share"],
        "colsample_bytree": given["feature_share"],
        "min_child_weight": given["min_child_weight"],
        "lambda": given["l2_penalty"],
        "seed": seed,
        "nthread": 1,
    }
    xgboost.train(settings, xgboost.DMatrix(values, label=up, nthread=1), given["trees"])


MADE = {"logistic_regression": logistic, "random_forest": forest, "histogram_boosting": boosting}


def bare(configuration: TrainingConfiguration, parts: list[tuple[Any, Any]]) -> None:
    given = dict(configuration.hyperparameters)
    with one_thread():
        for values, up in parts:
            if configuration.algorithm == "xgboost":
                fit_xgboost(given, configuration.seed, values, up)
            else:
                MADE[configuration.algorithm](given, configuration.seed).fit(values, up.astype(np.int64))


def whole(configuration: TrainingConfiguration, bars: Any, simulator: Any, audit: bool) -> None:
    predictor = MLPredictor.from_configuration(configuration)
    report = predictor.train(bars, lambda share, said: None, simulator=simulator, audit=audit)
    json.dumps(report.to_dict(), allow_nan=False)


def seconds(work: Callable[[], None], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


def without_importance(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        kept = validating.permuted_losses
        validating.permuted_losses = lambda classifier, values, up, **rest: np.zeros(values.shape[1])
        try:
            work()
        finally:
            validating.permuted_losses = kept

    return run


def measure(algorithm: str, rows: int, rounds: int, clock: Callable[[], float]) -> None:
    configuration = TrainingConfiguration(algorithm=algorithm, controls=False)
    bars = autoregressive(rows, 0.1, seed=1)
    data = TrainingData.of(configuration, bars)
    trained = [*(fold.train for fold in data.folds), data.usable]
    parts = [(data.values[each], data.labels.up[each]) for each in trained]
    sides: dict[str, Callable[[], None]] = {
        "bare": lambda: bare(configuration, parts),
        "whole": lambda: whole(configuration, bars, simulate_targets, audit=True),
        "unaudited": lambda: whole(configuration, bars, None, audit=False),
        "lean": without_importance(lambda: whole(configuration, bars, None, audit=False)),
        "bare with controls": lambda: bare(configuration, [*parts, *parts[:-1], *parts[:-1]]),
        "default": lambda: whole(replace(configuration, controls=True), bars, simulate_targets, audit=True),
    }
    for work in sides.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            times[name].append(seconds(work, clock))
    ratio = {
        name: statistics.median(one / other for one, other in zip(taken, times["bare"], strict=True))
        for name, taken in times.items()
    }
    default = statistics.median(
        one / other for one, other in zip(times["default"], times["bare with controls"], strict=True)
    )
    said = "reached" if ratio["whole"] <= GOAL else "missed"
    print(
        f"{algorithm:20} {rows:>8,} bars  bare fits {statistics.median(times['bare']):7.2f} s   "
        f"whole {ratio['whole']:5.2f} (goal {GOAL} {said})   unaudited {ratio['unaudited']:5.2f}   "
        f"lean {ratio['lean']:5.2f}   default {default:5.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="5000,20000", help="bars, several with commas")
    parser.add_argument(
        "--algorithms",
        default="logistic_regression,random_forest,xgboost,histogram_boosting",
        help="with commas",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--clock", choices=tuple(CLOCKS), default="wall", help="processor: while others work, too"
    )
    given = parser.parse_args()
    for rows in given.rows.split(","):
        for algorithm in given.algorithms.split(","):
            measure(algorithm, int(rows), given.rounds, CLOCKS[given.clock])


if __name__ == "__main__":
    main()
