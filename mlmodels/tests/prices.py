"""Bars whose truth is known: each bar opens at the last close, so that what was seen and what is traded line up."""

import numpy as np

from marketdata.bars import Bars


def autoregressive(count: int, phi: float, seed: int) -> Bars:
    """Daily log returns r[t] = phi * r[t-1] + noise, from open to open; phi 0 is a random walk."""
    rng = np.random.default_rng(seed)
    noise = 0.01 * rng.standard_normal(count)
    steps = np.empty(count)
    previous = 0.0
    for row in range(count):
        previous = phi * previous + noise[row]
        steps[row] = previous
    log_close = np.log(100.0) + np.cumsum(steps)
    log_open = log_close - steps
    reach = np.abs(0.003 * rng.standard_normal((2, count)))
    return Bars(
        time=np.datetime64("2000-01-01", "ns") + np.arange(count) * np.timedelta64(1, "D"),
        open=np.exp(log_open),
        high=np.exp(np.maximum(log_open, log_close) + reach[0]),
        low=np.exp(np.minimum(log_open, log_close) - reach[1]),
        close=np.exp(log_close),
        volume=np.round(1e6 * np.exp(0.2 * rng.standard_normal(count))),
    )


def from_rows(*rows: tuple[float, float, float, float]) -> Bars:
    """Hand-made bars of (open, high, low, close), one a day."""
    columns = np.array(rows, dtype=np.float64).T
    time = np.datetime64("2020-01-01", "ns") + np.arange(len(rows)) * np.timedelta64(1, "D")
    return Bars(time, *columns, np.ones(len(rows)))


def with_future_changed(bars: Bars, row: int, factor: float = 1.7) -> Bars:
    """The same bars up to and including `row`; afterwards other prices and volumes."""
    scale = np.where(np.arange(len(bars)) > row, factor, 1.0)
    names = ("open", "high", "low", "close", "volume")
    return Bars(bars.time, *(getattr(bars, name) * scale for name in names))
