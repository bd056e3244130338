"""raptorbt: a Rust engine over arrays of signals, with its own averages; crossings are its user's numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import raptorbt

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns, crossings, pairs


def _config(arguments: Arguments) -> Any:
    return raptorbt.BacktestConfig(
        initial_capital=arguments["cash"],
        fees=arguments["commission"],
        fill_timing="next_bar_open",
        periods_per_year=252.0,
    )


def _prices(arguments: Arguments) -> tuple[Any, ...]:
    data = columns(arguments["bars"])
    return data["time"].astype(np.int64), *(data[name] for name in ("open", "high", "low", "close", "volume"))


def _simulate(prices: tuple[Any, ...], entries: Any, exits: Any, config: Any) -> tuple[Any, Any, Any, Any]:
    result = raptorbt.run_single_backtest(*prices, entries, exits, 1, 1.0, "X", config)
    return result.equity_curve(), result.trades(), result.drawdown_curve(), result.metrics


def _run_facts(result: tuple[Any, Any, Any, Any]) -> Facts:
    equity, trades, _, metrics = result
    return {
        "final_equity": float(equity[-1]),
        "equity": equity[:: max(1, len(equity) // 5000)].tolist(),
        "trades": len(trades),
        "sharpe_with_first_bar": metrics.sharpe_ratio,
        "max_drawdown": -metrics.max_drawdown_pct / 100.0,
    }


def one_run(arguments: Arguments) -> Prepared:
    config, prices = _config(arguments), _prices(arguments)

    def run() -> Any:
        close = prices[4]
        fast = raptorbt.sma(close, arguments["fast_period"])
        slow = raptorbt.sma(close, arguments["slow_period"])
        return _simulate(prices, *crossings(fast, slow), config)

    return Prepared(run, _run_facts)


def every_bar(arguments: Arguments) -> Prepared:
    config, prices = _config(arguments), _prices(arguments)
    entries = np.arange(len(prices[0])) % 2 == 0
    exits = ~entries
    return Prepared(lambda: _simulate(prices, entries, exits, config), _run_facts)


def sweep(arguments: Arguments) -> Prepared:
    """Each window's average once, then all pairs through the batch call, which uses every core it may."""
    config, prices = _config(arguments), _prices(arguments)
    fasts, slows = pairs(arguments)

    def run() -> Any:
        windows = {int(n): raptorbt.sma(prices[4], int(n)) for n in np.unique(np.concatenate((fasts, slows)))}
        items = []
        for number, (fast, slow) in enumerate(zip(fasts.tolist(), slows.tolist(), strict=True)):
            entries, exits = crossings(windows[fast], windows[slow])
            items.append(raptorbt.BatchSingleItem(str(number), entries, exits, 1, 1.0, "X"))
        found = raptorbt.batch_single_backtest(*prices, items, config)
        return [(name, result.metrics) for name, result in found]

    def facts(result: Any) -> Facts:
        ordered = [metrics for _, metrics in sorted(result, key=lambda pair: int(pair[0]))]
        return {
            "final_equity": [m.end_value for m in ordered],
            "sharpe_with_first_bar": [m.sharpe_ratio for m in ordered],
            "max_drawdown": [-m.max_drawdown_pct / 100.0 for m in ordered],
            "trades": [float(m.total_trades) for m in ordered],
        }

    return Prepared(run, facts)


CASES: dict[str, Callable[[Arguments], Prepared]] = {
    "one_run": one_run,
    "every_bar": every_bar,
    "pairs": sweep,
}
