"""Combinatorial purged validation, against its definition and against skfolio's."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.model_selection import CombinatorialPurgedCV

from mlmodels.configuration import TrainingConfiguration
from mlmodels.errors import TrainingError
from mlmodels.labels import fixed_horizon, triple_barrier
from mlmodels.tests.folds import assert_apart, assert_complete
from mlmodels.tests.prices import autoregressive
from mlmodels.validation import combinatorial, count_paths, count_splits, paths

BARS = autoregressive(420, 0.0, seed=9)

SHAPES = st.integers(2, 7).flatmap(lambda blocks: st.tuples(st.just(blocks), st.integers(1, blocks - 1)))


@settings(max_examples=20, deadline=None)
@given(shape=SHAPES, horizon=st.integers(1, 12), embargo=st.integers(0, 9), barrier=st.booleans())
def test_no_training_outcome_touches_a_tested_one_on_either_side(shape, horizon, embargo, barrier):
    labels = triple_barrier(BARS, horizon, 1.0) if barrier else fixed_horizon(BARS, horizon)
    blocks, tested = shape
    ends = labels.end.copy()
    ends[3::41] = -1
    rows = np.flatnonzero(ends >= 0)
    rows = rows[rows >= 25]
    for fold in combinatorial(ends, first=25, blocks=blocks, tested=tested, horizon=horizon, embargo=embargo)[
        :8
    ]:
        assert_apart(fold, ends)
        assert_complete(fold, rows)
        for _first, last in fold.spans.test:
            after = fold.train[fold.train > last]
            assert not after.size or after[0] > last + 1 + horizon + embargo


@given(shape=SHAPES)
@settings(deadline=None)
def test_every_bar_is_tested_equally_often_and_paths_cover_all_blocks(shape):
    blocks, tested = shape
    folds = combinatorial(fixed_horizon(BARS, 1).end, first=20, blocks=blocks, tested=tested, horizon=1)
    assert len(folds) == count_splits(blocks, tested) == comb(blocks, tested)
    times = np.zeros(len(BARS), dtype=int)
    for fold in folds:
        times[fold.test] += 1
    assert set(times[:20]) == {0}
    assert set(times[20:]) == {comb(blocks - 1, tested - 1)}
    found = paths(folds)
    assert found.shape == (count_paths(blocks, tested), blocks)
    used = [(int(index), block) for path in found for block, index in enumerate(path)]
    assert len(set(used)) == len(used)
    assert all(block in folds[index].blocks for index, block in used)


@pytest.mark.parametrize(
    ("blocks", "tested", "horizon", "embargo"),
    [(3, 2, 1, 0), (6, 2, 4, 3), (8, 3, 2, 0), (5, 4, 1, 6), (10, 2, 9, 2)],
)
def test_the_splits_and_paths_are_those_of_skfolio(blocks, tested, horizon, embargo):
    count = blocks * 40
    ends = np.arange(count) + 1 + horizon  # skfolio knows no rows without an outcome
    ours = combinatorial(ends, first=0, blocks=blocks, tested=tested, horizon=horizon, embargo=embargo)
    # Its purge is a number of rows on both sides: those that the outcome looks ahead, and the bar of entry.
    theirs = CombinatorialPurgedCV(blocks, tested, purged_size=horizon + 1, embargo_size=embargo)
    split = list(theirs.split(np.zeros((count, 1))))
    assert len(split) == len(ours)
    for fold, (train, tests) in zip(ours, split, strict=True):
        np.testing.assert_array_equal(fold.train, train)
        np.testing.assert_array_equal(fold.test, np.concatenate(tests))
    np.testing.assert_array_equal(paths(ours), theirs.recombined_paths.T)


def test_neighbouring_test_blocks_are_one_stretch():
    folds = combinatorial(np.arange(60) + 2, first=0, blocks=6, tested=2, horizon=1)
    assert folds[0].blocks == (0, 1)
    assert folds[0].spans.test == ((0, 19),)
    assert folds[0].tests == ((0, 9), (10, 19))
    # After them rows 20 and 21 are purged: the outcome of row 19 looks at bar 21.
    assert folds[0].spans.purged == ((20, 21),)


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"folds": 4, "test_folds": 4}, "test_folds", "at least one has to train"),
        ({"folds": 12, "test_folds": 6}, "test_folds", "takes 924 splits; the limit is 120"),
        (
            {"folds": 16, "test_folds": 2, "search": "random", "search_trials": 200},
            "search_trials",
            "72,961 models",
        ),
    ],
)
def test_too_many_splits_are_refused(given, field, said):
    with pytest.raises(TrainingError) as caught:
        TrainingConfiguration(validation="combinatorial", **given)
    assert list(caught.value.fields) == [field]
    assert said in caught.value.fields[field][0]
