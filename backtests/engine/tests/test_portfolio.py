"""Accounts over several symbols: worked by hand, and the promises of docs/portfolio.md."""

import numpy as np
import pytest

from backtests.engine import BacktestEngine, PortfolioEngine, SimulationConfig, buy_and_hold
from backtests.engine.errors import EngineError, TargetError
from backtests.engine.portfolio import decision_rows, equal_weight_hold, simulate_portfolio
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.engine.tests.cases import random_bars
from backtests.engine.tests.portfolio_cases import (
    flat_panel,
    random_panel,
    random_portfolio_config,
    random_weights,
)
from marketdata.panel import Panel

NAN = float("nan")


def run(panel, weights, **settings):
    settings = {"initial_capital": 1000.0, "liquidate_at_end": False} | settings
    return simulate_portfolio(panel, weights, PortfolioConfig(**settings))


def held(sim, row):
    return sim.quantities[row].tolist()


def test_weights_of_a_close_are_filled_at_the_next_open():
    sim = run(flat_panel(A=[10, 10, 20], B=[50, 50, 50]), [[0.5, 0.5]] * 3)
    # Nothing at row 0. Row 1: 500 / 10 = 50 A and 500 / 50 = 10 B.
    assert held(sim, 0) == [0, 0]
    assert held(sim, 1) == [50, 10]
    # Row 2: A doubled, so 50 * 20 + 10 * 50.
    assert sim.equity.tolist() == [1000, 1000, 1500]
    assert sim.cash.tolist() == [1000, 0, 0]


def test_a_rebalance_sells_what_grew_and_buys_what_fell_each_with_its_fee():
    panel = flat_panel(A=[10, 10, 20, 20], B=[50, 50, 50, 50])
    sim = run(panel, [[0.4, 0.4]] * 4, rebalance="bars", rebalance_every=2, commission_fixed=1.0)
    # Row 1: 400 / 10 = 40 A, 400 / 50 = 8 B, fees 1 + 1; cash 200 - 2 = 198.
    assert held(sim, 1) == [40, 8]
    assert sim.cash[1] == 198
    # Decided at row 2, filled at row 3: V = 198 + 800 + 400 = 1398; 0.4 V = 559.2: A 27.96, B 11.184.
    assert np.allclose(held(sim, 3), [27.96, 11.184])
    # Sold 12.04 A for 240.8 and bought 3.184 B for 159.2, fees 1 + 1: 198 + 240.8 - 159.2 - 2.
    assert np.isclose(sim.cash[3], 277.6)
    assert sim.fees_paid == 4
    (trade,) = sim.trades
    # The part that was sold: 12.04 of 40 units, with that share of the entry fee and its own fee.
    assert (trade["symbol"], trade["reason"], trade["entry_bar"], trade["exit_bar"]) == (
        "A",
        "rebalance",
        1,
        3,
    )
    assert np.isclose(trade["gross"], 12.04 * 10)
    assert np.isclose(trade["fees"], 12.04 / 40 + 1)
    assert np.isclose(trade["pnl"], trade["gross"] - trade["fees"])


def test_a_position_that_grows_costs_its_average_price():
    panel = flat_panel(A=[10, 10, 20, 20])
    sim = run(panel, [[0.2], [0.6], [0.6], [0.6]], commission=0.01)
    # Row 1: 200 / 10 = 20 at 10, fee 2. Row 2 at 20: V = 798 + 400 = 1198, 0.6 V / 20 = 35.94: 15.94 at 20.
    assert np.isclose(sim.quantities[2, 0], 35.94)
    last = run(panel, [[0.2], [0.6], [0.0], [0.0]], commission=0.01).trades
    (trade,) = last
    average = (20 * 10 + 15.94 * 20) / 35.94
    assert np.isclose(trade["entry_price"], average)
    assert np.isclose(trade["fees"], 2 + 15.94 * 20 * 0.01 + 35.94 * 20 * 0.01)
    assert trade["reason"] == "signal"
    # Bars and both fills lie between 10 and 20.
    assert np.isclose(trade["mae"], 10 - average)
    assert np.isclose(trade["mfe"], 20 - average)


def test_buys_that_cost_too_much_together_are_scaled_together():
    sim = run(flat_panel(A=[10] * 3, B=[50] * 3), [[0.5, 0.5]] * 3, commission=0.01, slippage=0.01)
    # Each costs 10.1 or 50.5 a unit and 1 % fee: share = 1 / (1.01 * 1.01).
    share = 1 / (1.01 * 1.01)
    assert np.allclose(held(sim, 1), [50 * share, 10 * share], rtol=1e-14)
    assert abs(sim.cash[1]) < 1e-9
    assert sim.rejected_orders == 0


def test_a_smallest_fee_is_part_of_what_must_fit():
    sim = run(flat_panel(A=[10] * 3, B=[50] * 3), [[0.9, 0.1]] * 3, commission=0.01, commission_min=5.0)
    # A pays 1 % of its value, B the smallest fee: 900 s * 1.01 + 100 s + 5 = 1000.
    share = 995 / 1009
    assert np.allclose(held(sim, 1), [90 * share, 2 * share], rtol=1e-14)


def test_sells_pay_for_buys_of_the_same_open():
    panel = flat_panel(A=[10] * 4, B=[50] * 4)
    sim = run(panel, [[1, 0], [1, 0], [0, 1], [0, 1]])
    assert held(sim, 2) == [100, 0]
    assert held(sim, 3) == [0, 20]
    assert sim.trades["reason"].tolist() == ["signal"]


def test_a_flip_is_two_fills_with_two_fees():
    panel = flat_panel(A=[10] * 5)
    sim = run(panel, [[0.5], [0.5], [-0.5], [0], [0]], commission_fixed=1.0)
    # Row 1 buys 50. Row 3: V = 999; sells 50, then sells short 0.5 * 999 / 10 = 49.95. Row 4 covers.
    assert np.allclose(sim.quantities[:, 0], [0, 50, 50, -49.95, 0])
    assert sim.fees_paid == 4
    assert sim.trades["qty"].tolist() == pytest.approx([50, -49.95])


def test_whole_units_are_rounded_toward_zero_and_one_that_is_too_dear_is_refused():
    panel = flat_panel(A=[30] * 3, B=[70] * 3, C=[300] * 3)
    sim = run(panel, [[-0.4, 0.4, 0.2]] * 3, whole_units=True)
    # 400 / 30 = 13.33, 400 / 70 = 5.71, 200 / 300 = 0.67.
    assert held(sim, 1) == [-13, 5, 0]
    (refused,) = sim.rejections
    assert (refused["symbol"], refused["reason"], refused["bar"]) == ("C", "quantity", 1)


def test_a_fee_above_the_account_refuses_the_order():
    sim = run(flat_panel(A=[10] * 3, B=[10] * 3), [[0.5, 0.5]] * 3, commission_fixed=600.0)
    assert sim.rejections["reason"].tolist() == ["cost", "cost"]
    assert sim.equity.tolist() == [1000] * 3
    assert (sim.orders, sim.rejected_orders) == (2, 2)


def test_the_cash_buffer_is_left_alone_and_pays_the_fees():
    sim = run(flat_panel(A=[10] * 3), [[1.0]] * 3, cash_buffer=0.1, commission=0.01)
    assert held(sim, 1) == [90]
    assert sim.cash[1] == 1000 - 900 - 9


def test_weights_above_the_leverage_are_scaled_down_together():
    sim = run(flat_panel(A=[10] * 3, B=[10] * 3), [[1.5, -0.5]] * 3)
    assert held(sim, 1) == [75, -25]
    assert sim.scaled_decisions == 1
    wide = run(flat_panel(A=[10] * 3, B=[10] * 3), [[1.5, -0.5]] * 3, leverage=2.0)
    assert held(wide, 1) == [150, -50]
    assert wide.cash[1] == 0
    assert wide.scaled_decisions == 0


def test_without_shorts_a_weight_below_zero_means_out():
    sim = run(flat_panel(A=[10] * 3, B=[10] * 3), [[0.5, -0.5]] * 3, allow_short=False)
    assert held(sim, 1) == [50, 0]


def test_small_adjustments_are_left_out_but_leaving_is_not():
    panel = flat_panel(A=[10, 10, 10.5, 10.5, 10.5], B=[10] * 5)
    settings = {"rebalance": "bars", "min_trade": 0.05}
    sim = run(panel, [[0.5, 0.5]] * 3 + [[0.01, 0.0]] * 2, **settings)
    # Row 3: A is 51.2 % of the account: 1.2 % is below 5 %. Row 4: down to 1 % is not small, and B leaves.
    assert held(sim, 3) == [50, 50]
    assert np.isclose(sim.quantities[4, 0] * 10.5, 0.01 * 1025)
    assert sim.quantities[4, 1] == 0


def test_short_positions_are_charged_for_each_bar():
    sim = simulate_portfolio(
        flat_panel(A=[10] * 4),
        [[-0.5]] * 4,
        PortfolioConfig(initial_capital=1000.0, borrow_rate=0.1, liquidate_at_end=False),
        periods_per_year=10.0,
    )
    # 500 short at 10 % a year and 10 bars a year: 5 a bar from row 1 on.
    assert sim.equity.tolist() == [1000, 995, 990, 985]
    assert sim.borrow_paid == 15
    assert sim.contributions[0].pnl == pytest.approx(-15)


def test_a_symbol_without_a_bar_waits_for_its_next_and_is_sized_there():
    panel = flat_panel(A=[10, 10, 10, 10], B=[50, None, 50, 50])
    weights = [[0.5, 0.5]] * 4
    sim = run(panel, weights)
    assert held(sim, 1) == [50, 0]
    assert held(sim, 2) == [50, 10]
    # Its price has moved meanwhile: half of V = 1000 at the open it gets.
    moved = run(flat_panel(A=[10, 10, 20, 20], B=[50, None, 50, 50]), weights)
    assert held(moved, 2) == pytest.approx([50, 10])  # wants 0.5 * 1500 / 50 = 15; there is cash for 10


def test_a_symbol_without_a_bar_is_worth_its_last_close():
    sim = run(flat_panel(A=[10, 10, None, 30], B=[5, 5, 5, 5]), [[1.0, 0.0]] * 4)
    assert sim.equity.tolist() == [1000, 1000, 1000, 3000]


def test_a_buy_that_waits_for_the_sale_of_another_symbol_is_filled_up():
    # Decided at row 2: all from A into B. A has no bar at row 3 and 4, so B cannot be paid before row 5.
    panel = flat_panel(A=[10, 10, 10, None, None, 10, 10], B=[50] * 7)
    weights = [[0.8, 0.2], [0.8, 0.2], *[[0.0, 1.0]] * 5]
    sim = run(panel, weights)
    assert sim.quantities[:, 0].tolist() == [0, 80, 80, 80, 80, 0, 0]
    assert sim.quantities[:, 1].tolist() == [0, 4, 4, 4, 4, 20, 20]
    assert sim.rejected_orders == 0
    assert np.all(sim.cash >= 0)


def test_a_new_decision_replaces_one_that_waits():
    panel = flat_panel(A=[10] * 5, B=[50, None, None, 50, 50])
    sim = run(panel, [[0.5, 0.5], [0.5, 0.2], [0.5, 0.2], [0.5, 0.2], [0.5, 0.2]])
    assert sim.quantities[3].tolist() == [50, 4]


def test_a_symbol_that_ends_keeps_its_last_price_and_is_left_at_the_end():
    panel = flat_panel(A=[10] * 5, B=[50, 50, 40, None, None])
    sim = run(panel, [[0.5, 0.5]] * 2 + [[0.0, 0.0]] * 3, commission=0.0, liquidate_at_end=True)
    # The order to leave both is filled for B at row 2; with one more day of waiting it would not be.
    assert held(sim, 2) == [50, 10]
    late = run(panel, [[0.5, 0.5]] * 4 + [[0.0, 0.0]], liquidate_at_end=True)
    assert late.equity.tolist() == [1000, 1000, 900, 900, 900]
    ends = {row["symbol"]: (row["exit_bar"], row["exit_price"], row["reason"]) for row in late.trades}
    assert ends == {"A": (4, 10, "end"), "B": (4, 40, "end")}


def test_a_ruined_account_is_frozen_at_zero_and_the_profits_still_add_up():
    panel = flat_panel(A=[10, 10, 30, 30], B=[10, 10, 10, 10])
    sim = run(panel, [[-1.0, 1.0]] * 4, leverage=2.0)
    # 100 short and 100 long; A triples: 1000 - 2000 < 0.
    assert sim.equity.tolist() == [1000, 1000, 0, 0]
    assert sim.ruined
    assert sim.shortfall == pytest.approx(1000)
    assert set(sim.trades["reason"]) == {"ruin"}
    assert sim.trades["pnl"].sum() == pytest.approx(-1000)
    assert sum(part.pnl for part in sim.contributions) == pytest.approx(-1000)


def test_a_fill_that_costs_more_than_the_account_has_takes_what_there_is():
    panel = flat_panel(A=[10, 10, 1, 1, 1])
    # 90 A for 900 and a fee of 100; they are worth 90 when they are left for a fee of 100.
    sim = run(panel, [[1.0], [0.0]] + [[0.0]] * 3, commission_min=100.0)
    assert sim.equity.tolist() == [1000, 900, 0, 0, 0]
    assert sim.ruined
    assert sim.shortfall == pytest.approx(10)
    (trade,) = sim.trades
    assert (trade["reason"], trade["exit_price"]) == ("ruin", 1.0)
    assert (trade["fees"], trade["pnl"], trade["ret"]) == pytest.approx((190, -1000, -1000 / 900))
    assert sim.fees_paid == pytest.approx(190)
    assert sum(part.pnl for part in sim.contributions) == pytest.approx(-1000)


def test_what_no_fee_can_give_back_comes_off_the_slippage():
    panel = flat_panel(A=[100, 100, 199, 199])
    # Sold short at 50, half of the open: 5 A, then 1249 in cash; bought back at 298.5 for 1492.5 and a fee of 1.
    sim = run(panel, [[-0.5], [0.0], [0.0], [0.0]], slippage=0.5, commission_fixed=1.0)
    assert sim.equity[-1] == 0.0
    assert sim.trades["pnl"].sum() == pytest.approx(-1000)
    assert sim.trades["reason"].tolist() == ["ruin"]
    assert 199 <= sim.trades["exit_price"][0] < 298.5


def test_contributions_say_who_earned_what():
    panel = flat_panel(A=[10, 10, 20], B=[50, 50, 40])
    sim = run(panel, [[0.5, 0.5]] * 3, liquidate_at_end=True, commission_fixed=1.0, cash_buffer=0.2)
    a, b = sim.contributions
    # 40 A: 400 up, 2 fees. 8 B: 80 down, 2 fees.
    assert (a.pnl, b.pnl) == pytest.approx((398, -82))
    assert (a.contribution, b.contribution) == pytest.approx((0.398, -0.082))
    assert (a.fees_paid, b.fees_paid, a.total_trades, b.total_trades) == (2, 2, 1, 1)
    # Shares of the account at the closes of rows 0, 1 and 2: 0, 400 / 998 and 800 / 1318.
    assert a.average_weight == pytest.approx((400 / 998 + 800 / 1318) / 3)


@pytest.mark.parametrize(
    "costs",
    [
        {},
        {"commission": 0.001, "slippage": 0.0005},
        {"commission_fixed": 3.0, "commission_min": 30.0, "spread": 0.01},
        {"whole_units": True, "commission": 0.002},
        {"liquidate_at_end": False, "commission": 0.002},
    ],
)
def test_one_symbol_with_all_of_the_weight_is_buy_and_hold_of_the_single_engine(costs):
    bars = random_bars(np.random.default_rng(5), 500)
    single = buy_and_hold(bars, SimulationConfig(**costs))
    panel = Panel.of({"A": bars})
    for sim in (
        equal_weight_hold(panel, PortfolioConfig(**costs)),
        simulate_portfolio(panel, np.ones((500, 1)), PortfolioConfig(**costs)),
    ):
        assert np.allclose(sim.equity, single.equity, rtol=1e-12, atol=0)
        assert sim.final_equity == pytest.approx(single.final_equity, rel=1e-12)
        assert np.allclose(sim.trade_values[:, :-2], single.trade_values, rtol=1e-9)
        for name in ("mae", "mfe"):
            assert np.allclose(sim.trades[name], single.trades[name], rtol=1e-9)
        assert (sim.trade_bars == single.trade_bars).all()


def test_profits_contributions_and_equity_agree_on_random_cases():
    rng = np.random.default_rng(3)
    for _ in range(300):
        panel = random_panel(rng, int(rng.integers(2, 50)), int(rng.integers(1, 5)))
        config = random_portfolio_config(rng)
        weights = random_weights(rng, len(panel), len(panel.symbols))
        sim = simulate_portfolio(panel, weights, config)
        net = sim.final_equity - config.initial_capital
        assert sum(part.pnl for part in sim.contributions) == pytest.approx(net, abs=1e-6)
        assert sum(part.fees_paid for part in sim.contributions) == pytest.approx(sim.fees_paid)
        if config.liquidate_at_end:
            assert sim.trades["pnl"].sum() == pytest.approx(net, abs=1e-6)
        if config.leverage == 1.0 and not config.allow_short:
            assert sim.cash.min() >= -1e-6


def test_what_follows_changes_no_earlier_row():
    rng = np.random.default_rng(4)
    for _ in range(100):
        panel = random_panel(rng, 40, 3)
        weights = random_weights(rng, len(panel), 3)
        config = random_portfolio_config(rng)
        whole = simulate_portfolio(panel, weights, config)
        cut = int(rng.integers(1, len(panel)))
        part = simulate_portfolio(panel.head(cut), weights[:cut], config)
        # The last row of the shorter run holds its liquidation; before it all is the same to the last bit.
        assert (part.equity[:-1] == whole.equity[: cut - 1]).all()
        assert (part.quantities == whole.quantities[:cut]).all()


def test_no_weights_leave_the_account_alone():
    panel = flat_panel(A=[10, 20, 5], B=[50, 1, 80])
    for weights in (np.zeros((3, 2)), np.full((3, 2), NAN)):
        sim = run(panel, weights, commission=0.1, borrow_rate=1.0)
        assert sim.equity.tolist() == [1000] * 3
        assert (len(sim.trades), sim.orders, sim.exposure) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("rebalance", "rows"),
    [
        ("day", [*range(10)]),  # the last row of the data ends no day yet
        ("week", [0, 2, 9]),  # the first decision, Friday 5 and Sunday 14
        ("month", [0]),
        ("bars", [0, 4, 8]),
        ("signal", [0, 6]),
    ],
)
def test_weights_are_acted_on_at_the_last_close_of_each_period(rebalance, rows):
    days = ["2024-01-03", "2024-01-04", "2024-01-05", "2024-01-08", "2024-01-09", "2024-01-10", "2024-01-11"]
    days += ["2024-01-12", "2024-01-13", "2024-01-14", "2024-01-15"]
    time = np.array(days, dtype="datetime64[ns]")
    weights = np.full((len(time), 2), 0.5)
    weights[6:] = 0.25
    config = PortfolioConfig(rebalance=rebalance, rebalance_every=4 if rebalance == "bars" else 1)
    assert np.flatnonzero(decision_rows(time, weights, config)).tolist() == rows


def test_a_row_of_nan_decides_nothing_and_the_first_known_row_decides_at_once():
    time = np.arange("2024-01-29", "2024-02-04", dtype="datetime64[D]").astype("datetime64[ns]")
    weights = np.array([[NAN], [0.5], [0.5], [NAN], [0.7], [0.7]])
    by_month = decision_rows(time, weights, PortfolioConfig(rebalance="month"))
    assert np.flatnonzero(by_month).tolist() == [1, 2]
    by_signal = decision_rows(time, weights, PortfolioConfig())
    assert np.flatnonzero(by_signal).tolist() == [1, 4]


def test_weights_that_cannot_be_meant_are_refused_in_words():
    panel = flat_panel(A=[10] * 3, B=[10] * 3)
    with pytest.raises(TargetError, match=r"weight of B in row 1 .*nan"):
        run(panel, [[0.5, 0.5], [0.5, NAN], [0.5, 0.5]])
    with pytest.raises(TargetError, match=r"weight of A in row 2 .*inf"):
        run(panel, [[0.5, 0.5], [0.5, 0.5], [float("inf"), 0.5]])
    with pytest.raises(TargetError, match="shape 3x1 for 3 rows and 2 symbols"):
        run(panel, [[0.5]] * 3)
    with pytest.raises(EngineError, match="periods_per_year"):
        simulate_portfolio(panel, np.zeros((3, 2)), periods_per_year=0.0)


class Halves:
    def weights(self, panel):
        return np.full((len(panel), len(panel.symbols)), 1 / len(panel.symbols))


def test_a_run_gives_the_figures_of_a_single_run():
    bars = random_bars(np.random.default_rng(6), 300)
    costs = {"commission": 0.001}
    single, _ = BacktestEngine(SimulationConfig(**costs)).run_backtest(bars, AlwaysLong())
    metrics, details = PortfolioEngine(PortfolioConfig(**costs)).run_backtest(Panel.of({"A": bars}), Halves())
    for name, value in single.to_dict().items():
        wanted = value if value is None else pytest.approx(value, rel=1e-9, abs=1e-12)
        assert metrics.to_dict()[name] == wanted, name
    assert details.timings.keys() == {"signals", "simulation", "metrics"}
    assert (details.benchmark_equity == details.simulation.equity).all()


class AlwaysLong:
    def target(self, bars):
        return np.ones(len(bars))
