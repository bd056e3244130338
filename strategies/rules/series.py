"""Numbers of a rule with the size of what they were made of, and the arithmetic on them.

Two values within 1e-12 of each other are equal, relative to their size. A difference of two averages may be
close to 0 while its rounding noise is that of the averages: its size is theirs. So a subtraction remembers
the size of what was subtracted, the MACD that of its prices, and comparisons use the larger one. A rule
written with `macd(...)` so compares exactly as the built-in strategy does.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from strategies.crossing import above, below

Line: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values of shape (n_bars,) or one constant; NaN where undefined, never infinite.

    `scale` is the size of the numbers they were made of, at least 0; None: their own.
    """

    values: Line | float
    scale: Line | float | None = None

    @property
    def size(self) -> Line | float:
        own = np.abs(self.values)
        return own if self.scale is None else np.maximum(own, self.scale)

    def lagged(self, bars: int) -> "Series":
        """The values `bars` rows before; NaN where there are none."""
        scale = self.scale if self.scale is None or np.ndim(self.scale) == 0 else shifted(self.scale, bars)
        return Series(shifted(self.values, bars), scale)

    def __neg__(self) -> "Series":
        return Series(-self.values, self.scale)

    def __add__(self, other: "Series") -> "Series":
        return Series(finite(self.values + other.values), np.maximum(self.size, other.size))

    def __sub__(self, other: "Series") -> "Series":
        return Series(finite(self.values - other.values), np.maximum(self.size, other.size))

    def __mul__(self, other: "Series") -> "Series":
        values = finite(self.values * other.values)
        return Series(values, None if self._plain(other) else finite(self.size * other.size))

    def __truediv__(self, other: "Series") -> "Series":
        """NaN for a division by 0."""
        values = finite(np.divide(self.values, other.values))
        if self._plain(other):
            return Series(values)
        # A relative error of the divisor is one of the quotient.
        from_divisor = np.abs(values) * np.divide(other.size, np.abs(other.values))
        return Series(values, finite(np.maximum(np.divide(self.size, np.abs(other.values)), from_divisor)))

    def _plain(self, other: "Series") -> bool:
        return self.scale is None and other.scale is None


def compare(sign: str, left: Series, right: Series) -> Flags:
    """One of < <= > >= == != row by row; False where either side is NaN."""
    match sign:
        case ">":
            return over(left, right)
        case "<":
            return under(left, right)
    known = ~(np.isnan(left.values) | np.isnan(right.values))
    match sign:
        case ">=":
            return known & ~under(left, right)
        case "<=":
            return known & ~over(left, right)
    apart = over(left, right) | under(left, right)
    return apart if sign == "!=" else known & ~apart


def over(left: Series, right: Series) -> Flags:
    return above(left.values, right.values, scale=common_scale(left, right))  # type: ignore[arg-type]


def under(left: Series, right: Series) -> Flags:
    return below(left.values, right.values, scale=common_scale(left, right))  # type: ignore[arg-type]


def common_scale(left: Series, right: Series) -> Line | None:
    if left.scale is None or right.scale is None:
        return left.scale if right.scale is None else right.scale  # type: ignore[return-value]
    scale: Line = np.maximum(left.scale, right.scale)
    return scale


def finite(values: Line | float) -> Line | float:
    """NaN in the place of an infinity: too large is undefined, too."""
    if isinstance(values, np.ndarray):
        bad = ~np.isfinite(values)
        if bad.any():
            return np.where(bad, np.nan, values)
        return values
    return values if np.isfinite(values) else np.nan


def shifted(values: Line | float, bars: int) -> Line | float:
    """An array moved down by `bars` rows, NaN (False for truth values) above; a constant stays."""
    if not isinstance(values, np.ndarray) or bars == 0:
        return values
    moved = np.zeros_like(values) if values.dtype == np.bool_ else np.full_like(values, np.nan)
    moved[bars:] = values[: max(0, values.size - bars)]
    return moved
