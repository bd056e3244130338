"""Numbers of what is distinct, and lines whose memory is used again."""

import numpy as np
import pytest

from backtests.engine.tests.cases import random_bars
from backtests.optimize.cells import Crossings
from backtests.optimize.distinct import kinds_of, numbered
from backtests.optimize.lines import LineStore
from backtests.optimize.tasks import _LINES, crossing_tasks

COLUMNS = {
    "close together": np.array([7, 5, 7, 9, 5]),
    "far apart": np.array([2**62, -(2**62), 2**62]),
    "decimal, with an empty one": np.array([0.5, np.nan, 0.1, np.nan]),
    "text": np.array(["sma", "ema", "sma"]),
    "switches": np.array([True, False, True]),
    "none": np.array([], dtype=np.int64),
}


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_the_kinds_of_a_column_are_those_that_sorting_finds(column):
    kinds, place = kinds_of(column)
    np.testing.assert_array_equal(kinds, np.unique(column))
    np.testing.assert_array_equal(kinds[place], column)


def test_combinations_are_numbered_by_their_first_row():
    number, first = numbered({"a": np.array([2, 1, 2, 1, 2]), "b": np.array([0.5, 0.5, 0.5, np.nan, 0.5])}, 5)
    assert number.tolist() == [2, 0, 2, 1, 2]
    assert first.tolist() == [1, 3, 0]


def test_rows_without_columns_are_one_combination():
    number, first = numbered({}, 3)
    assert (number.tolist(), first.tolist()) == ([0, 0, 0], [0])
    assert [len(part) for part in numbered({}, 0)] == [0, 0]


def test_a_lent_line_keeps_its_memory_and_others_make_room():
    bars = random_bars(np.random.default_rng(1), 100)
    store = LineStore(bars, lambda bars, keys: np.array([np.full(len(bars), float(key)) for key in keys]))
    store.capacity = 2
    with store.lent(np.array([1, 2, 3])) as lent:
        assert lent.known.tolist() == [0, 0, 0]
        with store.lent(np.array([2, 4, 5])) as more:
            assert more.rows[0] == lent.rows[1]
            assert len({*lent.rows.tolist(), *more.rows.tolist()}) == 5
    assert all(not line.users for line in store._lines.values())
    for keys in ([6, 7], [8, 9], [10, 11]):
        with store.lent(np.array(keys)):
            pass
    assert (
        len(store._lines) == 6
    )  # three pieces of two: what was lent at one time, though more than the capacity
    assert all((line.piece.rows[line.slot, :100] == key).all() for key, line in store._lines.items())


def test_a_line_of_which_nothing_is_known_begins_after_the_last_bar():
    store = LineStore(
        random_bars(np.random.default_rng(1), 5000),
        lambda bars, keys: np.array([_from(key, len(bars)) for key in keys]),
    )
    with store.lent(np.array([0, 30, 4999, 5000])) as lent:
        assert lent.known.tolist() == [0, 30, 4999, 5000]


def test_tasks_hold_every_pair_once_and_few_lines():
    fast, slow = (part.ravel() for part in np.meshgrid(np.arange(4), np.arange(1000, 1500)))
    found = Crossings(np.arange(len(fast)), fast, slow)
    tasks = list(crossing_tasks(found, 2520))
    assert np.sort(np.concatenate(tasks)).tolist() == list(range(len(fast)))
    assert max(len(np.unique((fast[task], slow[task]))) for task in tasks) <= _LINES


def _from(first, bars):
    return np.where(np.arange(bars) < first, np.nan, 1.0)
