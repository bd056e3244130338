"""Fitting: what is known is found, the same input gives the same bits, and how it is asked changes nothing."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.errors import TrainingError
from mlmodels.estimators import fit
from mlmodels.tests.rows import calibration_rows, known

FEW = {
    "logistic_regression": {},
    "random_forest": {"trees": 20},
    "xgboost": {"trees": 20},
    "histogram_boosting": {"trees": 20, "feature_share": 0.5},
}
FEATURES, UP = known()
every_algorithm = pytest.mark.parametrize("key", ALGORITHMS)


def fitted(key, features=FEATURES, up=UP, seed=1, **settings):
    return fit(key, features, up, get_algorithm(key).clean(FEW[key]), seed=seed, **settings)


@every_algorithm
def test_what_is_known_is_found(key):
    features, up = known(1000, seed=5)
    probability = fitted(key).probability_up(features)
    # the best possible accuracy is that of the sign of the first column
    assert ((probability > 0.5) == up).mean() > ((features[:, 0] > 0) == up).mean() - 0.03


@every_algorithm
def test_the_same_seed_gives_the_same_bits(key):
    settings = {"class_weight": "balanced", "calibration": "sigmoid", "calibration_rows": calibration_rows()}
    first, again = fitted(key, **settings), fitted(key, **settings)
    np.testing.assert_array_equal(first.probability_up(FEATURES), again.probability_up(FEATURES))


@pytest.mark.parametrize("key", ["random_forest", "xgboost", "histogram_boosting"])
def test_another_seed_gives_another_model(key):
    first, other = fitted(key), fitted(key, seed=2)
    assert (first.probability_up(FEATURES) != other.probability_up(FEATURES)).any()


@every_algorithm
def test_a_row_gets_the_same_answer_wherever_it_stands_and_however_it_lies_in_memory(key):
    classifier = fitted(key, np.asfortranarray(FEATURES))
    np.testing.assert_array_equal(fitted(key).probability_up(FEATURES), classifier.probability_up(FEATURES))
    whole = classifier.probability_up(FEATURES)
    np.testing.assert_array_equal(classifier.probability_up(np.asfortranarray(FEATURES)), whole)
    for start in range(0, 200, 7):
        part = FEATURES[start : start + 13]
        np.testing.assert_array_equal(classifier.probability_up(part), whole[start : start + 13])


@every_algorithm
def test_balanced_weights_pull_a_rare_outcome_to_the_middle_and_a_calibration_puts_it_back(key):
    features, up = known(3000, bias=-2.5, seed=3)
    rate = up.mean()
    assert rate < 0.2
    plain = fitted(key, features, up).probability_up(features).mean()
    balanced = fitted(key, features, up, class_weight="balanced").probability_up(features).mean()
    assert plain == pytest.approx(rate, abs=0.02)
    assert balanced > rate + 0.08
    rows = calibration_rows(3000, seed=4, bias=-2.5)
    settings = {"class_weight": "balanced", "calibration": "sigmoid", "calibration_rows": rows}
    back = fitted(key, features, up, **settings).probability_up(features).mean()
    assert back == pytest.approx(rate, abs=0.03)


@every_algorithm
def test_one_kind_of_outcome_is_refused_in_words(key):
    for up in (np.zeros(len(UP)), np.ones(len(UP))):
        with pytest.raises(TrainingError, match="All 1,500 training outcomes are the same"):
            fitted(key, up=up)


@every_algorithm
def test_no_probability_is_so_sure_that_one_mistake_costs_everything(key):
    features = np.repeat([[-1e6], [1e6]], 200, axis=0)
    up = (features[:, 0] > 0).astype(np.float64)
    sharp = {"logistic_regression": {"strength": 1000.0}, "random_forest": {"min_leaf": 1}}
    values = get_algorithm(key).clean(sharp.get(key, {"trees": 400, "learning_rate": 1.0, "l2_penalty": 0.0}))
    probability = fit(key, features, up, values, seed=1).probability_up(features)
    assert 1e-7 < probability.min() < 0.5 < probability.max() < 1 - 1e-7


@every_algorithm
def test_in_sample_importance_is_a_share_and_knows_the_only_feature_that_matters(key):
    shares = fitted(key).impurity_importance()
    assert shares.shape == (6,)
    assert shares.sum() == pytest.approx(1.0)
    assert shares.argmax() == 0
    assert shares.min() >= 0.0


@pytest.mark.parametrize("key", ["xgboost", "histogram_boosting"])
def test_trees_that_never_split_give_no_importance(key):
    prune = {"min_child_weight": 1000.0} if key == "xgboost" else {"min_leaf": 1000}
    values = get_algorithm(key).clean({"trees": 5, **prune})
    assert fit(key, FEATURES[:300], UP[:300], values, seed=1).impurity_importance().tolist() == [0.0] * 6


def test_watching_histogram_boosting_changes_no_bit_of_it():
    own = HistGradientBoostingClassifier(
        max_iter=20,
        max_leaf_nodes=15,
        learning_rate=0.05,
        min_samples_leaf=20,
        max_features=0.5,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=1,
    ).fit(FEATURES, UP.astype(np.int64))
    np.testing.assert_array_equal(
        fitted("histogram_boosting").probability_up(FEATURES), own.predict_proba(FEATURES)[:, 1]
    )


def test_rows_asked_one_by_one_get_what_the_pipeline_itself_says():
    classifier = fitted("logistic_regression")
    own = classifier.estimator.model.predict_proba(FEATURES)[:, 1]
    np.testing.assert_allclose(classifier.probability_up(FEATURES), own, rtol=1e-12)


def test_an_unknown_class_weight_or_calibration_is_refused_by_field():
    with pytest.raises(TrainingError) as caught:
        fitted("xgboost", class_weight="heavy")
    assert "none, balanced" in caught.value.fields["class_weight"][0]
    with pytest.raises(TrainingError) as caught:
        fitted("xgboost", calibration="platt", calibration_rows=calibration_rows())
    assert "none, sigmoid, isotonic" in caught.value.fields["calibration"][0]
    with pytest.raises(TrainingError) as caught:
        fitted("xgboost", calibration="sigmoid")
    assert "rows to calibrate by" in caught.value.fields["calibration"][0]
