"""vectorbt, with its Numba engine or with its Rust engine wherever that one serves a call ("auto")."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns, pairs

vbt.settings.returns["year_freq"] = "252 days"


def _portfolio(arguments: Arguments, close: pd.Series, entries: Any, exits: Any) -> Any:
    """Signals of one close filled at the next open; one column of prices serves all columns of signals."""
    data = columns(arguments["bars"])
    many = getattr(entries, "ndim", 1) > 1
    shaped = {name: data[name][:, None] if many else data[name] for name in ("open", "high", "low")}
    stops: dict[str, Any] = {}
    if "stop_loss" in arguments:
        stops = shaped | {
            "sl_stop": arguments["stop_loss"],
            "tp_stop": arguments["take_profit"],
            "stop_entry_price": "fillprice",
            "stop_exit_price": "stoplimit",
        }
    return vbt.Portfolio.from_signals(
        close,
        entries.vbt.signals.fshift(1),
        exits.vbt.signals.fshift(1),
        price=shaped["open"],
        init_cash=arguments["cash"],
        fees=arguments["commission"],
        freq="1D",
        **stops,
    )


def _close(arguments: Arguments) -> pd.Series:
    data = columns(arguments["bars"])
    return pd.Series(data["close"], index=pd.DatetimeIndex(data["time"]))


def _read(portfolio: Any) -> tuple[Any, Any, Any, Any]:
    return portfolio.value(), portfolio.trades.records, portfolio.drawdown(), portfolio.stats()


def _run_facts(result: tuple[Any, Any, Any, Any]) -> Facts:
    value, trades, _, stats = result
    return {
        "final_equity": float(value.iloc[-1]),
        "equity": value.to_numpy()[:: max(1, len(value) // 5000)].tolist(),
        "trades": len(trades),
        "sharpe_with_first_bar": float(stats["Sharpe Ratio"]),
        "max_drawdown": -float(stats["Max Drawdown [%]"]) / 100.0,
    }


def one_run(arguments: Arguments) -> Prepared:
    vbt.settings["engine"] = arguments["engine"]
    close = _close(arguments)

    def run() -> Any:
        fast = vbt.MA.run(close, arguments["fast_period"])
        slow = vbt.MA.run(close, arguments["slow_period"])
        return _read(_portfolio(arguments, close, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)))

    return Prepared(run, _run_facts)


def every_bar(arguments: Arguments) -> Prepared:
    vbt.settings["engine"] = arguments["engine"]
    close = _close(arguments)
    entries = pd.Series(np.arange(len(close)) % 2 == 0, index=close.index)
    exits = ~entries
    return Prepared(lambda: _read(_portfolio(arguments, close, entries, exits)), _run_facts)


def sweep(arguments: Arguments) -> Prepared:
    """Return, Sharpe ratio, drawdown and trades of every pair, all columns at once as vectorbt does it."""
    vbt.settings["engine"] = arguments["engine"]
    close = _close(arguments)
    fasts, slows = pairs(arguments)

    def run() -> Any:
        fast = vbt.MA.run(close, fasts, run_unique=True, short_name="fast")
        slow = vbt.MA.run(close, slows, run_unique=True, short_name="slow")
        portfolio = _portfolio(arguments, close, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow))
        figures = (
            portfolio.total_return(),
            portfolio.sharpe_ratio(),
            portfolio.max_drawdown(),
            portfolio.trades.count(),
        )
        return [figure.to_numpy() for figure in figures]

    def facts(result: Any) -> Facts:
        total, sharpe, drawdown, trades = (values.astype(float) for values in result)
        return {
            "final_equity": (arguments["cash"] * (1.0 + total)).tolist(),
            "sharpe_with_first_bar": sharpe.tolist(),
            "max_drawdown": drawdown.tolist(),
            "trades": trades.tolist(),
        }

    return Prepared(run, facts)


CASES: dict[str, Callable[[Arguments], Prepared]] = {
    "one_run": one_run,
    "every_bar": every_bar,
    "pairs": sweep,
}
