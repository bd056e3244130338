"""The fill contract on a few bars, with the arithmetic beside it: stops and limits, borrowing, margin and ruin."""

import pytest

from backtests.engine import SimulationConfig, simulate
from backtests.engine.tests.cases import flat_bars, make_bars, one_trade

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


@pytest.mark.parametrize(
    ("fill", "target", "second_close", "third", "mae", "mfe"),
    [
        # Sold at the open of bar 2 for less than the debt: its high of 120 and its low of 40 come later.
        ("next_open", [1, 0, 0, 0], 100, (60, 120, 40, 60), 29_010 / 390 - 100, 5.0),
        # Sold at its close for 6 more than the debt, which is less than the fee: they came before.
        ("close", [1, 1, 0, 0], 100, (60, 120, 40, 74.4), -60.0, 20.0),
        # A margin call of bar 1, filled at the open of bar 2.
        ("close", [1, 1, 1, 1], 76, (60, 120, 40, 60), 29_010 / 390 - 100, 5.0),
    ],
)
def test_how_far_a_ruined_trade_ran_ends_where_it_was_left(fill, target, second_close, third, mae, mfe):
    rows = [(100, 100, 100, 100), (100, 105, min(95, second_close), second_close), third, (60, 60, 60, 60)]
    bars = make_bars(*rows)
    config = SimulationConfig(
        fill=fill, sizing="units", size=390, leverage=4.0, commission_fixed=10, maintenance_margin=0.2
    )
    sim = simulate(bars, target, config)  # the debt is 390 * 100 + 10 - 10000 = 29010
    assert sim.trades["reason"].tolist() == ["ruin"]
    assert sim.trades["exit_bar"].tolist() == [2]
    assert sim.trades[["mae", "mfe"]].tolist() == [pytest.approx((mae, mfe))]
