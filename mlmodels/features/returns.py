"""Returns, and how they are distributed and follow each other."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats, loops
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import TechnicalIndicators


def log_return(columns: Columns, span: int) -> Floats:
    """log(close[t] / close[t - span]); NaN in the first `span` rows."""
    result = np.full(len(columns.bars), np.nan)
    np.subtract(columns.log_close[span:], columns.log_close[:-span], out=result[span:])
    return result


def _momentum(columns: Columns, span: int, skip: int) -> Floats:
    result = np.empty(len(columns.bars))
    last = columns.log_close[span - skip : len(result) - skip]
    np.subtract(last, columns.log_close[: len(result) - span], out=result[span:])
    return result


def _gap(columns: Columns) -> Floats:
    result = np.empty(len(columns.bars))
    np.divide(columns.bars.open[1:], columns.bars.close[:-1], out=result[1:])
    np.log(result[1:], out=result[1:])
    return result


def _open_to_close(columns: Columns) -> Floats:
    return np.asarray(np.log(columns.bars.close / columns.bars.open))


def _skewness(columns: Columns, window: int) -> Floats:
    returns = columns.log_returns
    mean, result = TechnicalIndicators.moving_average(returns, window), np.empty(returns.size)
    loops().skewness_nb(returns, mean, window, result)
    return result


def _autocorrelation(columns: Columns, window: int, lag: int) -> Floats:
    returns = columns.log_returns
    mean, result = TechnicalIndicators.moving_average(returns, window), np.empty(returns.size)
    loops().autocorrelation_nb(returns, mean, window, lag, result)
    return result


_SPAN = bars_param("span", 1, minimum=1, label="Over")

register_feature(
    FeatureKind(
        "log_return",
        "Return",
        title="Return over {span} bars",
        summary="Logarithm of the close over the close some bars before.",
        group="returns",
        params=(_SPAN,),
        offered=tuple((span,) for span in range(1, 21)),
        warmup=lambda span: span,
        compute=log_return,
    )
)
register_feature(
    FeatureKind(
        "rate_of_change",
        "Rate of change",
        title="Rate of change over {span} bars",
        summary="Close over the close some bars before, less 1.",
        group="returns",
        params=(bars_param("span", 10, minimum=1, label="Over"),),
        warmup=lambda span: span,
        compute=lambda columns, span: TechnicalIndicators.rate_of_change(columns.bars.close, span) / 100.0,
    )
)
register_feature(
    FeatureKind(
        "momentum",
        "Momentum without the last bars",
        title="Return from {span} to {skip} bars ago",
        summary="Return of a longer past without the latest bars, which often turn back (Jegadeesh and Titman 1993).",
        group="returns",
        params=(
            bars_param("span", 30, minimum=2, label="From"),
            bars_param("skip", 5, minimum=1, label="To"),
        ),
        objection=lambda span, skip: "" if skip < span else f"skip {skip} is not below span {span}.",
        warmup=lambda span, skip: span,
        compute=_momentum,
    )
)
register_feature(
    FeatureKind(
        "gap",
        "Gap",
        title="Gap from the last close to the open",
        summary="Logarithm of the open over the close before it.",
        group="returns",
        warmup=lambda: 1,
        compute=_gap,
    )
)
register_feature(
    FeatureKind(
        "open_to_close",
        "Open to close",
        title="Return within the bar",
        summary="Logarithm of the close over the open of the same bar.",
        group="returns",
        warmup=lambda: 0,
        compute=_open_to_close,
    )
)
register_feature(
    FeatureKind(
        "skewness",
        "Skewness of returns",
        title="Skewness of the returns of {window} bars",
        summary="Adjusted Fisher-Pearson skewness of one-bar log returns; 0 while they do not vary.",
        group="returns",
        params=(bars_param("window", 20, minimum=3, label="Window"),),
        warmup=lambda window: window,
        compute=_skewness,
    )
)
register_feature(
    FeatureKind(
        "autocorrelation",
        "Autocorrelation of returns",
        title="Autocorrelation of the returns of {window} bars, lag {lag}",
        summary="Correlation of the last one-bar log returns with those some bars before; 0 while they do not vary.",
        group="returns",
        params=(
            bars_param("window", 20, minimum=3, label="Window"),
            bars_param("lag", 1, minimum=1, label="Lag"),
        ),
        warmup=lambda window, lag: window + lag,
        compute=_autocorrelation,
    )
)
