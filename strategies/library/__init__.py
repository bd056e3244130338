"""The built-in strategies, one a file. Importing this package registers them."""

from strategies.library.macd import MACDStrategy
from strategies.library.moving_average_crossover import MovingAverageCrossoverStrategy
from strategies.library.rsi import RSIStrategy

__all__ = ["MACDStrategy", "MovingAverageCrossoverStrategy", "RSIStrategy"]
