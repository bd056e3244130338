"""Where the rows of a merge are written before they count, so that no transaction is long.

- New bars before the first and after the last bar of the series stand beyond its ends, and nobody sees them.
- Bars within it may take the places of others. A few are deleted and inserted by the import's last transaction. Many
  are written under the next revision, which does not count yet. Then the last transaction raises the revision, and says
  in which period the rows of earlier ones count no more; they are removed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marketdata.columns import NAMES, Columns, first_row_from
from marketdata.store.merged import Merge
from marketdata.store.runs import Rows, Runs, chosen_rows, clipped, rows_in


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the rows go.

    Attributes
    ----------
    merge : Merge
        What is to be written.
    outside, inside : Runs
        Its fresh rows, beyond the ends of the stored ones and between them.
    period : tuple of int, or None
        First and last time (nanoseconds) of what changes between the ends, if that is too much for one transaction.
    """

    merge: Merge
    outside: Runs
    inside: Runs
    period: tuple[int, int] | None

    @property
    def replaces(self) -> bool:
        """Whether stored rows of the period go."""
        return self.period is not None and len(self.merge.stale) > 0

    def count(self) -> int:
        """Return how many rows are written ahead."""
        return rows_in(self.outside) + rows_in(self._next())

    def rows_outside(self, size: int) -> Iterator[Rows]:
        """Yield the rows beyond the ends, at most `size` at a time."""
        return chosen_rows(self.merge.new, self.outside, size)

    def rows_of_next_revision(self, size: int) -> Iterator[Rows]:
        """Yield the rows of the period, at most `size` at a time: all when rows go, else only those that come."""
        return _rows(self.merge.columns() if self.replaces else self.merge.new, self._next(), size)

    def _next(self) -> Runs:
        if self.period is None:
            return np.empty((0, 2), dtype=np.int64)
        if not self.replaces:
            return self.inside
        columns = self.merge.columns()
        first, last = self.period
        return np.array([[first_row_from(columns, first), first_row_from(columns, last + 1)]])


def place(merge: Merge, at_once: int) -> Placing:
    """Decide where the rows of a merge go; the last transaction deletes and inserts at most `at_once` rows."""
    below, above = _bounds(merge)
    outside = np.concatenate((clipped(merge.fresh, 0, below), clipped(merge.fresh, above, len(merge.new))))
    inside = clipped(merge.fresh, below, above)
    many = rows_in(inside) + rows_in(merge.stale) > at_once
    return Placing(merge, outside, inside, _period(merge, inside) if many else None)


def _bounds(merge: Merge) -> tuple[int, int]:
    """The new rows that lie within the stored ones: the first and the one after the last."""
    if not len(merge.stored):
        return len(merge.new), len(merge.new)
    first = int(merge.stored.read("time", 0, 1)[0])
    last = int(merge.stored.read("time", len(merge.stored) - 1)[0])
    return first_row_from(merge.new, first), first_row_from(merge.new, last + 1)


def _period(merge: Merge, inside: Runs) -> tuple[int, int]:
    ends = [
        int(columns.read("time", row, row + 1)[0])
        for columns, runs in ((merge.stored, merge.stale), (merge.new, inside))
        if len(runs)
        for row in (int(runs[0, 0]), int(runs[-1, 1]) - 1)
    ]
    return min(ends), max(ends)


def _rows(columns: Columns, runs: Runs, size: int) -> Iterator[Rows]:
    if len(runs) != 1:
        yield from chosen_rows(columns, runs, size)
        return
    ((first, after),) = runs.tolist()
    for row in range(first, after, size):
        yield {name: columns.read(name, row, min(after, row + size)) for name in NAMES}
