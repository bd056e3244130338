"""Series whose calendar has changed: the handler that makes their quality report anew."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from marketdata.errors import SeriesNotFound
from marketdata.models import Series
from marketdata.store.examining import examine_again


def reexamine(context: JobContext) -> Callable[[], None]:
    """Look at the current snapshot with the calendar that the series has now."""
    context.progress(0.1, _("Examining the quality"))

    def store() -> None:
        series = Series.objects.select_for_update(no_key=True).filter(pk=context.payload["series"]).first()
        if series is None:
            raise SeriesNotFound(_("This series was deleted."))
        examine_again(series)

    return store
