"""Earlier snapshots: the handler that gives a series back what one of them holds."""

from __future__ import annotations

import contextlib

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from marketdata.errors import MarketDataError
from marketdata.incoming.handlers.preparing import PreparedImport, closing_on_error, import_of, prepare_import
from marketdata.incoming.settings import RestorationSettings
from marketdata.models import Snapshot
from marketdata.store import opening
from marketdata.store.merging import WHOLE


def restore(context: JobContext) -> PreparedImport:
    """Put the bars of the snapshot in the place of all that the series holds."""
    row = import_of(context)
    asked = RestorationSettings.of(row)
    snapshot = Snapshot.objects.select_related("series").filter(pk=asked.snapshot).first()
    if snapshot is None or (row.series_id is not None and snapshot.series_id != row.series_id):
        raise MarketDataError(_("This snapshot is no longer kept."))
    resources = contextlib.ExitStack()
    with closing_on_error(resources):
        columns = opening.open_columns(snapshot)
        resources.callback(columns.close)
        return prepare_import(row, columns, progress=context.progress, overlap=WHOLE, resources=resources)
