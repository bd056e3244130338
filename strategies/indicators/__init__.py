"""Technical indicators over plain arrays. Importing this package costs numpy and nothing else."""

from strategies.indicators.results import BollingerBands, DirectionalIndex, Macd, Stochastic
from strategies.indicators.technical import TechnicalIndicators

__all__ = ["BollingerBands", "DirectionalIndex", "Macd", "Stochastic", "TechnicalIndicators"]
