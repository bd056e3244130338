"""What a training is asked to do: defaults, refusals by field, and what the bars must offer."""

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import TrainingError
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
    ],
)
def test_bad_settings_are_refused_by_field_with_a_remedy(given, field, said):
    fields = refused(**given)
    assert list(fields) == [field]
    assert said in fields[field][0]


def test_all_refusals_come_at_once():
    assert set(refused(horizon=0, folds=99, algorithm="oracle")) == {"horizon", "folds", "algorithm"}


def test_too_few_bars_are_refused_before_anything_is_computed():
    # 33 rows of warm-up and 21 blocks of 100 + 20 + 2 rows
    assert (
        "900 bars are too few for 20 folds at a horizon of 20: 2,595 are needed"
        in (refused(folds=20, horizon=20)["folds"][0])
    )


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
