"""Bars of several symbols beside each other."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.errors import BarsError
from marketdata.panel import Panel
from marketdata.providers.csv_files import CsvFilesProvider
from marketdata.tests.bars import make_bars


@pytest.fixture(scope="module")
def both():
    """Bitcoin around the clock and Apple on exchange days; Bitcoin's weekdays are moved onto Apple's years."""
    provider = CsvFilesProvider()
    apple, bitcoin = provider.history("AAPL", "1d"), provider.history("BTCUSD", "1d")
    moved = bitcoin.time - np.timedelta64(52 * 7 * 8, "D")
    columns = {name: getattr(bitcoin, name) for name in ("open", "high", "low", "close", "volume")}
    bitcoin = Bars(time=moved, **columns)
    return Panel.of({"AAPL": apple.slice(moved[0], moved[-1]), "BTCUSD": bitcoin})


def test_rows_are_the_union_of_the_times():
    early, late = make_bars(3, start="2024-01-01"), make_bars(3, start="2024-01-03", price=50.0)
    panel = Panel.of({"A": early, "B": late})
    assert panel.time.astype("datetime64[D]").astype(str).tolist() == [
        f"2024-01-0{day}" for day in range(1, 6)
    ]
    assert panel.traded.tolist() == [[True, False], [True, False], [True, True], [False, True], [False, True]]
    assert panel.close[2].tolist() == [103.0, 51.0]
    assert np.isnan(panel.open[0, 1])


def test_the_last_close_is_carried_but_not_before_the_first_bar():
    panel = Panel.of({"A": make_bars(2), "B": make_bars(2, start="2024-01-02", price=50.0)})
    assert np.array_equal(panel.last_close(), [[101, np.nan], [102, 51], [102, 52]], equal_nan=True)


def test_different_calendars_keep_all_of_their_bars(both):
    weekday = (both.time.astype("datetime64[D]").astype(int) + 3) % 7
    assert both.traded[weekday >= 5].tolist() == [[False, True]] * int((weekday >= 5).sum())
    assert both.traded[:, 1].all()
    assert len(both) == 1246
    # Exchange holidays are the other rows without a bar of Apple.
    assert 850 < both.traded[:, 0].sum() < 260 * 1246 / 365


def test_the_bars_of_one_symbol_come_out_as_they_went_in(both):
    apple = both.bars("AAPL")
    assert len(apple) == both.traded[:, 0].sum()
    assert not np.isnan(apple.close).any()
    whole = CsvFilesProvider().history("AAPL", "1d").slice(apple.time[0], apple.time[-1])
    assert (apple.time == whole.time).all()
    assert (apple.low == whole.low).all()


def test_the_head_keeps_the_symbols_and_the_first_rows(both):
    head = both.head(3)
    assert (len(head), head.symbols) == (3, both.symbols)
    assert np.array_equal(head.close, both.close[:3], equal_nan=True)
    assert len(both.head(10_000)) == len(both)


def test_nobody_can_change_a_panel(both):
    with pytest.raises(ValueError, match="read-only"):
        both.close[0, 0] = 1.0


def test_a_symbol_without_bars_is_refused_by_name():
    with pytest.raises(BarsError, match="B has no bars in this period"):
        Panel.of({"A": make_bars(3), "B": make_bars(3).head(0)})
    with pytest.raises(BarsError, match="1 to 100 symbols, not 0"):
        Panel.of({})
    with pytest.raises(BarsError, match="'C' is not in this panel"):
        Panel.of({"A": make_bars(3)}).bars("C")
