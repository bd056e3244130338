"""Several symbols in one account: bars beside each other and target weights in, a `PortfolioSimulation` out."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backtests.engine import portfolio_books as b
from backtests.engine import portfolio_kernels as k
from backtests.engine.errors import EngineError, TargetError
from backtests.engine.portfolio_config import PortfolioConfig
from backtests.engine.portfolio_results import Contribution, PortfolioSimulation
from marketdata.panel import Panel

DAY = 86_400_000_000_000
FIRST_MONDAY = 4  # 1970-01-01 was a Thursday
FIRST_RECORDS = 64


def simulate_portfolio(
    panel: Panel,
    weights: ArrayLike,
    config: PortfolioConfig | None = None,
    *,
    periods_per_year: float = 252.0,
) -> PortfolioSimulation:
    """Trade target weights over the bars of several symbols.

    Parameters
    ----------
    panel : Panel
        At least one row.
    weights : array_like of float, shape (n_bars, n_symbols)
        Wanted share of the account in each symbol at each close; below 0 is short, what is left is cash. A row of
        NaN decides nothing. Row t may use rows up to t only. They are acted on at the closes that `config.rebalance`
        names and filled at each symbol's next open, on V = cash + sum(quantity * open).
    config : PortfolioConfig, optional
        Costs, limits and the period of rebalancing.
    periods_per_year : float
        Rows of the panel per year, for the borrow rate.

    Returns
    -------
    PortfolioSimulation

    Raises
    ------
    EngineError
        No rows, or periods_per_year that is not a finite number above 0.
    TargetError
        Naming the row, the symbol and the value.

    Notes
    -----
    A symbol without a bar in a row cannot be traded there and is worth its last close; its order waits for its next
    bar. What lowers positions is filled first. What raises them is scaled by one common share when gross > leverage *
    value would hold after fees and slippage, which for long positions without leverage means: when cash is short. A
    buy that is cut while another symbol's reduction still waits is filled up when there is cash.
    """
    config = PortfolioConfig() if config is None else config
    n, m = len(panel), len(panel.symbols)
    if n == 0:
        raise EngineError("There are no bars to simulate. Choose a period that has data.")
    if not (math.isfinite(periods_per_year) and periods_per_year > 0):
        message = f"periods_per_year {periods_per_year} is not usable. Give bars per year, for example 252."
        raise EngineError(message, fields={"periods_per_year": [message]})
    clean, over = _clean_weights(panel, weights, config)
    decides = decision_rows(panel.time, clean, config)
    equity, cash, quantities = np.empty(n), np.empty(n), np.empty((n, m))
    books = k.simulate_portfolio_nb(
        panel.open,
        panel.high,
        panel.low,
        panel.close,
        clean,
        decides,
        _rules(config, periods_per_year),
        _empty_books(config, m),
        equity,
        cash,
        quantities,
    )
    for array in (equity, cash, quantities, decides, *books):
        array.flags.writeable = False
    return _result(panel, config, books, equity, cash, quantities, decides, int((over & decides).sum()))


def equal_weight_hold(
    panel: Panel, config: PortfolioConfig, *, periods_per_year: float = 252.0
) -> PortfolioSimulation:
    """Simulate the benchmark: the same share in each symbol at its first possible fill, held to the end.

    Same starting capital, costs, whole units and end liquidation as `config`; no shorts, no leverage, no buffer, no
    rebalancing. For one symbol it is `buy_and_hold` of the single engine.
    """
    costs = ("initial_capital", "commission", "commission_fixed", "commission_min", "slippage", "spread")
    kept = {name: getattr(config, name) for name in (*costs, "whole_units", "liquidate_at_end")}
    m = len(panel.symbols)
    weights = np.full((len(panel), m), 1.0 / m)
    return simulate_portfolio(panel, weights, PortfolioConfig(**kept), periods_per_year=periods_per_year)


def decision_rows(
    time: NDArray[np.datetime64], weights: NDArray[np.float64], config: PortfolioConfig
) -> NDArray[np.bool_]:
    """Closes at which weights are acted on, shape (n_bars,).

    The first row that is not NaN always is one ("signal": the first that is not all 0). Then "bars" takes every
    `rebalance_every`-th row counted from there, "day", "week" and "month" the last row of each in UTC, "signal" each
    row that differs from the last one that was not NaN by more than rounding. A row of NaN never is one.
    """
    known = ~np.isnan(weights[:, 0]) if weights.shape[1] else np.zeros(len(weights), dtype=bool)
    rows = np.flatnonzero(known)
    decides = np.zeros(len(weights), dtype=bool)
    if not rows.size:
        return decides
    if config.rebalance == "signal":
        said = weights[rows]
        before = np.vstack([np.zeros(weights.shape[1]), said[:-1]])
        decides[rows] = (np.abs(said - before) > b.EXACT).any(axis=1)
        return decides
    first = int(rows[0])
    if config.rebalance == "bars":
        decides[first :: config.rebalance_every] = True
    else:
        decides[:-1] = np.diff(_periods(time, config.rebalance)) != 0
    decides[first] = True
    return decides & known


def _periods(time: NDArray[np.datetime64], rebalance: str) -> NDArray[np.int64]:
    """The number of the day, week (from Monday) or month in UTC that each time falls into."""
    if rebalance == "month":
        return time.astype("datetime64[M]").astype(np.int64)
    days: NDArray[np.int64] = time.astype("datetime64[ns]").astype(np.int64) // DAY
    return days if rebalance == "day" else (days - FIRST_MONDAY) // 7


def _clean_weights(
    panel: Panel, weights: ArrayLike, config: PortfolioConfig
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weights that the account may have, and the rows that asked for more than its leverage."""
    try:
        clean = np.array(weights, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise TargetError(f"The weights hold something that is not a number ({error}).") from error
    if clean.shape != (len(panel), len(panel.symbols)):
        shape = "x".join(str(size) for size in clean.shape)
        raise TargetError(
            f"The weights have shape {shape} for {len(panel)} rows and {len(panel.symbols)} symbols. "
            "Give one value for each symbol in each row."
        )
    unknown = np.isnan(clean)
    bad = np.isinf(clean) | (unknown & ~unknown.all(axis=1, keepdims=True))
    if bad.any():
        row, place = (int(number[0]) for number in np.nonzero(bad))
        when = np.datetime_as_string(panel.time[row], unit="s")
        raise TargetError(
            f"The weight of {panel.symbols[place]} in row {row} ({when}) is {clean[row, place]:g}. Give a finite "
            "share, 0 to stay out, or NaN for the whole row to decide nothing."
        )
    if not config.allow_short:
        np.maximum(clean, 0.0, out=clean)
    gross = np.abs(clean).sum(axis=1)
    over: NDArray[np.bool_] = gross > config.leverage * (1.0 + b.ROUNDING)
    clean[over] *= (config.leverage / gross[over])[:, None]
    return clean, over


def _rules(config: PortfolioConfig, periods_per_year: float) -> b.Rules:
    return b.Rules(
        commission=config.commission,
        commission_fixed=config.commission_fixed,
        commission_min=config.commission_min,
        impact=config.impact,
        whole_units=config.whole_units,
        leverage=config.leverage,
        borrow_per_bar=config.borrow_rate / periods_per_year,
        invested=1.0 - config.cash_buffer,
        min_trade=config.min_trade,
        liquidate=config.liquidate_at_end,
    )


def _empty_books(config: PortfolioConfig, m: int) -> b.Books:
    books = b.Books(
        positions=np.zeros((m, b.POSITION_SIZE)),
        account=np.zeros(3),
        counts=np.zeros(4, dtype=np.int64),
        entry_bars=np.zeros(m, dtype=np.int64),
        waiting=np.zeros(m, dtype=np.int64),
        wanted=np.zeros(m),
        trade_bars=np.empty((FIRST_RECORDS, 4), dtype=np.int64),
        trade_values=np.empty((FIRST_RECORDS, 10)),
        rejection_bars=np.empty((FIRST_RECORDS, 4), dtype=np.int64),
        rejection_values=np.empty((FIRST_RECORDS, 4)),
    )
    books.positions[:, b.MARK] = np.nan
    books.account[b.CASH] = config.initial_capital
    return books


def _result(
    panel: Panel,
    config: PortfolioConfig,
    books: b.Books,
    equity: NDArray[np.float64],
    cash: NDArray[np.float64],
    quantities: NDArray[np.float64],
    decides: NDArray[np.bool_],
    scaled: int,
) -> PortfolioSimulation:
    counts, positions = books.counts, books.positions
    trades, rejected = int(counts[b.TRADES]), int(counts[b.REJECTED])
    trade_bars = np.ascontiguousarray(books.trade_bars[:trades, :3])
    trade_bars.flags.writeable = False
    return PortfolioSimulation(
        config=config,
        symbols=panel.symbols,
        time=panel.time,
        equity=equity,
        cash=cash,
        quantities=quantities,
        decides=decides,
        trade_bars=trade_bars,
        trade_values=books.trade_values[:trades],
        trade_symbols=books.trade_bars[:trades, 3],
        rejection_bars=books.rejection_bars[:rejected, :3],
        rejection_values=books.rejection_values[:rejected],
        rejection_symbols=books.rejection_bars[:rejected, 3],
        contributions=_contributions(panel.symbols, config, books, len(panel)),
        final_equity=float(equity[-1]),
        marked_equity=float(books.account[b.MARKED]),
        fees_paid=float(positions[:, b.FEES].sum()),
        slippage_paid=float(positions[:, b.SLIPPAGE].sum()),
        borrow_paid=float(positions[:, b.BORROW_TOTAL].sum()),
        traded_value=float(positions[:, b.TRADED].sum()),
        shortfall=float(books.account[b.SHORTFALL]),
        ambiguous_bars=0,
        orders=int(counts[b.ORDERS]),
        ruined=bool(counts[b.RUINED]),
        scaled_decisions=scaled,
    )


def _contributions(
    symbols: tuple[str, ...], config: PortfolioConfig, books: b.Books, n: int
) -> tuple[Contribution, ...]:
    trades = int(books.counts[b.TRADES])
    owner, pnl = books.trade_bars[:trades, 3], books.trade_values[:trades, 6]
    realised = np.bincount(owner, weights=pnl, minlength=len(symbols))
    number = np.bincount(owner, minlength=len(symbols))
    out = []
    for i, symbol in enumerate(symbols):
        row = books.positions[i]
        open_ = row[b.QTY] * (row[b.MARK] - row[b.ENTRY_PRICE]) if row[b.QTY] else 0.0
        total = float(realised[i] + open_ - row[b.ENTRY_FEES] - row[b.BORROW])
        out.append(
            Contribution(
                symbol=symbol,
                pnl=total,
                fees_paid=float(row[b.FEES]),
                slippage_paid=float(row[b.SLIPPAGE]),
                borrow_paid=float(row[b.BORROW_TOTAL]),
                traded_value=float(row[b.TRADED]),
                contribution=total / config.initial_capital,
                average_weight=float(row[b.WEIGHTS]) / n,
                total_trades=int(number[i]),
            )
        )
    return tuple(out)
