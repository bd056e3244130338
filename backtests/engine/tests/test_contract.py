"""The fill contract on a few bars, with the arithmetic beside it: orders and fills, the benchmark, bad input."""

import math

import numpy as np
import pytest

from backtests.engine import EngineError, SimulationConfig, TargetError, buy_and_hold, simulate
from backtests.engine.tests.cases import flat_bars, make_bars, one_trade
from marketdata.bars import Bars

NAN = math.nan


# Orders and fills


def test_an_order_fills_at_the_next_open_and_equity_is_marked_at_the_close():
    bars = make_bars((10, 10, 10, 10), (20, 25, 20, 25), (30, 30, 24, 24), (28, 28, 28, 28))
    sim, trade = one_trade(bars, [1, 1, 0, 0], initial_capital=1000.0)
    # 1000 / 20 = 50 units at open[1]; marks 50 * 25, 50 * 24; sold at open[3] = 28 -> 1400.
    assert sim.equity.tolist() == [1000.0, 1250.0, 1200.0, 1400.0]
    assert sim.quantity.tolist() == [0.0, 50.0, 50.0, 0.0]
    assert (trade["entry_bar"], trade["exit_bar"], trade["bars_held"]) == (1, 3, 2)
    assert (trade["entry_price"], trade["exit_price"], trade["qty"]) == (20.0, 28.0, 50.0)
    assert (trade["gross"], trade["fees"], trade["pnl"], trade["reason"]) == (400.0, 0.0, 400.0, "signal")
    assert trade["ret"] == pytest.approx(0.4)
    assert str(trade["entry_time"])[:10] == "2020-01-02"
    assert sim.exposure == 0.5
    # Bars 1 and 2 are still open at their close: low 20, high 30, then the exit 28.
    assert (trade["mae"], trade["mfe"]) == (0.0, 10.0)


def test_a_signal_on_the_last_bar_never_fills():
    sim = simulate(flat_bars(10, 11, 12), [0, 0, 1])
    assert len(sim.trades) == 0
    assert sim.orders == 0
    assert sim.equity.tolist() == [10_000.0] * 3


def test_nan_keeps_the_target_of_the_bar_before():
    sim, trade = one_trade(flat_bars(10, 10, 11, 12, 13), [NAN, 1, NAN, 0, NAN])
    assert (trade["entry_bar"], trade["exit_bar"]) == (2, 4)
    assert sim.orders == 2


def test_an_unchanged_target_sends_no_order():
    sim, trade = one_trade(flat_bars(10, 10, 12, 9, 11), [1, 1, 1, 1, 1])
    assert sim.orders == 1
    assert trade["reason"] == "end"


def test_without_shorts_minus_one_means_out():
    sim, trade = one_trade(flat_bars(10, 10, 12, 9, 8), [1, -1, -1, -1, -1], allow_short=False)
    assert (trade["exit_bar"], trade["reason"]) == (2, "signal")
    assert sim.final_equity == pytest.approx(12_000.0)


def test_a_flip_is_two_fills_two_fees_and_two_trades():
    bars = flat_bars(10, 10, 20, 20, 16)
    sim = simulate(bars, [1, -1, -1, 0, 0], SimulationConfig(initial_capital=1001.0, commission_fixed=1.0))
    # Buy at 10: (1001 - 1) / 10 = 100 units, cash 0. Sell at 20: 2000 - 1 = 1999.
    # Short with that cash: (1999 - 1) / 20 = 99.9 units; cash 1999 + 1998 - 1 = 3996.
    # Cover at 16: 3996 - 99.9 * 16 - 1 = 2396.6.
    first, second = sim.trades
    assert (first["qty"], first["gross"], first["fees"], first["pnl"]) == (100.0, 1000.0, 2.0, 998.0)
    assert second["qty"] == pytest.approx(-99.9)
    assert (second["entry_bar"], second["exit_bar"]) == (2, 4)
    assert second["pnl"] == pytest.approx(99.9 * 4 - 2)
    assert sim.final_equity == pytest.approx(2396.6)
    assert sim.fees_paid == 4.0
    assert sim.orders == 3


# Fill at the close


def test_fill_at_the_close_trades_at_the_price_it_was_decided_on():
    bars = make_bars((10, 10, 10, 10), (12, 12, 12, 12), (15, 16, 14, 15), (20, 20, 20, 20))
    sim, trade = one_trade(bars, [1, 1, 0, 1], fill="close", initial_capital=1000.0)
    assert (trade["entry_bar"], trade["entry_price"], trade["exit_bar"], trade["exit_price"]) == (
        0,
        10.0,
        2,
        15.0,
    )
    assert sim.equity.tolist() == [1000.0, 1200.0, 1500.0, 1500.0]  # the last bar's signal is not filled
    assert sim.config.optimistic
    assert (trade["mae"], trade["mfe"]) == (0.0, 6.0)


# Benchmark and bad input


def test_buy_and_hold_pays_the_same_costs_and_no_exits():
    config = SimulationConfig(stop_loss=0.01, sizing="units", size=3, commission=0.01, borrow_rate=0.1)
    sim = buy_and_hold(flat_bars(100, 100, 50, 200), config)
    assert sim.trades["reason"].tolist() == ["end"]
    assert sim.final_equity == pytest.approx(10_000 / 1.01 * 2 * 0.99)


def test_one_bar_is_a_run_without_trades():
    sim = simulate(flat_bars(100), [1])
    assert sim.equity.tolist() == [10_000.0]
    assert sim.exposure == 0.0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ([0, 0.5, 0], ["bar 1", "2020-01-02", "0.5", "Use -1, 0, +1"]),
        ([0, 0, math.inf], ["bar 2", "inf"]),
        ([0, 0], ["shape 2", "3 bars"]),
        ([[0], [0], [0]], ["shape 3x1"]),
        (["a", "b", "c"], ["not a number"]),
    ],
)
def test_a_bad_target_is_refused_by_bar_and_value(target, words):
    with pytest.raises(TargetError) as caught:
        simulate(flat_bars(1, 2, 3), target)
    for word in words:
        assert word in caught.value.detail


def test_no_bars_and_no_periods_are_refused():
    empty = flat_bars(1.0).head(0)
    assert isinstance(empty, Bars)
    with pytest.raises(EngineError, match="no bars"):
        simulate(empty, [])
    for value in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(EngineError, match="periods_per_year"):
            simulate(flat_bars(1, 2), [0, 0], periods_per_year=value)


def test_results_cannot_be_changed():
    sim = simulate(flat_bars(1, 2, 3), [1, 1, 1])
    for array in (sim.equity, sim.quantity, sim.trades):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]
    assert np.asarray(sim.trades).dtype.names[0] == "entry_bar"
