"""What is not put into a series, and in which words it is refused."""

from __future__ import annotations

import numpy as np
from django.utils.translation import gettext as _

from algotrade.templatetags.figures import integer
from marketdata.columns import Columns, blocks
from marketdata.errors import BarsConflict, BarsError, BarsOverlap, NoBars
from marketdata.quality.report import said, said_ticks
from marketdata.store.merged import Merge
from marketdata.store.merging import EXTEND, REJECT, Overlap


def refuse_columns(columns: Columns) -> None:
    """Raise `NoBars` without bars, and `BarsError` for times finer than the microseconds that the database keeps."""
    if not len(columns):
        raise NoBars(_("There are no bars to import."))
    for first, block in blocks(columns):
        finer = np.flatnonzero(block["time"] % 1000)
        if finer.size:
            row = int(finer[0])
            moment = np.datetime64(int(block["time"][row]), "ns")
            raise BarsError(f"Row {first + row}: time {moment} is finer than a microsecond. Round the times.")


def refuse_merge(merged: Merge, overlap: Overlap) -> None:
    """Raise `BarsOverlap` or `BarsConflict` when the merge found what `overlap` does not want."""
    if overlap == REJECT and merged.overlapping:
        ends = (merged.new.read("time", row, row + 1)[0] for row in (0, len(merged.new) - 1))
        first, last = (said_ticks(int(end)) for end in ends)
        raise BarsOverlap(
            _(
                "The series already holds %(count)s bars between %(first)s and %(last)s. Choose to replace them, "
                "or import another period."
            )
            % {"count": integer(merged.overlapping), "first": first, "last": last}
        )
    if overlap == EXTEND and merged.conflict_count:
        raise _conflict(merged)


def _conflict(merged: Merge) -> BarsConflict:
    first = merged.conflicts[0]
    return BarsConflict(
        _(
            "%(count)s stored bars differ from the new ones; nothing was imported. The first: %(time)s, %(column)s is "
            "%(stored).10g and would be %(new).10g. Choose to keep or to replace stored bars, or correct the new ones."
        )
        % {
            "count": integer(merged.conflicting_bars),
            "time": said(first.time),
            "column": first.column,
            "stored": first.stored,
            "new": first.new,
        },
        conflicts=[conflict.to_dict() for conflict in merged.conflicts],
        count=merged.conflict_count,
    )
