"""Handlers of the market data jobs. They compute without a transaction; `store` writes everything in one."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.jobs.models import Job
from marketdata import uploads
from marketdata.bars import Bars
from marketdata.errors import MarketDataError
from marketdata.models import Series
from marketdata.reading.rows import CsvContent, read_csv
from marketdata.services import REPLACE, import_bars
from marketdata.submissions import SeriesKey
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.timeframes import get_timeframe

READING_SHARE = 0.8
"""How much of an import's progress is reading; the rest is storing."""


def import_csv(context: JobContext) -> Callable[[], None]:
    """Read the uploaded file; a problem in it fails the job with every located error, and nothing is stored."""
    key = SeriesKey(**context.payload["key"])
    content = _read_upload(context, key)
    context.progress(READING_SHARE, _("Storing %(count)d bars") % {"count": len(content.bars)})
    return _storing(context, key, content.bars)


def generate_series(context: JobContext) -> Callable[[], None]:
    """Make the bars of the stored specification."""
    key = SeriesKey(**context.payload["key"])
    spec = SyntheticSpec(**context.payload["spec"])
    context.progress(0.1, _("Generating %(count)d bars") % {"count": spec.bars})
    return _storing(context, key, generate(spec))


def _read_upload(context: JobContext, key: SeriesKey) -> CsvContent:
    path = uploads.path_of(context.payload["upload"])
    try:
        size = max(1, path.stat().st_size)
        with path.open("rb") as stream:
            return read_csv(
                stream,
                timezone=key.timezone,
                session_dates=not get_timeframe(key.timeframe).is_intraday,
                adjust=key.adjustment == Series.Adjustment.SPLITS_DIVIDENDS,
                max_bytes=uploads.max_bytes(),
                progress=lambda done, rows: context.progress(
                    READING_SHARE * done / size, _("Read %(count)d rows") % {"count": rows}
                ),
            )
    except FileNotFoundError as error:
        raise MarketDataError(_("The uploaded file is no longer kept. Upload it again.")) from error


def _storing(context: JobContext, key: SeriesKey, bars: Bars) -> Callable[[], None]:
    payload: dict[str, Any] = context.payload
    owner_id = None if payload.get("shared") else context.owner_id

    def store() -> None:
        series = key.resolve(owner_id)
        import_bars(series=series, bars=bars, overlap=payload.get("overlap", REPLACE))
        Job.objects.filter(pk=context.job_id).update(payload={**payload, "series_id": series.pk})

    return store
