"""Which market data belongs to users: bars are copied as CSV, series vanish as they do when they are deleted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from accounts.belongings import Belonging, ExportFile, pieces_of, register_belonging, unreadable
from algotrade.errors import LabError
from marketdata.models import Series, Upload
from marketdata.store import deleting, uploads


def declare() -> None:
    """Make known what belongs to users; called once, when the app is ready."""
    here = __name__
    for belonging in (
        Belonging(
            "marketdata.Series",
            "series",
            counted=True,
            files=f"{here}.bar_files",
            forget=f"{here}.forget_series",
        ),
        Belonging("marketdata.Snapshot", "snapshots", owner="series__user", goes_along=True),
        Belonging("marketdata.Feed", "feeds", owner="series__user", goes_along=True),
        Belonging(
            "marketdata.Upload",
            "uploads",
            files=f"{here}.upload_files",
            forget=f"{here}.forget_uploads",
            counted=True,
        ),
        Belonging("marketdata.BarImport", "imports", counted=True),
    ):
        register_belonging(belonging)


def bar_files(user: Any) -> Iterator[ExportFile]:
    """The bars of each own series, as the import reads them back."""
    from marketdata.exports import csv_lines
    from marketdata.store.opening import current_snapshot, open_snapshot

    for series in Series.objects.for_user(user).with_bars().order_by("pk"):
        safe = "".join(letter if letter.isalnum() else "-" for letter in series.symbol)
        name = f"bars/{safe}_{series.timeframe}_{series.pk}.csv"
        try:
            bars = open_snapshot(current_snapshot(series))
        except LabError as error:
            yield unreadable(name, error)
            continue
        yield name, (text.encode() for text in csv_lines(bars, intraday=series.is_intraday))


def forget_series(user_id: int, until: float) -> bool:
    """Make the user's series vanish one by one; what is being made for an import too."""
    for pk in list(Series.written.filter(user_id=user_id).values_list("pk", flat=True)):
        if time.monotonic() > until:
            return False
        # The request that closed the account and the clock may both be at it: what the other one did is done.
        series = Series.written.filter(pk=pk, user_id=user_id).first()
        if series is not None:
            deleting.delete_or_share(series)
    return True


def upload_files(user: Any) -> Iterator[ExportFile]:
    """Files that wait to be imported, as they were sent."""
    for upload in Upload.objects.for_user(user).order_by("pk"):
        name = f"uploads/{upload.pk}-{upload.name}"
        path = uploads.path_of(upload.path)
        if path.is_file():
            yield name, pieces_of(path)
        else:
            yield f"{name}.error.txt", [b"The file is gone."]


def forget_uploads(user_id: int, until: float) -> bool:
    """Remove the user's uploads with their files."""
    for upload in Upload.objects.filter(user_id=user_id):
        if time.monotonic() > until:
            return False
        uploads.forget(upload)
    return True
