"""Searching: repeatable, without repeats, every trial told, and the simplest of the best."""

import logging
import subprocess
import sys

import pytest

from mlmodels.algorithms import Algorithm, get_algorithm
from mlmodels.algorithms.methods import SEARCH_METHODS
from mlmodels.algorithms.params import TunedFloat, TunedInt
from mlmodels.errors import TrainingError
from mlmodels.search import Dimension, search, space_of
from mlmodels.search.space import spread_over
from strategies.params import BoolParam, ChoiceParam

XGBOOST = get_algorithm("xgboost")
SMALL = Algorithm(
    "small",
    "Small",
    "Two hyper-parameters of few values.",
    (
        TunedInt("depth", default=2, minimum=1, maximum=9, label="Depth", tries=(1, 2, 3)),
        ChoiceParam("rule", default="a", choices=(("a", "A"), ("b", "B")), label="Rule"),
        TunedInt("patience", default=5, minimum=1, maximum=99, label="Patience"),
    ),
)
every_method = pytest.mark.parametrize("method", SEARCH_METHODS)


def bowl(values):
    """Lowest at depth 3 and a learning rate of 0.1."""
    return 0.6 + (values["max_depth"] - 3) ** 2 / 10 + abs(values["learning_rate"] - 0.1), 0.02


def run(method, evaluate=bowl, algorithm=XGBOOST, over=(), trials=20, seed=3, **settings):
    space = space_of(algorithm, {}, over)
    return search(algorithm, space, evaluate, method=method, trials=trials, seed=seed, **settings)


@every_method
def test_the_same_seed_gives_the_same_trials_to_the_last_bit(method):
    assert repr(run(method)) == repr(run(method))


@pytest.mark.parametrize("method", ["random", "optuna"])
def test_another_seed_gives_other_trials(method):
    assert run(method).trials != run(method, seed=4).trials


@every_method
def test_no_set_is_tried_twice_and_the_best_of_all_wins(method):
    found = run(method, trials=40)
    sets = {tuple(sorted(trial.hyperparameters.items())) for trial in found.trials}
    assert len(sets) == len(found.trials) == 40
    assert [trial.number for trial in found.trials] == list(range(1, 41))
    assert found.trials[found.best_number - 1].hyperparameters == found.best
    assert bowl(found.best)[0] == min(trial.score for trial in found.trials)


@every_method
def test_each_set_is_whole_and_allowed(method):
    for trial in run(method).trials:
        assert XGBOOST.clean(trial.hyperparameters) == trial.hyperparameters


def test_optuna_learns_from_what_it_tried():
    found = run("optuna", over=("max_depth", "learning_rate"), trials=60)
    first, last = found.trials[:10], found.trials[-20:]
    mean = [sum(trial.score for trial in part) / len(part) for part in (first, last)]
    assert mean[1] < mean[0] - 0.1


@every_method
def test_a_small_space_is_tried_as_a_whole_and_no_more(method):
    found = run(method, lambda values: (values["depth"], 0.0), SMALL, trials=200)
    tried = {(trial.hyperparameters["depth"], trial.hyperparameters["rule"]) for trial in found.trials}
    assert len(found.trials) == len(tried) == 6
    assert found.best["depth"] == 1


@every_method
def test_what_is_not_searched_keeps_its_value(method):
    space = space_of(XGBOOST, {"trees": 33, "max_depth": 7}, ("learning_rate",))
    found = search(XGBOOST, space, lambda values: (1.0, 0.0), method=method, trials=3, seed=1)
    assert {trial.hyperparameters["trees"] for trial in found.trials} == {33}
    assert {trial.hyperparameters["max_depth"] for trial in found.trials} == {7}
    assert len({trial.hyperparameters["learning_rate"] for trial in found.trials}) == 3


@every_method
def test_of_equal_scores_the_simplest_wins(method):
    found = run(method, lambda values: (0.5, 0.0), SMALL)
    assert (found.best["depth"], found.best["rule"]) == (1, "a")
    found = run(method, lambda values: (0.5, 0.0), get_algorithm("random_forest"), ("min_leaf",), trials=4)
    assert found.best["min_leaf"] == max(trial.hyperparameters["min_leaf"] for trial in found.trials)


def test_a_grid_that_is_too_large_is_met_evenly_in_every_dimension():
    found = run("grid", trials=20)
    for name, least in (
        ("trees", 5),
        ("max_depth", 5),
        ("learning_rate", 4),
        ("row_share", 3),
        ("l2_penalty", 3),
    ):
        times = [trial.hyperparameters[name] for trial in found.trials]
        assert len(set(times)) == least
        assert max(times.count(value) for value in set(times)) <= 2 * 20 / least


@pytest.mark.parametrize(("size", "count"), [(7, 20), (20, 20), (21, 20), (180, 20), (10_800, 200), (2, 1)])
def test_places_are_different_ascending_and_within(size, count):
    places = list(spread_over(size, count))
    assert len(places) == min(size, count)
    assert places == sorted(set(places))
    assert 0 <= places[0] <= places[-1] < size


def test_numbers_over_more_than_two_decades_are_drawn_by_their_ratio():
    strength = space_of(get_algorithm("logistic_regression"), {}).dimensions[0]
    assert strength.log
    wide = Algorithm(
        "wide",
        "Wide",
        "One.",
        (TunedFloat("x", default=1.0, minimum=0.0, maximum=1e3, label="X", tries=(0.5, 100.0)),),
    )
    assert space_of(wide, {}).dimensions[0].log
    found = run("random", lambda values: (1.0, 0.0), get_algorithm("logistic_regression"), trials=60)
    tried = [trial.hyperparameters["strength"] for trial in found.trials]
    assert 15 <= sum(value < 10**-1.5 for value in tried) <= 45  # the middle of the decades


def test_a_trial_that_cannot_be_judged_says_why_and_never_wins():
    def evaluate(values):
        if values["depth"] == 1:
            raise TrainingError("All 40 training outcomes of inner fold 2 are the same.")
        return (float("nan") if values["depth"] == 2 else 0.7), 0.0

    for method in SEARCH_METHODS:
        found = run(method, evaluate, SMALL)
        failed = [trial for trial in found.trials if trial.failed]
        assert len(found.trials) == 6
        assert len(failed) == 4
        assert {trial.score for trial in failed} == {None}
        assert any("inner fold 2" in trial.reason for trial in failed)
        assert any("log-loss is nan" in trial.reason for trial in failed)
        assert found.best["depth"] == 3


def test_a_search_without_one_judged_trial_is_refused_with_the_first_reason():
    def evaluate(values):
        raise TrainingError("Too few bars.")

    with pytest.raises(TrainingError, match=r"None of the 6 trials .* Too few bars"):
        run("grid", evaluate, SMALL)


@every_method
def test_progress_names_the_trial_and_a_cancel_ends_the_search(method):
    class Stop(Exception):
        pass

    seen, judged = [], []
    run(method, trials=4, tick=lambda share, message: seen.append((share, message)))
    assert [message for _share, message in seen[:4]] == [f"trial {number} of 4" for number in (1, 2, 3, 4)]
    assert [share for share, _message in seen] == [0.0, 0.25, 0.5, 0.75, 1.0]

    def stop(share, message):
        if message.startswith("trial 3"):
            raise Stop

    with pytest.raises(Stop):
        run(method, lambda values: judged.append(values) or (1.0, 0.0), trials=4, tick=stop)
    assert len(judged) == 2


def test_what_cannot_be_searched_is_refused_by_field():
    with pytest.raises(TrainingError) as caught:
        space_of(XGBOOST, {}, ("max_dept", "learning_rate"))
    assert "Did you mean 'max_depth'" in caught.value.fields["search_over"][0]
    with pytest.raises(TrainingError) as caught:
        space_of(SMALL, {}, ("patience",))
    assert "'patience' is nothing that a search of Small can vary" in caught.value.fields["search_over"][0]
    fixed = Algorithm("fixed", "Fixed", "None.", (TunedInt("n", default=1, minimum=1, maximum=2, label="N"),))
    with pytest.raises(TrainingError, match="nothing to search"):
        space_of(fixed, {})
    with pytest.raises(TrainingError) as caught:
        run("bayes")
    assert "grid, random, optuna" in caught.value.fields["search"][0]
    with pytest.raises(TrainingError) as caught:
        run("grid", trials=201)
    assert "2 to 200" in caught.value.fields["search_trials"][0]


def test_a_yes_or_no_is_a_choice_of_two_and_not_a_number():
    asked = Algorithm("asked", "Asked", "One.", (BoolParam("warm", default=False, label="Warm"),))
    found = run("random", lambda values: (float(values["warm"]), 0.0), asked)
    assert [type(trial.hyperparameters["warm"]) for trial in found.trials] == [bool, bool]
    assert found.best == {"warm": False}


def test_drawn_numbers_are_short_and_keep_the_bounds():
    dimension = Dimension("rate", (0.0123456, 0.3))
    assert dimension.rounded(0.2345678) == 0.235
    assert dimension.rounded(0.01234) == 0.0123456


def test_optuna_is_imported_by_a_search_that_uses_it_only_and_keeps_quiet(caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        run("optuna", trials=3)
    assert not [record for record in caplog.records if record.name.startswith("optuna")]
    assert capfd.readouterr().err == ""
    script = (
        "import sys; from mlmodels.algorithms import get_algorithm; from mlmodels.search import search, space_of; "
        "a = get_algorithm('xgboost'); s = space_of(a, {}); "
        "search(a, s, lambda h: (1.0, 0.0), method='random', trials=2, seed=1); print('optuna' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
