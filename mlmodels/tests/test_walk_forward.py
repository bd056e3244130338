"""Walk-forward folds: trained only on what came before, and nothing of the test known in training."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodels.configuration import TrainingConfiguration, needed_bars, plan
from mlmodels.labels import fixed_horizon, triple_barrier
from mlmodels.tests.folds import assert_apart, assert_complete
from mlmodels.tests.prices import autoregressive
from mlmodels.validation import (
    calibration_split,
    described,
    inner_folds,
    rolling,
    walk_forward,
)

BARS = autoregressive(700, 0.0, seed=9)


def ends_of(horizon, barrier, holes):
    """The last bar of each row's outcome; some rows lack a feature and so cannot train."""
    labels = triple_barrier(BARS, horizon, 1.0) if barrier else fixed_horizon(BARS, horizon)
    ends = labels.end.copy()
    ends[holes::37] = -1
    return ends


@settings(max_examples=25, deadline=None)
@given(
    horizon=st.integers(1, 25),
    folds=st.integers(2, 6),
    embargo=st.integers(0, 20),
    barrier=st.booleans(),
    holes=st.integers(1, 36),
    window=st.none() | st.integers(60, 300),
)
def test_no_training_outcome_touches_a_tested_one(horizon, folds, embargo, barrier, holes, window):
    ends = ends_of(horizon, barrier, holes)
    rows = np.flatnonzero(ends >= 0)
    rows = rows[rows >= 33]
    asked = {"first": 33, "folds": folds, "horizon": horizon, "embargo": embargo}
    made = walk_forward(ends, **asked) if window is None else rolling(ends, window=window, **asked)
    for fold in made:
        assert_apart(fold, ends)
        start = fold.test[0]
        assert start - fold.train[-1] > horizon + 1 + embargo
        oldest = 33 if window is None else start - window - horizon - 1 - embargo
        assert_complete(fold, rows[(rows >= oldest) & ((rows < start) | np.isin(rows, fold.test))])


@settings(max_examples=50, deadline=None)
@given(folds=st.integers(2, 9), window=st.none() | st.integers(50, 300), horizon=st.integers(1, 20))
def test_every_bar_after_the_first_training_part_is_tested_once(folds, window, horizon):
    ends = fixed_horizon(BARS, horizon).end
    made = (
        walk_forward(ends, first=20, folds=folds, horizon=horizon)
        if window is None
        else rolling(ends, first=20, folds=folds, window=window, horizon=horizon)
    )
    tested = np.concatenate([fold.test for fold in made])
    np.testing.assert_array_equal(tested, np.arange(tested[0], len(BARS)))
    assert max(fold.test.size for fold in made) - min(fold.test.size for fold in made) <= 1
    if window is not None:
        assert tested[0] == 20 + window + horizon + 1


def test_a_rolling_window_has_the_same_length_in_each_fold():
    ends = fixed_horizon(BARS, 3).end
    made = rolling(ends, first=10, folds=4, window=200, horizon=3, embargo=5)
    assert [fold.train.size for fold in made] == [200] * 4
    # gap of 3 + 1 bars for the outcome and 5 for the embargo
    assert [int(fold.test[0] - fold.train[-1]) for fold in made] == [10] * 4
    assert [fold.purged.size for fold in made] == [4] * 4
    assert [fold.embargo.size for fold in made] == [5] * 4


def test_an_expanding_window_never_forgets():
    sizes = [
        fold.train.size for fold in walk_forward(fixed_horizon(BARS, 1).end, first=5, folds=4, horizon=1)
    ]
    assert sizes == sorted(sizes)


def test_the_purge_is_the_horizon_and_the_bar_of_entry():
    # Bar 20 is the first tested one; the trade decided at 16 is bought at 17 and sold at 17 + 3 = 20: it knows.
    ends = np.arange(40) + 1 + 3
    ends[ends >= 40] = -1
    first = walk_forward(ends, first=0, folds=1, horizon=3)[0]
    assert (first.train[-1], list(first.purged), first.test[0]) == (15, [16, 17, 18, 19], 20)


def test_an_outcome_that_came_early_is_left_out_all_the_same():
    # Each trade hit its barrier at once. Kept or not must not depend on what happened.
    ends = np.arange(40) + 1
    ends[36:] = -1
    first = walk_forward(ends, first=0, folds=1, horizon=3)[0]
    assert first.train[-1] == 15


def test_an_outcome_that_comes_later_than_the_horizon_is_left_out_too():
    ends = np.arange(40) + 12
    ends[28:] = -1
    first = walk_forward(ends, first=0, folds=1, horizon=2)[0]
    assert first.train[-1] == 7  # row 8 ends at 20, where the test begins


CONFIGURATIONS = [
    {"folds": 3, "horizon": 5},
    {"folds": 2, "horizon": 20, "calibration": "sigmoid"},
    {"folds": 4, "search": "random", "embargo": 7},
    {"folds": 3, "validation": "rolling", "training_bars": 300},
    {"folds": 3, "validation": "rolling", "training_bars": 310, "search": "grid", "horizon": 15},
    {"folds": 5, "validation": "combinatorial", "test_folds": 2, "horizon": 4, "embargo": 3},
    {"folds": 4, "validation": "combinatorial", "test_folds": 3, "calibration": "isotonic"},
]


@pytest.mark.parametrize("given", CONFIGURATIONS, ids=lambda given: "-".join(map(str, given.values())))
def test_the_needed_bars_are_enough_for_every_fold_and_every_split_inside_it(given):
    configuration = TrainingConfiguration(features=("log_return(5)",), **given)
    count = needed_bars(configuration)
    bars = autoregressive(count, 0.0, seed=4)
    ends = configuration.labels(bars).end
    folds = plan(configuration, bars)
    assert len(folds) == configuration.splits
    fewest = 50 if configuration.search != "none" or configuration.calibration != "none" else 100
    for fold in folds:
        assert fold.train.size >= 100
        asked = {"horizon": configuration.horizon, "embargo": configuration.embargo}
        if configuration.search != "none":
            for fitted, scored in inner_folds(fold.train, ends, **asked):
                assert min(fitted.size, scored.size) >= fewest
        if configuration.calibration != "none":
            assert min(part.size for part in calibration_split(fold.train, ends, **asked)) >= fewest
    assert configuration.problems_with(bars) == {}
    assert configuration.problems_with(bars.head(count - 1))


@settings(max_examples=25, deadline=None)
@given(horizon=st.integers(1, 15), embargo=st.integers(0, 10), drawn=st.integers(0, 1000))
def test_splits_inside_a_training_part_are_purged_too(horizon, embargo, drawn):
    ends = fixed_horizon(BARS, horizon).end
    rows = np.flatnonzero(ends >= 0)
    # A training part with a hole, as combinatorial folds have it.
    rows = rows[(rows < 200) | (rows > 230 + drawn % 150)]
    asked = {"horizon": horizon, "embargo": embargo}
    splits = (*inner_folds(rows, ends, **asked), calibration_split(rows, ends, **asked))
    for fitted, scored in splits:
        assert ends[fitted].max() + embargo < scored.min()
        assert np.isin(fitted, rows).all()
        assert np.isin(scored, rows).all()
    np.testing.assert_array_equal(
        np.concatenate([scored for _, scored in splits[:3]]), rows[len(rows) // 4 :]
    )
    assert splits[3][1].size == rows.size // 4


def test_a_fold_is_described_in_times():
    bars = autoregressive(400, 0.0, seed=1)
    configuration = TrainingConfiguration(features=("log_return(1)",), folds=2, horizon=2, embargo=1)
    said = described(plan(configuration, bars)[0], bars.time)
    # Bars 1 to 133 train, of these 130 to 132 know the test and 129 is kept away; 134 = 1 + 399 / 3 is tested first.
    assert said["test_spans"] == [["2000-05-14T00:00:00Z", "2000-09-23T00:00:00Z"]]
    assert said["train_spans"] == [["2000-01-02T00:00:00Z", "2000-05-09T00:00:00Z"]]
    assert said["embargo_spans"] == [["2000-05-10T00:00:00Z", "2000-05-10T00:00:00Z"]]
    assert said["purged_spans"] == [["2000-05-11T00:00:00Z", "2000-05-13T00:00:00Z"]]
    assert (said["train_rows"], said["purged_rows"], said["embargo_rows"]) == (129, 3, 1)
    assert (said["train_end"], said["test_start"]) == ("2000-05-09T00:00:00Z", "2000-05-14T00:00:00Z")
