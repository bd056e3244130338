"""The controls: what is chance must look like chance, what is known must be found, and nothing may leak."""

import numpy as np
import pytest

from mlmodels.errors import ModelNotReady, TrainingError, WrongData
from mlmodels.tests.prices import autoregressive, with_future_changed
from mlmodels.training import MLPredictor, shuffled

FAST = {
    "logistic_regression": {},
    "random_forest": {"trees": 15, "max_depth": 4},
    "xgboost": {"trees": 20},
    "histogram_boosting": {"trees": 20},
}
SOME = ["log_return(1)", "log_return(2)", "log_return(5)", "volatility(10)", "rsi(14)"]


def predictor(algorithm="logistic_regression", **settings):
    return MLPredictor(algorithm, hyperparameters=FAST[algorithm], **settings)


@pytest.fixture(scope="module")
def trained():
    """A quick model of each algorithm on the same known process."""
    bars = autoregressive(900, 0.3, seed=21)
    models = {}
    for algorithm in FAST:
        models[algorithm] = predictor(algorithm, features=SOME, folds=3)
        models[algorithm].train(bars)
    return bars, models


def test_an_autoregressive_walk_is_foreseen_as_well_as_theory_allows():
    report = predictor(seed=1).train(autoregressive(6000, 0.3, seed=11))
    # theory: 1/2 + arcsin(0.3)/pi = 0.597
    assert 0.57 <= report.overall.accuracy <= 0.62
    assert report.overall.verdict == "better"
    assert report.importance[0].name == "log_return(1)"
    assert report.importance[0].mean > report.importance[0].spread
    assert min(report.importance[0].folds) > 0.0


@pytest.mark.parametrize("algorithm", FAST)
def test_shuffled_labels_give_chance(algorithm):
    bars = autoregressive(3000, 0.3, seed=13)
    learner = predictor(algorithm, seed=1)
    report = learner.train(bars, labels=shuffled(learner.create_labels(bars), seed=5))
    assert 0.47 <= report.overall.accuracy <= 0.53
    assert report.overall.verdict != "better"


@pytest.mark.parametrize("algorithm", FAST)
def test_a_prediction_is_the_same_whatever_follows(algorithm, trained):
    bars, models = trained
    later = autoregressive(1100, 0.3, seed=21)
    np.testing.assert_array_equal(later.close[:900], bars.close)
    whole = models[algorithm].predict(later)
    for row in (899, 950, 1050):
        changed = models[algorithm].predict(with_future_changed(later, row))[: row + 1]
        np.testing.assert_array_equal(changed, whole[: row + 1])
        np.testing.assert_array_equal(models[algorithm].predict(later.head(row + 1)), whole[: row + 1])
    assert np.isfinite(whole[900:]).all()


def test_fold_predictions_know_nothing_of_later_folds():
    bars = autoregressive(900, 0.3, seed=21)
    before, after = predictor(features=SOME, folds=3), predictor(features=SOME, folds=3)
    first = before.train(bars).record
    start_of_last = int(np.flatnonzero(first.fold == 3)[0])
    second = after.train(with_future_changed(bars, start_of_last - 1)).record
    np.testing.assert_array_equal(first.probability[:start_of_last], second.probability[:start_of_last])


def test_within_its_training_period_a_model_answers_out_of_fold_only(trained):
    bars, models = trained
    for model in models.values():
        answers = model.predict(bars)
        record = model.trained.record
        np.testing.assert_array_equal(answers, record.probability)
        start = int(np.flatnonzero(record.fold == 1)[0])
        assert np.isnan(answers[:start]).all()
        assert np.isfinite(answers[start:]).all()
        # The final model, asked about the same bars, would say something else.
        assert not np.allclose(model.trained._final(bars, np.arange(start, len(bars))), answers[start:])


def test_a_part_of_the_training_period_gets_its_predictions_by_time(trained):
    bars, models = trained
    part = bars.slice(bars.time[500], bars.time[700])
    model = models["xgboost"]
    np.testing.assert_array_equal(model.predict(part), model.predict(bars)[500:701])


def test_other_prices_within_the_training_period_are_refused(trained):
    bars, models = trained
    with pytest.raises(WrongData, match="trained on other prices from 2000-01-01T00:00:00"):
        models["xgboost"].predict(autoregressive(900, 0.3, seed=99))
    with pytest.raises(WrongData, match="2000-03-01T00:00:00"):
        models["xgboost"].predict(with_future_changed(bars, 59))


def test_bars_before_the_training_period_get_no_prediction(trained):
    bars, _models = trained
    late = predictor(features=SOME, folds=2)
    late.train(bars.slice(bars.time[300]))
    assert np.isnan(late.predict(bars)[:300]).all()


def test_the_report_adds_up(trained):
    _bars, models = trained
    report = models["logistic_regression"].trained_report
    assert sum(fold.score.rows for fold in report.folds) == report.overall.rows
    weighted = sum(fold.score.accuracy * fold.score.rows for fold in report.folds) / report.overall.rows
    assert weighted == pytest.approx(report.overall.accuracy)
    assert sum(part.rows for part in report.calibration) == report.overall.rows
    assert {row.name for row in models["logistic_regression"].get_feature_importance()} == set(SOME)
    assert all(fold.train_end < fold.test_start for fold in report.folds)


def test_overlapping_outcomes_widen_the_standard_error():
    bars = autoregressive(1500, 0.0, seed=3)
    one, ten = (predictor(features=SOME, horizon=horizon, folds=3).train(bars).overall for horizon in (1, 10))
    assert one.effective_rows == one.rows
    assert ten.rows / 10 < ten.effective_rows < ten.rows / 3
    assert ten.accuracy_error > 1.7 * one.accuracy_error


def test_triple_barrier_labels_train_too():
    report = predictor(features=SOME, label="triple_barrier", horizon=5, folds=3).train(
        autoregressive(900, 0.0, seed=3)
    )
    assert len(report.folds) == 3


class Stop(Exception):
    pass


@pytest.mark.parametrize("algorithm", FAST)
def test_progress_rises_and_can_stop_the_training_in_the_middle(algorithm):
    bars = autoregressive(700, 0.0, seed=3)
    seen = []

    def listen(share, message):
        seen.append((share, message))

    predictor(algorithm, features=SOME, folds=3).train(bars, listen)
    shares = [share for share, _message in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert any("Fold 2 of 3" in message for _share, message in seen)

    def stop(share, message):
        if share > 0.3:
            raise Stop

    learner = predictor(algorithm, features=SOME, folds=3)
    with pytest.raises(Stop):
        learner.train(bars, stop)
    with pytest.raises(ModelNotReady):
        learner.predict(bars)


def test_a_fold_with_one_outcome_only_is_refused_in_words():
    bars = autoregressive(700, 0.0, seed=3)
    learner = predictor(features=SOME, folds=3)
    labels = learner.create_labels(bars)
    labels.up[:400] = 1.0
    with pytest.raises(TrainingError, match="training outcomes of fold 1 are the same"):
        learner.train(bars, labels=labels)


def test_a_frame_will_do():
    bars = autoregressive(700, 0.0, seed=3)
    learner = predictor(features=SOME, folds=2)
    learner.train(bars.to_frame())
    assert learner.prepare_features(bars.to_frame()).values.shape == (700, len(SOME))
    assert np.isfinite(learner.predict(bars.to_frame())).any()
