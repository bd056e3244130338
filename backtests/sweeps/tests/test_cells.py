"""Sorting, neighbours and sums over cells, by numbers small enough to check by hand. No framework."""

import math

import numpy as np
import pytest

from backtests.optimize.result import SWEEP_METRICS, SweepResult
from backtests.optimize.space import Axis, Grid, RandomSearch
from backtests.sweeps.cells import Cells, UnknownColumn

NAN = math.nan


def cells_of(axes, sharpe, *, returns=None, trades=None, valid=None, space=None):
    """Cells whose Sharpe ratios are given; the other figures follow from them or are NaN."""
    space = space or Grid(axes)
    sharpe = np.array(sharpe, dtype=np.float64)
    metrics = {name: np.full(len(sharpe), NAN) for name in SWEEP_METRICS}
    metrics["sharpe_ratio"] = sharpe
    metrics["total_return"] = np.array(returns, dtype=np.float64) if returns is not None else sharpe / 10
    metrics["total_trades"] = (
        np.array(trades, dtype=np.float64) if trades is not None else np.arange(len(sharpe)) * 1.0
    )
    known = ~np.isnan(sharpe) if valid is None else np.array(valid)
    result = SweepResult(space.values_of(0, space.cell_count), metrics, known)
    return Cells.of_result(tuple(axes), result, is_grid=isinstance(space, Grid))


FAST, SLOW = Axis("fast", (2, 4)), Axis("slow", (10, 20, 30))


def test_a_cell_has_the_values_of_the_grid_s_order():
    cells = cells_of((FAST, SLOW), [1, 2, 3, 4, 5, 6])
    assert [cells.values(cell) for cell in (0, 1, 3)] == [
        {"fast": 2, "slow": 10},
        {"fast": 2, "slow": 20},
        {"fast": 4, "slow": 10},
    ]


def test_the_page_of_a_figure_is_sorted_with_equal_ones_by_number_and_missing_ones_last():
    cells = cells_of((FAST, SLOW), [1, NAN, 3, 1, 3, 2])
    assert cells.page("-sharpe_ratio", 0, 6) == [2, 4, 5, 0, 3, 1]
    assert cells.page("sharpe_ratio", 0, 6) == [0, 3, 5, 2, 4, 1]
    assert cells.page("-sharpe_ratio", 1, 4) == [4, 5, 0]
    assert cells.page("-sharpe_ratio", 4, 99) == [3, 1]
    assert cells.page("-cell", 0, 2) == [5, 4]
    assert cells.page("-slow", 0, 4) == [2, 5, 1, 4]


def test_a_page_equals_the_slice_of_the_whole_order_wherever_it_lies():
    random = np.random.default_rng(1)
    values = np.round(random.normal(size=300), 1)
    values[random.random(300) < 0.1] = NAN
    cells = cells_of((Axis("a", tuple(range(300))),), values)
    for sort in ("sharpe_ratio", "-sharpe_ratio"):
        whole = cells.page(sort, 0, 300)
        assert sorted(whole) == list(range(300))
        for first in range(0, 300, 37):
            assert cells.page(sort, first, first + 37) == whole[first : first + 37]


def test_an_unknown_sort_names_the_nearest():
    with pytest.raises(UnknownColumn, match="Did you mean 'sharpe_ratio'"):
        cells_of((FAST, SLOW), range(6)).page("sharp_ratio", 0, 1)


def test_the_best_is_the_highest_but_of_volatility_the_lowest():
    cells = cells_of((FAST, SLOW), [1, 5, 3, 4, 5, NAN])
    cells.metrics["volatility"][:] = [3, 2, 1, 4, 5, NAN]
    assert cells.best("sharpe_ratio") == 1
    assert cells.best("volatility") == 2
    assert cells.best("cagr") is None


def test_counts_are_whole_numbers_or_nothing():
    cells = cells_of((FAST, SLOW), [1, 2, 3, NAN, 5, 6], trades=[0, 7, 3, NAN, 2, 1])
    assert cells.metrics["total_trades"].dtype == np.int32
    assert [cells.figures(cell)["total_trades"] for cell in (0, 1, 3)] == [0, 7, None]
    assert cells.page("total_trades", 0, 6) == [0, 5, 4, 2, 1, 3]


def test_medians_and_shares_leave_out_what_was_not_run():
    cells = cells_of((FAST, SLOW), [1, NAN, 3, -4, 6, NAN])
    assert cells.valid_count == 4
    assert cells.median("sharpe_ratio") == 2.0
    assert cells.profitable_share() == 0.75
    assert math.isnan(cells.median("cagr"))


def test_neighbours_are_one_step_along_each_axis():
    # fast 2: 1 2 3, fast 4: 4 5 6. Beside (2, 20) stand 1 and 3 (slow) and 5 (fast).
    cells = cells_of((FAST, SLOW), [1, 2, 3, 4, 5, 6], returns=[-1, 1, 1, 1, 1, 1])
    found = cells.neighbours(1, "sharpe_ratio")
    assert (found.count, found.median, found.profitable) == (3, 3.0, 2)
    assert cells.neighbours(0, "sharpe_ratio").count == 2


def test_neighbours_follow_the_values_and_not_their_order_in_the_request():
    cells = cells_of((Axis("slow", (30, 10, 20)),), [3, 1, 2])
    assert cells.neighbours(0, "sharpe_ratio").median == 2.0
    assert cells.neighbours(2, "sharpe_ratio").median == 2.0


def test_choices_and_random_samples_have_no_neighbours():
    kinds = Axis("kind", ("sma", "ema"))
    assert cells_of((kinds,), [1, 2]).neighbours(0, "sharpe_ratio").count == 0
    space = RandomSearch((FAST, SLOW), 4, 1)
    assert cells_of((FAST, SLOW), [1, 2, 3, 4], space=space).neighbours(0, "sharpe_ratio") is None


def test_an_empty_setting_is_none_again_and_sorts_last():
    stops = Axis("configuration.stop_loss", (None, 0.05, 0.02))
    cells = cells_of((stops,), [1, 2, 3])
    assert [cells.values(cell)["configuration.stop_loss"] for cell in range(3)] == [None, 0.05, 0.02]
    assert cells.page("configuration.stop_loss", 0, 3) == [2, 1, 0]
    assert cells.neighbours(1, "sharpe_ratio").count == 1


def test_places_take_as_few_bytes_as_the_axis_needs():
    cells = cells_of((FAST, Axis("long", tuple(range(300)))), range(600))
    assert [places.dtype.itemsize for places in cells.places] == [1, 2]
