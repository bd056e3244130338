"""Scores, curves and intervals, against scikit-learn and against sums done by hand."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlmodels.evaluation.calibration import calibration, wilson_interval
from mlmodels.evaluation.curves import (
    MOST_POINTS,
    area_under_roc,
    auc_standard_error,
    average_precision,
    precision_recall,
    roc,
    thinned,
)
from mlmodels.evaluation.importance import MOST_ROWS, permuted_losses, summarise
from mlmodels.evaluation.scoring import confusion, score


def drawn(count, seed, levels=0):
    """Probabilities that know something, in a few levels where ties are wanted, and what happened."""
    rng = np.random.default_rng(seed)
    up = (rng.random(count) < 0.55).astype(float)
    probability = 1.0 / (1.0 + np.exp(-(0.6 * up - 0.3 + rng.standard_normal(count))))
    return (np.round(probability * levels) / levels if levels else probability), up


SAMPLES = st.tuples(st.integers(20, 400), st.integers(0, 10_000), st.sampled_from([0, 3, 10, 50]))


@settings(max_examples=60, deadline=None)
@given(SAMPLES)
def test_scores_are_those_of_scikit_learn(sample):
    probability, up = drawn(*sample)
    if not 0 < up.mean() < 1:
        return
    found = score(probability, up, effective_rows=len(up))
    assert found.auc == pytest.approx(metrics.roc_auc_score(up, probability), abs=1e-12)
    assert found.average_precision == pytest.approx(
        metrics.average_precision_score(up, probability), abs=1e-12
    )
    assert found.brier == pytest.approx(metrics.brier_score_loss(up, probability), abs=1e-12)
    assert found.accuracy == metrics.accuracy_score(up, probability > 0.5)
    safe = np.clip(probability, 1e-6, 1 - 1e-6)
    assert found.log_loss == pytest.approx(metrics.log_loss(up, safe), abs=1e-12)
    matrix = confusion(probability, up)
    down_down, down_up, up_down, up_up = metrics.confusion_matrix(
        up, probability > 0.5, labels=[0, 1]
    ).ravel()
    assert (matrix.true_down, matrix.false_up) == (down_down, down_up)
    assert (matrix.false_down, matrix.true_up) == (up_down, up_up)


@settings(max_examples=40, deadline=None)
@given(st.tuples(st.integers(20, 150), st.integers(0, 10_000), st.sampled_from([0, 10])))
def test_curves_are_those_of_scikit_learn(sample):
    probability, up = drawn(*sample)
    if not 0 < up.mean() < 1:
        return
    wrong, right, _ = metrics.roc_curve(up, probability, drop_intermediate=False)
    points = roc(probability, up)
    np.testing.assert_allclose([point.false_positive_rate for point in points], wrong)
    np.testing.assert_allclose([point.true_positive_rate for point in points], right)
    assert (points[0].threshold, points[-1].threshold) == (None, probability.min())
    precision, recall, _ = metrics.precision_recall_curve(up, probability)
    found = precision_recall(probability, up)
    # Theirs ends with the point of no prediction at all, which no threshold gives.
    np.testing.assert_allclose([point.recall for point in found][::-1], recall[:-1])
    np.testing.assert_allclose([point.precision for point in found][::-1], precision[:-1])


def test_long_curves_are_thinned_and_keep_their_ends_and_their_area():
    probability, up = drawn(20_000, 3)
    points = roc(probability, up)
    assert len(points) <= MOST_POINTS
    assert (points[0].false_positive_rate, points[0].true_positive_rate) == (0.0, 0.0)
    assert (points[-1].false_positive_rate, points[-1].true_positive_rate) == (1.0, 1.0)
    across, along = np.array([(point.false_positive_rate, point.true_positive_rate) for point in points]).T
    assert np.trapezoid(along, across) == pytest.approx(area_under_roc(probability, up), abs=2e-3)
    found = precision_recall(probability, up)
    assert len(found) <= MOST_POINTS
    assert found[0].threshold == probability.max()
    assert found[-1].recall == 1.0


def test_thinning_keeps_a_jump():
    across = np.linspace(0.0, 1.0, 10_000)
    along = np.where(across < 0.7, 0.0, 1.0)
    rows = thinned(across, along)
    jump = int(np.argmax(along))
    assert np.abs(rows - jump).min() == 0


def test_one_outcome_only_has_no_curve():
    probability, up = np.array([0.2, 0.7, 0.6]), np.ones(3)
    assert area_under_roc(probability, up) is None
    assert roc(probability, up) == ()
    assert average_precision(probability, 1.0 - up) is None
    assert precision_recall(probability, 1.0 - up) == ()
    found = score(probability, up, effective_rows=3)
    assert (found.auc, found.auc_error) == (None, None)
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_error_of_an_area_is_that_of_hanley_and_mcneil():
    # Q1 = .8/1.2 = 2/3, Q2 = 1.28/1.8 = .7111; (.16 + 49 * .026667 + 39 * .071111) / 2000 = .00212, root .04605
    assert auc_standard_error(0.8, 50, 40) == pytest.approx(0.046043, abs=1e-5)


def test_the_error_of_an_area_is_what_repeated_draws_show():
    areas = [area_under_roc(*drawn(400, seed)) for seed in range(400)]
    assert auc_standard_error(float(np.mean(areas)), 220, 180) == pytest.approx(np.std(areas), rel=0.1)


def test_overlapping_outcomes_widen_all_errors():
    probability, up = drawn(1000, 1)
    one, ten = (score(probability, up, effective_rows=rows) for rows in (1000, 100))
    assert ten.accuracy == one.accuracy
    assert ten.accuracy_error == pytest.approx(one.accuracy_error * np.sqrt(10))
    assert ten.auc_error == pytest.approx(one.auc_error * np.sqrt(10), rel=0.02)
    narrow, wide = (calibration(probability, up, effective_rows=rows)[4] for rows in (1000, 100))
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_calibration_bins_hold_all_rows_in_order_of_confidence():
    probability, up = drawn(1003, 2)
    bins = calibration(probability, up, effective_rows=1003)
    assert [part.rows for part in bins] == [101] * 3 + [100] * 7
    assert [part.predicted for part in bins] == sorted(part.predicted for part in bins)
    assert sum(part.rows * part.observed for part in bins) == pytest.approx(up.sum())
    assert all(part.low <= part.observed <= part.high for part in bins)


def test_the_interval_of_a_share_is_that_of_wilson():
    # 8 of 10: (.8 + 1.92073 / 10 +- 1.95996 * sqrt(.016 + .96036 / 100)) / 1.384146
    assert wilson_interval(0.8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-5)
    assert wilson_interval(0.0, 10)[0] == 0.0
    assert wilson_interval(1.0, 10)[1] == 1.0


def test_predictions_of_several_passes_are_no_more_rows():
    probability, up = drawn(300, 5)
    once = score(probability, up, effective_rows=300)
    thrice = score(np.tile(probability, 3), np.tile(up, 3), effective_rows=300, passes=3)
    assert thrice.rows == 300
    assert thrice.accuracy_error == pytest.approx(once.accuracy_error)
    assert thrice.auc == pytest.approx(once.auc)


class Second:
    """Believes the second feature and nothing else; counts what it is asked."""

    def __init__(self):
        self.asked = 0

    def probability_up(self, features):
        self.asked += len(features)
        return 1.0 / (1.0 + np.exp(-2.0 * features[:, 1]))


def test_importance_finds_the_feature_that_decides_and_is_bounded():
    rng = np.random.default_rng(4)
    values = rng.standard_normal((30_000, 5))
    up = (rng.random(30_000) < Second().probability_up(values)).astype(float)
    model = Second()
    shares = []
    rise = permuted_losses(model, values, up, seed=1, tick=shares.append)
    assert np.argmax(rise) == 1
    assert rise[1] > 0.1
    np.testing.assert_array_equal(np.delete(rise, 1), 0.0)
    assert model.asked == MOST_ROWS * 6
    assert shares[-1] == 1.0
    np.testing.assert_array_equal(rise, permuted_losses(model, values, up, seed=1))


def test_importance_over_folds_has_the_largest_first_and_each_fold():
    rows = summarise(["a", "b"], {"a": "First"}, [np.array([0.1, 0.4]), np.array([0.3, 0.6])])
    assert [(row.name, row.label, row.folds) for row in rows] == [
        ("b", "b", (0.4, 0.6)),
        ("a", "First", (0.1, 0.3)),
    ]
    assert rows[0].mean == pytest.approx(0.5)
    assert rows[0].spread == pytest.approx(np.sqrt(0.02))
