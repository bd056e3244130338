"""What a model sees: named features of the bars up to now, never a raw price level.

Every feature is causal: its value at bar t uses bars up to and including t. Rows before its warm-up, and rows where it
has no value, are NaN. Importing this package costs numpy; numba comes with the first computed feature.
"""

from mlmodels.features import calendar, oscillators, returns, trend, volatility, volume
from mlmodels.features.from_strategies import StrategyFeatures
from mlmodels.features.registry import (
    GROUPS,
    Feature,
    FeatureKind,
    canonical_schema,
    feature_kinds,
    feature_names,
    get_feature,
    label_of,
    register_feature,
    temporarily,
)
from mlmodels.features.table import FeatureTable, prepare, warmup_of

DEFAULT_FEATURES: tuple[str, ...] = (
    *(f"log_return({span})" for span in range(1, 21)),
    "volatility(10)",
    "volatility(20)",
    "atr_ratio(14)",
    "rsi(14)",
    "stochastic_k(14, 3)",
    "sma_gap(20)",
    "macd_histogram(12, 26, 9)",
    "adx(14)",
)
"""What a model sees unless it is told; none needs a volume."""

__all__ = [
    "DEFAULT_FEATURES",
    "GROUPS",
    "Feature",
    "FeatureKind",
    "FeatureTable",
    "StrategyFeatures",
    "calendar",
    "canonical_schema",
    "feature_kinds",
    "feature_names",
    "get_feature",
    "label_of",
    "oscillators",
    "prepare",
    "register_feature",
    "returns",
    "temporarily",
    "trend",
    "volatility",
    "volume",
    "warmup_of",
]
