"""Named in LAB_PLUGINS by the tests with real job processes."""

from backtests.sweeps.tests.slow_strategy import TakesItsTime
from strategies.registry import register

register(TakesItsTime)
