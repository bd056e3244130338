"""What any fold must keep, looked up row by row: the slow and obvious way."""

from itertools import pairwise

import numpy as np


def assert_apart(fold, ends):
    """No [t, end] of a training row touches a [t, end] of a tested row, and nobody trains on a tested bar."""
    assert not set(fold.train) & set(fold.test)
    tested = [(row, max(row, int(ends[row]))) for row in fold.test]
    for row in fold.train:
        assert all(ends[row] < first or row > last for first, last in tested), row


def assert_complete(fold, rows):
    """Each candidate trains, is tested, or is accounted for as left out; the spans say the same as the rows."""
    parts = [fold.train, fold.purged, fold.embargo, np.intersect1d(fold.test, rows)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), rows)
    for kind in ("train", "purged", "embargo", "test"):
        spans = getattr(fold.spans, kind)
        inside = [row for row in rows if any(first <= row <= last for first, last in spans)]
        mine = getattr(fold, kind)
        np.testing.assert_array_equal(inside, mine if kind != "test" else np.intersect1d(mine, rows))
        assert all(one[1] < other[0] for one, other in pairwise(spans))
