"""Handlers of the import jobs: they compute and write ahead, and what they return ends them in one transaction."""

from collections.abc import Callable

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from marketdata.errors import MarketDataError
from marketdata.incoming import importing
from marketdata.models import BarImport


def import_file(context: JobContext) -> Callable[[], None]:
    """Read the uploaded file and store its bars, or tell what is wrong with it."""
    return importing.import_file(import_of(context), context.progress)


def generate(context: JobContext) -> Callable[[], None]:
    """Make the bars of the stored specification and store them."""
    return importing.generate_series(import_of(context), context.progress)


def restore(context: JobContext) -> Callable[[], None]:
    """Give a series back what an earlier snapshot holds."""
    return importing.restore_snapshot(import_of(context), context.progress)


def import_of(context: JobContext) -> BarImport:
    """Return the import that a job carries out."""
    rows = BarImport.objects.select_related("job", "series", "upload", "user")
    row = rows.filter(pk=context.payload["import"]).first()
    if row is None:
        raise MarketDataError(_("This import was deleted."))
    return row
