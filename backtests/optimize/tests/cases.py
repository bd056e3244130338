"""Bars and accounts that sweeps are compared on, and the plain loop they are compared with."""

import numpy as np

from algotrade.errors import InvalidInput
from backtests.engine import SimulationConfig, simulate
from backtests.engine.tests.cases import make_bars
from backtests.metrics import compute_metrics
from backtests.optimize import SWEEP_METRICS, Axis, Grid, run_sweep
from backtests.optimize.cells import Request
from marketdata.bars import Bars

PAIRS = Grid(
    [
        Axis("fast_period", (1, 2, 3, 5, 8)),
        Axis("slow_period", (2, 4, 9, 20)),
        Axis("ma_type", ("sma", "ema")),
    ]
)


def on_a_grid(bars, step=0.1):
    """The same bars with prices rounded to a tick, so that averages tie and profits are exactly 0."""
    columns = {
        name: np.round(getattr(bars, name) / step) * step + step for name in ("open", "high", "low", "close")
    }
    columns["high"] = np.maximum(columns["high"], np.maximum(columns["open"], columns["close"]))
    columns["low"] = np.minimum(columns["low"], np.minimum(columns["open"], columns["close"]))
    return Bars(time=bars.time, volume=bars.volume, **columns)


def flat(n):
    return make_bars(*[(100.0,) * 4] * n)


def jump(factor):
    """A fall that averages follow into a short, then a price `factor` times higher, then calm."""
    return make_bars(*[(price,) * 4 for price in (*[100.0] * 22, 80.0, 80.0, *[80.0 * factor] * 6)])


def simple_config(rng):
    """An account that trades by events."""
    return SimulationConfig(
        commission=float(rng.choice([0.0, 0.001, 0.02])),
        slippage=float(rng.choice([0.0, 0.0005])),
        spread=float(rng.choice([0.0, 0.001])),
        allow_short=bool(rng.random() < 0.6),
        sizing="fraction",
        size=float(rng.choice([1.0, 0.5, 0.07])),
        liquidate_at_end=bool(rng.random() < 0.6),
        initial_capital=float(rng.choice([1.0, 10_000.0])),
    )


def assert_like_single_runs(
    bars, strategy_class, space, config, parameters=None, periods_per_year=252.0, **options
):
    """Every cell has the figures of its own backtest: trades equal, the rest to 1e-12 of its size (at least 1)."""
    result = run_sweep(
        bars, strategy_class, parameters or {}, space, config, periods_per_year=periods_per_year, **options
    )
    request = Request(strategy_class, parameters or {}, config, periods_per_year)
    for cell in range(len(result)):
        try:
            strategy, account = request.cell(result.values, cell)
        except InvalidInput:
            assert not result.valid[cell]
            assert all(np.isnan(result.metrics[name][cell]) for name in SWEEP_METRICS)
            continue
        assert result.valid[cell]
        target, size = strategy.target(bars), strategy.size(bars)
        sim = simulate(bars, target, account, periods_per_year=periods_per_year, size=size)
        figures = compute_metrics(sim, bars, periods_per_year)
        for name in SWEEP_METRICS:
            expected, found = getattr(figures, name), result.metrics[name][cell]
            said = f"{name} of {strategy}, {account}"
            if name in ("total_trades", "win_rate", "exposure"):
                np.testing.assert_equal(found, expected, said)
            else:
                np.testing.assert_allclose(found, expected, 1e-12, 1e-12, err_msg=said)
    return result


def assert_same_bytes(left, right, where=slice(None)):
    """The figures of `left` are those of the cells `where` of `right`, bit for bit."""
    for name in SWEEP_METRICS:
        assert left.metrics[name].tobytes() == np.ascontiguousarray(right.metrics[name][where]).tobytes(), (
            name
        )
