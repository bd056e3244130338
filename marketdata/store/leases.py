"""The right to write rows of a series ahead of an import's end.

An import of millions of bars in one transaction would keep every other writer of an embedded lab waiting, and could
tell no progress. So its rows are written in short transactions, where nobody sees them (`ahead` says where). The
import's last transaction is short and makes all of them count at once.

Rows of series are locked with `no_key` everywhere: PostgreSQL asks for a share of a series' key when a transaction
that wrote bars of it ends, and whoever stands in line for the lease must not keep it from that.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from marketdata.errors import SeriesBusy
from marketdata.keys import SeriesKey
from marketdata.models import Series, WriteLease
from marketdata.store.bulk import insert_rows
from marketdata.store.forgetting import forget_files
from marketdata.store.runs import Rows
from marketdata.store.sweeping import Sweep

HELD = timedelta(seconds=60)
PATIENCE_SECONDS = 900.0
"""How long an import waits for another one into the same series."""
LOOK_SECONDS = 0.5
EXTEND_SECONDS = 5.0
AHEAD_ROWS = {"postgresql": 262_144}
FEW_ROWS = 49_950
"""Rows of one transaction: a fifth of a second of SQLite's only write lock."""
CLEARED_ROWS = 20_000
PAUSE_SECONDS = 0.05
"""Between two transactions that only remove rows: SQLite serves whoever asks first, not whoever waits longest."""

Progress = Callable[[float, str], None]


@dataclass(slots=True)
class HeldLease:
    """The right of one import to write ahead into one series."""

    series: Series
    holder: str
    extended: float = 0.0

    def extend(self) -> None:
        """Keep the right for another minute; `SeriesBusy` when it was lost."""
        mine = WriteLease.objects.filter(series_id=self.series.pk, holder=self.holder)
        if not mine.update(until=now() + HELD):
            raise self._lost()
        self.extended = time.monotonic()

    def keeping(self, progress: Progress) -> Progress:
        """Return a progress that keeps the right while something else than writing rows takes long."""

        def tell(fraction: float, message: str) -> None:
            if time.monotonic() - self.extended > EXTEND_SECONDS:
                self.extend()
            progress(fraction, message)

        return tell

    def locked(self, sha256: str) -> Series:
        """Return the series as it stands, locked; `SeriesBusy` when it holds something else than was compared."""
        series = (
            Series.written.select_for_update(no_key=True).filter(pk=self.series.pk, deleted_at=None).first()
        )
        if series is None:
            raise self._lost()
        if series.content_sha256 != sha256:
            raise SeriesBusy(
                _("%(series)s was changed while the import was running. Try again.") % {"series": self.series}
            )
        return series

    def write(self, rows: Rows, revision: int) -> None:
        """Write rows that must not count yet, in a transaction of their own for every `ahead_rows()`."""
        size = ahead_rows()
        for first in range(0, len(rows["time"]), size):
            piece = {name: column[first : first + size] for name, column in rows.items()}
            with transaction.atomic():
                self.extend()
                insert_rows(self.series, piece, revision)

    def note_period(self, first: datetime, last: datetime) -> None:
        """Say in which period rows of the next revision will be written, so that they are found and removed."""
        with transaction.atomic():
            self.extend()
            Series.written.filter(pk=self.series.pk).update(
                replaced_first=first, replaced_last=last, replaced_before=0
            )

    def note_file(self, path: str) -> None:
        """Remember a file that belongs to nobody if the import does not reach its end."""
        WriteLease.objects.filter(series_id=self.series.pk, holder=self.holder).update(path=path)

    def release(self) -> None:
        """Give the right back, in the transaction that makes the rows count; `SeriesBusy` when it was lost.

        Where rows were replaced, the old ones are still there: the lease stays as one that has run out, so that they
        are removed like anything that is left behind, and before the next import writes.
        """
        mine = WriteLease.objects.filter(series_id=self.series.pk, holder=self.holder)
        replaced = Series.written.filter(pk=self.series.pk, replaced_first__isnull=False)
        if not (mine.update(until=now(), path="") if replaced.exists() else mine.delete()[0]):
            raise self._lost()

    def _lost(self) -> SeriesBusy:
        if Series.written.filter(pk=self.series.pk, deleted_at=None).exists():
            return SeriesBusy(_("Another import took %(series)s over. Try again.") % {"series": self.series})
        return SeriesBusy(_("%(series)s was deleted while the import was running.") % {"series": self.series})


def ahead_rows() -> int:
    """Rows of one transaction of this database."""
    return AHEAD_ROWS.get(connection.vendor, FEW_ROWS)


def take(key: SeriesKey, owner_id: int | None, holder: str, progress: Progress) -> HeldLease:
    """Wait for the right to write into the series of `key`; one that is not there is made, as a draft.

    What an earlier import left behind is removed first. `SeriesBusy` after `PATIENCE_SECONDS`.
    """
    began = time.monotonic()
    while True:
        try:
            with transaction.atomic():
                series, leftovers = _try(key, owner_id, holder)
        except IntegrityError:  # another import made the same series or right in this moment
            series = None
        if series is not None:
            return _cleared(HeldLease(series, holder), leftovers, progress)
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise SeriesBusy(
                _("Another import into %(symbol)s %(timeframe)s takes too long. Try again later.")
                % {"symbol": key.symbol, "timeframe": key.timeframe}
            )
        progress(0.0, _("Waiting for another import into this series"))
        time.sleep(LOOK_SECONDS)


def take_at_once(series: Series, progress: Progress) -> HeldLease:
    """Take the right to write into a series that is there, or raise `SeriesBusy` when an import has it."""
    holder = f"store-{uuid.uuid4().hex}:0"
    with transaction.atomic():
        current = Series.objects.select_for_update(no_key=True).get(pk=series.pk)
        leftovers = _claim(current, holder)
    if leftovers is None:
        raise SeriesBusy(
            _("Another import is writing into %(series)s. Try again when it has ended.") % {"series": series}
        )
    return _cleared(HeldLease(current, holder), leftovers, progress)


def _try(key: SeriesKey, owner_id: int | None, holder: str) -> tuple[Series | None, bool]:
    """Take the series if it is free, and say whether an earlier import left anything; (None, False) when it is not."""
    identity = key.identity()
    # One query for both: between two, another import could turn its draft, seen by neither, into the series.
    written = Series.written.select_for_update(no_key=True).filter(
        user_id=owner_id, deleted_at=None, **identity
    )
    series = written.order_by("is_draft").first()
    if series is None:
        described = {"name": key.name, "calendar": key.calendar, "timezone": key.timezone}
        series = Series.written.create(user_id=owner_id, is_draft=True, **identity, **described)
    leftovers = _claim(series, holder)
    return (None, False) if leftovers is None else (series, leftovers)


def _claim(series: Series, holder: str) -> bool | None:
    """Write who holds the series, whose row is locked; return whether there was a lease before, None if it is live."""
    lease = WriteLease.objects.select_for_update().filter(series_id=series.pk).first()
    if lease is None:
        WriteLease.objects.create(series=series, holder=holder, until=now() + HELD)
        return False
    if lease.is_live and not lease.is_of(holder):
        return None
    forget_files([lease.path])
    lease.holder, lease.until, lease.path = holder, now() + HELD, ""
    lease.save()
    return True


def _cleared(held: HeldLease, leftovers: bool, progress: Progress) -> HeldLease:
    """Remove rows that do not count: an import that was killed has written them, or the last one replaced them."""
    sweep = Sweep(CLEARED_ROWS)
    while leftovers:
        progress(0.0, _("Tidying up after an earlier import"))
        with transaction.atomic():
            held.extend()
            leftovers = sweep.step(held.series)
        time.sleep(PAUSE_SECONDS if leftovers else 0.0)
    return held
