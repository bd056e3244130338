"""What a job's process does for a copy of somebody's data: one zip of JSON and CSV, written beside its place."""

import zipfile
from collections.abc import Callable, Iterator
from typing import IO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import exporting
from accounts.belongings import Belonging, ExportFile, belongings
from accounts.errors import ExportNotReady
from accounts.models import DataExport, User
from algotrade.files import whole_file
from algotrade.jobs.context import JobContext
from algotrade.jobs.errors import JobCancelled

README = """\
Everything that {user} owns in this lab, written {moment} UTC.

One JSON file for each kind of thing, each a list of rows with their columns as they are stored; times are UTC,
fractions are fractions (0.1 is 10 %), undefined is null. Files of bars are CSV and can be imported as they are.
Models, uploads and combinations of sweeps lie in folders of their own. What could not be read says so in a file
that ends with ".error.txt".
"""


def write_export(context: JobContext) -> Callable[[], None]:
    """Write the copy named in the payload; the returned function makes it known."""
    mine = DataExport.objects.filter(pk=context.payload["export_id"], user_id=context.owner_id)
    export = mine.select_related("user").first()
    if export is None:
        raise ExportNotReady(_("This copy was deleted, so there is nothing to write."))
    path = exporting.new_path(export)
    target = settings.MEDIA_ROOT / path
    with whole_file(target, mode=0o600) as stream:
        _write(stream, export.user, context)
    size = target.stat().st_size

    def store() -> None:
        now = timezone.now()
        if not mine.update(path=path, size=size, expires_at=now + exporting.KEPT):
            raise JobCancelled(context.job_id)

    return store


def _write(stream: IO[bytes], user: User, context: JobContext) -> None:
    taken: set[str] = set()
    kinds = belongings()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        moment = timezone.now().strftime("%Y-%m-%d %H:%M:%S")
        archive.writestr("README.txt", README.format(user=user.get_username(), moment=moment))
        for number, kind in enumerate(kinds):
            for name, pieces in kind.files_of(user):
                context.progress(number / len(kinds), f"Writing {kind.label}")
                with archive.open(_free(name, taken), "w", force_zip64=True) as file:
                    for piece in pieces:
                        file.write(piece)
                        context.progress(number / len(kinds), f"Writing {kind.label}")


def _free(name: str, taken: set[str]) -> str:
    """A name that stays inside of the folder it is unpacked to, and that no other file of the archive has."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    wanted = "/".join(parts) or "file"
    chosen, number = wanted, 1
    while chosen.lower() in taken:
        number += 1
        chosen = f"{wanted}.{number}"
    taken.add(chosen.lower())
    return chosen


def account_files(user: User) -> Iterator[ExportFile]:
    """What the audit log says about what this user did."""
    log = Belonging("audit.Entry", "audit", owner="actor_id")
    yield "audit.json", log.json_of(user.pk)
