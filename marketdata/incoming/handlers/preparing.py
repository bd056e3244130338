"""What all handlers of imports share: from bars that came in to what the job's last transaction writes.

`prepare_import` is the common way: it takes the series, merges, writes ahead, and returns a `PreparedImport`, which
makes everything count when it is called in a transaction. Whatever happens before leaves nothing that anybody can see.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from algotrade import meters
from algotrade.jobs.context import JobContext
from marketdata.columns import Columns
from marketdata.errors import BarsConflict, MarketDataError, SeriesBusy
from marketdata.incoming import deriving
from marketdata.incoming.settings import Destination
from marketdata.models import BarImport, Series
from marketdata.store import leases, leftovers, storing
from marketdata.store.examining import examine_again
from marketdata.store.leases import HeldLease, Progress
from marketdata.store.merging import Overlap


@dataclass(eq=False)
class PreparedImport:
    """An import that needs only its last, short transaction: call it in one, once."""

    row: BarImport
    held: HeldLease
    prepared: storing.Prepared
    into: Destination
    calendar: str
    after: Callable[[Series], None] | None
    resources: contextlib.ExitStack
    stored: storing.Stored | None = None
    report: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A job that is stopped between its computing and its end never calls: then the files go with this object.
        weakref.finalize(self, self.resources.close)

    def __call__(self) -> None:
        with self.resources, transaction.atomic():
            series = self._locked()
            described = self.into.described(series)
            for name, value in described.items():
                setattr(series, name, value)
            self.stored = stored = storing.finish(series, self.prepared)
            series.save()
            unseen = self.prepared.report is None and "calendar" in described
            if unseen or series.calendar != self.calendar:
                examine_again(series)
            self.held.release()
            if self.after is not None:
                self.after(series)
            self._note(series, stored)

    def _locked(self) -> Series:
        """The series as it stands, if it is still what the import was prepared for."""
        series = self.held.locked(self.prepared.base_sha256)
        if series.is_draft and self.into.key.find(series.user_id) is not None:
            raise SeriesBusy(
                _("%(series)s was made by another import in the meantime. Try again.") % {"series": series}
            )
        return series

    def _note(self, series: Series, stored: storing.Stored) -> None:
        note(
            self.row,
            series=series,
            bars_added=stored.added,
            bars_changed=stored.changed,
            bars_removed=stored.removed,
            bars_unchanged=stored.unchanged,
            conflicts=[conflict.to_dict() for conflict in stored.conflicts],
            conflict_count=stored.conflict_count,
            content_sha256=series.content_sha256,
            report=self.row.report | self.report,
        )


def import_of(context: JobContext) -> BarImport:
    """Return the import that a job carries out."""
    rows = BarImport.objects.select_related("job", "series", "upload", "user")
    row = rows.filter(pk=context.payload["import"]).first()
    if row is None:
        raise MarketDataError(_("This import was deleted."))
    return row


def prepare_import(
    row: BarImport,
    columns: Columns,
    *,
    progress: Progress,
    overlap: Overlap,
    report: dict[str, Any] | None = None,
    resources: contextlib.ExitStack | None = None,
    after: Callable[[Series], None] | None = None,
    made_from: int | None = None,
) -> PreparedImport:
    """Prepare bars for the series that `row.settings` names, made if it is not there; return what ends the import.

    Call the result in the transaction that ends the job. `report` is added to the import's; `resources` (open files,
    folders of columns) are closed afterwards in any case; `after` is called in that transaction with the series, to
    write further fields of it. A series that is made from another one is refused, unless the import derives it from
    the series `made_from`.
    """
    resources = resources or contextlib.ExitStack()
    with closing_on_error(resources):
        into = Destination.of(row)
        refuse = deriving.refuse_derived if made_from is None else deriving.refuse_occupied
        refuse(into.find(row.user_id))
        held = leases.take(into.key, into.owner_id(row.user_id), _holder_of(row), scaled(progress, 0.0, 0.0))
        try:
            refuse(held.series)  # again: whoever was waited for may have made it what it was not
            held.series.derived_from_id = made_from  # stored at the end; what examines the bars asks for it
            calendar = into.described(held.series).get("calendar", held.series.calendar)
            telling = held.keeping(scaled(progress, 0.02, 1.0))
            prepared = storing.prepare(held, columns, overlap=overlap, progress=telling, calendar=calendar)
        except BaseException as error:
            leftovers.discard_of(held.holder)
            if isinstance(error, BarsConflict):
                note(row, conflicts=error.conflicts, conflict_count=error.count)
            raise
        resources.callback(prepared.close)
        meters.import_rows.add(row.source, by=len(columns))
        return PreparedImport(
            row=row,
            held=held,
            prepared=prepared,
            into=into,
            calendar=calendar,
            after=after,
            resources=resources.pop_all(),
            report=report or {},
        )


def note(row: BarImport, **values: Any) -> None:
    """Write what is known of an import by now; one that is not kept (a command's) is only changed in memory."""
    for name, value in values.items():
        setattr(row, name, value)
    if row.pk is not None:
        row.describe(**values)


def scaled(progress: Progress, first: float, after: float) -> Progress:
    """Return a progress that goes from `first` to `after` of another one."""
    return lambda fraction, message: progress(first + (after - first) * fraction, message)


@contextlib.contextmanager
def closing_on_error(resources: contextlib.ExitStack) -> Any:
    """Close what was opened when the block fails."""
    try:
        yield
    except BaseException:
        resources.close()
        raise


def _holder_of(row: BarImport) -> str:
    """Who writes: the job in its present attempt, or this import alone."""
    return f"{row.job_id}:{row.job.fence}" if row.job is not None else f"import-{row.pk or id(row)}:0"
