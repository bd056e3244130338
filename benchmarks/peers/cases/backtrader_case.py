"""backtrader: orders sized at the open they are filled at (cheat-on-open), decided at the close before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import backtrader as bt
import numpy as np
import pandas as pd

from benchmarks.peers.cases import Arguments, Facts, Prepared, columns

ROUNDING = 1.0 - 1e-12  # its broker refuses an order that is above the cash by the last bit
ANALYZERS = {
    "returns": bt.analyzers.TimeReturn,
    "trades": bt.analyzers.TradeAnalyzer,
    "sharpe": bt.analyzers.SharpeRatio_A,
    "drawdown": bt.analyzers.DrawDown,
    "fills": bt.analyzers.Transactions,
}


class Crossover(bt.Strategy):
    params = (("fast_period", 10), ("slow_period", 30), ("commission", 0.0))

    def __init__(self) -> None:
        fast = bt.ind.SMA(self.data.close, period=self.p.fast_period)
        slow = bt.ind.SMA(self.data.close, period=self.p.slow_period)
        self.cross = bt.ind.CrossOver(fast, slow)
        self.wanted = 0

    def next_open(self) -> None:
        if self.wanted > 0 and not self.position:
            price = self.data.open[0] * (1.0 + self.p.commission)
            self.buy(size=self.broker.getcash() / price * ROUNDING)
        elif self.wanted < 0 and self.position:
            self.close()
        self.wanted = 0

    def next(self) -> None:
        self.wanted = int(np.sign(self.cross[0]))


def one_run(arguments: Arguments) -> Prepared:
    data = columns(arguments["bars"])
    frame = pd.DataFrame(
        {name: data[name] for name in ("open", "high", "low", "close", "volume")},
        index=pd.DatetimeIndex(data["time"]),
    )

    def run() -> Any:
        cerebro = bt.Cerebro(cheat_on_open=True, stdstats=False)
        cerebro.adddata(bt.feeds.PandasData(dataname=frame, openinterest=None))
        names = ("fast_period", "slow_period", "commission")
        cerebro.addstrategy(Crossover, **{name: arguments[name] for name in names})
        cerebro.broker.setcash(arguments["cash"])
        cerebro.broker.setcommission(commission=arguments["commission"])
        for name, analyzer in ANALYZERS.items():
            cerebro.addanalyzer(analyzer, _name=name)
        return cerebro.run()[0]

    def facts(strategy: Any) -> Facts:
        returns = np.array(list(strategy.analyzers.returns.get_analysis().values()))
        equity = arguments["cash"] * np.cumprod(1.0 + returns)
        return {
            "final_equity": float(strategy.broker.getvalue()),
            "equity": equity[:: max(1, len(equity) // 5000)].tolist(),
            "trades": int(strategy.analyzers.trades.get_analysis().total.total),
            "max_drawdown": -strategy.analyzers.drawdown.get_analysis().max.drawdown / 100.0,
        }

    return Prepared(run, facts)


CASES: dict[str, Callable[[Arguments], Prepared]] = {"one_run": one_run}
