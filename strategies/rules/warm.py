"""Compile, or load from the cache, the loop of the rules before the first strategy needs it."""

import time

import numpy as np


def warm_up() -> float:
    """Decide once on a few rows; return the seconds it took."""
    started = time.perf_counter()
    from strategies.rules.kernels import target_nb

    never, exits, holds = np.zeros(3, np.bool_), np.zeros((1, 3), np.bool_), np.zeros(0, np.int64)
    target_nb(never, exits, holds, never, exits, holds, 1)
    return time.perf_counter() - started
