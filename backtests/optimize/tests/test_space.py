"""Spaces: which cells there are, in which order, and what is refused."""

import numpy as np
import pytest

from backtests.optimize.errors import SpaceError
from backtests.optimize.space import Axis, Grid, RandomSearch

AXES = [
    Axis("fast", (5, 10)),
    Axis("kind", ("sma", "ema", "wma")),
    Axis("configuration.stop_loss", (None, 0.05)),
]


def rows(space, first=0, last=None):
    columns = space.values_of(first, space.cell_count if last is None else last)
    return list(zip(*(column.tolist() for column in columns.values()), strict=True))


def test_a_grid_has_every_combination_with_the_last_axis_fastest():
    cells = rows(Grid(AXES))
    assert len(cells) == Grid(AXES).cell_count == 12
    assert [(fast, kind) for fast, kind, _ in cells[:4]] == [(5, "sma"), (5, "sma"), (5, "ema"), (5, "ema")]
    assert [np.isnan(stop) for *_, stop in cells[:4]] == [True, False, True, False]
    assert len({str(cell) for cell in cells}) == 12


def test_any_range_of_a_grid_is_that_part_of_the_whole():
    whole = Grid(AXES).values_of(0, 12)
    part = Grid(AXES).values_of(3, 8)
    for name, column in whole.items():
        np.testing.assert_array_equal(part[name], column[3:8])


def test_whole_numbers_stay_whole_and_mixed_ones_become_decimal():
    assert Axis("a", (1, 2)).column.dtype == np.int64
    assert Axis("a", range(1, 4)).values == (1, 2, 3)
    assert Axis("a", (1, 2.5)).column.dtype == np.float64
    assert Axis("a", (True, False)).column.dtype == np.bool_
    assert Axis("a", np.array([1, 2])).values == (1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((), "no values"),
        ((1, 2, 1), "the value 1 twice"),
        ((1, 1.0), "twice"),
        ((1, "a"), "mixes"),
        ((True, 2), "mixes"),
        ((1.0, float("inf")), "finite"),
        ((float("nan"),), "finite"),
    ],
)
def test_an_axis_says_what_is_wrong_with_its_values(values, said):
    with pytest.raises(SpaceError, match=said):
        Axis("fast", values)


def test_an_axis_needs_a_name_and_a_space_needs_axes_that_differ():
    for name in ("", "configuration."):
        with pytest.raises(SpaceError, match="no name"):
            Axis(name, (1,))
    with pytest.raises(SpaceError, match="nothing to vary"):
        Grid([])
    with pytest.raises(SpaceError, match="two axes"):
        RandomSearch([Axis("a", (1,)), Axis("a", (2,))], 1)


def test_a_random_search_draws_no_combination_twice_and_the_same_for_the_same_seed():
    axes = [Axis("a", range(30)), Axis("b", range(30))]
    cells = rows(RandomSearch(axes, 500, seed=7))
    assert len(set(cells)) == 500
    assert cells == rows(RandomSearch(axes, 500, seed=7))
    assert cells != rows(RandomSearch(axes, 500, seed=8))
    assert cells[100:200] == rows(RandomSearch(axes, 500, seed=7), 100, 200)


def test_a_random_search_is_uniform_over_the_values_of_each_axis():
    space = RandomSearch([Axis("a", range(10)), Axis("b", range(1000))], 5000, seed=1)
    counts = np.bincount(space.values_of(0, 5000)["a"], minlength=10)
    assert counts.min() > 400  # 500 expected, standard deviation 15
    assert counts.max() < 600


def test_more_samples_than_cells_take_the_whole_grid():
    space = RandomSearch([Axis("a", range(3)), Axis("b", range(2))], 100, seed=1)
    assert space.cell_count == 6
    assert len(set(rows(space))) == 6


def test_a_space_too_large_to_number_is_drawn_axis_by_axis():
    axes = [Axis(f"axis{i}", range(100)) for i in range(12)]
    space = RandomSearch(axes, 50, seed=3)
    cells = rows(space)
    assert len(set(cells)) == 50
    assert cells[10:20] == rows(space, 10, 20)


@pytest.mark.parametrize(
    "given", [{"samples": 0}, {"samples": 1.5}, {"samples": True}, {"samples": 1, "seed": -1}]
)
def test_a_random_search_refuses_counts_that_are_none(given):
    with pytest.raises(SpaceError, match="whole number"):
        RandomSearch(AXES, **given)


def test_cells_that_do_not_exist_are_refused():
    with pytest.raises(SpaceError, match="not within 0 to 12"):
        Grid(AXES).values_of(5, 13)
