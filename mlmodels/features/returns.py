"""Returns, and how they are distributed and follow each other."""

from __future__ import annotations

import numpy as np

from mlmodels.features.columns import Columns, Floats, loops
from mlmodels.features.registry import FeatureKind, bars_param, register_feature
from strategies.indicators import backends
from strategies.indicators.columns import frozen


def _log_return(columns: Columns, out: Floats, span: int) -> None:
    np.subtract(columns.log_close[span:], columns.log_close[:-span], out=out[span:])


def _rate_of_change(columns: Columns, out: Floats, span: int) -> None:
    np.divide(columns.bars.close[span:], columns.bars.close[:-span], out=out[span:])
    out -= 1.0


def _momentum(columns: Columns, out: Floats, span: int, skip: int) -> None:
    count = out.size
    np.subtract(
        columns.log_close[span - skip : count - skip], columns.log_close[: count - span], out=out[span:]
    )


def _gap(columns: Columns, out: Floats) -> None:
    np.divide(columns.bars.open[1:], columns.bars.close[:-1], out=out[1:])
    np.log(out[1:], out=out[1:])


def _open_to_close(columns: Columns, out: Floats) -> None:
    np.divide(columns.bars.close, columns.bars.open, out=out)
    np.log(out, out=out)


def _skewness(columns: Columns, out: Floats, window: int) -> None:
    returns = columns.log_returns
    with columns.scratch() as cubes, columns.scratch() as mean:
        np.multiply(returns, returns, out=cubes)
        cubes *= returns
        backends.windows().moving_average_nb(frozen(cubes), window, mean)
        shape = columns.mean_return(window), columns.return_deviation(window)
        loops().skewness_nb(frozen(mean), *shape, window, out)


def _autocorrelation(columns: Columns, out: Floats, window: int, lag: int) -> None:
    returns = columns.log_returns
    with columns.scratch() as products, columns.scratch() as mean:
        products[:lag] = 0.0
        np.multiply(returns[lag:], returns[:-lag], out=products[lag:])
        backends.windows().moving_average_nb(frozen(products), window, mean)
        shape = columns.mean_return(window), columns.return_deviation(window)
        loops().autocorrelation_nb(frozen(mean), *shape, lag, out)


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
        compute=_log_return,
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
        compute=_rate_of_change,
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
