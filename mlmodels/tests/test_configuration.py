"""What a training is asked to do: defaults, refusals by field, and what the bars must offer."""

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels import estimators
from mlmodels.algorithms import get_algorithm
from mlmodels.algorithms.random_forest import likely_nodes
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import TrainingError
from mlmodels.features import prepare
from mlmodels.tests.prices import autoregressive

BARS = autoregressive(900, 0.0, seed=2)


def refused(bars=None, **given):
    with pytest.raises(TrainingError) as caught:
        TrainingConfiguration.from_dict(given).check_bars(BARS if bars is None else bars)
    return caught.value.fields


def test_defaults_fill_what_is_left_out_and_survive_json():
    configuration = TrainingConfiguration.from_dict({"algorithm": "xgboost", "hyperparameters": {"trees": 7}})
    assert configuration.hyperparameters["trees"] == 7
    assert configuration.hyperparameters["max_depth"] == 3
    assert TrainingConfiguration.from_dict(configuration.to_dict()) == configuration


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"algorithm": "oracle"}, "algorithm", "There are: logistic_regression"),
        ({"hyperparameters": {"trees": 5}}, "hyperparameters.trees", "There are: strength"),
        ({"hyperparameters": {"strenght": 5}}, "hyperparameters.strenght", "Did you mean 'strength'"),
        ({"hyperparameters": [1]}, "hyperparameters", "object of names"),
        ({"horizon": 0}, "horizon", "from 1 to 250"),
        ({"horizon": "5"}, "horizon", "not a whole number"),
        ({"folds": 1}, "folds", "from 2 to 20"),
        ({"features": []}, "features", "at least one"),
        ({"features": "rsi_14"}, "features", "list of feature names"),
        ({"features": ["rsi_14", "rsi_14"]}, "features", "named twice"),
        ({"features": ["price"]}, "features", "no feature 'price'"),
        ({"horizont": 3}, "horizont", "Did you mean 'horizon'"),
        ({"label": "luck"}, "label", "not a choice"),
        ({"validation": "luck"}, "validation", "walk_forward, rolling, combinatorial"),
        ({"validation": "rolling", "training_bars": 99}, "training_bars", "from 100 to"),
        ({"validation": "rolling", "training_bars": 150, "horizon": 9}, None, ""),
        (
            {"validation": "rolling", "training_bars": 150, "search": "grid", "horizon": 9},
            "training_bars",
            "150 bars is too short: with this horizon, embargo, search and calibration 240 are needed",
        ),
        ({"calibration": "magic"}, "calibration", "none, sigmoid, isotonic"),
        ({"class_weight": 2}, "class_weight", "none, balanced"),
        ({"search": "tea leaves"}, "search", "none, grid, random, optuna"),
        ({"search_trials": 1}, "search_trials", "from 2 to 200"),
        ({"search_over": ["trees"]}, "search_over", "'trees' cannot be searched for Logistic regression"),
        ({"search_over": "strength"}, "search_over", "list of names"),
        ({"search": "random", "search_trials": 200, "folds": 20}, "search_trials", "limit is 2,000"),
        ({"cost_rate": -0.1}, "cost_rate", "from 0 to 0.1"),
        ({"short_trades": 1}, "short_trades", "neither true nor false"),
        ({"controls": "yes"}, "controls", "neither true nor false"),
        ({"strategies": [{"strategy_type": "oracle"}]}, "strategies", "oracle"),
        ({"features": ["log_return(1)"] * 100_000}, "features", "at most 200"),
    ],
)
def test_bad_settings_are_refused_by_field_with_a_remedy(given, field, said):
    if field is None:
        assert TrainingConfiguration.from_dict(given).to_dict()
        return
    fields = refused(**given)
    assert list(fields) == [field]
    assert said in fields[field][0]


def test_junk_is_refused_quickly_and_briefly():
    fields = refused(**{f"junk{number}": number for number in range(100_000)})
    assert len(fields) == 10


def test_what_an_earlier_version_stored_is_still_understood():
    stored = {
        "algorithm": "random_forest", "hyperparameters": {"trees": 50}, "features": ["rsi_14", "log_return_5"],
        "label": "triple_barrier", "horizon": 5, "barrier_width": 1.5, "folds": 4, "embargo": 2, "seed": 9,
    }  # fmt: skip
    configuration = TrainingConfiguration.from_dict(stored)
    assert configuration.features == ("rsi(14)", "log_return(5)")
    assert (configuration.validation, configuration.search, configuration.calibration) == (
        "walk_forward",
    ) + ("none",) * 2
    assert configuration.labels(BARS).end.max() < len(BARS)


def test_a_strategy_can_be_a_feature_and_survives_json():
    strategy = {
        "strategy_type": "ma_crossover",
        "parameters": {"fast_period": 5, "slow_period": 60},
        "name": "Cross",
    }
    configuration = TrainingConfiguration(features=(), strategies=(strategy,))
    assert TrainingConfiguration.from_dict(configuration.to_dict()) == configuration
    assert configuration.warmup >= 59
    with pytest.raises(TrainingError, match="named 'Cross'"):
        TrainingConfiguration(strategies=(strategy, strategy))


def test_something_must_be_seen():
    assert "at least one" in refused(features=[], strategies=[])["features"][0]


def test_fits_are_counted():
    # five folds and the final model, each after 20 trials on 3 inner folds, and two controls of five folds
    assert TrainingConfiguration(search="random").fits == 6 * (1 + 60) + 10
    assert TrainingConfiguration(controls=False).fits == 6
    # 15 choices of 2 from 6
    assert TrainingConfiguration(validation="combinatorial", folds=6).fits == 16 + 30


def test_all_refusals_come_at_once():
    assert set(refused(horizon=0, folds=99, algorithm="oracle")) == {"horizon", "folds", "algorithm"}


def test_too_few_bars_are_refused_before_anything_is_computed():
    # 33 rows of warm-up and 21 blocks of 100 + 20 + 2 rows
    assert (
        "900 bars are too few for 20 folds at a horizon of 20: 2,595 are needed"
        in (refused(folds=20, horizon=20)["folds"][0])
    )


def test_a_horizon_longer_than_the_data_is_refused():
    assert (
        "A horizon of 250 bars is longer than the data: there are 251 bars"
        in (refused(BARS.head(251), horizon=250)["horizon"][0])
    )


def test_a_window_longer_than_the_data_is_refused_with_what_is_needed():
    # warm-up 33, window 2,000, gap 2 and five blocks of at least 50 bars
    said = refused(validation="rolling", training_bars=2000)["training_bars"][0]
    assert "2,285 are needed" in said


def test_volume_features_want_a_volume():
    silent = Bars(BARS.time, BARS.open, BARS.high, BARS.low, BARS.close, np.zeros(len(BARS)))
    assert "carry no volume" in refused(silent, features=["volume_ratio_20"])["features"][0]


def test_prices_that_only_rise_leave_nothing_to_learn():
    price = 100.0 * 1.001 ** np.arange(900)
    rising = Bars(BARS.time, price, price, price, price, BARS.volume)
    assert "nothing to tell apart" in refused(rising)["label"][0]


def test_a_training_that_is_too_large_is_refused():
    count = 250_001
    time = np.datetime64("2000-01-01", "ns") + np.arange(count) * np.timedelta64(60, "s")
    price = np.full(count, 100.0)
    many = Bars(time, price, price, price, price, price)
    assert "250,001 bars are more than the 250,000" in refused(many)["series"][0]


def minutes(count):
    """Cheap bars without a trend, one a minute."""
    price = 100.0 + np.arange(count) % 2
    time = np.datetime64("2000-01-01", "ns") + np.arange(count) * np.timedelta64(60, "s")
    return Bars(time, price, price, price, price, price)


def forest(**hyperparameters):
    return {"algorithm": "random_forest", "features": ["rsi(14)"], "hyperparameters": hyperparameters}


def test_a_forest_that_outgrows_what_is_stored_is_refused_before_it_is_grown():
    said = refused(minutes(250_000), **forest(trees=1000, max_depth=30, min_leaf=1))
    assert list(said) == ["hyperparameters.trees"]
    assert "about 62 million nodes, and 8 million are the most" in said["hyperparameters.trees"][0]
    assert "Take fewer or shallower trees, or larger leaves." in said["hyperparameters.trees"][0]


@pytest.mark.parametrize(
    "given",
    [
        forest(),
        forest(trees=1000, max_depth=12, min_leaf=1),
        forest(trees=1000, max_depth=30, min_leaf=20),
        forest(trees=100, max_depth=30, min_leaf=1),
        {"algorithm": "xgboost", "hyperparameters": {"trees": 2000, "max_depth": 12}},
        {"algorithm": "histogram_boosting", "hyperparameters": {"trees": 2000, "max_leaves": 255}},
    ],
    ids=["default", "shallow", "large leaves", "few trees", "xgboost", "histogram boosting"],
)
def test_what_may_well_be_stored_is_not_refused(given):
    assert TrainingConfiguration.from_dict(given).problems_with(minutes(250_000)) == {}


def test_the_estimate_of_a_forests_nodes_is_no_larger_than_what_grows():
    bars = autoregressive(3_000, 0.0, seed=3)
    table = prepare(bars, ["rsi(14)", "log_return(1)", "log_return(5)", "volatility(10)"])
    up = (np.arange(3_000) * 2654435761 % 1_000_003 < 500_000).astype(float)[50:]
    for depth, leaf in ((30, 1), (30, 5), (12, 1), (8, 20)):
        asked = get_algorithm("random_forest").clean({"trees": 5, "max_depth": depth, "min_leaf": leaf})
        grown = estimators.fit("random_forest", table.values[50:], up, asked, seed=1).estimator.model
        nodes = np.mean([tree.tree_.node_count for tree in grown.estimators_])
        assert likely_nodes(asked, len(up)) / 5 <= nodes


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "or a shorter horizon."),
        ({"calibration": "sigmoid"}, "or leave out the calibration, which divides"),
        (
            {"calibration": "sigmoid", "search": "grid"},
            "or leave out the search and the calibration, which divide",
        ),
    ],
    ids=["plain", "calibrated", "searched"],
)
def test_too_few_bars_name_what_divides_a_training_part(given, told):
    few = autoregressive(250, 0.0, seed=1)
    (said,) = TrainingConfiguration(**given).problems_with(few)["folds"]
    assert told in said.replace("fewer folds or a shorter", "or a shorter")
