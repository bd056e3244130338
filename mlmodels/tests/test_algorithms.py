"""The registry of algorithms: what exists, what may be given, what a search may try, and that asking stays light."""

import subprocess
import sys

import pytest

from mlmodels.algorithms import ALGORITHMS, Algorithm, get_algorithm, register_algorithm, temporarily
from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.errors import TrainingError
from mlmodels.estimators import Estimator, get_estimator, register_estimator

KEYS = ["logistic_regression", "random_forest", "xgboost", "histogram_boosting"]


def another(key="echo"):
    return Algorithm(
        key,
        "Echo",
        "Says what happened last.",
        (TunedInt("lag", default=1, minimum=1, maximum=9, label="Lag"),),
    )


def test_the_simplest_algorithm_is_listed_first():
    assert list(ALGORITHMS) == KEYS


def test_a_key_that_is_taken_is_refused():
    with pytest.raises(ValueError, match="'xgboost' belongs to XGBoost already"):
        register_algorithm(another("xgboost"))
    with pytest.raises(TypeError, match="has no label"):
        register_algorithm(Algorithm("x", "", "y", ()))


def test_a_miss_names_what_was_probably_meant_or_all():
    with pytest.raises(TrainingError, match="Did you mean 'xgboost'"):
        get_algorithm("xgbost")
    with pytest.raises(TrainingError, match="There are: logistic_regression, random_forest"):
        get_algorithm(7)


def test_a_plug_in_is_seen_everywhere_for_as_long_as_it_is_registered():
    with temporarily(another()):
        assert ALGORITHMS["echo"] is get_algorithm("echo")
    assert "echo" not in ALGORITHMS


@pytest.mark.parametrize("key", KEYS)
def test_each_algorithm_has_a_class_that_fits_it_and_defaults_that_are_allowed(key):
    assert get_estimator(key).algorithm == key
    cleaned = get_algorithm(key).clean({})
    assert get_algorithm(key).clean(cleaned) == cleaned


def test_an_algorithm_is_fitted_by_one_class_only():
    with pytest.raises(ValueError, match="'xgboost' is fitted by XGBoostEstimator already"):

        @register_estimator
        class Other(Estimator):
            algorithm = "xgboost"

    with pytest.raises(TrainingError, match="Did you mean 'xgboost'"):
        get_estimator("xgbost")


@pytest.mark.parametrize("key", KEYS)
def test_the_values_that_a_search_tries_are_few_different_and_in_order(key):
    for param in get_algorithm(key).params:
        tries = param.grid()
        assert len(tries) <= 6
        assert len(set(tries)) == len(tries) != 1
        if tries and not isinstance(tries[0], str):
            assert list(tries) in (sorted(tries), sorted(tries, reverse=True))


def test_values_to_try_that_are_out_of_bounds_are_refused():
    with pytest.raises(ValueError, match="out of bounds"):
        TunedInt("lag", default=1, minimum=1, maximum=9, label="Lag", tries=(1, 10))
    with pytest.raises(ValueError, match="out of bounds"):
        TunedFloat("share", default=0.5, minimum=0.0, maximum=1.0, label="Share", tries=(1.5,))


def test_an_unknown_or_wrong_hyperparameter_is_named():
    with pytest.raises(TrainingError) as caught:
        get_algorithm("histogram_boosting").clean({"max_leafs": 3, "trees": 0})
    assert "Did you mean 'max_leaves'" in caught.value.fields["max_leafs"][0]
    assert "from 5 to 2000" in caught.value.fields["trees"][0]


def test_describing_and_planning_a_search_import_no_learning_library():
    script = (
        "import sys; import mlmodels.algorithms, mlmodels.search; "
        "print([name for name in ('sklearn', 'xgboost', 'optuna', 'scipy', 'pandas', 'django') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
