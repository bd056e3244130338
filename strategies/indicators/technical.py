"""The indicators under one name, with one convention each.

The conventions are TA-Lib's; the arithmetic is our own compiled loops, because TA-Lib's running sums keep
the rounding error of values long gone and import pandas with them. Where its convention misleads (a price
that stands still), the function says so.
"""

from strategies.indicators.averages import Averages
from strategies.indicators.bands import Bands
from strategies.indicators.movement import Movement
from strategies.indicators.oscillators import Oscillators
from strategies.indicators.volume import Volume


class TechnicalIndicators(Averages, Bands, Oscillators, Movement, Volume):
    """Indicators over columns of prices, oldest first.

    Every function takes ndarrays (or anything numpy reads as one, a pandas Series too) of shape (n_bars,) and
    returns float64 arrays of the same length; an indicator with several lines returns a named tuple of them.
    Rows before the first defined one are NaN; an input that is too short gives NaN throughout. Row t depends
    on rows up to t only, and has the same bits whatever follows it. A NaN or an infinity in the input, columns
    of different lengths and a period out of bounds raise `IndicatorError` naming the row or the bounds.
    """
