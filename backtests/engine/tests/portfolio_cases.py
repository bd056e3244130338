"""Panels, weights and configurations for the tests of accounts over several symbols."""

import numpy as np

from backtests.engine.portfolio_config import REBALANCES, PortfolioConfig
from backtests.engine.tests.cases import make_bars, random_bars
from marketdata.bars import Bars
from marketdata.panel import Panel


def flat_panel(**prices):
    """One price a day for each symbol; None is a day without a bar."""
    made = {}
    for symbol, row in prices.items():
        kept = [day for day, price in enumerate(row) if price is not None]
        whole = make_bars(*[(price or 1.0,) * 4 for price in row])
        made[symbol] = rows_of(whole, kept)
    return Panel.of(made)


def rows_of(bars, rows):
    columns = {name: getattr(bars, name)[rows] for name in ("time", "open", "high", "low", "close", "volume")}
    return Bars(**columns)


def random_panel(rng, n, m):
    """Symbols that miss single bars or whole weekends, begin late or end early; each has at least one bar."""
    made = {}
    for i in range(m):
        own = random_bars(rng, n, volatility=float(rng.choice([0.01, 0.03, 0.2])))
        keep = rng.random(n) < rng.choice([1.0, 1.0, 0.9, 0.5])
        if rng.random() < 0.3:
            keep &= np.arange(n) % 7 < 5
        if rng.random() < 0.2:
            keep[: int(rng.integers(0, n))] = False
        if rng.random() < 0.2:
            keep[int(rng.integers(0, n)) :] = False
        if not keep.any():
            keep[int(rng.integers(0, n))] = True
        made[f"S{i}"] = rows_of(own, np.flatnonzero(keep))
    return Panel.of(made)


def random_weights(rng, n, m):
    """Weights that stay for a while, with signs, zeros, sums from nothing to too much, and rows of NaN."""
    raw = rng.normal(0.0, 1.0, (n, m)) * (rng.random((n, m)) < 0.8)
    if rng.random() < 0.4:
        raw = np.abs(raw)
    gross = np.abs(raw).sum(axis=1, keepdims=True)
    raw = np.divide(raw, gross, out=np.zeros_like(raw), where=gross > 0) * rng.choice([0.5, 1.0, 1.0, 1.7])
    stay = rng.random(n) < rng.choice([0.0, 0.8, 0.97])
    stay[0] = False
    weights = raw[np.maximum.accumulate(np.where(stay, 0, np.arange(n)))]
    weights[rng.random(n) < 0.1] = np.nan
    return weights


def random_portfolio_config(rng):
    """Any configuration the account accepts, every setting in play."""

    def sometimes(value, share=0.5):
        return float(value) if rng.random() < share else 0.0

    rebalance = str(rng.choice(REBALANCES))
    return PortfolioConfig(
        initial_capital=10_000.0,
        commission=sometimes(rng.uniform(0.0, 0.01)),
        commission_fixed=sometimes(rng.uniform(0.0, 20.0), 0.3),
        commission_min=sometimes(rng.uniform(0.0, 50.0), 0.3),
        slippage=sometimes(rng.uniform(0.0, 0.005)),
        spread=sometimes(rng.uniform(0.0, 0.005)),
        whole_units=bool(rng.random() < 0.3),
        allow_short=bool(rng.random() < 0.7),
        leverage=float(rng.choice([1.0, 1.0, 1.5, 4.0])),
        borrow_rate=sometimes(rng.uniform(0.0, 2.0)),
        liquidate_at_end=bool(rng.random() < 0.8),
        rebalance=rebalance,
        rebalance_every=int(rng.integers(1, 8)) if rebalance == "bars" else 1,
        cash_buffer=sometimes(rng.uniform(0.0, 0.2), 0.4),
        min_trade=sometimes(rng.uniform(0.0, 0.1), 0.3),
    )
