"""The figures of one run as a frozen record. `definitions.py` says what each of them means."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class BacktestMetrics:
    """Figures of one run. Fractions, not percents; NaN where undefined, with the reason in `undefined`."""

    # The conventions they were computed with.
    periods_per_year: float
    risk_free_rate: float
    bars: int
    # The account.
    initial_capital: float
    final_equity: float
    marked_equity: float
    net_profit: float
    total_return: float
    cagr: float
    exposure: float
    # Returns bar by bar.
    volatility: float
    sharpe_ratio: float
    sharpe_low: float
    sharpe_high: float
    probabilistic_sharpe_ratio: float
    minimum_track_record: float
    daily_sharpe_ratio: float
    sortino_ratio: float
    omega_ratio: float
    var_95: float
    var_99: float
    cvar_95: float
    cvar_99: float
    skewness: float
    excess_kurtosis: float
    best_return: float
    worst_return: float
    positive_returns: float
    # Falls from a peak.
    max_drawdown: float
    average_drawdown: float
    max_drawdown_days: float
    average_drawdown_days: float
    time_under_water: float
    ulcer_index: float
    calmar_ratio: float
    recovery_factor: float
    # Round trips.
    total_trades: int
    win_rate: float
    profit_factor: float
    payoff_ratio: float
    expectancy: float
    average_trade_return: float
    average_win: float
    average_loss: float
    largest_win: float
    largest_loss: float
    largest_win_share: float
    sqn: float
    kelly: float
    max_consecutive_wins: int
    max_consecutive_losses: int
    average_bars_held: float
    long_trades: int
    long_win_rate: float
    long_pnl: float
    short_trades: int
    short_win_rate: float
    short_pnl: float
    # Costs and orders.
    orders: int
    rejected_orders: int
    ambiguous_bars: int
    traded_value: float
    turnover: float
    fees_paid: float
    slippage_paid: float
    borrow_paid: float
    cost_share: float
    # Against the benchmark.
    benchmark_return: float
    benchmark_cagr: float
    excess_return: float
    alpha: float
    beta: float
    correlation: float
    tracking_error: float
    information_ratio: float
    up_capture: float
    down_capture: float

    undefined: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, float | int], undefined: Mapping[str, str]) -> Self:
        """Make a record of all figures at once; a frozen class sets them one by one, which is slow."""
        if values.keys() != _NAMES:
            raise TypeError(f"These figures are missing or unknown: {sorted(values.keys() ^ _NAMES)}.")
        record = object.__new__(cls)
        record.__dict__.update(values, undefined=undefined)
        return record

    def to_dict(self) -> dict[str, float | int | None]:
        """Return every figure by name, ready for JSON: None where undefined."""
        return {name: _plain(getattr(self, name)) for name in FIGURES}


FIGURES = tuple(entry.name for entry in fields(BacktestMetrics) if entry.name != "undefined")
_NAMES = frozenset(FIGURES)


def _plain(value: Any) -> float | int | None:
    if isinstance(value, int):
        return value
    return float(value) if math.isfinite(value) else None
