"""Uploaded files as columns: which reader reads them, under which caps, and what it reports."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from marketdata import opening, uploads
from marketdata.columns import Columns
from marketdata.errors import MarketDataError
from marketdata.models import BarImport
from marketdata.reading.layout import Layout, Reading
from marketdata.reading.lines import Caps
from marketdata.reading.reader import read_file
from marketdata.writing import Progress


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held, and what is told about the reading."""

    columns: Columns
    report: dict[str, Any]
    problems: list[dict[str, Any]]
    problem_count: int


@contextlib.contextmanager
def read_upload(row: BarImport, progress: Progress) -> Iterator[Content]:
    """Read the uploaded file of an import; its columns are gone when the block ends."""
    upload = row.upload
    path = uploads.path_of(upload.path) if upload is not None else None
    if path is None or not path.is_file():
        raise MarketDataError(_("The uploaded file is no longer kept. Upload it again."))
    settings = row.settings
    with read_path(
        path, Layout.from_dict(settings["layout"]), reading_of(settings["reading"]), progress
    ) as content:
        yield content


def reading_of(values: dict[str, Any]) -> Reading:
    """Make the reading of stored settings again."""
    return Reading(**{**values, "repairs": tuple(values.get("repairs") or ())})


@contextlib.contextmanager
def read_path(path: Path, layout: Layout, reading: Reading, progress: Progress) -> Iterator[Content]:
    """Read a file of bars, told apart by its name's end, into columns in a folder of their own."""
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
