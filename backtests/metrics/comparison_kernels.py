"""One compiled pass over the returns of an account beside those of another."""

from typing import NamedTuple

import numpy as np

from algotrade.compiled import kernel, part
from backtests.metrics.kernels import count_nb
from backtests.metrics.lanes import LANES, Floats, returns_tile_nb, steady_nb, total_nb

# Rows of the room that the pass works in, each of `LANES` numbers.
_LEFT, _RIGHT, _X, _Y, _XX, _YY, _XY, _DD = range(8)
_UP_LEFT, _UP_RIGHT, _DOWN_LEFT, _DOWN_RIGHT = range(8, 12)
ROWS = 12

# Beyond these a running product is put away as a logarithm; it is looked at once in so many tiles.
_LITTLE, _MUCH = 1e-100, 1e100
_OFTEN = 4


class Comparison(NamedTuple):
    """Returns of an account and of another one, bar by bar; variances are of the sample."""

    bars: int  # how many returns both have
    mean: float
    other_mean: float
    variance: float
    other_variance: float
    covariance: float
    variance_of_difference: float
    rises: int  # bars on which the other rose
    growth_in_rises: float  # logarithms of what both grew by on them
    other_growth_in_rises: float
    falls: int  # bars on which the other fell
    growth_in_falls: float
    other_growth_in_falls: float


@kernel
def compare_nb(equity: Floats, other: Floats, room: Floats) -> Comparison:
    """Compare the returns of two accounts; the longer is cut to the shorter. `room` has shape (ROWS, LANES)."""
    n = min(count_nb(equity), count_nb(other))
    shift, other_shift = steady_nb(equity, n), steady_nb(other, n)
    room[:] = 0.0
    room[_UP_LEFT:, :] = 1.0
    growth = 0.0, 0.0, 0.0, 0.0
    rises = falls = 0
    for start in range(0, n, LANES):
        size = min(LANES, n - start)
        left, right = room[_LEFT, :size], room[_RIGHT, :size]
        returns_tile_nb(equity[start : start + size + 1], left)
        returns_tile_nb(other[start : start + size + 1], right)
        add_moments_nb(left, right, shift, other_shift, room)
        up, down = add_growth_nb(left, right, room)
        rises += up
        falls += down
        if (start // LANES) % _OFTEN == 0 and not within_nb(room):
            growth = put_away_nb(room, growth)
    growth = put_away_nb(room, growth)
    x, y = total_nb(room[_X]), total_nb(room[_Y])
    xx, yy, xy, dd = total_nb(room[_XX]), total_nb(room[_YY]), total_nb(room[_XY]), total_nb(room[_DD])
    free = n - 1
    return Comparison(
        n,
        shift + x / n,
        other_shift + y / n,
        max(xx - x * x / n, 0.0) / free,
        max(yy - y * y / n, 0.0) / free,
        (xy - x * y / n) / free,
        max(dd - (x - y) * (x - y) / n, 0.0) / free,
        rises,
        growth[0],
        growth[1],
        falls,
        growth[2],
        growth[3],
    )


@part
def add_moments_nb(left: Floats, right: Floats, shift: float, other_shift: float, room: Floats) -> None:
    first, second = room[_X], room[_XX]
    for i in range(len(left)):
        x = left[i] - shift
        first[i] += x
        second[i] += x * x
    first, second = room[_Y], room[_YY]
    for i in range(len(right)):
        y = right[i] - other_shift
        first[i] += y
        second[i] += y * y
    products, differences = room[_XY], room[_DD]
    for i in range(len(left)):
        x, y = left[i] - shift, right[i] - other_shift
        products[i] += x * y
        differences[i] += (x - y) * (x - y)


@part
def add_growth_nb(left: Floats, right: Floats, room: Floats) -> tuple[int, int]:
    """Multiply what both grew by where the other rose, and where it fell; return how often it did."""
    first, second = room[_UP_LEFT], room[_UP_RIGHT]
    for i in range(len(left)):
        # Computed before the choice: a branch would stop the compiler's vectors.
        x, y, rose = 1.0 + left[i], 1.0 + right[i], right[i] > 0.0
        first[i] *= x if rose else 1.0
        second[i] *= y if rose else 1.0
    first, second = room[_DOWN_LEFT], room[_DOWN_RIGHT]
    for i in range(len(left)):
        x, y, fell = 1.0 + left[i], 1.0 + right[i], right[i] < 0.0
        first[i] *= x if fell else 1.0
        second[i] *= y if fell else 1.0
    rises = falls = 0
    for i in range(len(right)):
        rises += right[i] > 0.0
        falls += right[i] < 0.0
    return rises, falls


@part
def within_nb(room: Floats) -> bool:
    """Whether all running products are far from the ends of the numbers."""
    good = True
    for row in range(_UP_LEFT, ROWS):
        lanes = room[row]
        for i in range(len(lanes)):
            good &= _LITTLE < lanes[i] < _MUCH
    return good


@part
def put_away_nb(room: Floats, growth: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Add the logarithms of the running products to the growth so far, and begin anew."""
    logs = (
        growth[0] + log_of_nb(room[_UP_LEFT]),
        growth[1] + log_of_nb(room[_UP_RIGHT]),
        growth[2] + log_of_nb(room[_DOWN_LEFT]),
        growth[3] + log_of_nb(room[_DOWN_RIGHT]),
    )
    room[_UP_LEFT:, :] = 1.0
    return logs


@part
def log_of_nb(lanes: Floats) -> float:
    """The logarithm of the product of all lanes, taken where the product would leave the numbers."""
    total: float = 0.0
    product = 1.0
    for i in range(len(lanes)):
        product *= lanes[i]
        if not _LITTLE < product < _MUCH:
            total += np.log(product)
            product = 1.0
    total += np.log(product)
    return total
