"""The ratios at which shares are split: one table, of which prices alone are compared with the common part."""

from __future__ import annotations

import math
from collections.abc import Sequence

Ratio = tuple[int, int]
"""Shares before and after: (1, 4) is four for one, (10, 1) a reverse split of one for ten."""

COMMON_RATIOS: tuple[Ratio, ...] = (
    (2, 3), (1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 7), (1, 8), (1, 10), (1, 12), (1, 15), (1, 20), (1, 25),
    (1, 30), (1, 40), (1, 50), (1, 100),
)  # fmt: skip
"""What a jump of the price is compared with: with more of them, any large move would lie near one."""

RATIOS: tuple[Ratio, ...] = COMMON_RATIOS + tuple(
    (old, new)
    for new in range(2, 13)
    for old in range(1, min(new, 6))
    if math.gcd(old, new) == 1 and (old, new) not in COMMON_RATIOS
)
"""What an adjusted close may tell of as well. A reverse split is the same the other way round."""


def ratio_near(shares: float, *, among: Sequence[Ratio], within: float) -> Ratio | None:
    """Return the ratio nearest to `shares` new ones for each old one; None when none lies `within` that fraction.

    `shares` may be any quotient of prices, among them 0 and infinity.
    """
    if not 0.0 < shares < math.inf:
        return None
    size = max(shares, 1.0 / shares)
    old, new = min(among, key=lambda pair: abs(math.log(size * pair[0] / pair[1])))
    if abs(size * old / new - 1.0) > within:
        return None
    return (old, new) if shares > 1.0 else (new, old)
