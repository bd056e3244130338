"""Two models side by side, and whether their difference is more than chance."""

import numpy as np
import pytest

from mlmodels.errors import ModelNotReady
from mlmodels.prediction import TrainingRecord
from mlmodels.services import MLModelService
from mlmodels.services.paired import Common, common_rows, measure


def common(first, second, up, horizon=1):
    rows = np.arange(len(up))
    time = np.datetime64("2020-01-01", "ns") + rows * np.timedelta64(1, "D")
    first, second, up = (np.asarray(values, dtype=np.float64) for values in (first, second, up))
    return Common(time, first, second, up, rows, rows + 1 + horizon)


def test_paired_differences_by_hand():
    # 40 bars, every trade gains. The first gives .6 each time; the second .8 on 30 bars and .4 on 10.
    second = [0.8] * 30 + [0.4] * 10
    found = measure(common([0.6] * 40, second, [1.0] * 40))
    assert (found.rows, found.effective_rows) == (40, 40.0)
    assert (found.only_first, found.only_second) == (10, 0)
    # Right: 40 of 40 and 30 of 40; (c - b) / n = -10 / 40. Deviation of ten -1 and thirty 0: sqrt(7.5 / 39).
    assert found.accuracy.first == 1.0
    assert found.accuracy.mean == -0.25
    assert found.accuracy.error == pytest.approx(np.sqrt(7.5 / 39) / np.sqrt(40))
    assert found.accuracy.is_clear
    # Log-loss: thirty times log(.6/.8) and ten times log(.6/.4).
    assert found.log_loss.mean == pytest.approx((30 * np.log(0.6 / 0.8) + 10 * np.log(0.6 / 0.4)) / 40)
    assert found.log_loss.first == pytest.approx(-np.log(0.6))


def test_outcomes_that_overlap_make_the_error_larger():
    rng = np.random.default_rng(3)
    first, second, up = rng.uniform(0.3, 0.7, 400), rng.uniform(0.3, 0.7, 400), rng.integers(0, 2, 400)
    alone = measure(common(first, second, up, horizon=1))
    overlapping = measure(common(first, second, up, horizon=10))
    assert overlapping.log_loss.mean == alone.log_loss.mean
    assert overlapping.effective_rows == pytest.approx(40, rel=0.1)
    assert overlapping.log_loss.error == pytest.approx(alone.log_loss.error * np.sqrt(10), rel=0.1)


def test_the_error_is_the_deviation_of_the_mean_over_many_draws():
    """Two models that know equally little: the difference is within two of its errors as often as it should be."""
    rng = np.random.default_rng(11)
    clear = [
        measure(common(rng.uniform(0.4, 0.6, 200), rng.uniform(0.4, 0.6, 200), rng.integers(0, 2, 200)))
        for _ in range(400)
    ]
    share = np.mean([found.log_loss.is_clear for found in clear])
    assert 0.02 < share < 0.08


def test_the_same_twice_differs_by_nothing_and_few_bars_say_nothing():
    up = np.random.default_rng(1).integers(0, 2, 60)
    found = measure(common([0.6] * 60, [0.6] * 60, up))
    assert (found.log_loss.mean, found.log_loss.error, found.log_loss.standard_errors) == (0.0, 0.0, 0.0)
    assert not found.log_loss.is_clear
    assert measure(common([0.6] * 29, [0.6] * 29, up[:29])) is None


def test_bars_in_common_have_the_same_time_and_price_and_two_predictions():
    days = np.datetime64("2020-01-01", "ns") + np.arange(6) * np.timedelta64(1, "D")
    first = TrainingRecord(
        days[:5], np.arange(1.0, 6.0), np.array([np.nan, 0.5, 0.5, 0.5, 0.5]), np.ones(5, int)
    )
    second = TrainingRecord(
        days[1:], np.array([2.0, 9.0, 4.0, 5.0, 6.0]), np.array([0.5, 0.5, np.nan, 0.5, 0.5]), np.ones(5, int)
    )
    left, right = common_rows(first, second)
    assert (left.tolist(), right.tolist()) == ([1, 4], [0, 3])


@pytest.mark.django_db
def test_two_trainings_on_the_same_bars_are_measured_on_all_they_share(train):
    first = train()
    second = train(name="Trees", algorithm="xgboost", hyperparameters={"trees": 8})
    found = MLModelService.compare(first, second)
    assert (found.same_data, found.same_outcome, found.same_folds) == (True, True, True)
    assert found.paired.rows == first.metrics["overall"]["rows"]
    assert found.paired.log_loss.first == pytest.approx(first.log_loss)
    assert found.paired.accuracy.second == pytest.approx(second.accuracy)
    assert found.paired.effective_rows == pytest.approx(first.metrics["overall"]["effective_rows"])
    named = {row.name: (row.first, row.second) for row in found.settings}
    assert named["algorithm"] == ("logistic_regression", "xgboost")
    assert named["hyperparameters.trees"] == (None, 8)
    assert "folds" not in named
    scores = {row.key: row for row in found.scores}
    assert scores["accuracy"].difference == pytest.approx(second.accuracy - first.accuracy)
    assert "Both were judged on the same folds." in found.remarks
    assert "standard errors" in found.conclusion


@pytest.mark.django_db
def test_other_folds_and_other_periods_are_said_and_the_rest_is_still_measured(train, series):
    first = train()
    second = train(name="Later", start_date=series.first_time.date().replace(month=6), folds=3)
    found = MLModelService.compare(first, second)
    assert (found.same_data, found.same_outcome, found.same_folds) == (False, True, False)
    assert 100 < found.paired.rows < first.metrics["overall"]["rows"]
    assert "different bars" in found.remarks[0]
    assert "Their folds differ" in found.remarks[2]


@pytest.mark.django_db
def test_different_outcomes_are_not_measured_against_each_other(train):
    found = MLModelService.compare(train(), train(name="Longer", horizon=5))
    assert (found.same_outcome, found.paired) == (False, None)
    assert "cannot be said" in found.conclusion
    assert ("horizon", 1, 5) in {(row.name, row.first, row.second) for row in found.settings}


@pytest.mark.django_db
def test_a_model_beside_itself_says_the_same(train):
    model = train()
    found = MLModelService.compare(model, model)
    assert found.settings == ()
    assert "say the same" in found.conclusion


@pytest.mark.django_db
def test_a_lost_file_is_a_remark_and_an_untrained_model_a_refusal(train, submit):
    from mlmodels import store

    first, second = train(), train(name="Lost")
    store.path_of(second).unlink()
    found = MLModelService.compare(first, second)
    assert found.paired is None
    assert any("missing" in remark for remark in found.remarks)
    assert found.scores
    with pytest.raises(ModelNotReady):
        MLModelService.compare(first, submit())


@pytest.mark.django_db
def test_a_report_of_the_version_before_is_compared_by_what_it_has(train):
    first, second = train(), train(name="Old")
    second.metrics = {
        "overall": {"accuracy": 0.5, "base_rate": 0.5, "log_loss": 0.7, "verdict": "no_better"},
        "folds": [{"train_start": "x"}],
    }
    second.save()
    found = MLModelService.compare(first, second)
    assert not found.same_folds
    assert found.paired is not None
    assert {row.key: row.second for row in found.scores}["auc"] is None
