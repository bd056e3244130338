"""quantstats and empyrical: the figures of an equity curve that the product has made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns


def _returns(arguments: Arguments) -> tuple[pd.Series, pd.Series]:
    """Returns of the account and of buy-and-hold, between closes."""
    stored = columns(arguments["curve"])
    index = pd.DatetimeIndex(stored["time"])
    curves = (pd.Series(stored[name], index=index) for name in ("equity", "benchmark"))
    account, held = (curve.pct_change().iloc[1:] for curve in curves)
    return account, held


def quantstats_all(arguments: Arguments) -> Prepared:
    """Its full table of figures, without drawing or printing."""
    import quantstats

    returns, held = _returns(arguments)

    def run() -> Any:
        return quantstats.reports.metrics(
            returns, benchmark=held, mode="full", display=False, prepare_returns=False
        )

    def facts(_: Any) -> Facts:
        s = quantstats.stats  # the table is rounded to two digits
        return {
            "sharpe_ratio": float(s.sharpe(returns)),
            "sortino_ratio": float(s.sortino(returns)),
            "volatility": float(s.volatility(returns)),
            "total_return": float(s.comp(returns)),
            "max_drawdown": float(s.max_drawdown(returns)),
        }

    return Prepared(run, facts)


def empyrical_all(arguments: Arguments) -> Prepared:
    """Its usual set: the thirteen figures of an account and the two against a benchmark."""
    import empyrical as e

    alone = (
        e.annual_return, e.cum_returns_final, e.annual_volatility, e.sharpe_ratio, e.calmar_ratio,
        e.stability_of_timeseries, e.max_drawdown, e.omega_ratio, e.sortino_ratio, e.tail_ratio,
        e.value_at_risk, e.conditional_value_at_risk, e.downside_risk,
    )  # fmt: skip
    against = (e.alpha, e.beta)
    returns, held = _returns(arguments)
    if arguments["arrays"]:
        returns, held = (np.ascontiguousarray(series) for series in (returns, held))

    def run() -> dict[str, Any]:
        found = {function.__name__: function(returns) for function in alone}
        return found | {function.__name__: function(returns, held) for function in against}

    def facts(found: dict[str, Any]) -> Facts:
        names = {
            "annual_volatility": "volatility",
            "cum_returns_final": "total_return",
            **{name: name for name in ("sharpe_ratio", "sortino_ratio", "max_drawdown", "calmar_ratio")},
            **{name: name for name in ("omega_ratio", "beta")},
        }
        return {ours: float(found[theirs]) for theirs, ours in names.items()}

    return Prepared(run, facts)


CASES: dict[str, Callable[[Arguments], Prepared]] = {
    "quantstats": quantstats_all,
    "empyrical": empyrical_all,
}
