"""A trained model as a strategy; its run through the engine is tested beside the engine."""

import numpy as np
import pytest

from marketdata.services import current_snapshot, open_snapshot
from mlmodels.errors import ModelNotFound, ModelNotReady, WrongData
from mlmodels.tests.prices import autoregressive, with_future_changed
from strategies.errors import ParameterError
from strategies.registry import get_strategy_class

pytestmark = pytest.mark.django_db


def follow(model, **parameters):
    return get_strategy_class("ml_signal")(model=model.pk, **parameters)


@pytest.fixture
def bars(series):
    return open_snapshot(current_snapshot(series))


def test_it_needs_a_model_and_says_so():
    with pytest.raises(ParameterError) as caught:
        get_strategy_class("ml_signal")()
    assert caught.value.fields == {"model": ["This parameter is required."]}


def test_it_follows_the_out_of_fold_predictions_within_the_training_period(train, bars):
    model = train()
    target = follow(model).target(bars)
    probability = follow(model).overlays(bars)[0].values
    start = int(np.flatnonzero(np.isfinite(probability))[0])
    assert np.isnan(target[:start]).all()
    np.testing.assert_array_equal(target[start:], np.sign(probability[start:] - 0.5))


def test_margin_and_short_trades_shape_the_target(train, bars):
    model = train()
    probability = follow(model).overlays(bars)[0].values
    known = np.isfinite(probability)
    target = follow(model, margin=0.02, short_trades=False).target(bars)
    np.testing.assert_array_equal(target[known], np.where(probability[known] > 0.52, 1.0, 0.0))
    short = follow(model, margin=0.02).target(bars)
    np.testing.assert_array_equal(short == -1.0, probability < 0.48)


def test_a_decision_is_the_same_whatever_follows(train):
    model = train()
    later = autoregressive(800, 0.3, seed=5)
    whole = follow(model).target(later)
    for row in (300, 699, 750):
        np.testing.assert_array_equal(follow(model).target(later.head(row + 1)), whole[: row + 1])
    changed = with_future_changed(later, 750)
    np.testing.assert_array_equal(follow(model).target(changed)[:751], whole[:751])


def test_another_series_within_the_training_period_is_refused(train):
    with pytest.raises(WrongData, match="Within that period use the series it was trained on"):
        follow(train()).target(autoregressive(700, 0.0, seed=77))


def test_an_untrained_or_deleted_model_is_refused_in_words(submit, bars):
    model = submit()
    with pytest.raises(ModelNotReady, match="queued"):
        follow(model).target(bars)
    strategy = follow(model)
    model.delete()
    with pytest.raises(ModelNotFound, match="was deleted"):
        strategy.target(bars)
