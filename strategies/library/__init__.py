"""The built-in strategies, one a file. Importing this package registers them."""

from strategies.library.adx_trend import ADXTrendStrategy
from strategies.library.bollinger import BollingerReversionStrategy
from strategies.library.donchian import DonchianBreakoutStrategy
from strategies.library.equal_weight import EqualWeightStrategy
from strategies.library.macd import MACDStrategy
from strategies.library.momentum import MomentumStrategy
from strategies.library.moving_average_crossover import MovingAverageCrossoverStrategy
from strategies.library.pairs import PairsStrategy
from strategies.library.rsi import RSIStrategy
from strategies.library.rules import RuleStrategy
from strategies.library.stochastic import StochasticStrategy
from strategies.library.two_timeframes import TwoTimeframesStrategy
from strategies.library.volatility_target import VolatilityTargetStrategy

__all__ = [
    "ADXTrendStrategy",
    "BollingerReversionStrategy",
    "DonchianBreakoutStrategy",
    "EqualWeightStrategy",
    "MACDStrategy",
    "MomentumStrategy",
    "MovingAverageCrossoverStrategy",
    "PairsStrategy",
    "RSIStrategy",
    "RuleStrategy",
    "StochasticStrategy",
    "TwoTimeframesStrategy",
    "VolatilityTargetStrategy",
]
