"""The preview process's work: one backtest out of a question, made small enough for a chart. No database."""

import contextlib
import hashlib
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backtests import doubts
from backtests.curves import finite, seconds
from backtests.engine import BacktestEngine, PortfolioConfig, PortfolioEngine, SimulationConfig
from backtests.engine import warm as engine_warm
from backtests.metrics.record import BacktestMetrics
from backtests.preview.markets import market_of, panel_of
from backtests.preview.question import Question
from backtests.preview.thinning import Moments
from backtests.robustness import costs
from marketdata.bars import Bars
from marketdata.panel import Panel
from marketdata.sessions import sessions_between
from strategies.base import BaseStrategy, Overlay
from strategies.indicators import warm as indicators_warm
from strategies.portfolio import PortfolioStrategy
from strategies.registry import get_strategy_class, names

MOST_MARKERS = 500
MOST_OVERLAYS = 6
SIGNIFICANT = 7
FIGURES = (
    "total_return",
    "cagr",
    "sharpe_ratio",
    "sharpe_low",
    "sharpe_high",
    "max_drawdown",
    "total_trades",
    "win_rate",
    "exposure",
    "excess_return",
    "benchmark_return",
    "final_equity",
)


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """A backtest before it is made short: what to draw at each bar, and what is told beside it."""

    metrics: BacktestMetrics
    time: NDArray[np.datetime64]
    close: NDArray[np.float64]
    equity: NDArray[np.float64]
    benchmark: NDArray[np.float64]
    drawdown: NDArray[np.float64]
    moments: Moments
    total: int
    overlays: Sequence[Overlay]
    markers: list[list[int]]
    marked: int
    doubts: list[dict[str, Any]]


def answer(question: Question) -> dict[str, Any]:
    """Compute the backtest; curves have one value for each of `market.time`."""
    started = time.perf_counter()
    computed = _of_weights(question) if question.legs else _of_one_symbol(question)
    moments, metrics = computed.moments, computed.metrics
    key = _key(question)
    told = {
        "market": None if question.known == key else _of_market(key, computed),
        "bar_count": len(computed.time),
        "total_bar_count": computed.total,
        "equity": _shortened(moments.extremes(computed.equity)),
        "drawdown": moments.extremes(computed.drawdown).round(5).tolist(),
        "overlays": _overlays(computed),
        "markers": computed.markers,
        "marks": "positions" if question.legs else "trades",
        "trades_marked": computed.marked,
        "metrics": {name: _plain(getattr(metrics, name)) for name in FIGURES},
        "undefined": {name: said for name, said in metrics.undefined.items() if name in FIGURES},
        "warnings": computed.doubts,
    }
    return {**told, "computing_ms": round((time.perf_counter() - started) * 1000, 2)}


def _of_one_symbol(question: Question) -> Computed:
    market = market_of(question)
    bars = market.bars
    config = SimulationConfig.from_dict(question.configuration)
    strategy = get_strategy_class(question.strategy_type)(**question.parameters)
    metrics, details = BacktestEngine(config).run_backtest(
        bars, strategy, periods_per_year=question.periods_per_year
    )
    simulation, target, size = details.simulation, details.target, details.size
    markers, marked = _markers(simulation, market.moments)
    return Computed(
        metrics,
        bars.time,
        bars.close,
        simulation.equity,
        details.benchmark_equity,
        details.drawdown,
        market.moments,
        market.total,
        strategy.overlays(bars),
        markers,
        marked,
        _doubts(
            metrics,
            simulation,
            question,
            lambda: costs.return_at_costs(bars, target, config, 2.0, question.periods_per_year, size),
        ),
    )


def _of_weights(question: Question) -> Computed:
    market = panel_of(question)
    panel = market.panel
    config = PortfolioConfig.from_dict(question.configuration)
    strategy = cast(PortfolioStrategy, get_strategy_class(question.strategy_type)(**question.parameters))
    metrics, details = PortfolioEngine(config).run_backtest(
        panel, strategy, periods_per_year=question.periods_per_year
    )
    simulation, weights = details.simulation, details.weights
    markers, marked = _position_markers(simulation.quantities[:, 0], market.moments)
    return Computed(
        metrics,
        panel.time,
        market.close,
        simulation.equity,
        details.benchmark_equity,
        details.drawdown,
        market.moments,
        market.total,
        strategy.panel_overlays(panel),
        markers,
        marked,
        _doubts(
            metrics,
            simulation,
            question,
            lambda: costs.portfolio_return_at_costs(panel, weights, config, 2.0, question.periods_per_year),
        ),
    )


def warm_up() -> None:
    """Compile or load every kernel that a preview may meet, strategies' own among them."""
    indicators_warm.warm_up()
    engine_warm.warm_up()
    rows = np.arange(400)
    close = 100.0 + 10.0 * np.sin(rows / 9.0) + rows % 7
    days = np.datetime64("2020-01-01", "ns") + rows * np.timedelta64(1, "D")
    volume = np.ones(len(rows))
    bars = Bars(time=days, open=close, high=close + 1.0, low=close - 1.0, close=close, volume=volume)
    # The arrays of a snapshot, as these, are read-only: the kernels' signatures are the same.
    for strategy_class in (get_strategy_class(name) for name in names()):
        if any(param.default is None for param in strategy_class.params if hasattr(param, "default")):
            continue
        try:
            _warm(strategy_class(), bars)
        except Exception:  # noqa: S112  warming is a kindness: what fails here is told when it is asked for
            continue
    # The hours of exchanges take a second to load, which few previews need and none could wait for.
    threading.Thread(target=_load_sessions, daemon=True).start()


def _load_sessions() -> None:
    with contextlib.suppress(Exception):
        sessions_between("XNYS", np.datetime64("2000-01-01"), np.datetime64("now"))


def _warm(strategy: BaseStrategy, bars: Bars) -> None:
    if not isinstance(strategy, PortfolioStrategy):
        BacktestEngine().run_backtest(bars, strategy)
        strategy.overlays(bars)
        return
    panel = Panel.of({str(number): bars for number in range(strategy.symbols_range[0])})
    PortfolioEngine(PortfolioConfig(rebalance=strategy.rebalance)).run_backtest(panel, strategy)
    strategy.panel_overlays(panel)


def _key(question: Question) -> str:
    """Names what does not depend on the strategy: the price and buy-and-hold at this capital and these costs."""
    said = repr((question.data, sorted(question.configuration.items()), question.periods_per_year))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _of_market(key: str, computed: Computed) -> dict[str, Any]:
    moments, days = computed.moments, computed.time
    return {
        "key": key,
        "time": seconds(days[moments.rows]),
        "close": _shortened(moments.extremes(computed.close)),
        "benchmark": _shortened(moments.extremes(computed.benchmark)),
        "start": str(days[0].astype("datetime64[D]")),
        "end": str(days[-1].astype("datetime64[D]")),
    }


def _overlays(computed: Computed) -> list[dict[str, Any]]:
    """The strategy's lines at the same moments; a line before its first value is null."""
    rows = computed.moments.rows
    return [
        {"name": line.name, "pane": line.pane, "values": _shortened(line.values[rows])}
        for line in computed.overlays[:MOST_OVERLAYS]
    ]


def _markers(simulation: Any, moments: Moments) -> tuple[list[list[int]], int]:
    """`[moment, +1 buys or -1 sells, 1 enters or 0 leaves]` of the newest trades, and how many these are."""
    count = min(len(simulation.trade_bars), MOST_MARKERS // 2)
    first = len(simulation.trade_bars) - count
    sides = np.sign(simulation.trades["qty"][first:]).astype(np.int64).tolist()
    entries = moments.of_rows(simulation.trade_bars[first:, 0]).tolist()
    exits = moments.of_rows(simulation.trade_bars[first:, 1]).tolist()
    marks = [[moment, side, 1] for moment, side in zip(entries, sides, strict=True)]
    marks += [[moment, -side, 0] for moment, side in zip(exits, sides, strict=True)]
    return sorted(marks, key=lambda mark: mark[0]), count


def _position_markers(held: NDArray[np.float64], moments: Moments) -> tuple[list[list[int]], int]:
    """Where one symbol's position is opened, turned or left, and how many positions these are.

    Its changes of size are not marked: monthly rebalancing would hide the price behind them.
    """
    sides = np.sign(held).astype(np.int64)
    before = np.concatenate(([0], sides[:-1]))
    changes = np.flatnonzero(sides != before)
    opened = changes[sides[changes] != 0][-(MOST_MARKERS // 2) :]
    shown = changes[changes >= opened[0]] if len(opened) else opened
    marks: list[list[int]] = []
    for moment, was, now in zip(
        moments.of_rows(shown).tolist(), before[shown].tolist(), sides[shown].tolist(), strict=True
    ):
        marks += [[moment, -was, 0]] if was else []
        marks += [[moment, now, 1]] if now else []
    if len(opened) and sides[-1]:  # what is held at the end of the data is left there
        marks.append([len(moments) - 1, -int(sides[-1]), 0])
    return marks, len(opened)


def _doubts(
    metrics: BacktestMetrics,
    simulation: Any,
    question: Question,
    doubled_return: Callable[[], float],
) -> list[dict[str, Any]]:
    """The reasons for doubt that cost next to nothing; the audit for looking ahead is left to a real run."""
    doubled = doubled_return() if costs.has_costs(simulation.config) else None
    evidence = doubts.Evidence(
        simulation, metrics, audit=None, doubled_costs=doubled, earlier=question.earlier
    )
    return doubts.doubts_about(evidence)


def _shortened(values: NDArray[np.float64]) -> list[float | None]:
    """Seven significant digits of the largest: finer than any pixel. Undefined values are None."""
    known = values[np.isfinite(values)]
    top = float(np.abs(known).max()) if known.size else 0.0
    places = SIGNIFICANT - 1 - math.floor(math.log10(top)) if top > 0.0 else 0
    numbers: list[float | None] = values.round(max(places, 0)).tolist()
    if known.size == values.size:
        return numbers
    return [number if number is not None and math.isfinite(number) else None for number in numbers]


def _plain(value: Any) -> float | int | None:
    return value if isinstance(value, int) else finite(value)
