"""What a model sees: named features of the bars up to now, never a raw price level.

Every feature is causal: its value at bar t uses bars up to and including t. Rows before its warm-up, and rows
where it has no value, are NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from algotrade.errors import nearest, shown
from marketdata.bars import Bars
from mlmodels.errors import TrainingError
from strategies.indicators import TechnicalIndicators

if TYPE_CHECKING:
    import pandas as pd

Floats: TypeAlias = NDArray[np.float64]

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "returns": "Returns over 1 to 20 bars",
        "volatility": "Volatility",
        "oscillators": "Oscillators",
        "trend": "Trend",
        "volume": "Volume",
    }
)


@dataclass(frozen=True, slots=True)
class Feature:
    """One named column. `warmup` is the index of its first defined row; `version` rises when its values change."""

    name: str
    label: str
    group: str
    warmup: int
    compute: Callable[[Bars], Floats]
    version: int = 1
    needs_volume: bool = False

    @property
    def schema(self) -> str:
        """Name and version, as a stored model remembers them."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """Features of some bars: `values` has shape (n_bars, n_features), NaN where a feature has no value."""

    time: NDArray[np.datetime64]
    names: tuple[str, ...]
    values: Floats

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which rows have a value in every column, shape (n_bars,)."""
        return np.asarray(np.isfinite(self.values).all(axis=1), dtype=np.bool_)

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a UTC DatetimeIndex and one column a feature."""
        import pandas as pd  # heavy, and only notebooks speak of frames

        index = pd.DatetimeIndex(self.time, name="time").tz_localize("UTC")
        return pd.DataFrame(self.values, index=index, columns=list(self.names))


_features: dict[str, Feature] = {}


def register_feature(feature: Feature) -> Feature:
    """Make a feature known. A second one of the same name, or of no known group, is a programming error."""
    if feature.name in _features:
        raise ValueError(f"The feature {feature.name!r} is registered twice.")
    if feature.group not in GROUPS:
        raise ValueError(
            f"{feature.name}: there is no group {feature.group!r}; there are: {', '.join(GROUPS)}."
        )
    _features[feature.name] = feature
    return feature


def get_feature(name: str) -> Feature:
    """Return a feature, or raise TrainingError with the nearest name."""
    if isinstance(name, str) and name in _features:
        return _features[name]
    message = f"There is no feature {shown(name)}. {nearest(name, _features)}"
    raise TrainingError(message, fields={"features": [message]})


def feature_names(groups: Iterable[str] | None = None) -> tuple[str, ...]:
    """The names of all features, or of those in some groups, in the order they were registered."""
    wanted = set(GROUPS if groups is None else groups)
    return tuple(name for name, feature in _features.items() if feature.group in wanted)


def warmup_of(names: Iterable[str]) -> int:
    """The first row at which all of these features can have a value."""
    return max(get_feature(name).warmup for name in names)


def prepare(bars: Bars, names: Iterable[str]) -> FeatureTable:
    """Compute features.

    Parameters
    ----------
    bars : Bars
        Oldest first; a value at row t uses rows up to t.
    names : iterable of str
        Registered features, in the order of the columns.

    Returns
    -------
    FeatureTable
        Values of shape (n_bars, n_features); too few bars give NaN throughout.
    """
    chosen = tuple(get_feature(name) for name in names)
    values = np.full((len(bars), len(chosen)), np.nan)
    for column, feature in enumerate(chosen):
        if len(bars) > feature.warmup:
            values[:, column] = feature.compute(bars)
    return FeatureTable(bars.time, tuple(feature.name for feature in chosen), values)


def log_returns(bars: Bars, span: int = 1) -> Floats:
    """log(close[t] / close[t - span]); NaN in the first `span` rows."""
    log_close = np.log(bars.close)
    result = np.full(len(bars), np.nan)
    result[span:] = log_close[span:] - log_close[:-span]
    return result


def volatility(bars: Bars, window: int) -> Floats:
    """Sample standard deviation of the last `window` one-bar log returns; NaN in the first `window` rows."""
    result = np.full(len(bars), np.nan)
    if len(bars) > window:
        result[window:] = sliding_window_view(log_returns(bars)[1:], window).std(axis=1, ddof=1)
    return result


def _sma_gap(window: int) -> Callable[[Bars], Floats]:
    return lambda bars: bars.close / TechnicalIndicators.moving_average(bars.close, window) - 1.0


def _volume_ratio(bars: Bars, window: int = 20) -> Floats:
    average = TechnicalIndicators.moving_average(bars.volume, window)
    ratio = np.full(len(bars), np.nan)
    np.divide(bars.volume, average, out=ratio, where=average > 0.0)
    return ratio


def _register_all() -> None:
    indicators = TechnicalIndicators
    for span in range(1, 21):
        label = "Return over 1 bar" if span == 1 else f"Return over {span} bars"
        register_feature(
            Feature(f"log_return_{span}", label, "returns", span, lambda bars, n=span: log_returns(bars, n))  # type: ignore[misc]
        )
    for window in (10, 20):
        register_feature(
            Feature(
                f"volatility_{window}",
                f"Volatility over {window} bars",
                "volatility",
                window,
                lambda bars, n=window: volatility(bars, n),  # type: ignore[misc]
            )
        )
    for feature in (
        Feature(
            "atr_ratio_14",
            "Average true range over close, 14 bars",
            "volatility",
            14,
            lambda bars: indicators.atr(bars.high, bars.low, bars.close, 14) / bars.close,
        ),
        Feature(
            "rsi_14", "RSI, 14 bars", "oscillators", 14, lambda bars: indicators.rsi(bars.close, 14) / 100.0
        ),
        Feature(
            "stochastic_k",
            "Slow stochastic %K (14, 3)",
            "oscillators",
            17,
            lambda bars: indicators.stochastic(bars.high, bars.low, bars.close).k / 100.0,
        ),
        Feature("sma_gap_20", "Close over its 20-bar average", "trend", 19, _sma_gap(20)),
        Feature(
            "macd_histogram",
            "MACD histogram over close (12, 26, 9)",
            "trend",
            33,
            lambda bars: indicators.macd(bars.close).histogram / bars.close,
        ),
        Feature(
            "adx_14",
            "ADX, 14 bars",
            "trend",
            27,
            lambda bars: indicators.adx(bars.high, bars.low, bars.close, 14) / 100.0,
        ),
        Feature(
            "volume_ratio_20",
            "Volume over its 20-bar average",
            "volume",
            19,
            _volume_ratio,
            needs_volume=True,
        ),
    ):
        register_feature(feature)


_register_all()

DEFAULT_FEATURES: tuple[str, ...] = feature_names(("returns", "volatility", "oscillators", "trend"))
