"""The account, its returns and its falls from a peak, in words.

Plain data: name, label, formula, unit, convention, when undefined.
"""

from backtests.metrics.units import Row

_FEW = "It needs at least two bars."
_STILL = "It needs at least two returns that differ."
_STILL_THREE = "It needs at least three returns that differ."
_INTERVAL = (
    "Two-sided 95 % interval of the yearly ratio; SR, skewness g3 and raw kurtosis g4 are of bar returns, taken as "
    "independent."
)
_NO_FALL = "The equity never fell below a peak."
_UNTIL_RUIN = "Returns are counted up to and including a ruin."
_RANKED = "Historical, over all bar returns; a loss is negative."
_SAMPLE = "Sample standard deviation (ddof 1)."

ROWS: tuple[Row, ...] = (
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
        "sharpe_low",
        "Sharpe, lower bound",
        "Sharpe - 1.96 * se, se^2 = (1 - g3 SR + (g4 - 1) / 4 SR^2) / (n - 1)",
        "ratio",
        _INTERVAL,
        _STILL_THREE,
    ),
    (
        "sharpe_high",
        "Sharpe, upper bound",
        "Sharpe + 1.96 * se",
        "ratio",
        _INTERVAL,
        _STILL_THREE,
    ),
    (
        "probabilistic_sharpe_ratio",
        "Probability that Sharpe > 0",
        "Phi(SR / se)",
        "fraction",
        "Probabilistic Sharpe ratio against 0 (Bailey and López de Prado). One run only: picking the best of many "
        "runs is not accounted for.",
        _STILL_THREE,
    ),
    (
        "minimum_track_record",
        "Bars needed to tell from luck",
        "1 + (1 - g3 SR + (g4 - 1) / 4 SR^2) * (1.645 / SR)^2",
        "bars",
        "Returns from which this Sharpe is above 0 with 95 %, one-sided.",
        "The Sharpe ratio is not above 0.",
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
)
