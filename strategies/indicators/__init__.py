"""Technical indicators over plain arrays. Importing this package costs numpy and nothing else."""

from strategies.indicators.results import (
    BollingerBands,
    DirectionalIndex,
    DonchianChannel,
    KeltnerChannel,
    Macd,
    Stochastic,
)
from strategies.indicators.technical import TechnicalIndicators

__all__ = [
    "BollingerBands",
    "DirectionalIndex",
    "DonchianChannel",
    "KeltnerChannel",
    "Macd",
    "Stochastic",
    "TechnicalIndicators",
]
