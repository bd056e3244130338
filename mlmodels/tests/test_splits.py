"""Folds: trained only on what came before, and nothing of the test known in training."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmodels.errors import TrainingError
from mlmodels.labels import fixed_horizon, triple_barrier
from mlmodels.splits import MIN_TRAINING_ROWS, needed_bars, purged, walk_forward
from mlmodels.tests.prices import autoregressive

BARS = autoregressive(1500, 0.0, seed=9)


@settings(max_examples=60, deadline=None)
@given(
    horizon=st.integers(1, 40),
    folds=st.integers(2, 6),
    embargo=st.integers(0, 30),
    barrier=st.booleans(),
)
def test_no_training_label_reaches_into_its_test_block(horizon, folds, embargo, barrier):
    labels = triple_barrier(BARS, horizon, 1.0) if barrier else fixed_horizon(BARS, horizon)
    for fold in walk_forward(labels.end, first=33, folds=folds, horizon=horizon, embargo=embargo):
        assert labels.end[fold.train].max() < fold.test[0]
        # gap of at least horizon + 1 bars between the last row trained on and the first one tested on
        assert fold.test[0] - fold.train[-1] > horizon + 1 + embargo
        assert fold.train.size >= MIN_TRAINING_ROWS
        assert fold.train[0] >= 33


def test_the_test_blocks_follow_each_other_to_the_last_bar():
    folds = walk_forward(fixed_horizon(BARS, 1).end, first=33, folds=5, horizon=1)
    tested = np.concatenate([fold.test for fold in folds])
    np.testing.assert_array_equal(tested, np.arange(tested[0], len(BARS)))
    sizes = [fold.train.size for fold in folds]
    assert sizes == sorted(sizes)


def test_exactly_the_needed_bars_are_enough_and_one_less_is_refused():
    count = needed_bars(warmup=33, horizon=5, folds=3)
    ends = fixed_horizon(BARS.head(count), 5).end
    assert len(walk_forward(ends, first=33, folds=3, horizon=5)) == 3
    with pytest.raises(
        TrainingError, match=f"{count - 1:,} bars are too few for 3 folds .* {count:,} are needed"
    ):
        walk_forward(ends[:-1], first=33, folds=3, horizon=5)


def test_training_after_a_test_block_waits_for_the_embargo():
    rows, ends = np.arange(100), np.arange(100) + 3
    kept = purged(rows, ends, 40, 60, horizon=2, embargo=5)
    # before: label of t ends at t + 3, and t + 1 + 2 + 5 < 40 leaves t <= 31; after: from 60 + 2 + 5 on
    np.testing.assert_array_equal(kept, np.concatenate([np.arange(32), np.arange(67, 100)]))


def test_a_label_that_ends_later_than_its_horizon_is_purged_too():
    rows = np.arange(40)
    # ends 12 bars on, although the horizon says 2: row 28 ends at 40, where the test begins
    np.testing.assert_array_equal(purged(rows, rows + 12, 40, 60, horizon=2), np.arange(28))
