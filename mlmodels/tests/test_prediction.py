"""What a trained model answers: out of fold inside, finally after, in-sample where that is asked for; and streamed."""

from dataclasses import replace

import numpy as np
import pytest

from marketdata.bars import Bars
from mlmodels.errors import NoRoom, WrongData
from mlmodels.features import prepare
from mlmodels.prediction import probabilities, streaming, trained
from mlmodels.prediction.streaming import feature_rows
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor

BARS = autoregressive(900, 0.3, seed=5)
TRAINED_ON = BARS.head(700)
FEATURES = ["log_return(1)", "log_return(2)", "rsi(14)", "ema_gap(20)"]


@pytest.fixture(scope="module")
def model():
    predictor = MLPredictor("logistic_regression", features=FEATURES, folds=2, controls=False)
    predictor.train(TRAINED_ON)
    return predictor.trained


def final(model, bars):
    table = prepare(bars, model.configuration.features)
    return probabilities(model.classifier, table.values, table.complete)


def test_nothing_is_decided_in_sample_without_being_asked_for(model):
    found = model.predictions(BARS)
    start = int(np.flatnonzero(model.record.fold)[0])
    assert np.isnan(found.probability[:start]).all()
    np.testing.assert_array_equal(found.probability[:700], model.record.probability)
    np.testing.assert_array_equal(found.probability[700:], final(model, BARS)[700:])
    assert not found.in_sample.any()
    assert found.in_sample_share == 0.0


def test_another_model_decides_at_the_start_of_each_fold_and_after_the_training(model):
    found = model.predictions(BARS)
    first, second = (int(np.flatnonzero(model.record.fold == number)[0]) for number in (1, 2))
    assert found.retraining.tolist() == [first, second, 700]
    assert np.unique(found.model).tolist() == [0, 1, 2, 3]
    # A run that begins later begins with the final model, as soon as its features have warmed up.
    assert model.predictions(BARS.slice(BARS.time[750])).retraining.tolist() == [model.configuration.warmup]


def test_in_sample_the_final_model_answers_where_no_fold_did_and_these_bars_are_told(model):
    found = model.predictions(BARS, in_sample=True)
    start = int(np.flatnonzero(model.record.fold)[0])
    answers = final(model, BARS)
    np.testing.assert_array_equal(found.probability[:start], answers[:start])
    np.testing.assert_array_equal(found.probability[start:700], model.record.probability[start:])
    np.testing.assert_array_equal(found.in_sample, np.isfinite(answers) & (np.arange(900) < start))
    assert found.in_sample_share == pytest.approx((start - 20) / 900, abs=20 / 900)
    assert found.retraining.tolist()[1:] == model.predictions(BARS).retraining.tolist()


def test_other_prices_within_the_training_are_refused_or_told(model):
    other = autoregressive(900, 0.3, seed=77)
    with pytest.raises(WrongData, match="was trained on other prices"):
        model.predict(other)
    found = model.predictions(other, in_sample=True)
    np.testing.assert_array_equal(found.probability, final(model, other))
    assert found.in_sample[100:700].all()
    assert not found.in_sample[700:].any()


def test_bars_before_the_training_are_in_sample_because_the_model_knows_what_followed(model):
    earlier = Bars(
        BARS.time - np.timedelta64(5000, "D"), *(getattr(BARS, name) for name in Bars.__slots__[1:])
    )
    assert np.isnan(model.predict(earlier)).all()
    found = model.predictions(earlier, in_sample=True)
    np.testing.assert_array_equal(found.in_sample, np.isfinite(final(model, earlier)))


def test_probabilities_of_models_that_knew_later_bars_are_never_traded(model):
    combined = replace(model, record=replace(model.record, causal=False))
    found = combined.predictions(BARS)
    assert np.isnan(found.probability[:700]).all()
    np.testing.assert_array_equal(found.probability[700:], final(model, BARS)[700:])
    told = combined.predictions(BARS, in_sample=True)
    np.testing.assert_array_equal(told.probability, final(model, BARS))
    np.testing.assert_array_equal(told.in_sample[:700], np.isfinite(final(model, BARS))[:700])


@pytest.mark.parametrize(
    "algorithm", ["logistic_regression", "random_forest", "xgboost", "histogram_boosting"]
)
def test_streaming_changes_no_bit(algorithm, monkeypatch):
    predictor = MLPredictor(algorithm, features=FEATURES, folds=2, controls=False)
    predictor.train(TRAINED_ON)
    other = autoregressive(3000, 0.2, seed=8)
    whole = predictor.trained.predict(other, in_sample=True)
    assert np.isfinite(whole).sum() > 2900
    monkeypatch.setattr(streaming, "IN_MEMORY_VALUES", 0)
    monkeypatch.setattr(trained, "ROWS_AT_ONCE", 277)
    np.testing.assert_array_equal(predictor.trained.predict(other, in_sample=True), whole)
    part = predictor.trained.predict(other.head(1511), in_sample=True)
    np.testing.assert_array_equal(part, whole[:1511])


@pytest.mark.parametrize("first", [0, 5, 61])
def test_features_read_in_rows_are_those_prepared_at_once(model, first, monkeypatch):
    monkeypatch.setattr(streaming, "IN_MEMORY_VALUES", 0)
    configuration = replace(
        model.configuration,
        strategies=({"strategy_type": "ma_crossover", "parameters": {}, "name": "cross"},),
    )
    expected = prepare(BARS, configuration.features, configuration.strategy_features).values
    with feature_rows(BARS, configuration, first) as read:
        for start, after in ((first, first + 1), (first + 3, 300), (first, 900)):
            np.testing.assert_array_equal(read(start, after), expected[start:after])


def test_a_full_disk_is_said_with_the_remedy(model, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *caught):
            return None

        def write(self, data):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(streaming, "IN_MEMORY_VALUES", 0)
    monkeypatch.setattr(streaming, "TemporaryFile", lambda **named: Full())
    with pytest.raises(NoRoom, match=r"No space left on device.*TMPDIR"):
        model.predict(BARS)


def under_other_dates(bars, days, scale=1.0):
    prices = (getattr(bars, name) * scale for name in ("open", "high", "low", "close"))
    return Bars(bars.time + np.timedelta64(days, "D"), *prices, bars.volume)


@pytest.mark.parametrize("causal", [True, False], ids=["walk-forward", "combinatorial"])
@pytest.mark.parametrize(
    ("days", "scale"), [(3653, 1.0), (3653, 2.0), (700, 1.1)], ids=["later", "scaled", "from the end on"]
)
def test_the_training_under_later_dates_is_refused_or_told(model, causal, days, scale):
    asked = replace(model, record=replace(model.record, causal=causal))
    again = under_other_dates(TRAINED_ON, days, scale)
    with pytest.raises(
        WrongData, match="trained on under other dates: their closes move as those from 2000-01-01"
    ):
        asked.predict(again)
    found = asked.predictions(again, in_sample=True)
    np.testing.assert_array_equal(found.in_sample, np.isfinite(final(model, again)))


def test_what_follows_a_copy_of_the_training_is_new_and_what_comes_before_is_not(model):
    later = replace(
        model,
        record=replace(
            model.record,
            **{name: getattr(model.record, name)[300:] for name in ("time", "close", "probability", "fold")},
        ),
    )
    shifted = under_other_dates(BARS, 3653)
    with pytest.raises(WrongData, match=r"From 2010-10-28.* move as those from 2000-10-27"):
        later.predict(shifted)
    found = later.predictions(shifted, in_sample=True)
    np.testing.assert_array_equal(
        found.in_sample, np.isfinite(final(model, shifted)) & (np.arange(900) < 700)
    )
