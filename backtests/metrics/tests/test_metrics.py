"""Figures equal empyrical's and hand arithmetic, on real prices and on tiny accounts."""

import dataclasses
import json
import math
from pathlib import Path

import empyrical as ep
import numpy as np
import pandas as pd
import pytest

from algotrade import aside
from backtests.engine import (
    BacktestEngine,
    EngineError,
    SimulationConfig,
    buy_and_hold,
    simulate,
)
from backtests.engine.tests.cases import flat_bars, random_bars, random_target
from backtests.metrics import (
    DEFINITIONS,
    BacktestMetrics,
    account_kernels,
    benchmark,
    comparison_kernels,
    compute_metrics,
    drawdown_series,
    kernels,
    lanes,
)
from backtests.metrics.compute import MetricsError
from backtests.metrics.record import FIGURES
from marketdata.bars import Bars


def account(seed=3, n=1500, **settings):
    rng = np.random.default_rng(seed)
    bars = random_bars(rng, n, volatility=0.012, gap=0.004)
    config = SimulationConfig(commission=0.0005, **settings)
    return bars, simulate(bars, random_target(rng, n, hold=0.9), config)


def with_equity(*values):
    """A run whose equity is the given curve."""
    bars = flat_bars(*[10.0] * len(values))
    sim = simulate(bars, np.zeros(len(values)), SimulationConfig(initial_capital=float(values[0])))
    equity = np.array(values, dtype=float)
    equity.flags.writeable = False
    return bars, dataclasses.replace(sim, equity=equity, final_equity=float(values[-1]))


@pytest.mark.parametrize("rate", [0.0, 0.03])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_equal_empyrical(seed, rate):
    bars, sim = account(seed)
    held = buy_and_hold(bars, sim.config)
    m = compute_metrics(sim, bars, 252, rate, held)
    r, b = (np.diff(run.equity) / run.equity[:-1] for run in (sim, held))
    rf = 1.03 ** (1 / 252) - 1 if rate else 0.0
    alpha, beta = ep.alpha_beta(r, b, risk_free=rf)
    active = r - b
    expected = {
        "sharpe_ratio": ep.sharpe_ratio(r, risk_free=rf),
        "sortino_ratio": ep.sortino_ratio(r, required_return=rf),
        "volatility": ep.annual_volatility(r),
        "cagr": ep.cagr(r),
        "calmar_ratio": ep.calmar_ratio(r),
        "max_drawdown": ep.max_drawdown(r),
        "omega_ratio": ep.omega_ratio(r, risk_free=rf),
        "var_95": ep.value_at_risk(r, 0.05),
        "var_99": ep.value_at_risk(r, 0.01),
        "cvar_95": ep.conditional_value_at_risk(r, 0.05),
        "cvar_99": ep.conditional_value_at_risk(r, 0.01),
        "total_return": ep.cum_returns_final(r),
        "alpha": alpha,
        "beta": beta,
        "tracking_error": active.std(ddof=1) * math.sqrt(252),
        "information_ratio": ep.excess_sharpe(r, b) * math.sqrt(252),
        "up_capture": ep.up_capture(r, b),
        "down_capture": ep.down_capture(r, b),
        "correlation": np.corrcoef(r, b)[0, 1],
        "skewness": pd.Series(r).skew() * (len(r) - 2) / math.sqrt(len(r) * (len(r) - 1)),
        "benchmark_return": held.final_equity / 10_000 - 1,
    }
    for name, value in expected.items():
        assert getattr(m, name) == pytest.approx(value, rel=1e-9), name


def real_closes(name):
    """Adjusted closes from the sample data the product ships."""
    path = Path(__file__).resolve().parents[3] / "marketdata" / "samples" / name
    frame = pd.read_csv(path, index_col=0, parse_dates=True)
    return frame["adj_close"] if "adj_close" in frame else frame["close"]


@pytest.mark.parametrize("name", ["AAPL_1d.csv", "IBM_1d.csv"])
def test_holding_a_real_stock_has_empyricals_figures(name):
    close = real_closes(name).to_numpy()
    close = close / close[0] * 100.0
    bars, sim = with_equity(*close)
    m = compute_metrics(sim, bars, 252)
    r = np.diff(close) / close[:-1]
    assert m.sharpe_ratio == pytest.approx(ep.sharpe_ratio(r), rel=1e-10)
    assert m.sortino_ratio == pytest.approx(ep.sortino_ratio(r), rel=1e-10)
    assert m.cagr == pytest.approx(ep.cagr(r), rel=1e-10)
    assert m.volatility == pytest.approx(ep.annual_volatility(r), rel=1e-10)
    assert m.max_drawdown == pytest.approx(ep.max_drawdown(r), rel=1e-10)
    assert m.calmar_ratio == pytest.approx(ep.calmar_ratio(r), rel=1e-10)


def test_ratios_of_three_returns_by_hand():
    bars, sim = with_equity(100.0, 110.0, 99.0, 108.9)
    m = compute_metrics(sim, bars, 4)
    # r = .1, -.1, .1: mean 1/30, sample variance (2 * (1/15)^2 + (2/15)^2) / 2 = 1/75.
    assert m.sharpe_ratio == pytest.approx((1 / 30) / math.sqrt(1 / 75) * 2)
    assert m.volatility == pytest.approx(math.sqrt(1 / 75) * 2)
    # Downside over all three periods: sqrt(.01 / 3).
    assert m.sortino_ratio == pytest.approx((1 / 30) * 2 / math.sqrt(0.01 / 3))
    assert m.omega_ratio == pytest.approx(2.0)
    assert m.cagr == pytest.approx(1.089 ** (4 / 3) - 1)
    assert m.max_drawdown == pytest.approx(-0.1)
    assert m.positive_returns == pytest.approx(2 / 3)


def test_drawdowns_by_hand():
    # Peak 100 on day 0, trough 80, recovered on day 3; peak 120 on day 4, down to 90, never recovered by day 7.
    bars, sim = with_equity(100.0, 90.0, 80.0, 100.0, 120.0, 108.0, 90.0, 114.0)
    m = compute_metrics(sim, bars, 252)
    depth = drawdown_series(sim.equity, 100.0)
    assert depth.tolist() == pytest.approx([0, -0.1, -0.2, 0, 0, -0.1, -0.25, -0.05])
    assert m.max_drawdown == pytest.approx(-0.25)
    assert m.average_drawdown == pytest.approx(-(0.2 + 0.25) / 2)
    assert (m.max_drawdown_days, m.average_drawdown_days) == (3.0, 3.0)
    assert m.time_under_water == pytest.approx(5 / 8)
    assert m.ulcer_index == pytest.approx(math.sqrt((0.01 + 0.04 + 0.01 + 0.0625 + 0.0025) / 8))
    assert m.recovery_factor == pytest.approx(0.14 / 0.25)


def test_the_starting_capital_is_the_first_peak():
    assert drawdown_series(np.array([90.0, 95.0]), 100.0).tolist() == pytest.approx([-0.1, -0.05])


def test_trade_figures_by_hand():
    # Ten units: long +100, long -50, short +30 (falls by 3), long 0.
    bars = flat_bars(100, 100, 110, 110, 105, 105, 105, 102, 102, 102, 102)
    config = SimulationConfig(sizing="units", size=10)
    sim = simulate(bars, [1, 0, 1, 0, 0, -1, 0, 0, 1, 0, 0], config)
    assert sim.trades["pnl"].tolist() == [100.0, -50.0, 30.0, 0.0]
    m = compute_metrics(sim, bars, 252)
    assert (m.total_trades, m.long_trades, m.short_trades) == (4, 3, 1)
    assert m.win_rate == 0.5
    assert m.profit_factor == pytest.approx(130 / 50)
    assert (m.average_win, m.average_loss) == (65.0, -50.0)
    assert m.payoff_ratio == pytest.approx(1.3)
    assert m.expectancy == 20.0
    assert (m.largest_win, m.largest_loss) == (100.0, -50.0)
    assert m.largest_win_share == pytest.approx(100 / 130)
    assert m.kelly == pytest.approx(0.5 - 0.5 / 1.3)
    # Deviations 80, -70, 10, -20: variance 11800 / 3.
    assert m.sqn == pytest.approx(2 * 20 / math.sqrt(11_800 / 3))
    assert (m.max_consecutive_wins, m.max_consecutive_losses) == (1, 1)
    assert (m.long_pnl, m.short_pnl) == (50.0, 30.0)
    assert (m.long_win_rate, m.short_win_rate) == (pytest.approx(1 / 3), 1.0)
    assert m.average_bars_held == pytest.approx((1 + 1 + 1 + 1) / 4)
    assert m.average_trade_return == pytest.approx((0.1 - 50 / 1100 + 30 / 1050) / 4)
    assert m.orders == 8


def test_costs_and_turnover_by_hand():
    bars = flat_bars(100, 100, 200, 200)
    config = SimulationConfig(sizing="units", size=10, commission=0.01)
    m = compute_metrics(simulate(bars, [1, 0, 0, 0], config), bars, 252)
    # Fees 10 + 20; profit 1000 before, 970 after. Equity 10000, 9990, 10970, 10970.
    assert m.fees_paid == 30.0
    assert m.net_profit == pytest.approx(970.0)
    assert m.cost_share == pytest.approx(0.03)
    assert m.traded_value == 3000.0
    assert m.turnover == pytest.approx(3000 / ((10_000 + 9_990 + 10_970 + 10_970) / 4) * 252 / 4)


def test_streaks_count_wins_and_losses_in_a_row():
    prices = [100]
    for step in (1, 1, 1, -1, -1, 1):
        prices += [prices[-1], prices[-1] + step]
    bars = flat_bars(*prices, prices[-1])
    target = np.zeros(len(bars))
    target[[2 * i for i in range(6)]] = 1.0
    m = compute_metrics(simulate(bars, target, SimulationConfig(sizing="units", size=1)), bars, 252)
    assert (m.max_consecutive_wins, m.max_consecutive_losses) == (3, 2)


def test_intraday_bars_get_a_daily_sharpe():
    hours = np.datetime64("2020-01-01", "ns") + np.arange(24 * 30) * np.timedelta64(1, "h")
    walk = random_bars(np.random.default_rng(5), len(hours), volatility=0.004)
    bars = Bars(hours, walk.open, walk.high, walk.low, walk.close, walk.volume)
    sim = simulate(bars, np.ones(len(hours)))
    m = compute_metrics(sim, bars, 24 * 365)
    daily = pd.Series(sim.equity, index=pd.DatetimeIndex(hours)).resample("D").last().pct_change().dropna()
    assert m.daily_sharpe_ratio == pytest.approx(ep.sharpe_ratio(daily, annualization=365), rel=1e-9)
    assert "not intraday" in compute_metrics(*reversed(account()), 252).undefined["daily_sharpe_ratio"]


def test_nothing_traded_is_undefined_with_its_reason_never_zero_or_infinity():
    bars = flat_bars(1, 2, 3, 4)
    m = compute_metrics(simulate(bars, [0, 0, 0, 0]), bars, 252)
    plain = m.to_dict()
    for name in (
        "sharpe_ratio",
        "sortino_ratio",
        "calmar_ratio",
        "win_rate",
        "profit_factor",
        "beta",
        "sqn",
        "kelly",
    ):
        assert math.isnan(getattr(m, name))
        assert plain[name] is None
        assert m.undefined[name]
    assert m.undefined["profit_factor"] == "There are no closed trades."
    assert m.undefined["beta"] == "No benchmark was given."
    assert (plain["total_return"], plain["max_drawdown"], plain["total_trades"]) == (0.0, 0.0, 0)
    json.dumps(plain, allow_nan=False)


def test_only_wins_leave_the_profit_factor_undefined():
    bars = flat_bars(100, 100, 110, 120)
    m = compute_metrics(simulate(bars, [1, 1, 1, 1]), bars, 252)
    assert math.isnan(m.profit_factor)
    assert m.undefined["profit_factor"] == "There is no losing trade."


@pytest.mark.parametrize("n", [1, 2, 3])
def test_very_short_runs_give_figures_or_reasons_never_a_crash(n):
    bars = flat_bars(*range(1, n + 1))
    sim = simulate(bars, np.ones(n))
    m = compute_metrics(sim, bars, 252, 0.0, buy_and_hold(bars, sim.config))
    assert all(value is None or math.isfinite(value) for value in m.to_dict().values())
    assert set(m.undefined) == {name for name, value in m.to_dict().items() if value is None}


def test_a_ruined_account_is_minus_one_hundred_percent():
    bars = flat_bars(100, 100, 250, 250, 250)
    sim = simulate(bars, [-1, -1, -1, -1, -1])
    m = compute_metrics(sim, bars, 252, 0.0, buy_and_hold(bars, sim.config))
    assert (m.total_return, m.cagr, m.max_drawdown, m.worst_return) == (-1.0, -1.0, -1.0, -1.0)
    assert math.isfinite(m.sharpe_ratio)
    json.dumps(m.to_dict(), allow_nan=False)


def test_every_figure_has_exactly_one_definition_with_a_unit():
    assert set(DEFINITIONS) == set(FIGURES)
    assert {entry.unit for entry in DEFINITIONS.values()} <= {
        "fraction",
        "ratio",
        "money",
        "count",
        "bars",
        "days",
    }
    for entry in DEFINITIONS.values():
        assert entry.label
        assert entry.formula


def test_what_may_be_undefined_has_a_reason_in_its_definition():
    bars, sim = with_equity(100.0)
    m = compute_metrics(sim, bars, 252)
    assert all(m.undefined.values())
    for name in m.undefined:
        assert DEFINITIONS[name].undefined, name


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"periods_per_year": 0}, "periods_per_year"),
        ({"periods_per_year": math.nan}, "periods_per_year"),
        ({"risk_free_rate": -1.0}, "risk_free_rate"),
        ({"benchmark": [1.0, 2.0]}, "shape"),
        ({"benchmark": [math.nan] * 5}, "finite"),
        ({"benchmark": [1.0, 2.0, 0.0, 1.0, 1.0]}, "finite"),
        ({"bars": flat_bars(1, 2)}, "2"),
    ],
)
def test_bad_input_is_refused(change, word):
    bars = flat_bars(1, 2, 3, 4, 5)
    values = {"sim": simulate(bars, np.ones(5)), "bars": bars, "periods_per_year": 252.0} | change
    with pytest.raises(MetricsError, match=word):
        compute_metrics(**values)


def test_a_record_cannot_be_changed():
    bars = flat_bars(1, 2, 3)
    m = compute_metrics(simulate(bars, np.ones(3)), bars, 252)
    assert isinstance(m, BacktestMetrics)
    with pytest.raises(dataclasses.FrozenInstanceError):
        m.cagr = 1.0


def twins(monkeypatch):
    for module in (kernels, lanes, account_kernels, comparison_kernels, benchmark):
        for name in [name for name in vars(module) if name.endswith("_nb")]:
            monkeypatch.setattr(module, name, getattr(module, name).py_func)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_compiled_passes_equal_their_python_twins(seed, monkeypatch):
    bars, sim = account(seed, n=300)
    held = buy_and_hold(bars, sim.config)
    compiled = dataclasses.asdict(compute_metrics(sim, bars, 252, 0.02, held))
    twins(monkeypatch)
    plain = dataclasses.asdict(compute_metrics(sim, bars, 252, 0.02, held))
    assert plain.pop("undefined") == compiled.pop("undefined")
    assert plain == pytest.approx(compiled, rel=1e-9, nan_ok=True)


class AlwaysLong:
    def target(self, bars):
        return np.ones(len(bars))


def test_the_engine_runs_a_strategy_on_bars_or_a_frame_and_reports_progress():
    bars, _ = account()
    engine = BacktestEngine(SimulationConfig(commission=0.001), risk_free_rate=0.01)
    seen = []
    metrics, details = engine.run_backtest(
        bars, AlwaysLong(), 252, progress=lambda share, text: seen.append(share)
    )
    again, _ = engine.run_backtest(bars.to_frame(), AlwaysLong())
    assert metrics.to_dict() == again.to_dict()
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert np.array_equal(details.benchmark_equity, details.simulation.equity)  # always long is buy and hold
    assert metrics.beta == pytest.approx(1.0)
    assert metrics.risk_free_rate == 0.01
    assert details.drawdown.min() == pytest.approx(metrics.max_drawdown)
    assert set(details.timings) == {"signals", "simulation", "metrics"}
    assert details.target.tolist() == [1.0] * len(bars)


def test_a_long_run_uses_a_second_thread_with_the_same_result(monkeypatch):
    bars, _ = account()
    config = SimulationConfig(commission=0.001)
    expected, details = BacktestEngine(config).run_backtest(bars, AlwaysLong())
    monkeypatch.setattr(aside, "WORTH_A_THREAD", 0)
    metrics, threaded = BacktestEngine(config).run_backtest(bars, AlwaysLong())
    assert metrics.to_dict() == expected.to_dict()
    assert threaded.benchmark_equity.tobytes() == details.benchmark_equity.tobytes()
    with pytest.raises(EngineError, match="no bars"):
        BacktestEngine(config).run_backtest(bars.head(0), AlwaysLong())


def test_two_threads_write_the_same_table_of_trades(monkeypatch):
    _, sim = account()
    assert len(sim.trades) > 50
    monkeypatch.setattr(aside, "WORTH_A_THREAD", 2)
    again = dataclasses.replace(sim)
    assert again.trades.tobytes() == sim.trades.tobytes()
    assert again.trades is not sim.trades


def test_a_strategy_may_size_its_entries_itself():
    class Half(AlwaysLong):
        def size(self, bars):
            return np.full(len(bars), 0.5)

    class NoOpinion(AlwaysLong):
        def size(self, bars):
            return None

    bars = flat_bars(100, 100, 200, 200)
    _, details = BacktestEngine().run_backtest(bars, Half())
    assert details.simulation.final_equity == 15_000.0
    assert details.size.tolist() == [0.5] * 4
    _, details = BacktestEngine().run_backtest(bars, NoOpinion())
    assert details.simulation.final_equity == 20_000.0
    assert details.size is None


def test_progress_may_stop_the_run():
    class Cancelled(Exception):
        pass

    def stop(share, text):
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        BacktestEngine().run_backtest(flat_bars(1, 2, 3), AlwaysLong(), progress=stop)
