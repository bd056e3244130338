"""Whether labels look no further than they say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from marketdata.bars import Bars
from mlmodels.audit.futures import LATER, Change, rows, spread_places, with_future
from mlmodels.audit.result import Leak, said
from mlmodels.labels import Labels

PLACES = 12
FEWEST_BEFORE = 256


def audit_labels(bars: Bars, make: Callable[[Bars], Labels], *, places: int = PLACES) -> tuple[Leak, ...]:
    """Look for labels that depend on bars after their `end`, at most one a place; `make` gives the labels of bars.

    Purging trusts `end`: a label that looked further would carry a test's bars into its training.
    """
    labels = make(bars)
    known = np.flatnonzero(labels.known)
    reach = int((labels.end[known] - known).max()) if known.size else 0
    found = []
    for place in spread_places(0, len(bars), places):
        start, stop = max(0, place - reach - FEWEST_BEFORE), min(len(bars), place + 2 * reach + FEWEST_BEFORE)
        part = rows(bars, start, stop)
        plain = make(part)
        settled = np.flatnonzero(plain.known & (plain.end <= place - start))
        moved = np.zeros(settled.size, dtype=np.bool_)
        for against in (True, False):
            other = make(with_future(part, place - start, Change(against, LATER[0])))
            for name in ("returns", "up", "end", "exit"):
                moved |= getattr(plain, name)[settled] != getattr(other, name)[settled]
        if moved.any():
            row = int(settled[moved][-1])
            found.append(Leak("label", start + row, start + int(plain.end[row]), said(part.time[row])))
    return tuple(found)
