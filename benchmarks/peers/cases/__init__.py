"""One module an engine: what it does for each case, written the way its own users write it.

Each module has `CASES`, a mapping from the name of a case to a function that takes the arguments of the case and
returns `Prepared`. Only `product` imports the product; the others run in an environment that does not have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Facts = Mapping[str, Any]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A case that is ready to be measured: `run` is timed, `facts` turns its result into comparable numbers."""

    run: Callable[[], Any]
    facts: Callable[[Any], Facts]


@cache
def columns(path: str) -> dict[str, NDArray[Any]]:
    """The columns of a file of bars: time (datetime64[ns]), open, high, low, close, volume; read-only."""
    with np.load(path) as stored:
        found = {name: np.ascontiguousarray(stored[name]) for name in stored.files}
    for column in found.values():
        column.flags.writeable = False  # the product copies what somebody else could still change
    return found


def pairs(arguments: Arguments) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Fast and slow window of every combination of a grid, the slow one changing first."""
    fast, slow = (np.arange(*arguments[name]) for name in ("fast", "slow"))
    grid = np.meshgrid(fast, slow, indexing="ij")
    return grid[0].ravel(), grid[1].ravel()


def crossings(
    fast: NDArray[np.float64], slow: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows where `fast` crosses above and below `slow`, for engines that leave this to their user's numpy."""
    above, below = fast > slow, fast < slow  # False where NaN
    known = ~(np.isnan(fast[:-1]) | np.isnan(slow[:-1]))
    up, down = np.zeros(fast.shape, dtype=bool), np.zeros(fast.shape, dtype=bool)
    up[1:] = above[1:] & ~above[:-1] & known
    down[1:] = below[1:] & ~below[:-1] & known
    return up, down
