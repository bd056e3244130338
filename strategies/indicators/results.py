"""What the indicators with several lines return. Each line has the length of the input."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Line: TypeAlias = NDArray[np.float64]


class Macd(NamedTuple):
    """Moving average convergence/divergence, in units of price; histogram = macd - signal."""

    macd: Line
    signal: Line
    histogram: Line


class BollingerBands(NamedTuple):
    """The moving average and the bands above and below it, in units of price."""

    upper: Line
    middle: Line
    lower: Line


class Stochastic(NamedTuple):
    """Slow %K and its average %D, 0 to 100."""

    k: Line
    d: Line


class DirectionalIndex(NamedTuple):
    """+DI, -DI and ADX, 0 to 100."""

    plus_di: Line
    minus_di: Line
    adx: Line


class DonchianChannel(NamedTuple):
    """The highest high, the middle and the lowest low of a window, in units of price."""

    upper: Line
    middle: Line
    lower: Line


class KeltnerChannel(NamedTuple):
    """The exponential average of the close and the bands a multiple of the ATR away, in units of price."""

    upper: Line
    middle: Line
    lower: Line
