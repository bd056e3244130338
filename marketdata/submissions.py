"""Asking for bars: what is checked before a job is queued, and the queueing itself."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from algotrade.errors import InvalidInput, LabError
from algotrade.jobs.models import Job
from algotrade.jobs.services import submit
from marketdata import uploads
from marketdata.jobs import GENERATE_KIND, IMPORT_KIND
from marketdata.models import SYMBOL_HELP, SYMBOL_PATTERN, Series
from marketdata.reading.times import get_zone
from marketdata.services import OVERLAP_POLICIES, REPLACE
from marketdata.synthetic import SyntheticSpec
from marketdata.timeframes import get_calendar, get_timeframe


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Which series the bars belong to; it is made when the job succeeds and the series is not there yet."""

    symbol: str
    timeframe: str
    calendar: str
    source: str
    name: str = ""
    timezone: str = "UTC"
    adjustment: str = Series.Adjustment.NONE.value

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbol", self.symbol.strip().upper())
        problems: dict[str, list[str]] = {}
        if not re.fullmatch(SYMBOL_PATTERN, self.symbol):
            shown = self.symbol[:40]
            problems["symbol"] = [_("“%(value)s” is not a symbol.") % {"value": shown} + f" {SYMBOL_HELP}"]
        if len(self.name) > 120:
            problems["name"] = [_("The name has over 120 characters. Shorten it.")]
        for check in (lambda: get_timeframe(self.timeframe), lambda: get_calendar(self.calendar)):
            try:
                check()
            except LabError as error:
                problems.update(error.fields)
        try:
            get_zone(self.timezone)
        except ValueError as error:
            problems["timezone"] = [str(error)]
        if problems:
            raise InvalidInput(fields=problems)

    def resolve(self, user_id: int | None) -> Series:
        """Return the owner's series of this key (the shared one without an owner), made or described anew."""
        described = {"calendar": self.calendar, "timezone": self.timezone}
        if self.name:
            described["name"] = self.name
        series, _created = Series.objects.update_or_create(
            user_id=user_id,
            symbol=self.symbol,
            timeframe=self.timeframe,
            source=self.source,
            adjustment=self.adjustment,
            defaults=described,
        )
        return series


def submit_import(
    *,
    owner: Any,
    file: UploadedFile,
    symbol: str,
    timeframe: str,
    calendar: str | None = None,
    timezone: str | None = None,
    name: str = "",
    adjust: bool = False,
    overlap: str = REPLACE,
    shared: bool = False,
) -> Job:
    """Keep an uploaded CSV file and queue the job that imports it. `shared` is for staff only.

    Without a calendar or a timezone the series keeps its own; a new one gets the exchange's calendar and UTC.
    """
    if overlap not in OVERLAP_POLICIES:
        message = _("Use one of %(names)s.") % {"names": ", ".join(OVERLAP_POLICIES)}
        raise InvalidInput(fields={"overlap": [message]})
    if shared and not owner.is_staff:
        raise InvalidInput(fields={"shared": [_("Only staff import shared series.")]})
    kind = Series.Adjustment.SPLITS_DIVIDENDS if adjust else Series.Adjustment.NONE
    known = Series.objects.filter(
        user=None if shared else owner,
        symbol=symbol.strip().upper(),
        timeframe=timeframe,
        source="csv",
        adjustment=kind.value,
    ).first()
    key = SeriesKey(
        symbol=symbol,
        timeframe=timeframe,
        calendar=calendar or (known.calendar if known else "exchange"),
        source="csv",
        name=name.strip(),
        timezone=timezone or (known.timezone if known else "UTC"),
        adjustment=kind.value,
    )
    upload = uploads.keep(owner, file)
    payload = {"key": asdict(key), "upload": upload, "overlap": overlap, "shared": shared}
    title = _("Import of %(symbol)s %(timeframe)s") % {"symbol": key.symbol, "timeframe": key.timeframe}
    try:
        return _queue(owner, IMPORT_KIND, title, payload)
    except BaseException:
        uploads.discard(upload)
        raise


def submit_generation(*, owner: Any, symbol: str, spec: SyntheticSpec, name: str = "") -> Job:
    """Queue the job that makes a synthetic series."""
    key = SeriesKey(
        symbol=symbol,
        timeframe=spec.timeframe,
        calendar=spec.calendar,
        source="synthetic",
        name=name.strip(),
    )
    title = _("Generation of %(symbol)s %(timeframe)s") % {
        "symbol": key.symbol,
        "timeframe": key.timeframe,
    }
    return _queue(owner, GENERATE_KIND, title, {"key": asdict(key), "spec": asdict(spec)})


def _queue(owner: Any, kind: str, title: str, payload: dict[str, Any]) -> Job:
    with transaction.atomic():
        job = submit(kind=kind, owner=owner, title=title, payload=payload)
        job.result_url = reverse("marketdata:import_status", args=[job.pk])
        job.save(update_fields=["result_url"])
    return job
