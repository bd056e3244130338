"""Named in LAB_PLUGINS by the tests with real job processes."""

from backtests.optimize import pieces
from backtests.sweeps.tests.slow_strategy import TakesItsTime
from strategies.registry import register

register(TakesItsTime)
# Cells of this type take a twentieth of a second: several pieces within the seconds that a test has.
pieces.PIECE_SECONDS, pieces._FIRST_BATCH, pieces._LEAST_BATCH = 0.4, 4, 4
