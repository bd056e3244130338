"""Uploaded files: the handler that reads one and stores its bars, and the same for a file of this machine."""

from __future__ import annotations

import contextlib
from pathlib import Path

from django.utils.translation import gettext as _

from algotrade.jobs.context import JobContext
from algotrade.templatetags.figures import integer
from marketdata.columns import Columns
from marketdata.errors import FileInvalid, UploadGone
from marketdata.incoming import deriving
from marketdata.incoming.handlers.preparing import (
    PreparedImport,
    closing_on_error,
    import_of,
    note,
    prepare_import,
    scaled,
)
from marketdata.incoming.settings import FileSettings
from marketdata.models import BarImport
from marketdata.reading.caps import Caps
from marketdata.reading.streaming.reader import read_file
from marketdata.store import opening, storing, uploads
from marketdata.store.leases import Progress
from marketdata.store.merged import Merge

READ = 0.5
"""How far an import is when its file is read; the rest is storing."""


def import_file(context: JobContext) -> PreparedImport:
    """Read the uploaded file and store its bars, or tell what is wrong with it."""
    row = import_of(context)
    return import_path(row, _path_of_upload(row), context.progress)


def import_path(row: BarImport, path: Path, progress: Progress) -> PreparedImport:
    """Read a file; problems in it are written to the import, and nothing else is."""
    resources = contextlib.ExitStack()
    with closing_on_error(resources):
        asked = FileSettings.of(row)
        columns = _read(row, path, asked, scaled(progress, 0.0, READ), resources)
        return prepare_import(
            row,
            columns,
            progress=scaled(progress, READ, 1.0),
            overlap=asked.overlap,
            resources=resources,
        )


def try_file(row: BarImport, path: Path, progress: Progress) -> Merge:
    """Read a file and compare it with what is stored, and store nothing; errors are those of the import."""
    with contextlib.ExitStack() as resources:
        asked = FileSettings.of(row)
        columns = _read(row, path, asked, progress, resources)
        series = asked.find(row.user_id)
        deriving.refuse_derived(series)
        return storing.compare(series, columns, overlap=asked.overlap)


def _path_of_upload(row: BarImport) -> Path:
    path = uploads.path_of(row.upload.path) if row.upload is not None else None
    if path is None or not path.is_file():
        raise UploadGone(_("The uploaded file is no longer kept. Upload it again."))
    return path


def _read(
    row: BarImport, path: Path, asked: FileSettings, progress: Progress, resources: contextlib.ExitStack
) -> Columns:
    """Read a file into columns in a folder of their own, and write to the import what was found in it."""
    size = max(1, path.stat().st_size)

    def tell(done: int, rows: int) -> None:
        progress(min(1.0, done / size), _("Read %(count)s rows") % {"count": integer(rows)})

    try:
        found = read_file(
            path,
            layout=asked.layout,
            reading=asked.reading,
            folder=opening.drafts_folder(),
            caps=_caps(),
            progress=tell,
        )
    except FileInvalid as error:
        raise _refused(row, error) from error
    columns = resources.enter_context(found.columns)
    report = found.report.to_dict()
    problems, count = report.pop("problems"), report.pop("problem_count")
    note(row, report=row.report | report, problems=problems, problem_count=count)
    return columns


def _caps() -> Caps:
    """How large a file may be here."""
    largest = uploads.max_bytes()
    return Caps(max_bytes=largest, max_packed_bytes=uploads.max_packed_bytes(), max_unpacked_bytes=largest)


def _refused(row: BarImport, error: FileInvalid) -> FileInvalid:
    """Write the problems of a file to its import, and return the error with a detail of one line."""
    problems = [
        {"line": item.line, "column": item.column, "value": item.value, "reason": item.reason}
        for item in error.problems
    ]
    note(row, problems=problems, problem_count=len(problems), report=row.report | {"stopped": error.stopped})
    error.detail = error.detail.splitlines()[0]
    error.fields = {}
    return error
