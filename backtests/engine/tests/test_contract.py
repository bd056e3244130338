"""Each rule of the fill contract on a few bars, with the arithmetic beside it."""

import math

import numpy as np
import pytest

from backtests.engine import EngineError, SimulationConfig, TargetError, buy_and_hold, simulate
from backtests.engine.tests.cases import flat_bars, make_bars
from marketdata.bars import Bars

NAN = math.nan


def one_trade(bars, target, **settings):
    sim = simulate(bars, target, SimulationConfig(**settings))
    assert len(sim.trades) == 1
    return sim, sim.trades[0]


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


# Costs


def test_the_fee_is_the_larger_of_the_minimum_and_the_rate_plus_the_fixed_part():
    bars = flat_bars(100, 100, 100, 300, 300)
    config = SimulationConfig(
        sizing="units", size=2, commission=0.01, commission_fixed=1.0, commission_min=5.0
    )
    sim = simulate(bars, [1, 1, 0, 0, 0], config)
    # In: 200 * 1 % + 1 = 3 -> the minimum 5. Out: 600 * 1 % + 1 = 7.
    assert sim.trades[0]["fees"] == 12.0
    assert sim.final_equity == 10_000.0 + 400.0 - 12.0


def test_slippage_and_half_the_spread_move_every_fill_against_the_account():
    bars = flat_bars(100, 100, 100, 100, 100)
    config = SimulationConfig(sizing="units", size=10, slippage=0.01, spread=0.02)
    sim = simulate(bars, [1, -1, 0, 0, 0], config)
    # 1 % + 2 % / 2 = 2 %: long 102 -> 98, short 98 -> 102: each loses 10 * 4.
    assert sim.trades["entry_price"].tolist() == [102.0, 98.0]
    assert sim.trades["exit_price"].tolist() == [98.0, 102.0]
    assert sim.trades["pnl"].tolist() == [-40.0, -40.0]
    assert sim.slippage_paid == pytest.approx(80.0)  # four fills of 10 units, 2 each


def test_the_end_liquidation_pays_costs_and_the_marked_value_is_kept():
    config = SimulationConfig(sizing="units", size=10, slippage=0.01, commission=0.01)
    sim, trade = one_trade(flat_bars(100, 100, 200), [1, 1, 1], **config.to_dict())
    # In: 101 * 10 = 1010, fee 10.10. Marked: 10000 - 1020.1 + 2000. Out: 198 * 10 = 1980, fee 19.80.
    assert sim.marked_equity == pytest.approx(10_979.9)
    assert sim.final_equity == pytest.approx(10_979.9 - 20.0 - 19.8)
    assert sim.equity[-1] == sim.final_equity
    assert (trade["reason"], trade["exit_bar"]) == ("end", 2)
    assert sim.exposure == pytest.approx(2 / 3)


def test_without_end_liquidation_the_position_stays_open_and_unrecorded():
    sim = simulate(flat_bars(100, 100, 200), [1, 1, 1], SimulationConfig(liquidate_at_end=False))
    assert len(sim.trades) == 0
    assert sim.open_quantity == 100.0
    assert sim.final_equity == sim.marked_equity == 20_000.0


# Sizing


def test_all_in_spends_all_cash_with_the_fee_inside():
    _, trade = one_trade(
        flat_bars(100, 100, 100), [1, 1, 1], initial_capital=1011.0, commission=0.01, commission_fixed=1.0
    )
    assert trade["qty"] == pytest.approx((1011 - 1) / (100 * 1.01))  # 10 units


def test_all_in_short_sells_what_the_cash_covers_with_the_fee():
    sim, trade = one_trade(flat_bars(100, 100, 50), [-1, -1, -1], initial_capital=1010.0, commission=0.01)
    assert trade["qty"] == pytest.approx(-10.0)  # 10 * 100 * 1.01 = 1010
    assert sim.final_equity == pytest.approx(1010 + 500 - 10 - 5)


def test_all_in_sets_a_binding_minimum_fee_aside_instead_of_refusing():
    sim, trade = one_trade(
        flat_bars(100, 100, 100), [1, 1, 1], initial_capital=1000.0, commission=0.001, commission_min=50.0
    )
    assert trade["qty"] == pytest.approx(9.5)  # (1000 - 50) / 100
    assert sim.final_equity == pytest.approx(900.0)


def test_whole_units_are_rounded_down_and_the_rest_stays_cash():
    sim, trade = one_trade(flat_bars(30, 30, 60), [1, 1, 1], initial_capital=100.0, whole_units=True)
    assert trade["qty"] == 3.0
    assert sim.final_equity == 190.0


def test_whole_units_survive_rounding_noise():
    _, trade = one_trade(flat_bars(0.1, 0.1, 0.1), [1, 1, 1], initial_capital=0.3, whole_units=True)
    assert trade["qty"] == 3.0  # 0.3 / 0.1 is 2.9999999999999996 in floats


def test_fraction_and_cash_sizing():
    _, half = one_trade(flat_bars(100, 100, 100), [1, 1, 1], sizing="fraction", size=0.5)
    assert half["qty"] == 50.0
    _, cash = one_trade(flat_bars(100, 100, 100), [1, 1, 1], sizing="cash", size=1010.0, commission=0.01)
    assert cash["qty"] == pytest.approx(10.0)  # the fee of 10 is inside the 1010


def test_leverage_lets_a_fraction_above_one_borrow():
    sim, trade = one_trade(flat_bars(100, 100, 110), [1, 1, 1], sizing="fraction", size=2.0, leverage=2.0)
    assert trade["qty"] == 200.0
    assert sim.final_equity == 12_000.0


def test_volatility_sizing_uses_the_returns_known_at_the_decision():
    bars = flat_bars(100, 110, 99, 99, 99)
    config = SimulationConfig(sizing="vol_target", size=0.1, volatility_window=2)
    sim = simulate(bars, [0, 0, 1, 1, 1], config, periods_per_year=4.0)
    # Returns .1 and -.1: sample std .1414..., times sqrt(4) = .2828...; share .1 / .2828 = .35355.
    assert sim.trades[0]["qty"] == pytest.approx(10_000 * 0.1 / (0.1 * math.sqrt(2) * 2) / 99)


def test_risk_sizing_loses_the_named_share_at_its_stop():
    bars = make_bars((100, 102, 98, 100), (100, 102, 98, 100), (100, 101, 99, 100), (100, 100, 80, 90))
    sim = simulate(
        bars, [0, 1, 1, 1], SimulationConfig(sizing="atr_risk", size=0.01, atr_window=1, atr_multiple=2.0)
    )
    # ATR at the decision 4; stop 8 below 100; 1 % of 10000 = 100 = 12.5 units * 8.
    trade = sim.trades[0]
    assert (trade["qty"], trade["exit_price"], trade["reason"]) == (12.5, 92.0, "stop_loss")
    assert sim.final_equity == 9_900.0


def test_a_strategy_gives_the_share_of_cash_itself_at_each_close():
    bars = flat_bars(100, 100, 100, 50, 50, 50)
    sim = simulate(bars, [0, 1, 0, 1, 1, 1], SimulationConfig(), size=[0.9, 0.25, 0.9, 0.5, 0.9, 0.9])
    # 25 % of 10000 at 100 are 25 units, sold at 50: 8750 left. Then 50 % of that at 50: 87.5 units.
    assert sim.trades["qty"].tolist() == [25.0, 87.5]
    assert sim.final_equity == 8750.0


def test_a_given_share_is_capped_at_the_leverage_and_replaces_the_configured_sizing():
    bars = flat_bars(100, 100, 100)
    plain = simulate(bars, [1, 1, 1], SimulationConfig(), size=[7.0] * 3)
    assert plain.trades["qty"].tolist() == [100.0]
    levered = simulate(
        bars, [1, 1, 1], SimulationConfig(leverage=2.0, sizing="units", size=3), size=[7.0] * 3
    )
    assert levered.trades["qty"].tolist() == [200.0]


def test_a_share_that_is_not_known_or_0_is_a_rejected_order():
    sim = simulate(
        flat_bars(100, 100, 100, 100), [1, -1, 0, 0], SimulationConfig(), size=[NAN, 0.0, 1.0, 1.0]
    )
    assert sim.rejections["reason"].tolist() == ["estimate", "quantity"]
    assert len(sim.trades) == 0


@pytest.mark.parametrize(
    ("size", "words"),
    [([1, -0.5], "bar 1.*-0.5"), ([math.inf, 1], "bar 0.*inf"), ([1], "shape 1"), (["x", 1], "number")],
)
def test_a_bad_size_is_refused_by_bar_and_value(size, words):
    with pytest.raises(TargetError, match=words):
        simulate(flat_bars(1, 2), [0, 0], size=size)


# Rejections


def test_an_order_above_cash_is_rejected_recorded_and_not_repeated():
    sim = simulate(flat_bars(100, 100, 10, 10), [1, 1, 1, 1], SimulationConfig(sizing="units", size=101))
    assert sim.rejected_orders == 1
    row = sim.rejections[0]
    assert (row["bar"], row["side"], row["qty"], row["cost"], row["cash"]) == (
        1,
        1,
        101.0,
        10_100.0,
        10_000.0,
    )
    assert row["reason"] == "cost"
    assert len(sim.trades) == 0  # affordable at bar 2, but the target did not change


def test_an_order_for_exactly_all_cash_passes():
    assert (
        simulate(
            flat_bars(100, 100, 100), [1, 1, 1], SimulationConfig(sizing="units", size=100)
        ).rejected_orders
        == 0
    )


def test_an_order_that_rounds_to_nothing_is_rejected():
    sim = simulate(
        flat_bars(100, 100, 100), [1, 1, 1], SimulationConfig(initial_capital=99.0, whole_units=True)
    )
    assert sim.rejections["reason"].tolist() == ["quantity"]


def test_a_rejected_flip_still_closes_the_old_position():
    short = simulate(flat_bars(100, 100, 150, 150), [-1, 1, 1, 1], SimulationConfig(sizing="units", size=80))
    # Short 80 at 100, covered at 150: 10000 - 4000 = 6000 left, 80 * 150 = 12000 is too much.
    assert short.trades["reason"].tolist() == ["signal"]
    assert short.rejections["reason"].tolist() == ["cost"]
    assert short.final_equity == 6000.0


def test_sizing_without_an_estimate_is_rejected():
    config = SimulationConfig(sizing="vol_target", size=0.1, volatility_window=20)
    assert simulate(flat_bars(100, 100, 100), [1, 1, 1], config).rejections["reason"].tolist() == ["estimate"]


def test_a_fee_above_all_cash_is_rejected_whatever_the_leverage():
    config = SimulationConfig(
        initial_capital=10.0, sizing="units", size=5, leverage=2.0, commission_fixed=12.0
    )
    # The cost of 5 + 12 is within 10 * 2, but the fee alone would ruin the account.
    assert simulate(flat_bars(1, 1, 1), [1, 1, 1], config).rejections["reason"].tolist() == ["cost"]


# Stops and limits


def test_a_stop_fills_at_its_price_and_slips():
    bars = make_bars((100, 100, 100, 100), (100, 101, 99, 100), (99, 99, 85, 88))
    _, trade = one_trade(bars, [1, 1, 1], sizing="units", size=10, stop_loss=0.1, slippage=0.01)
    # Entry 101; stop 90.9; filled 1 % below: 89.991.
    assert trade["exit_price"] == pytest.approx(101 * 0.9 * 0.99)
    assert (trade["reason"], trade["exit_bar"]) == ("stop_loss", 2)
    # Bar 2 is not open at its close: only its exit price counts.
    assert trade["mae"] == pytest.approx(101 * 0.9 * 0.99 - 101)
    assert trade["mfe"] == 0.0


def test_an_open_beyond_the_stop_fills_at_the_open():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (80, 95, 79, 94))
    _, trade = one_trade(bars, [1, 1, 1], stop_loss=0.1)
    assert (trade["exit_price"], trade["reason"]) == (80.0, "stop_loss")


def test_an_open_beyond_the_stop_of_a_short_fills_at_the_open():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (125, 126, 99, 100))
    _, trade = one_trade(bars, [-1, -1, -1], stop_loss=0.1)
    assert (trade["exit_price"], trade["reason"]) == (125.0, "stop_loss")
    assert trade["pnl"] == -2500.0


def test_a_take_profit_fills_at_its_limit_without_slipping():
    bars = make_bars((100, 100, 100, 100), (100, 105, 100, 104), (105, 112, 104, 106))
    _, trade = one_trade(bars, [1, 1, 1], sizing="units", size=10, take_profit=0.1, slippage=0.01)
    assert trade["exit_price"] == pytest.approx(101 * 1.1)
    assert trade["reason"] == "take_profit"


def test_an_open_beyond_the_take_profit_fills_at_the_better_open():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (130, 131, 90, 95))
    _, trade = one_trade(bars, [1, 1, 1], take_profit=0.1, slippage=0.01)
    assert (trade["exit_price"], trade["reason"]) == (130.0, "take_profit")


def test_a_short_takes_profit_below_its_entry():
    bars = make_bars((100, 100, 100, 100), (100, 101, 89, 95), (95, 95, 95, 95))
    _, trade = one_trade(bars, [-1, -1, -1], take_profit=0.1)
    assert (trade["exit_bar"], trade["exit_price"], trade["pnl"]) == (1, 90.0, 1000.0)


def test_both_hit_takes_the_stop_and_counts_the_bar_as_ambiguous():
    bars = make_bars((100, 100, 100, 100), (100, 111, 89, 100), (100, 100, 100, 100))
    sim, trade = one_trade(bars, [1, 1, 1], stop_loss=0.1, take_profit=0.1)
    assert (trade["exit_bar"], trade["exit_price"], trade["reason"]) == (1, 90.0, "stop_loss")
    assert trade["bars_held"] == 0
    assert sim.ambiguous_bars == 1
    assert sim.exposure == 0.0


def test_a_gap_that_decides_is_not_ambiguous():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (89, 115, 85, 100))
    sim, trade = one_trade(bars, [1, 1, 1], stop_loss=0.1, take_profit=0.1)
    assert (trade["exit_price"], sim.ambiguous_bars) == (89.0, 0)


def test_the_gap_rule_is_for_positions_held_from_before_only():
    # Entry 102 by slippage, stop 100.98 above the open of 100: the entry bar still fills at the stop price.
    bars = make_bars((100, 100, 100, 100), (100, 103, 99, 100), (100, 100, 100, 100))
    _, trade = one_trade(bars, [1, 1, 1], stop_loss=0.01, slippage=0.02)
    assert trade["exit_price"] == pytest.approx(102 * 0.99 * 0.98)


def test_an_order_at_the_open_comes_before_the_stop():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (80, 80, 70, 75), (75, 75, 75, 75))
    _, trade = one_trade(bars, [1, 0, 0, 0], stop_loss=0.1)
    assert (trade["exit_bar"], trade["exit_price"], trade["reason"]) == (2, 80.0, "signal")


def test_after_a_stop_there_is_no_entry_until_the_target_changes():
    bars = make_bars(*[(100, 100, 100, 100)] * 2, (100, 100, 80, 100), *[(100, 100, 100, 100)] * 5)
    sim = simulate(bars, [1, 1, 1, 1, 0, 1, 1, 1], SimulationConfig(stop_loss=0.1))
    assert sim.trades["entry_bar"].tolist() == [1, 6]
    assert sim.trades["reason"].tolist() == ["stop_loss", "end"]


def test_a_trailing_stop_follows_the_extreme_of_earlier_bars():
    bars = make_bars(
        (100, 100, 100, 100),
        (
            100,
            120,
            95,
            118,
        ),  # entry: the trail is 90 from the entry price; the high of 120 counts from the next bar
        (118, 130, 109, 125),  # 108 is not reached; the high of 130 counts from the next bar
        (125, 126, 110, 112),  # 117 is reached
    )
    _, trade = one_trade(bars, [1, 1, 1, 1], trailing_stop=0.1)
    assert (trade["exit_bar"], trade["reason"]) == (3, "trailing_stop")
    assert trade["exit_price"] == pytest.approx(117.0)
    assert (trade["mae"], trade["mfe"]) == (-5.0, 30.0)


def test_the_tighter_of_fixed_and_trailing_stop_applies():
    bars = make_bars((100, 100, 100, 100), (100, 100, 96, 99), (99, 99, 94, 95))
    _, trade = one_trade(bars, [1, 1, 1], trailing_stop=0.1, stop_loss=0.05)
    assert (trade["exit_price"], trade["reason"]) == (95.0, "stop_loss")
    _, short = one_trade(flat_bars(100, 100, 80, 90), [-1, -1, -1, -1], trailing_stop=0.1, stop_loss=0.5)
    assert (short["exit_price"], short["reason"]) == (
        90.0,
        "trailing_stop",
    )  # 80 * 1.1 = 88, the open is beyond


# Borrowing, margin and ruin


def test_a_short_pays_borrow_on_its_value_each_bar():
    sim = simulate(
        flat_bars(100, 100, 110, 100),
        [-1, -1, 0, 0],
        SimulationConfig(sizing="units", size=10, borrow_rate=0.5),
        periods_per_year=5.0,
    )
    # Held at the closes of bars 1 and 2: 10 * (100 + 110) * .5 / 5 = 210.
    assert sim.borrow_paid == pytest.approx(210.0)
    assert sim.trades[0]["borrow"] == pytest.approx(210.0)
    assert sim.final_equity == pytest.approx(10_000.0 - 210.0)


def test_a_margin_call_liquidates_at_the_next_open():
    config = SimulationConfig(sizing="fraction", size=4.0, leverage=4.0, maintenance_margin=0.2)
    sim = simulate(flat_bars(100, 100, 90, 85, 85), [1, 1, 1, 1, 1], config)
    # 400 units, debt 30000. At 90: equity 6000 < 20 % of 36000. Sold at 85: 34000 - 30000.
    trade = sim.trades[0]
    assert (trade["exit_bar"], trade["exit_price"], trade["reason"]) == (3, 85.0, "margin")
    assert sim.equity.tolist() == [10_000.0, 10_000.0, 6_000.0, 4_000.0, 4_000.0]


def test_ruin_freezes_the_account_at_zero_and_the_books_still_add_up():
    sim = simulate(flat_bars(100, 100, 150, 250, 50, 50), [-1, -1, -1, -1, 1, 1])
    # 100 units short, cash 20000: at 250 the account is worth -5000.
    assert sim.equity.tolist() == [10_000.0, 10_000.0, 5_000.0, 0.0, 0.0, 0.0]
    assert sim.ruined
    trade = sim.trades[-1]
    assert (trade["reason"], trade["exit_bar"], trade["exit_price"]) == ("ruin", 3, 200.0)
    assert sim.final_equity == sim.marked_equity == 0.0
    assert sim.trades["pnl"].sum() == pytest.approx(-10_000.0)
    assert sim.shortfall == pytest.approx(5_000.0)
    assert len(sim.trades) == 1


def test_a_gap_through_the_stop_beyond_all_capital_is_ruin():
    bars = make_bars((100, 100, 100, 100), (100, 100, 100, 100), (300, 310, 290, 300), (100, 100, 100, 100))
    sim = simulate(bars, [-1, -1, -1, 0], SimulationConfig(stop_loss=0.1))
    assert sim.trades["reason"].tolist() == ["ruin"]
    assert sim.equity.tolist() == [10_000.0, 10_000.0, 0.0, 0.0]


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
