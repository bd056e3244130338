"""A strategy that trains along: each model knows only what had ended, and the same past is learned from once."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.bars import Bars
from mlmodels import estimators
from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import TrainingError
from mlmodels.features import prepare
from mlmodels.labels import fixed_horizon
from mlmodels.strategies import walk
from mlmodels.strategies.walk import FEWEST_ROWS, Schedule, digests, walk_forward_predictions
from mlmodels.strategies.walk_forward import MOST_TRAININGS, MLWalkForwardStrategy
from mlmodels.tests.prices import with_future_changed
from mlmodels.tests.walking import BARS, counted_fits, follow
from strategies.errors import ParameterError


class Stopped(Exception):
    """What a job raises when it is cancelled."""


@pytest.fixture(autouse=True)
def _learn_anew():
    walk.memory.forget()


@pytest.fixture
def fits(monkeypatch):
    return counted_fits(monkeypatch)


def test_each_model_learns_from_rows_whose_outcome_had_ended(fits):
    strategy = follow()
    found = strategy.predictions(BARS)
    # Features from row 20 on, outcomes of 2 bars: the first training waits for 120 rows that have both.
    first = 20 + 1 + 2 + 120
    assert strategy.warmup() == first
    starts = list(range(first, 500, 60))
    assert found.retraining.tolist() == strategy.retraining(BARS).tolist() == starts
    # Row r was entered at r + 1 and left at r + 3; it may teach a model that decides at `start` if r + 3 < start.
    assert fits == [start - 3 - 20 for start in starts]
    assert np.isnan(found.probability[:first]).all()
    assert np.isfinite(found.probability[first:]).all()


def test_its_answers_are_those_of_a_model_fitted_by_hand():
    found = follow().predictions(BARS).probability
    configuration = TrainingConfiguration(
        features=tuple(f"log_return({span})" for span in range(1, 21)), horizon=2
    )
    values, up = prepare(BARS, configuration.features).values, fixed_horizon(BARS, 2).up
    start = 143 + 2 * 60
    rows = np.arange(20, start - 3)
    by_hand = estimators.fit(
        "logistic_regression", values[rows], up[rows], configuration.hyperparameters, seed=1
    )
    np.testing.assert_array_equal(
        found[start : start + 60], by_hand.probability_up(values[start : start + 60])
    )


def test_a_window_forgets_what_is_further_back(fits):
    follow(training_bars=130).predictions(BARS)
    # 130 bars back, of which the last 3 have no outcome yet.
    assert fits[1:] == [127] * (len(fits) - 1)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(144, 498), factor=st.floats(0.4, 2.5), window=st.sampled_from([0, 130]))
def test_no_decision_knows_what_follows(cut, factor, window):
    rows = np.arange(len(BARS))
    scale = np.where(rows > cut, factor * (1.0 + 0.3 * np.sin(rows)), 1.0)
    columns = (getattr(BARS, name) * scale for name in ("open", "high", "low", "close", "volume"))
    altered = Bars(BARS.time, *columns)
    before = follow(training_bars=window).predictions(BARS).probability[: cut + 1]
    walk.memory.forget()
    after = follow(training_bars=window).predictions(altered).probability[: cut + 1]
    np.testing.assert_array_equal(after, before)


def test_a_label_that_ends_after_the_training_would_change_what_it_learns():
    """The test above can fail: with outcomes of the future among the rows, decisions change."""
    real = walk._Walk._rows

    def leaking(self, start):
        return self.usable[: np.searchsorted(self.usable, start)]

    rises, falls = with_future_changed(BARS, 263), with_future_changed(BARS, 263, factor=0.6)
    walk._Walk._rows = leaking
    try:
        one, other = (follow().predictions(bars).probability[:264] for bars in (rises, falls))
    finally:
        walk._Walk._rows = real
    assert one[263] != other[263]


def test_another_margin_needs_no_other_models(fits):
    one = follow(margin=0.02).target(BARS)
    made = len(fits)
    other = follow(margin=0.05, short_trades=False).target(BARS)
    assert len(fits) == made
    assert not np.array_equal(one, other, equal_nan=True)
    follow(seed=2).target(BARS)
    assert len(fits) == 2 * made


def test_only_what_needs_no_training_is_swept():
    assert [param.name for param in MLWalkForwardStrategy.tunable({})] == ["margin", "short_trades"]


def test_the_same_seed_gives_the_same_models_to_the_last_bit():
    once = follow(algorithm="random_forest", retrain_every=200).predictions(BARS).probability
    walk.memory.forget()
    again = follow(algorithm="random_forest", retrain_every=200).predictions(BARS).probability
    np.testing.assert_array_equal(once, again)


def test_it_tells_how_far_it_is_and_stops_when_told_to():
    told = []
    follow().begin(BARS, lambda share, words: told.append((share, words)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0.8 < shares[-1] <= 1.0
    assert "Training model 2 of 6" in {words for _, words in told}
    walk.memory.forget()

    def stop(share, words):
        if share > 0.3:
            raise Stopped

    with pytest.raises(Stopped):
        follow().begin(BARS, stop)
    assert follow().predictions(BARS).retraining.size == 6


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"returns": False}, "returns", "Choose at least one group"),
        ({"training_bars": 50}, "training_bars", "Give at least 103, or 0"),
    ],
)
def test_parameters_that_cannot_work_are_refused_with_the_remedy(changes, field, said):
    with pytest.raises(ParameterError) as caught:
        follow(**changes)
    assert said in caught.value.fields[field][0]


def test_too_many_trainings_are_refused_before_the_run():
    strategy = follow(retrain_every=5)
    assert list(strategy.refusals(500)) == []
    (said,) = strategy.refusals(10_000)
    assert "1,972 trainings" in said
    assert f"{MOST_TRAININGS} are the most. Retrain every 33 bars" in said
    assert list(follow(retrain_every=33).refusals(10_000)) == []
    (said,) = follow(retrain_every=10_000).refusals(1_000_000)
    assert "learn from 49" in said


def test_bars_without_volume_are_refused_where_volume_is_asked_for():
    silent = Bars(*(getattr(BARS, name) for name in ("time", "open", "high", "low", "close")), np.zeros(500))
    with pytest.raises(TrainingError, match="carry no volume"):
        follow(volume=True).target(silent)


def test_outcomes_that_are_all_the_same_are_refused_in_words():
    rising = np.exp(np.linspace(0.0, 3.0, 500))
    bars = Bars(BARS.time, rising, rising * 1.001, rising * 0.999, rising, np.ones(500))
    with pytest.raises(TrainingError, match=r"nothing to tell apart.*Train the first model later"):
        follow().target(bars)


def test_with_few_outcomes_nothing_is_decided():
    configuration = TrainingConfiguration(features=("log_return(1)",), horizon=1)
    found = walk_forward_predictions(BARS, configuration, Schedule(first=FEWEST_ROWS, every=60))
    assert np.isnan(found.probability[:160]).all()
    assert np.isfinite(found.probability[160:]).all()
    assert found.retraining[0] == 160


def test_digests_tell_rows_apart_bit_by_bit():
    values = np.random.default_rng(1).standard_normal((2000, 5))
    one = digests(values)
    assert len(set(one.tolist())) == 2000
    changed = values.copy()
    changed[7, 3] = np.nextafter(changed[7, 3], 1.0)
    assert np.flatnonzero(digests(changed) != one).tolist() == [7]
    assert digests(values[:, ::-1])[0] != one[0]


def test_outcomes_that_came_early_are_kept_back_as_long_as_the_others(fits):
    configuration = TrainingConfiguration(features=("log_return(1)",), label="triple_barrier", horizon=10)
    walk_forward_predictions(BARS, configuration, Schedule(first=300, every=100))
    # Volatility is known from row 20 on. Of row 289 the barriers may be touched before bar 300; its horizon ends there.
    assert fits == [289 - 20, 389 - 20]
