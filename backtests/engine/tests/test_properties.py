"""What must hold for every account: books add up, the past is untouched by the future, money scales."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtests.engine import SimulationConfig, buy_and_hold, simulate
from backtests.engine.tests.cases import random_bars, random_config, random_size, random_target
from backtests.metrics import compute_metrics
from marketdata.bars import Bars

seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=100, deadline=None, derandomize=True)


def draw(seed, n=60, **kwargs):
    rng = np.random.default_rng(seed)
    return rng, random_bars(rng, n, **kwargs), random_target(rng, n)


def changed(bars, **columns):
    names = ("time", "open", "high", "low", "close", "volume")
    return Bars(**{name: columns.get(name, getattr(bars, name)) for name in names})


@quick
@given(seeds, st.booleans())
def test_final_equity_is_the_start_plus_all_profits(seed, wild):
    rng, bars, target = draw(seed, volatility=0.2 if wild else 0.02)
    config = dataclasses.replace(random_config(rng), liquidate_at_end=True)
    sim = simulate(bars, target, config)
    assert sim.equity[-1] == sim.final_equity
    assert sim.final_equity == pytest.approx(10_000.0 + sim.trades["pnl"].sum(), rel=1e-9, abs=1e-5)
    assert sim.final_equity >= 0.0
    assert sim.equity.min() >= 0.0
    assert sim.fees_paid == pytest.approx(sim.trades["fees"].sum(), rel=1e-9, abs=1e-6)


@quick
@given(seeds, st.integers(2, 59))
def test_the_future_leaves_the_past_alone(seed, cut):
    rng, bars, target = draw(seed)
    config, size = random_config(rng), random_size(rng, 60) if seed % 3 == 0 else None
    whole = simulate(bars, target, config, size=size)
    other = random_target(rng, 60)
    other[:cut] = target[:cut]
    short_size = None if size is None else size[:cut]
    other_size = None if size is None else np.where(np.arange(60) < cut, size, 0.3)
    scale = np.where(np.arange(60) < cut, 1.0, 1.7)
    future = changed(bars, **{name: getattr(bars, name) * scale for name in ("open", "high", "low", "close")})
    short = simulate(bars.head(cut), target[:cut], config, size=short_size)
    for sim in (short, simulate(future, other, config, size=other_size)):
        # A shorter run closes at its last bar, so that bar's equity may differ.
        assert np.array_equal(sim.equity[: cut - 1], whole.equity[: cut - 1])
        assert np.array_equal(sim.quantity[: cut - 1], whole.quantity[: cut - 1])
        early = whole.trades[whole.trades["exit_bar"] < cut - 1]
        assert np.array_equal(sim.trades[: len(early)], early)


@quick
@given(seeds)
def test_the_last_fill_ignores_its_own_close(seed):
    """The close of bar n cannot change what was filled up to bar n."""
    rng, bars, target = draw(seed)
    n = int(rng.integers(5, 59))
    close = bars.close.copy()
    close[n] = np.random.default_rng(seed).uniform(bars.low[n], bars.high[n])
    config = SimulationConfig(stop_loss=0.05, commission=0.001)
    a, b = simulate(bars, target, config), simulate(changed(bars, close=close), target, config)
    assert np.array_equal(a.quantity[: n + 1], b.quantity[: n + 1])


@quick
@given(seeds)
def test_prices_times_seven_leave_the_equity_of_fractional_units_alone(seed):
    rng, bars, target = draw(seed)
    config = dataclasses.replace(random_config(rng), whole_units=False)
    if config.sizing == "units":
        config = dataclasses.replace(config, sizing="all_in", size=1.0)
    seven = changed(bars, **{name: getattr(bars, name) * 7.0 for name in ("open", "high", "low", "close")})
    one, other = simulate(bars, target, config), simulate(seven, target, config)
    np.testing.assert_allclose(other.equity, one.equity, rtol=1e-9, atol=1e-6)
    assert other.trades["reason"].tolist() == one.trades["reason"].tolist()


@quick
@given(seeds)
def test_three_times_the_cash_is_three_times_the_equity(seed):
    """With every other amount of money, and a number of units, three times as large too."""
    rng, bars, target = draw(seed)
    config = dataclasses.replace(random_config(rng), whole_units=False)
    amounts = ["initial_capital", "commission_fixed", "commission_min"]
    if config.sizing in ("units", "cash"):
        amounts.append("size")
    triple = dataclasses.replace(config, **{name: 3.0 * getattr(config, name) for name in amounts})
    one, other = simulate(bars, target, config), simulate(bars, target, triple)
    np.testing.assert_allclose(other.equity, 3.0 * one.equity, rtol=1e-9, atol=1e-5)
    assert other.rejections["reason"].tolist() == one.rejections["reason"].tolist()


def free(rng, **settings):
    """An account without costs that always trades the same few units and cannot run out of money."""
    fill = "close" if rng.random() < 0.3 else "next_open"
    return SimulationConfig(fill=fill, sizing="units", size=float(rng.uniform(0.1, 8.0)), **settings)


@quick
@given(seeds)
def test_without_costs_mirrored_targets_give_opposite_profits(seed):
    rng, bars, target = draw(seed)
    config = free(rng)
    there, back = simulate(bars, target, config), simulate(bars, -target, config)
    assert len(there.trades) == len(back.trades)
    np.testing.assert_allclose(there.trades["pnl"], -back.trades["pnl"], atol=1e-9)
    np.testing.assert_allclose(there.equity - 10_000.0, 10_000.0 - back.equity, atol=1e-7)


@quick
@given(seeds)
def test_higher_fees_leave_less(seed):
    rng, bars, target = draw(seed)
    exits = {} if rng.random() < 0.5 else {"stop_loss": 0.05, "take_profit": 0.08, "trailing_stop": 0.1}
    slipping = float(rng.uniform(0.0, 0.003))
    for name, fees in (("commission", (0.0, 0.001, 0.01)), ("commission_min", (0, 1, 2))):
        configs = [
            SimulationConfig(sizing="units", size=5.0, **{"slippage": slipping, name: fee}, **exits)
            for fee in fees
        ]
        finals = [simulate(bars, target, config).final_equity for config in configs]
        assert finals == sorted(finals, reverse=True)


@quick
@given(seeds, st.integers(1, 4), st.booleans())
def test_little_data_gives_few_trades_and_never_a_crash(seed, n, flat):
    rng, bars, target = draw(seed, n)
    if flat:
        bars = changed(bars, **{name: np.full(n, 50.0) for name in ("open", "high", "low", "close")})
    config = random_config(rng)
    for wanted in (target, np.full(n, np.nan), np.ones(n)):
        for size in (None, random_size(rng, n)):
            sim = simulate(bars, wanted, config, size=size)
            assert len(sim.equity) == n
            assert np.isfinite(sim.equity).all()
            assert len(sim.trades) <= n
            metrics = compute_metrics(sim, bars, 252.0, 0.01, buy_and_hold(bars, config)).to_dict()
            assert all(value is None or np.isfinite(value) for value in metrics.values())


@quick
@given(seeds)
def test_a_zero_target_touches_nothing(seed):
    rng, bars, _ = draw(seed)
    sim = simulate(bars, np.zeros(60), random_config(rng))
    assert (sim.equity == 10_000.0).all()
    assert sim.orders == len(sim.trades) == sim.rejected_orders == 0


@quick
@given(seeds)
def test_fills_stay_within_their_bar_when_nothing_slips(seed):
    _, bars, target = draw(seed, volatility=0.05)
    config = SimulationConfig(stop_loss=0.04, take_profit=0.06, trailing_stop=0.05)
    trades = simulate(bars, target, config).trades
    trades = trades[trades["reason"] != "ruin"]
    for side in ("entry", "exit"):
        at, price = trades[f"{side}_bar"], trades[f"{side}_price"]
        assert (price >= bars.low[at] * (1 - 1e-12)).all()
        assert (price <= bars.high[at] * (1 + 1e-12)).all()
