"""Uploaded files as columns: which reader reads them, under which caps, and what it reports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from marketdata.columns import Columns
from marketdata.errors import MarketDataError
from marketdata.models import BarImport
from marketdata.reading.caps import Caps
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.reader import read_file
from marketdata.store import opening, uploads
from marketdata.store.writing import Progress


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held, and what is told about the reading."""

    columns: Columns
    report: dict[str, Any]
    problems: list[dict[str, Any]]
    problem_count: int


def path_of_upload(row: BarImport) -> Path:
    """Return where the uploaded file of an import lies."""
    path = uploads.path_of(row.upload.path) if row.upload is not None else None
    if path is None or not path.is_file():
        raise MarketDataError(_("The uploaded file is no longer kept. Upload it again."))
    return path


def reading_of(values: Mapping[str, Any]) -> Reading:
    """Make the reading of stored settings again."""
    return Reading(**{**values, "repairs": tuple(values.get("repairs") or ())})


@contextlib.contextmanager
def read_path(path: Path, settings: Mapping[str, Any], progress: Progress) -> Iterator[Content]:
    """Read a file of bars, as the settings of its import say, into columns in a folder of their own."""
    layout, reading = Layout.from_dict(settings["layout"]), reading_of(settings["reading"])
    size = max(1, path.stat().st_size)

    def tell(done: int, rows: int) -> None:
        progress(min(1.0, done / size), _("Read %(count)d rows") % {"count": rows})

    found = read_file(
        path, layout=layout, reading=reading, folder=opening.drafts_folder(), caps=caps(), progress=tell
    )
    with found.columns:
        report = found.report.to_dict()
        problems = report.pop("problems")
        yield Content(found.columns, report, problems, report.pop("problem_count"))


def caps() -> Caps:
    """How large a file may be here."""
    largest = uploads.max_bytes()
    return Caps(max_bytes=largest, max_packed_bytes=uploads.max_packed_bytes(), max_unpacked_bytes=largest)
