"""What imports leave: rows that do not count, and of one that does not reach its end also a draft and a file.

All of it is removed in short transactions, by the import itself, by the next one into the series, or by the clock. The
rows of deleted series go the same way.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from marketdata.models import Series, WriteLease
from marketdata.store.forgetting import forget_files
from marketdata.store.leases import CLEARED_ROWS, HELD, PAUSE_SECONDS
from marketdata.store.sweeping import Sweep

TIDY_SECONDS = 10.0
"""How long an import that replaced rows goes on removing them after its end."""


def tidy(series: Series) -> None:
    """Remove the rows that an import has just replaced; whatever takes longer is left to the collector."""
    for lease in WriteLease.objects.left_behind().filter(series_id=series.pk):
        discard(lease, TIDY_SECONDS)


def discard_of(holder: str, seconds: float = 1.0) -> None:
    """Remove what one import has written ahead; whatever takes longer is left to the collector."""
    for lease in WriteLease.objects.filter(holder=holder):
        discard(lease, seconds)


def discard_of_job(job_id: Any, seconds: float = 1.0) -> None:
    """Remove what an import that ended badly has written ahead; whatever takes longer is left to the collector."""
    for lease in WriteLease.objects.filter(holder__startswith=f"{job_id}:"):
        discard(lease, seconds)


def discard_left_behind() -> int:
    """Remove what all leases that have run out leave; return how many were done with."""
    found = 0
    for lease in WriteLease.objects.left_behind():
        found += discard(lease)
    return found


def discard(lease: WriteLease, seconds: float = 3600.0) -> bool:
    """Remove rows, draft and file of one lease, in short transactions; False when the time did not suffice."""
    ends = time.monotonic() + seconds
    mine = WriteLease.objects.filter(pk=lease.pk, holder=lease.holder)
    if not mine.update(holder=f"discard:{lease.pk}", until=now() + HELD):
        return True  # somebody else took it over, and tidies
    mine = WriteLease.objects.filter(pk=lease.pk, holder=f"discard:{lease.pk}")
    sweep = Sweep(CLEARED_ROWS)
    while True:
        with transaction.atomic():
            series = Series.written.select_for_update(no_key=True).filter(pk=lease.series_id).first()
            if series is None or not mine.update(until=now() + HELD):
                return True
            if not sweep.step(series):
                _end(series, mine, lease.path)
                return True
        if time.monotonic() > ends:
            mine.update(until=now())
            return False
        time.sleep(PAUSE_SECONDS)


def _end(series: Series, mine: Any, path: str) -> None:
    if series.is_draft or series.deleted_at is not None:
        series.delete()
    else:
        mine.delete()
    forget_files([path])
