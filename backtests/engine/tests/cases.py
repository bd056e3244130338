"""Bars for the tests: tiny hand-written ones and seeded random ones."""

import numpy as np

from backtests.engine import SimulationConfig, simulate
from marketdata.bars import Bars


def make_bars(*rows, start="2020-01-01"):
    """Bars from (open, high, low, close) rows, one a day."""
    table = np.array(rows, dtype=float)
    time = np.datetime64(start, "ns") + np.arange(len(rows)) * np.timedelta64(1, "D")
    return Bars(time, *(table[:, column] for column in range(4)), np.ones(len(rows)))


def flat_bars(*prices):
    """Bars whose open, high, low and close are one price each."""
    return make_bars(*[(price,) * 4 for price in prices])


def one_trade(bars, target, **settings):
    """A simulation that makes exactly one trade, and that trade."""
    sim = simulate(bars, target, SimulationConfig(**settings))
    assert len(sim.trades) == 1
    return sim, sim.trades[0]


def random_bars(rng, n, volatility=0.03, gap=0.02):
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, volatility, n)))
    open_ = np.concatenate([[100.0], close[:-1]]) * np.exp(rng.normal(0.0, gap, n))
    high = np.maximum(open_, close) * (1.0 + rng.exponential(volatility / 2, n))
    low = np.minimum(open_, close) / (1.0 + rng.exponential(volatility / 2, n))
    time = np.datetime64("2020-01-01", "ns") + np.arange(n) * np.timedelta64(1, "D")
    return Bars(time, open_, high, low, close, np.ones(n))


def random_target(rng, n, hold=0.7):
    """Random directions that mostly stay; about a tenth is NaN."""
    target = rng.choice([-1.0, 0.0, 1.0], n)
    stay = rng.random(n) < hold
    stay[0] = False
    target = target[np.maximum.accumulate(np.where(stay, 0, np.arange(n)))]
    target[rng.random(n) < 0.1] = np.nan
    return target


def random_size(rng, n):
    """Shares of cash as a strategy gives them: some above 1, a few 0, some not known."""
    size = rng.uniform(0.0, 2.5, n)
    size[rng.random(n) < 0.1] = 0.0
    size[rng.random(n) < 0.1] = np.nan
    return size


def random_config(rng):
    """Any configuration the engine accepts, every setting in play."""

    def sometimes(value, share=0.5):
        return value if rng.random() < share else 0.0

    close = rng.random() < 0.2
    sizing = str(
        rng.choice(["all_in", "fraction", "units", "cash", "vol_target", *([] if close else ["atr_risk"])])
    )
    leverage = float(rng.choice([1.0, 1.0, 2.0, 5.0]))
    sizes = {
        "all_in": 1.0,
        "fraction": rng.uniform(0.1, leverage),
        "units": rng.uniform(1.0, 150.0),
        "cash": rng.uniform(500.0, 12_000.0),
        "vol_target": rng.uniform(0.05, 1.0),
        "atr_risk": rng.uniform(0.005, 0.1),
    }

    def stop(low, high):
        return None if close or rng.random() < 0.5 else float(rng.uniform(low, high))

    values = {
        "initial_capital": 10_000.0,
        "commission": sometimes(rng.uniform(0.0, 0.01)),
        "commission_fixed": sometimes(rng.uniform(0.0, 20.0)),
        "commission_min": sometimes(rng.uniform(0.0, 50.0)),
        "slippage": sometimes(rng.uniform(0.0, 0.005)),
        "spread": sometimes(rng.uniform(0.0, 0.005)),
        "fill": "close" if close else "next_open",
        "sizing": sizing,
        "size": float(sizes[sizing]),
        "whole_units": bool(rng.random() < 0.3),
        "allow_short": bool(rng.random() < 0.8),
        "leverage": leverage,
        "stop_loss": stop(0.01, 0.2),
        "take_profit": stop(0.01, 0.3),
        "trailing_stop": stop(0.01, 0.2),
        "borrow_rate": sometimes(rng.uniform(0.0, 2.0)),
        "maintenance_margin": sometimes(rng.uniform(0.05, 0.6)) if leverage > 1 else 0.0,
        "liquidate_at_end": bool(rng.random() < 0.8),
    }
    if sizing == "vol_target":
        values["volatility_window"] = int(rng.integers(2, 25))
    if sizing == "atr_risk":
        values["atr_window"] = int(rng.integers(1, 20))
        values["atr_multiple"] = float(rng.uniform(0.5, 4.0))
    return SimulationConfig.from_dict(values)
