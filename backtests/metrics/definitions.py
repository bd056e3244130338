"""What each figure means: formula, unit, convention, and when it has no value. Plain Python, no compiler.

Symbols: E_t equity at the close of bar t (E_0 the starting capital), r_t = E_t / E_{t-1} - 1, n the number of
returns, P the bars per year, rf the risk-free rate per bar = (1 + R)^(1/P) - 1, b_t the benchmark's returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Unit = Literal["fraction", "ratio", "money", "count", "bars", "days"]


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure's meaning. `undefined` says when there is no value (empty: there always is one)."""

    name: str
    label: str
    formula: str
    unit: Unit
    convention: str
    undefined: str


_FEW = "It needs at least two bars."
_STILL = "It needs at least two returns that differ."
_NONE = "There are no closed trades."
_NO_WIN = "There is no winning trade."
_NO_LOSS = "There is no losing trade."
_NO_FALL = "The equity never fell below a peak."
_BENCH = "There is no benchmark, or too few bars to compare with it."
_BENCH_STILL = "There is no benchmark, or its returns do not vary."
_WIN = "A win is a trade with pnl above 0, a loss one below 0; pnl is net of fees and borrow cost."
_UNTIL_RUIN = "Returns are counted up to and including a ruin."
_RANKED = "Historical, over all bar returns; a loss is negative."
_SAMPLE = "Sample standard deviation (ddof 1)."
_BOTH_SIDES = "Entries and exits both count."

_ROWS: tuple[tuple[str, str, str, Unit, str, str], ...] = (
    (
        "periods_per_year",
        "Bars per year",
        "P",
        "count",
        "252 exchange days, 365 days around the clock, else as declared.",
        "",
    ),
    ("risk_free_rate", "Risk-free rate", "R", "fraction", "Per year; per bar (1 + R)^(1/P) - 1.", ""),
    ("bars", "Bars", "number of bars simulated", "bars", "The last bar's signal is never filled.", ""),
    ("initial_capital", "Starting capital", "E_0", "money", "Cash before the first bar.", ""),
    (
        "final_equity",
        "Final equity",
        "E_n",
        "money",
        "After closing what was left at the last close, with costs.",
        "",
    ),
    (
        "marked_equity",
        "Marked equity",
        "cash + quantity * last close",
        "money",
        "Before that last liquidation.",
        "",
    ),
    ("net_profit", "Net profit", "E_n - E_0", "money", "After all costs.", ""),
    (
        "total_return",
        "Net return",
        "E_n / E_0 - 1",
        "fraction",
        "After all costs, over the whole period.",
        "",
    ),
    ("cagr", "CAGR", "(E_n / E_0)^(P/n) - 1", "fraction", "Yearly, compounded over n bar returns.", _FEW),
    (
        "exposure",
        "Exposure",
        "bars with a position at the close / bars",
        "fraction",
        "A bar sold at its last close counts.",
        "",
    ),
    (
        "volatility",
        "Volatility",
        "std(r) * sqrt(P)",
        "fraction",
        f"Yearly. {_SAMPLE} {_UNTIL_RUIN}",
        "It needs at least two returns.",
    ),
    (
        "sharpe_ratio",
        "Sharpe",
        "mean(r - rf) / std(r - rf) * sqrt(P)",
        "ratio",
        f"Yearly, from bar returns. {_SAMPLE}",
        _STILL,
    ),
    (
        "daily_sharpe_ratio",
        "Sharpe, daily",
        "the Sharpe of the last equity of each UTC day",
        "ratio",
        "Intraday bars only. Days per year = P * days / bars of this period.",
        "The bars are not intraday, or there are too few days that differ.",
    ),
    (
        "sortino_ratio",
        "Sortino",
        "mean(r - rf) * sqrt(P) / sqrt(mean(min(r - rf, 0)^2))",
        "ratio",
        "Yearly; the minimum acceptable return is rf; the mean of squares is over all periods.",
        "No return is below the risk-free rate.",
    ),
    (
        "omega_ratio",
        "Omega",
        "sum(max(r - rf, 0)) / sum(max(rf - r, 0))",
        "ratio",
        "Threshold rf per bar.",
        "No return is below the risk-free rate.",
    ),
    (
        "var_95",
        "Value at risk 95 %",
        "5 % quantile of r",
        "fraction",
        f"{_RANKED} Linear interpolation.",
        _FEW,
    ),
    (
        "var_99",
        "Value at risk 99 %",
        "1 % quantile of r",
        "fraction",
        f"{_RANKED} Linear interpolation.",
        _FEW,
    ),
    (
        "cvar_95",
        "Expected shortfall 95 %",
        "mean of the floor((n - 1) * 0.05) + 1 worst r",
        "fraction",
        _RANKED,
        _FEW,
    ),
    (
        "cvar_99",
        "Expected shortfall 99 %",
        "mean of the floor((n - 1) * 0.01) + 1 worst r",
        "fraction",
        _RANKED,
        _FEW,
    ),
    ("skewness", "Skewness", "m3 / m2^1.5", "ratio", "Population moments of r.", _STILL),
    (
        "excess_kurtosis",
        "Excess kurtosis",
        "m4 / m2^2 - 3",
        "ratio",
        "Population moments of r; the normal distribution has 0.",
        _STILL,
    ),
    ("best_return", "Best bar", "max(r)", "fraction", "One bar.", _FEW),
    ("worst_return", "Worst bar", "min(r)", "fraction", "One bar.", _FEW),
    (
        "positive_returns",
        "Positive bars",
        "share of r above 0",
        "fraction",
        "Bars without a position count as not positive.",
        _FEW,
    ),
    (
        "max_drawdown",
        "Max drawdown",
        "min(E_t / max(E_0..E_t) - 1)",
        "fraction",
        "At most 0; the starting capital is the first peak; marked at each close.",
        "",
    ),
    (
        "average_drawdown",
        "Average drawdown",
        "mean of the deepest points of all drawdowns",
        "fraction",
        "At most 0; one still open counts.",
        _NO_FALL,
    ),
    (
        "max_drawdown_days",
        "Longest drawdown",
        "longest time from a peak to its recovery",
        "days",
        "Calendar days; one still open ends at the last bar.",
        _NO_FALL,
    ),
    (
        "average_drawdown_days",
        "Average drawdown length",
        "mean time from a peak to its recovery",
        "days",
        "Calendar days; one still open ends at the last bar.",
        _NO_FALL,
    ),
    (
        "time_under_water",
        "Time under water",
        "bars below the last peak / bars",
        "fraction",
        "Marked at each close.",
        "",
    ),
    ("ulcer_index", "Ulcer index", "sqrt(mean(drawdown^2))", "fraction", "Over all bars.", ""),
    (
        "calmar_ratio",
        "Calmar",
        "CAGR / |max drawdown|",
        "ratio",
        "Whole period, not the last 36 months.",
        "The equity never fell below a peak, or there are too few bars.",
    ),
    (
        "recovery_factor",
        "Recovery factor",
        "net return / |max drawdown|",
        "ratio",
        "Both as fractions.",
        _NO_FALL,
    ),
    (
        "total_trades",
        "Trades",
        "number of round trips",
        "count",
        "A flip closes one trade and opens another.",
        "",
    ),
    ("win_rate", "Win rate", "wins / trades", "fraction", _WIN, _NONE),
    (
        "profit_factor",
        "Profit factor",
        "sum of wins / |sum of losses|",
        "ratio",
        f"On cash pnl. {_WIN}",
        _NO_LOSS,
    ),
    (
        "payoff_ratio",
        "Payoff",
        "mean win / |mean loss|",
        "ratio",
        _WIN,
        "It needs a winning and a losing trade.",
    ),
    ("expectancy", "Expectancy", "mean(pnl)", "money", "Per trade, net.", _NONE),
    (
        "average_trade_return",
        "Average trade",
        "mean(pnl / (|quantity| * entry price))",
        "fraction",
        "Per trade, net, on its entry value.",
        _NONE,
    ),
    ("average_win", "Average win", "mean of pnl above 0", "money", _WIN, _NO_WIN),
    ("average_loss", "Average loss", "mean of pnl below 0", "money", _WIN, _NO_LOSS),
    ("largest_win", "Largest win", "max(pnl)", "money", _WIN, _NO_WIN),
    ("largest_loss", "Largest loss", "min(pnl)", "money", _WIN, _NO_LOSS),
    ("largest_win_share", "Largest win's share", "max(pnl) / sum of wins", "fraction", _WIN, _NO_WIN),
    (
        "sqn",
        "SQN",
        "sqrt(trades) * mean(pnl) / std(pnl)",
        "ratio",
        _SAMPLE,
        "It needs at least two trades that differ.",
    ),
    (
        "kelly",
        "Kelly",
        "W - (1 - W) / payoff",
        "fraction",
        "W the win rate. The share of capital that grows fastest if the future repeats the past.",
        "It needs a winning and a losing trade.",
    ),
    ("max_consecutive_wins", "Winning streak", "most wins in a row", "count", _WIN, ""),
    ("max_consecutive_losses", "Losing streak", "most losses in a row", "count", _WIN, ""),
    (
        "average_bars_held",
        "Average holding",
        "mean(exit bar - entry bar)",
        "bars",
        "0 for a trade stopped on its entry bar.",
        _NONE,
    ),
    ("long_trades", "Long trades", "trades with quantity above 0", "count", "", ""),
    (
        "long_win_rate",
        "Long win rate",
        "long wins / long trades",
        "fraction",
        _WIN,
        "There is no long trade.",
    ),
    ("long_pnl", "Long profit", "sum of pnl of long trades", "money", "Net.", ""),
    ("short_trades", "Short trades", "trades with quantity below 0", "count", "", ""),
    (
        "short_win_rate",
        "Short win rate",
        "short wins / short trades",
        "fraction",
        _WIN,
        "There is no short trade.",
    ),
    ("short_pnl", "Short profit", "sum of pnl of short trades", "money", "Net.", ""),
    (
        "orders",
        "Orders",
        "target changes that had something to do",
        "count",
        "A flip is one order and two fills.",
        "",
    ),
    (
        "rejected_orders",
        "Rejected orders",
        "entries refused",
        "count",
        "Cost above cash * leverage, nothing left to buy, or the sizing not defined yet.",
        "",
    ),
    (
        "ambiguous_bars",
        "Ambiguous bars",
        "bars on which stop and take-profit were both hit",
        "count",
        "The stop was taken.",
        "",
    ),
    ("traded_value", "Traded value", "sum(|quantity| * price)", "money", _BOTH_SIDES, ""),
    (
        "turnover",
        "Turnover",
        "traded value / mean(E) * P / bars",
        "ratio",
        f"Times per year. {_BOTH_SIDES}",
        "The mean equity is 0.",
    ),
    ("fees_paid", "Fees", "sum of fees", "money", "Per fill max(minimum, value * commission + fixed).", ""),
    (
        "slippage_paid",
        "Slippage and spread",
        "sum(|quantity| * |price - raw price|)",
        "money",
        "Already inside the fill prices.",
        "",
    ),
    (
        "borrow_paid",
        "Borrow cost",
        "sum(|quantity| * close * rate / P)",
        "money",
        "Short positions, each bar.",
        "",
    ),
    (
        "cost_share",
        "Costs' share of gross profit",
        "(fees + slippage + borrow) / (net profit + fees + slippage + borrow)",
        "fraction",
        "Gross profit is the profit without these costs.",
        "There is no profit before costs.",
    ),
    (
        "benchmark_return",
        "Buy and hold",
        "B_n / B_0 - 1",
        "fraction",
        "All cash at the first possible fill, same costs, held to the end.",
        _BENCH,
    ),
    (
        "benchmark_cagr",
        "Buy and hold, yearly",
        "(B_n / B_0)^(P/n) - 1",
        "fraction",
        "Same convention as CAGR.",
        _BENCH,
    ),
    (
        "excess_return",
        "Excess over buy and hold",
        "net return - benchmark's net return",
        "fraction",
        "Arithmetic difference.",
        _BENCH,
    ),
    ("alpha", "Alpha", "(1 + mean((r - rf) - beta * (b - rf)))^P - 1", "fraction", "Yearly.", _BENCH_STILL),
    ("beta", "Beta", "cov(r, b) / var(b)", "ratio", "Sample covariance and variance (ddof 1).", _BENCH_STILL),
    (
        "correlation",
        "Correlation",
        "cov(r, b) / (std(r) * std(b))",
        "ratio",
        "Pearson, bar returns.",
        "There is no benchmark, or one of the two does not vary.",
    ),
    ("tracking_error", "Tracking error", "std(r - b) * sqrt(P)", "fraction", f"Yearly. {_SAMPLE}", _BENCH),
    (
        "information_ratio",
        "Information ratio",
        "mean(r - b) / std(r - b) * sqrt(P)",
        "ratio",
        f"Yearly. {_SAMPLE}",
        "There is no benchmark, or the returns do not differ from it.",
    ),
    (
        "up_capture",
        "Up capture",
        "CAGR of r over CAGR of b, bars with b > 0",
        "ratio",
        "Yearly, compounded over those bars.",
        "There is no benchmark, or it never rose.",
    ),
    (
        "down_capture",
        "Down capture",
        "CAGR of r over CAGR of b, bars with b < 0",
        "ratio",
        "Yearly, compounded over those bars.",
        "There is no benchmark, or it never fell.",
    ),
)

DEFINITIONS: Mapping[str, Definition] = MappingProxyType({row[0]: Definition(*row) for row in _ROWS})
