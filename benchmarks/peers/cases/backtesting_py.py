"""backtesting.py: a strategy class stepped bar by bar, units in billionths so that all cash is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtesting.backtesting
import pandas as pd
from backtesting import Strategy
from backtesting.lib import FractionalBacktest, crossover

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns

backtesting.backtesting._tqdm = lambda values, **_: values  # no progress bar in the measurement


def _average(values: Any, period: int) -> Any:
    return pd.Series(values).rolling(period).mean()


class Crossover(Strategy):
    fast_period = 10
    slow_period = 30

    def init(self) -> None:
        self.fast = self.I(_average, self.data.Close, self.fast_period)
        self.slow = self.I(_average, self.data.Close, self.slow_period)

    def next(self) -> None:
        if crossover(self.fast, self.slow):
            self.buy()
        elif crossover(self.slow, self.fast):
            self.position.close()


def one_run(arguments: Arguments) -> Prepared:
    data = columns(arguments["bars"])
    frame = pd.DataFrame(
        {name.title(): data[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.DatetimeIndex(data["time"]),
    )
    windows = {name: arguments[name] for name in ("fast_period", "slow_period")}

    def run() -> Any:
        test = FractionalBacktest(
            frame,
            Crossover,
            fractional_unit=1e-9,
            cash=arguments["cash"],
            commission=arguments["commission"],
            finalize_trades=False,
        )
        return test.run(**windows)

    return Prepared(run, _facts)


def _facts(stats: Any) -> Facts:
    equity = stats["_equity_curve"].Equity.to_numpy()
    return {
        "final_equity": float(stats["Equity Final [$]"]),
        "equity": equity[:: max(1, len(equity) // 5000)].tolist(),
    }


CASES: dict[str, Callable[[Arguments], Prepared]] = {"one_run": one_run}
