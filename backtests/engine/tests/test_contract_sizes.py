"""The fill contract on a few bars, with the arithmetic beside it: costs, sizing and rejected orders."""

import math

import pytest

from backtests.engine import SimulationConfig, TargetError, simulate
from backtests.engine.tests.cases import flat_bars, make_bars, one_trade

NAN = math.nan


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
