"""Asking for bars: the one place where an import is checked and queued, wherever its bars come from."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.utils.timezone import now
from django.utils.translation import gettext as _

from accounts.models import User
from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.errors import InvalidInput
from algotrade.jobs.models import Job
from algotrade.jobs.querysets import lock_owner
from marketdata.errors import NothingToRestore, UploadInUse, UploadsFull
from marketdata.incoming.kinds import DERIVE_KIND, FETCH_KIND, GENERATE_KIND, IMPORT_KIND, RESTORE_KIND
from marketdata.incoming.settings import (
    DownloadSettings,
    GenerationSettings,
    ImportSettings,
    RestorationSettings,
)
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Series, Snapshot, Upload
from marketdata.providers import get_provider
from marketdata.store import uploads
from marketdata.synthetic import SyntheticSpec

__all__ = [
    "KIND_OF_SOURCE",
    "forget_upload",
    "keep_upload",
    "keeper_of",
    "restore_snapshot",
    "submit_fetch",
    "submit_generation",
    "submit_settings",
]

Source, Overlap = BarImport.Source, BarImport.Overlap
KIND_OF_SOURCE = {
    Source.FILE: IMPORT_KIND,
    Source.PROVIDER: FETCH_KIND,
    Source.SYNTHETIC: GENERATE_KIND,
    Source.DERIVED: DERIVE_KIND,
    Source.SNAPSHOT: RESTORE_KIND,
}
"""The kind of job that carries out an import from each source. Its payload is {"import": pk}."""

LONGEST_FILE_NAME = 200
FILES_OF_FULL_SIZE = 4
"""How many files of the largest size an account may keep that are not imported."""
MIB = 2**20
LONG_FILE_BYTES = 64 * MIB
"""A larger file is long work: its import leaves one place of each pool to others."""


def keep_upload(owner: Any, file: UploadedFile) -> Upload:
    """Keep an uploaded file for a week, or until its bars are stored."""
    _forget_old(owner)
    path = uploads.keep(owner, file)
    try:
        name = (file.name or "bars.csv")[-LONGEST_FILE_NAME:]
        with transaction.atomic():
            _require_room(owner, file.size or 0)
            return Upload.objects.create(user=owner, name=name, path=path, size=file.size)
    except BaseException:
        uploads.discard(path)
        raise


def _require_room(owner: Any, size: int) -> None:
    """Refuse when the owner's files that wait take too much room; the lock makes counting and adding one step."""
    lock_owner(owner.pk)
    most = FILES_OF_FULL_SIZE * uploads.max_bytes()
    waiting = Upload.objects.for_user(owner).aggregate(size=Sum("size"))["size"] or 0
    if waiting + size > most:
        raise UploadsFull(
            _(
                "Your files that wait for an import take %(waiting)d MiB; with this one they would take more than "
                "%(most)d MiB, which is the limit: import or discard some."
            )
            % {"waiting": waiting // MIB, "most": most // MIB}
        )


def forget_upload(upload: Upload) -> None:
    """Delete an upload and its file; refused while an import is reading it."""
    if upload.imports.filter(status__in=Job.ACTIVE).exists():
        raise UploadInUse(_("An import is reading this file. Cancel the import first, or wait for its end."))
    with transaction.atomic():
        uploads.forget(upload)


def submit_generation(
    *, owner: Any, symbol: str, spec: SyntheticSpec, name: str = "", shared: bool = False
) -> BarImport:
    """Queue the job that makes a synthetic series. Generated again, its bars take the place of the old ones."""
    key = SeriesKey(
        symbol=symbol,
        timeframe=spec.timeframe,
        calendar=spec.calendar,
        source="synthetic",
        name=name.strip(),
    )
    settings = GenerationSettings(key=key, shared=shared, spec=spec)
    return submit_settings(owner=owner, settings=settings, origin=spec.process)


def submit_fetch(
    *,
    owner: Any,
    provider: str,
    provider_symbol: str,
    timeframe: str,
    symbol: str = "",
    name: str = "",
    calendar: str = "",
    start: dt.date | None = None,
    end: dt.date | None = None,
    overlap: str = Overlap.EXTEND.value,
    shared: bool = False,
) -> BarImport:
    """Queue a download of a period from a provider; without days it asks for all that the provider has.

    Without a symbol of its own the series is called as the provider calls it; without a calendar it keeps its own, and
    a new one gets the one that most symbols of the provider follow.
    """
    if start and end and end < start:
        message = _("The last day %(end)s is before the first %(start)s.") % {"start": start, "end": end}
        raise InvalidInput(fields={"end": [message]})
    source = get_provider(provider)()
    source.require_timeframe(timeframe)
    source.require_ready()
    kinds = Series.Adjustment
    key = SeriesKey(
        symbol=symbol or provider_symbol,
        timeframe=timeframe,
        calendar=calendar or source.capabilities.calendar,
        source=provider,
        name=name.strip(),
        adjustment=(kinds.SPLITS_DIVIDENDS if source.capabilities.adjusted else kinds.NONE).value,
    )
    known = key.find(None if shared else owner.pk)
    if known is not None and not calendar:
        key = replace(key, calendar=known.calendar)
    settings = DownloadSettings(
        key=key,
        shared=shared,
        provider=provider,
        provider_symbol=provider_symbol.strip(),
        start=start.isoformat() if start else None,
        end=end.isoformat() if end else None,
        overlap=overlap,
    )
    return submit_settings(owner=owner, settings=settings, origin=provider)


def restore_snapshot(*, owner: Any, series: Series, snapshot: Snapshot) -> BarImport:
    """Queue the return of a series to what one of its earlier snapshots held."""
    if snapshot.series_id != series.pk:
        raise InvalidInput(fields={"snapshot": [_("This snapshot is of another series.")]})
    if snapshot.sha256 == series.content_sha256:
        raise NothingToRestore(_("The series holds the bars of this snapshot already: nothing was changed."))
    if series.is_derived:
        raise NothingToRestore(
            _("%(series)s is computed from another series. Restore that one, and this one follows.")
            % {"series": series}
        )
    settings = RestorationSettings(key=SeriesKey.of(series), shared=series.is_shared, snapshot=snapshot.pk)
    return submit_settings(owner=owner, settings=settings, origin=snapshot.sha256[:12], series=series)


def submit_settings(
    *,
    owner: Any,
    settings: ImportSettings,
    origin: str,
    series: Series | None = None,
    upload: Upload | None = None,
) -> BarImport:
    """Store what was asked together with the job that carries it out. Only staff may ask for a shared series."""
    if settings.shared and not owner.is_staff:
        raise InvalidInput(fields={"shared": [_("Only staff can import shared series.")]})
    key, source = settings.key, settings.source
    series = series or settings.find(owner.pk)
    row = BarImport(
        user=owner,
        source=source,
        origin=origin[:200],
        symbol=key.symbol,
        timeframe=key.timeframe,
        series=series,
        upload=upload,
        settings=settings.beside(series).to_dict(),
    )
    with transaction.atomic():
        is_long = upload is not None and upload.size > LONG_FILE_BYTES
        row.queue(KIND_OF_SOURCE[source], _title(source, key), "import", long=is_long)
        if settings.shared and series is None:  # bars that nobody saw before become everybody's
            record(Action.SHARED, target=row, actor=owner, target_name=f"{key.symbol} {key.timeframe}")
    return row


def keeper_of(series: Series) -> User | None:
    """Return whose job it is to keep a series up to date: the owner's, or of a shared one that of the member of staff
    who last put bars into it, else of the first; None without any."""
    if series.user is not None:
        return series.user
    staff = User.objects.filter(is_staff=True, is_active=True)
    last = staff.filter(barimport_set__series=series).order_by("-barimport_set__pk").first()
    return last or staff.order_by("pk").first()


def _title(source: Source, key: SeriesKey) -> str:
    words = {
        Source.FILE: _("Import of %(symbol)s %(timeframe)s"),
        Source.PROVIDER: _("Download of %(symbol)s %(timeframe)s"),
        Source.SYNTHETIC: _("Generation of %(symbol)s %(timeframe)s"),
        Source.DERIVED: _("Computation of %(symbol)s %(timeframe)s"),
        Source.SNAPSHOT: _("Restoration of %(symbol)s %(timeframe)s from an earlier snapshot"),
    }[source]
    return words % {"symbol": key.symbol, "timeframe": key.timeframe}


def _forget_old(owner: Any) -> None:
    """Uploads that nobody came back for, which no import is reading."""
    for upload in Upload.objects.for_user(owner).filter(created_at__lt=now() - uploads.KEPT):
        if not upload.imports.filter(status__in=Job.ACTIVE).exists():
            forget_upload(upload)
