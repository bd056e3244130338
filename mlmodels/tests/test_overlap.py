"""Errors of scores whose outcomes overlap: as wide as repeated draws show, and narrow enough to catch a leak."""

import numpy as np
import pytest

from mlmodels.configuration import TrainingConfiguration
from mlmodels.evaluation.controls import chance_band
from mlmodels.evaluation.overlap import mean_error, relied_on
from mlmodels.evaluation.scoring import score
from mlmodels.tests.prices import autoregressive
from mlmodels.training import fit_rows
from mlmodels.training.data import TrainingData

SLOW = ("log_return(20)", "sma_gap(50)", "volatility(20)", "rsi(14)")


def sums(count, bars, seed):
    """Means of so many neighbouring draws: rows that overlap as outcomes do."""
    noise = np.random.default_rng(seed).standard_normal(count + bars - 1)
    return np.convolve(noise, np.full(bars, 1.0 / bars), mode="valid")


def test_by_hand():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    # Deviations -2 -1 1 2, squares 10; products at lag 1: 2 - 1 + 2 = 3, lag 2: -2 - 2 = -4, lag 3: -4.
    assert mean_error(values, 0) == pytest.approx(np.sqrt(10) / 4)
    inner = 10 + 2 * (0.75 * 3 + 0.5 * -4 + 0.25 * -4)
    assert mean_error(values, 1) == pytest.approx(np.sqrt(inner) / 4)


@pytest.mark.parametrize("bars", [1, 5, 20])
def test_the_error_is_what_repeated_draws_show(bars):
    drawn = [sums(2_000, bars, seed) for seed in range(300)]
    stated = np.mean([mean_error(values, bars - 1) for values in drawn])
    assert stated == pytest.approx(np.std([values.mean() for values in drawn]), rel=0.12)


def test_answers_that_change_are_worth_more_than_one_that_never_does():
    up = (sums(3_000, 10, 1) > 0).astype(float)
    always = score(np.full(3_000, 0.6), up, effective_rows=300, overlap=9)
    flipping = score(np.where(np.arange(3_000) % 2, 0.6, 0.4), up, effective_rows=300, overlap=9)
    assert always.effective_rows == pytest.approx(400, rel=0.4)
    assert flipping.effective_rows == 3_000
    assert flipping.accuracy_error < always.accuracy_error / 2
    assert flipping.auc_error < always.auc_error / 2


def test_too_few_rows_are_worth_no_more_than_their_outcomes():
    up = (sums(200, 10, 1) > 0).astype(float)
    flipping = np.where(np.arange(200) % 2, 0.6, 0.4)
    assert not relied_on(200, 9)
    assert score(flipping, up, effective_rows=20, overlap=9).effective_rows <= 20


def test_several_passes_over_the_same_rows_are_worth_no_more():
    up = (sums(1_000, 5, 2) > 0).astype(float)
    said = np.where(sums(1_000, 5, 3) > 0, 0.6, 0.4)
    once = score(said, up, effective_rows=200, overlap=4)
    twice = score(np.tile(said, 2), np.tile(up, 2), effective_rows=200, overlap=4, passes=2)
    assert twice.effective_rows == pytest.approx(once.effective_rows)


def test_a_leak_over_ten_bars_leaves_the_band_of_chance_and_an_honest_answer_does_not():
    """Folds drawn at random let a forest recognise the neighbours of what it is tested on."""
    data = TrainingData.of(
        TrainingConfiguration(horizon=10, features=SLOW), autoregressive(2_000, 0.0, seed=8)
    )
    forest = TrainingConfiguration(
        algorithm="random_forest", horizon=10, features=SLOW, hyperparameters={"trees": 15}
    )
    rows, fold = data.usable, np.ones(data.usable.size, dtype=np.int64)
    up, told = data.labels.up[rows], np.empty(len(data.bars))
    for part in np.array_split(np.random.default_rng(0).permutation(rows), 5):
        others = np.setdiff1d(rows, part)
        told[part] = fit_rows(forest, data.values, data.labels, others).probability_up(data.values[part])
    honest = 0.5 + 0.1 * np.random.default_rng(1).standard_normal(rows.size)
    for probability, leaks in ((told[rows], True), (honest, False)):
        effective, overlap = data.effective_rows(rows), data.overlap(rows)
        low, high = chance_band(probability, up, fold, effective, overlap=overlap)
        accuracy = ((probability > 0.5) == (up > 0.5)).mean()
        assert (accuracy > high) is np.bool_(leaks)
        assert leaks or low <= accuracy


def test_trades_of_one_bar_do_not_overlap():
    for horizon in (1, 10):
        data = TrainingData.of(
            TrainingConfiguration(horizon=horizon, features=SLOW), autoregressive(900, 0.0, seed=1)
        )
        assert data.overlap(data.usable) == horizon - 1
