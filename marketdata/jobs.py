"""The kinds of jobs with market data: who carries each out, and what follows each change of its state."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from algotrade.jobs.warmth import register_warm_up
from marketdata.incoming import feeds
from marketdata.incoming.kinds import (
    DERIVE_KIND,
    EXAMINE_KIND,
    FETCH_KIND,
    GENERATE_KIND,
    IMPORT_KIND,
    RESTORE_KIND,
)
from marketdata.models import BarImport
from marketdata.store import leftovers, uploads

HOUR = 3600
HANDLERS = "marketdata.incoming.handlers"


def follow_import(job: Job) -> None:
    """The `on_state` of every import: the row mirrors its job, and nothing is left of one that ended badly."""
    BarImport.follow(job)
    if job.is_terminal and job.state != Job.State.SUCCEEDED:
        transaction.on_commit(lambda: leftovers.discard_of_job(job.pk), robust=True)


def follow_file(job: Job) -> None:
    """As `follow_import`; and an upload goes once its bars are stored, but stays after a failure to be tried again."""
    follow_import(job)
    if job.state != Job.State.SUCCEEDED:
        return
    row = BarImport.objects.filter(job=job).select_related("upload").only("upload").first()
    if row is not None and row.upload is not None:
        uploads.forget(row.upload)


def follow_download(job: Job) -> None:
    """As `follow_import`; and the feed that asked keeps how it went."""
    follow_import(job)
    if job.is_terminal:
        feeds.follow(job)


for kind in (
    JobKind(
        name=IMPORT_KIND,
        label=_("Import"),
        handler=f"{HANDLERS}.files.import_file",
        on_state=follow_file,
        time_limit=HOUR,
    ),
    JobKind(
        name=FETCH_KIND,
        label=_("Download"),
        handler=f"{HANDLERS}.download.download",
        on_state=follow_download,
        time_limit=HOUR,
    ),
    JobKind(
        name=GENERATE_KIND,
        label=_("Generation"),
        handler=f"{HANDLERS}.generate.generate",
        on_state=follow_import,
        time_limit=HOUR,
    ),
    JobKind(
        name=DERIVE_KIND,
        label=_("Derived series"),
        handler=f"{HANDLERS}.derive.derive",
        on_state=follow_import,
        time_limit=HOUR,
    ),
    JobKind(
        name=RESTORE_KIND,
        label=_("Restoration of a snapshot"),
        handler=f"{HANDLERS}.restore.restore",
        on_state=follow_import,
        time_limit=HOUR,
    ),
    JobKind(
        name=EXAMINE_KIND,
        label=_("Examination"),
        handler=f"{HANDLERS}.reexamine.reexamine",
        preload=False,
    ),
):
    register_kind(kind)
register_warm_up("marketdata.reading.streaming.warm.warm_up", later=True)
