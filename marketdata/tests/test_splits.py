"""Adjusting for splits, by hand-computed bars, in memory and in blocks."""

from fractions import Fraction

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.columns import BLOCK, ColumnFiles
from marketdata.errors import BarsError
from marketdata.splits import Split, SplitInvalid, adjust

NAMES = ("open", "high", "low", "close", "volume")


def made_up():
    """Four for one before the third bar: 400, 404 | 101, 102."""
    return Bars(
        time=np.array(["2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05"], dtype="datetime64[ns]"),
        open=np.array([400.0, 402.0, 100.5, 101.0]),
        high=np.array([408.0, 408.0, 102.0, 104.0]),
        low=np.array([396.0, 400.0, 100.0, 100.0]),
        close=np.array([400.0, 404.0, 101.0, 102.0]),
        volume=np.array([10.0, 20.0, 90.0, 100.0]),
    )


def test_the_bars_before_a_split_are_said_in_the_shares_after_it():
    adjusted = adjust(made_up(), [Split.of("2024-01-04", 4)])
    assert adjusted.close.tolist() == [100.0, 101.0, 101.0, 102.0]
    assert adjusted.open.tolist() == [100.0, 100.5, 100.5, 101.0]
    assert adjusted.high.tolist() == [102.0, 102.0, 102.0, 104.0]
    assert adjusted.low.tolist() == [99.0, 100.0, 100.0, 100.0]
    assert adjusted.volume.tolist() == [40.0, 80.0, 90.0, 100.0]


def test_several_splits_multiply_in_whatever_order_they_are_given():
    splits = [Split.of("2024-01-05", 0.1), Split.of("2024-01-03", 3), Split.of("2024-01-04", Fraction(3, 2))]
    adjusted = adjust(made_up(), splits)
    # Before all: 3 * 3/2 * 1/10 = 9/20 of a share; before the second: 3/20; before the last: 1/10.
    assert adjusted.close.tolist() == pytest.approx([400 * 20 / 9, 404 * 20 / 3, 1010.0, 102.0], rel=1e-15)
    assert adjusted.volume.tolist() == pytest.approx([4.5, 3.0, 9.0, 100.0], rel=1e-15)


def test_a_reverse_split_given_as_a_decimal_is_exact():
    assert Split.of("2024-01-04", 0.1).ratio == Fraction(1, 10)
    assert Split.of("2024-01-04", 1 / 3).ratio == Fraction(1, 3)
    assert adjust(made_up(), [Split.of("2024-01-04", 0.1)]).close[0] == 4000.0


def test_a_split_before_the_first_bar_or_after_the_last_changes_nothing_or_everything():
    assert adjust(made_up(), [Split.of("2024-01-02", 2)]).close.tolist() == made_up().close.tolist()
    assert adjust(made_up(), [Split.of("2025-01-01", 2)]).close.tolist() == [200.0, 202.0, 50.5, 51.0]
    assert adjust(made_up(), []).close.tolist() == made_up().close.tolist()


def test_blocks_of_columns_in_files_give_the_same_as_bars_in_memory():
    count = BLOCK + 1000
    rng = np.random.default_rng(7)
    close = 100.0 * np.exp(np.cumsum(0.001 * rng.standard_normal(count)))
    bars = Bars(
        time=np.datetime64("2020-01-01", "ns") + np.arange(count) * np.timedelta64(1, "m"),
        open=close,
        high=close * 1.01,
        low=close * 0.99,
        close=close,
        volume=np.full(count, 7.0),
    )
    splits = [Split.of(str(bars.time[BLOCK - 5]), 7), Split.of(str(bars.time[BLOCK + 5]), Fraction(2, 3))]
    whole = adjust(bars, splits)
    Bars(time=whole.time, **{name: getattr(whole, name) for name in NAMES})  # keeps the contract of bars
    with ColumnFiles() as columns:
        columns.append(time=bars.time.view(np.int64), **{name: getattr(bars, name) for name in NAMES})
        for first, block in adjust(columns, splits):
            for name in NAMES:
                assert np.array_equal(block[name], getattr(whole, name)[first : first + len(block["time"])])


@pytest.mark.parametrize("ratio", [0, 1, -2, 1.0, float("nan"), float("inf"), 1e9, 1e-9, True])
def test_what_is_no_ratio_is_refused(ratio):
    with pytest.raises(SplitInvalid, match="new shares for one old share"):
        Split.of("2024-01-04", ratio)


def test_what_is_no_time_is_refused():
    with pytest.raises(BarsError, match="not a date"):
        Split.of("some day", 2)
