"""Maps by hand: what a square shows, which cell it leads to, and how long axes share squares. No framework."""

import math

import numpy as np
import pytest

from backtests.optimize.space import Axis
from backtests.sweeps.cells import UnknownColumn
from backtests.sweeps.surface import SurfaceRefused, surface
from backtests.sweeps.tests.test_cells import cells_of

NAN = math.nan
FAST, SLOW, KIND = Axis("fast", (2, 4)), Axis("slow", (10, 20, 30)), Axis("kind", ("sma", "ema", "wma"))


def test_two_axes_without_others_show_each_cell():
    found = surface(cells_of((FAST, SLOW), [1, 2, 3, 4, 5, 6]), "sharpe_ratio", "slow", "fast")
    assert found.values.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found.cells.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found.counts.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_the_sides_can_be_swapped():
    found = surface(cells_of((FAST, SLOW), [1, 2, 3, 4, 5, 6]), "sharpe_ratio", "fast", "slow")
    assert found.values.tolist() == [[1, 4], [2, 5], [3, 6]]


def test_a_square_of_several_shows_the_best_or_the_lower_median_with_its_cell():
    # fast 2: kinds 1, 9, 5; fast 4: kinds 4, none, 2.
    cells = cells_of((FAST, KIND), [1, 9, 5, 4, NAN, 2])
    best = surface(cells, "sharpe_ratio", "fast", how="best")
    assert (best.values.tolist(), best.cells.tolist(), best.counts.tolist()) == ([[9, 4]], [[1, 3]], [[3, 2]])
    median = surface(cells, "sharpe_ratio", "fast", how="median")
    assert (median.values.tolist(), median.cells.tolist()) == ([[5, 2]], [[2, 5]])


def test_less_volatility_is_better():
    cells = cells_of((FAST, KIND), [1, 9, 5, 4, NAN, 2])
    cells.metrics["volatility"][:] = [1, 9, 5, 4, NAN, 2]
    assert surface(cells, "volatility", "fast", how="best").values.tolist() == [[1, 2]]
    assert surface(cells, "volatility", "fast", how="median").values.tolist() == [[5, 2]]


def test_a_held_axis_leaves_only_its_cells():
    cells = cells_of((FAST, KIND), [1, 9, 5, 4, NAN, 2])
    found = surface(cells, "sharpe_ratio", "fast", fixed={"kind": 1})
    assert found.values[0, 0] == 9
    assert math.isnan(found.values[0, 1])
    assert found.cells.tolist() == [[1, 4]], "a square without a value still leads to its cell"


def test_numbers_stand_in_their_order_and_texts_as_given():
    cells = cells_of((Axis("slow", (30, 10, 20)),), [3, 1, 2])
    found = surface(cells, "sharpe_ratio", "slow")
    assert (found.x.first, found.values.tolist()) == ((10, 20, 30), [[1, 2, 3]])
    assert surface(cells_of((KIND,), [3, 1, 2]), "sharpe_ratio", "kind").x.first == ("sma", "ema", "wma")


def test_a_long_axis_shares_squares_evenly():
    cells = cells_of((Axis("a", tuple(range(10))),), range(10))
    found = surface(cells, "sharpe_ratio", "a", side=4)
    assert found.x.is_binned
    assert (found.x.first, found.x.last) == ((0, 3, 5, 8), (2, 4, 7, 9))
    assert found.values.tolist() == [[2, 4, 7, 9]]
    assert found.counts.tolist() == [[3, 2, 3, 2]]


def test_colours_end_at_percentiles():
    cells = cells_of((Axis("a", tuple(range(101))),), range(101))
    found = surface(cells, "sharpe_ratio", "a")
    assert (found.low, found.high) == (2.0, 98.0)
    assert math.isnan(surface(cells, "cagr", "a").low)


def test_the_fast_way_equals_a_plain_loop():
    random = np.random.default_rng(5)
    axes = (Axis("a", tuple(range(7))), Axis("b", tuple(range(5))), Axis("c", tuple(range(6))))
    values = np.round(random.normal(size=210), 1)
    values[random.random(210) < 0.2] = NAN
    cells = cells_of(axes, values)
    for how in ("best", "median"):
        found = surface(cells, "sharpe_ratio", "a", "c", how=how)
        for a in range(7):
            for c in range(6):
                here = [
                    cell
                    for cell in range(210)
                    if (cells.values(cell)["a"], cells.values(cell)["c"]) == (a, c)
                ]
                known = sorted(values[cell] for cell in here if not math.isnan(values[cell]))
                if not known:
                    assert math.isnan(found.values[c, a])
                    continue
                expected = known[-1] if how == "best" else known[(len(known) - 1) // 2]
                assert found.values[c, a] == expected
                assert values[found.cells[c, a]] == expected
                assert found.cells[c, a] in here


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (SurfaceRefused, {"x": "fast", "y": "fast"}),
        (SurfaceRefused, {"x": "fast", "how": "mean"}),
        (SurfaceRefused, {"x": "fast", "fixed": {"fast": 0}}),
        (SurfaceRefused, {"x": "fast", "fixed": {"slow": 3}}),
        (UnknownColumn, {"x": "fasst"}),
        (UnknownColumn, {"x": "fast", "fixed": {"nothing": 0}}),
        (UnknownColumn, {"x": "fast", "metric": "sharpe"}),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(error, arguments):
    asked = {"metric": "sharpe_ratio", **arguments}
    with pytest.raises(error):
        surface(cells_of((FAST, SLOW), range(6)), **asked)
