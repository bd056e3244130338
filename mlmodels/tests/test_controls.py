"""What is chance must look like chance, and a procedure that cheats must be caught by its controls."""

from dataclasses import replace

import numpy as np
import pytest

from mlmodels.draws import draws
from mlmodels.errors import TrainingError
from mlmodels.evaluation.controls import chance_band, random_walk_twin, shuffled
from mlmodels.features import FeatureKind, temporarily
from mlmodels.labels import LABELS, _kinds, fixed_horizon
from mlmodels.tests.prices import autoregressive
from mlmodels.training import MLPredictor
from mlmodels.validation.folds import make_fold

SOME = ["log_return(1)", "log_return(2)", "log_return(5)", "volatility(10)", "rsi(14)"]
QUICK = {
    "logistic_regression": {},
    "random_forest": {"trees": 15, "max_depth": 4},
    "xgboost": {"trees": 20},
    "histogram_boosting": {"trees": 20},
}


def controls_of(report):
    return {control.key: control for control in report.controls}


def test_shuffled_outcomes_keep_their_overlap():
    labels = fixed_horizon(autoregressive(3000, 0.0, seed=1), 10)
    mixed = shuffled(labels, seed=2, horizon=10)
    known = np.flatnonzero(labels.known)
    np.testing.assert_array_equal(np.sort(mixed.returns[known]), np.sort(labels.returns[known]))
    assert (mixed.up[known] == (mixed.returns[known] > 0)).all()
    assert (mixed.up[known] == labels.up[known]).mean() < 0.6

    def likeness(returns):
        return np.corrcoef(returns[:-1], returns[1:])[0, 1]

    # Neighbours share 9 of 10 bars; in blocks of 50 one pair in 50 was torn apart.
    assert likeness(labels.returns[known]) == pytest.approx(0.9, abs=0.02)
    assert likeness(mixed.returns[known]) == pytest.approx(0.9 * 49 / 50, abs=0.03)


def test_outcomes_of_one_bar_are_shuffled_one_by_one():
    labels = fixed_horizon(autoregressive(2000, 0.3, seed=1), 1)
    mixed = shuffled(labels, seed=2)
    known = np.flatnonzero(labels.known)
    assert abs(np.corrcoef(mixed.returns[known][:-1], mixed.returns[known][1:])[0, 1]) < 0.08
    assert (labels.returns != mixed.returns)[known].mean() > 0.99


def test_the_twin_has_the_length_the_volatility_and_the_gaps_of_the_bars_and_no_memory():
    bars = autoregressive(5000, 0.3, seed=3)
    gapped = replace(
        bars, open=bars.open * np.exp(0.004 * np.random.default_rng(1).standard_normal(5000)), low=bars.low * 0.97,
        high=bars.high * 1.03,
    )  # fmt: skip
    twin = random_walk_twin(gapped, seed=4)
    assert len(twin) == len(bars)
    np.testing.assert_array_equal(twin.time, bars.time)
    real, walk = (np.diff(np.log(one.close)) for one in (gapped, twin))
    assert walk.std() == pytest.approx(real.std(), rel=0.04)
    gaps = [np.log(one.open[1:] / one.close[:-1]).std() for one in (gapped, twin)]
    assert gaps[1] == pytest.approx(gaps[0], rel=0.2)
    assert abs(np.corrcoef(walk[:-1], walk[1:])[0, 1]) < 3 / np.sqrt(5000)
    assert np.corrcoef(real[:-1], real[1:])[0, 1] > 0.2
    np.testing.assert_array_equal(np.sort(twin.volume), np.sort(bars.volume))


def test_the_band_of_chance_is_where_answers_lie_that_know_nothing():
    rng = np.random.default_rng(8)
    fold = np.repeat([1, 2, 3, 4], 250)
    usual = np.array([0.3, 0.7, 0.5, 0.8])[fold - 1]
    outside = 0
    for _ in range(300):
        # Later models have learned what is usual, so they say up more often where up is more frequent.
        up = (rng.random(1000) < usual).astype(float)
        said = np.where(rng.random(1000) < usual, 0.6, 0.4)
        low, high = chance_band(said, up, fold, 1000)
        outside += not low <= ((said > 0.5) == (up > 0.5)).mean() <= high
    assert outside <= 4
    assert high - low == pytest.approx(7 * 0.5 / np.sqrt(1000), rel=0.01)


@pytest.mark.parametrize("algorithm", QUICK)
def test_chance_looks_like_chance_in_every_report(algorithm):
    learner = MLPredictor(algorithm, hyperparameters=QUICK[algorithm], features=SOME)
    report = learner.train(autoregressive(4000, 0.0, seed=12))
    assert 0.475 <= report.overall.accuracy <= 0.525
    assert report.overall.verdict != "better"
    assert 0.46 <= report.overall.auc <= 0.54
    found = controls_of(report)
    assert list(found) == ["majority", "shuffled_labels", "random_walk", "buy_and_hold"]
    for control in found.values():
        assert control.passed is (None if control.key == "majority" else True), control
    assert 0.475 <= found["random_walk"].accuracy <= 0.525
    # Where exactly in the band it lies is a matter of the draw.
    assert 0.465 <= found["shuffled_labels"].accuracy <= 0.535
    # Chance pays the costs.
    assert found["random_walk"].net_return < 0


def test_what_can_be_foreseen_stands_out_from_its_controls():
    report = MLPredictor(features=SOME).train(autoregressive(6000, 0.3, seed=11))
    # theory: 1/2 + arcsin(0.3)/pi = 0.597
    assert 0.57 <= report.overall.accuracy <= 0.62
    found = controls_of(report)
    assert all(control.passed is not False for control in found.values())
    assert report.overall.accuracy > found["shuffled_labels"].high
    assert report.overall.accuracy > found["random_walk"].high
    assert report.overall.accuracy > found["majority"].high


def test_a_constant_answer_is_shown_and_judged_by_nobody():
    """It scores the middle of its band whatever the procedure does, so it is no check that was passed."""
    bars = autoregressive(900, 0.0, seed=5)
    for settings in ({}, {"horizon": 5, "folds": 3}, {"validation": "combinatorial", "folds": 4}):
        control = controls_of(MLPredictor(features=SOME, controls=False, **settings).train(bars))["majority"]
        assert control.passed is None
        assert control.accuracy == pytest.approx((control.low + control.high) / 2.0)


def test_each_data_set_gets_its_own_controls_and_the_same_one_the_same():
    def returns(bars, seed):
        return np.diff(np.log(random_walk_twin(bars, draws(bars, seed, "random_walk")).close))

    one, other = (autoregressive(600, 0.0, seed=seed) for seed in (1, 2))
    walk = returns(one, 1)
    np.testing.assert_array_equal(walk, returns(one, 1))
    for foreign in (returns(other, 1), returns(one, 2)):
        assert abs(np.corrcoef(walk, foreign)[0, 1]) < 0.15
    shuffles = [draws(one, 1, purpose).permutation(50).tolist() for purpose in ("shuffled_labels", "audit")]
    assert shuffles[0] != shuffles[1]


def test_a_training_draws_its_controls_by_its_data(monkeypatch):
    walks = []

    def keep(bars, seed):
        walks.append(random_walk_twin(bars, seed))
        return walks[-1]

    monkeypatch.setattr("mlmodels.training.controlling.random_walk_twin", keep)
    bars = autoregressive(900, 0.0, seed=5)
    for given in (bars, bars, autoregressive(900, 0.0, seed=6)):
        MLPredictor("logistic_regression", features=SOME).train(given)
    first, again, other = (np.diff(np.log(walk.close)) for walk in walks)
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.15


def tomorrow(columns, out, **parameters):
    """The log return of the next bar: a leak on purpose."""
    out[:-1] = np.diff(columns.log_close)
    out[-1] = 0.0


LEAK = FeatureKind(
    "tomorrow", "Tomorrow", title="Tomorrow's return", summary="A leak.", group="returns", compute=tomorrow,
    warmup=lambda: 0,
)  # fmt: skip


def test_a_feature_that_knows_the_future_is_refused_by_name():
    with temporarily(LEAK):
        learner = MLPredictor(features=["log_return(1)", "tomorrow"])
        with pytest.raises(TrainingError) as caught:
            learner.train(autoregressive(900, 0.0, seed=5))
    assert "The feature tomorrow" in caught.value.fields["features"][0]
    assert "knows the future" in caught.value.fields["features"][0]
    assert "log_return" not in str(caught.value.fields)


def test_where_the_audit_is_switched_off_the_random_walk_gives_the_leak_away():
    with temporarily(LEAK):
        report = MLPredictor(features=["log_return(1)", "tomorrow"], horizon=3).train(
            autoregressive(3000, 0.0, seed=5), audit=False
        )
    found = controls_of(report)
    assert report.audit is None
    assert report.overall.accuracy > 0.6
    assert report.overall.accuracy > found["shuffled_labels"].high
    # Nobody can foresee a random walk, so the procedure knows something it must not.
    assert found["random_walk"].passed is False
    assert found["random_walk"].accuracy > 0.6
    assert found["shuffled_labels"].passed is True


def careless(configuration, ends):
    """Three folds of short blocks in turn, without a purge: outcomes that overlap those of tested rows train."""
    tests = [(start, start + 1) for start in range(200, len(ends) - 30, 2)]
    rows = np.arange(200, tests[-1][1] + 1)
    known_at_once = np.arange(len(ends))
    return tuple(
        make_fold(
            turn + 1,
            rows,
            known_at_once,
            tests[turn::3],
            tuple(range(turn, len(tests), 3)),
            horizon=-1,
        )
        for turn in range(3)
    )


def test_a_procedure_that_forgets_to_purge_is_given_away_by_shuffled_outcomes(monkeypatch):
    bars = autoregressive(1600, 0.0, seed=6)
    settings = {"horizon": 20, "features": ["volatility(100)", "sma_gap(200)", "volatility(200)"], "folds": 3}
    settings |= {"hyperparameters": {"trees": 10, "max_depth": 20, "min_leaf": 1, "max_features": "all"}}
    honest = controls_of(MLPredictor("random_forest", **settings).train(bars))
    assert honest["shuffled_labels"].passed is True
    monkeypatch.setattr("mlmodels.training.data.plan_folds", careless)
    found = controls_of(MLPredictor("random_forest", **settings).train(bars))
    assert found["shuffled_labels"].passed is False
    assert found["shuffled_labels"].accuracy > found["shuffled_labels"].high


def test_a_control_that_cannot_be_trained_costs_nobody_the_model(monkeypatch):
    def refuse(*args, **kwargs):
        raise TrainingError("All outcomes are the same.")

    monkeypatch.setattr("mlmodels.training.controlling.random_walk_twin", refuse)
    report = MLPredictor(features=SOME).train(autoregressive(900, 0.0, seed=5))
    walk = controls_of(report)["random_walk"]
    assert (walk.passed, walk.note, walk.accuracy) == (None, "All outcomes are the same.", None)


def test_controls_can_be_left_out_except_those_that_cost_nothing():
    report = MLPredictor(features=SOME, controls=False).train(autoregressive(900, 0.0, seed=5))
    assert list(controls_of(report)) == ["majority", "buy_and_hold"]


def test_a_label_that_looks_further_than_it_says_is_refused(monkeypatch):
    honest = LABELS["fixed_horizon"]

    def hasty(bars, horizon, width):
        labels = honest.make(bars, horizon + 5, width)
        return replace(labels, end=np.where(labels.known, labels.end - 5, -1))

    monkeypatch.setitem(_kinds, "fixed_horizon", replace(honest, make=hasty))
    with pytest.raises(TrainingError) as caught:
        MLPredictor(features=SOME).train(autoregressive(900, 0.0, seed=5))
    assert "although it says that it is known there" in caught.value.fields["label"][0]


def test_outcomes_that_do_not_fit_the_bars_are_refused():
    bars = autoregressive(900, 0.0, seed=5)
    labels = fixed_horizon(bars, 1)
    for wrong in (fixed_horizon(bars.head(899), 1), replace(labels, end=labels.end - 2)):
        with pytest.raises(TrainingError, match="do not fit the 900 bars"):
            MLPredictor(features=SOME).train(bars, labels=wrong)
