"""From, to and step that a sweep's form begins with: around the stored value, in round and not too many steps."""

import math
from dataclasses import dataclass
from decimal import Decimal

from strategies.params import FloatParam, IntParam

WANTED_VALUES = 50
SHARE_BELOW, TIMES_ABOVE = Decimal("0.2"), Decimal(3)
ROUND = (1, 2, 5, 10)
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `start` to `stop`, both included where the step meets them."""

    start: Decimal
    stop: Decimal
    step: Decimal


SETTING_RANGES = {
    "stop_loss": Range(Decimal(1), Decimal(20), Decimal(1)),
    "take_profit": Range(Decimal(2), Decimal(40), Decimal(2)),
    "trailing_stop": Range(Decimal(1), Decimal(20), Decimal(1)),
    "size": Range(Decimal(10), Decimal(100), Decimal(10)),
}
"""In the units of the form: percents, and units of the traded thing."""


def range_around(param: IntParam | FloatParam, value: float, wanted: int = WANTED_VALUES) -> Range:
    """From about a fifth of the stored value to three times it, within the bounds, with the value itself on the way."""
    least, most, unit = (Decimal(repr(number)) for number in (param.minimum, param.maximum, param.step))
    here = min(max(Decimal(repr(value)), least), most)
    low, high = (
        max(least, min(here * SHARE_BELOW, here * TIMES_ABOVE)),
        min(most, max(here * TIMES_ABOVE, here / 5)),
    )
    if low >= high or here == 0:
        low, high = least, most
    step = unit * _round_up(max((high - low) / unit / (wanted - 1), Decimal(1)))
    below, above = int((here - low) / step), int((high - here) / step)
    return Range(here - below * step, here + above * step, step)


def _round_up(times: Decimal) -> Decimal:
    """The next of 1, 2, 5, 10, 20, 50 ..."""
    magnitude = Decimal(10) ** max(math.floor(math.log10(float(times))), 0)
    for size in ROUND:
        if size * magnitude >= times:
            return size * magnitude
    return ROUND[-1] * magnitude
