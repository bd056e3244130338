"""Steps of lines decide a comparison only as the values do."""

import numpy as np
import pytest

from backtests.optimize.coarse import SPAN, scale_of, store_lines_nb
from strategies.crossing import above, below

BARS = 3 * SPAN + 17


def stored(values, close):
    width = (len(values) + 63) // 64 * 64
    rows, steps = np.empty((3, width)), np.zeros((3, width), dtype=np.uint16)
    known = np.empty(2, dtype=np.int64)
    store_lines_nb(np.array([values, values[::-1]]), scale_of(close), np.array([2, 0]), rows, steps, known)
    assert rows[2, : len(values)].tobytes() == values.tobytes()
    assert rows[0, : len(values)].tobytes() == values[::-1].tobytes()
    assert np.isnan(rows[[0, 2], len(values) :]).all()
    return known[0], steps[2, : len(values)].astype(int)


@pytest.mark.parametrize("price", [1e-8, 1.0, 5e4, 1e12])
@pytest.mark.parametrize("move", [0.0, 1e-13, 1e-9, 1e-3, 0.5])
def test_two_steps_apart_is_above_or_below(price, move):
    rng = np.random.default_rng(4)
    close = price * np.exp(rng.normal(0.0, 1.0, BARS).clip(-3, 3) * move)
    fast = close * (1.0 + rng.choice([0.0, 1e-13, 1e-12, 1e-9, 1e-6, -1e-13, -1e-6, 0.3, -0.3], BARS))
    (_, one), (_, two) = stored(fast, close), stored(close, close)
    assert above(fast, close)[one - two > 1].all()
    assert below(fast, close)[two - one > 1].all()
    if move >= 1e-3:
        assert (np.abs(one - two) > 1).any()


def test_steps_rise_with_the_values_and_end_at_the_ends_of_the_range():
    close = np.linspace(100.0, 200.0, SPAN)
    known, steps = stored(np.linspace(1.0, 400.0, SPAN), close)
    assert (np.diff(steps) >= 0).all()
    assert (known, steps[0], steps[-1]) == (0, 0, 65_534)
    inside = stored(close, close)[1]
    assert (inside[0], inside[-1]) == (1, 65_534)


@pytest.mark.parametrize("known", [0, 1, 70, BARS - 1, BARS])
def test_the_first_bar_with_a_value_is_found(known):
    values = np.where(np.arange(BARS) < known, np.nan, 1.0)
    assert stored(values, np.ones(BARS))[0] == known
