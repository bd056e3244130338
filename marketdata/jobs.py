"""The kinds of long work with market data. Downloads are registered by `incoming.feeds`, examinations by `editing`."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from algotrade.jobs.warmth import register_warm_up
from marketdata.models import BarImport, Upload
from marketdata.store import uploads, writing

IMPORT_KIND = "marketdata.import"
FETCH_KIND = "marketdata.fetch"
GENERATE_KIND = "marketdata.generate"
RESTORE_KIND = "marketdata.restore"
DERIVE_KIND = "marketdata.derive"

HOUR = 3600


def follow_import(job: Job) -> None:
    """The `on_state` of every import: the row mirrors its job, and nothing is left of one that ended badly."""
    BarImport.follow(job)
    if job.is_terminal and job.state != Job.State.SUCCEEDED:
        transaction.on_commit(lambda: writing.discard_of_job(job.pk), robust=True)


def follow_file(job: Job) -> None:
    """As `follow_import`; and an upload goes once its bars are stored, but stays after a failure to be tried again."""
    follow_import(job)
    if job.state != Job.State.SUCCEEDED:
        return
    row = BarImport.objects.filter(job=job).select_related("upload").only("upload").first()
    if row is not None and row.upload is not None:
        path = row.upload.path
        Upload.objects.filter(pk=row.upload.pk).delete()
        transaction.on_commit(lambda: uploads.discard(path))


register_kind(
    JobKind(
        name=IMPORT_KIND,
        label=_("Import"),
        handler="marketdata.incoming.tasks.import_file",
        on_state=follow_file,
        time_limit=HOUR,
    )
)
register_kind(
    JobKind(
        name=GENERATE_KIND,
        label=_("Generation"),
        handler="marketdata.incoming.tasks.generate",
        on_state=follow_import,
        time_limit=HOUR,
    )
)
register_kind(
    JobKind(
        name=RESTORE_KIND,
        label=_("Restoration of a snapshot"),
        handler="marketdata.incoming.tasks.restore",
        on_state=follow_import,
        time_limit=HOUR,
    )
)
register_kind(
    JobKind(
        name=DERIVE_KIND,
        label=_("Derived series"),
        handler="marketdata.incoming.derived.derive",
        on_state=follow_import,
        time_limit=HOUR,
    )
)
register_warm_up("marketdata.reading.warm.warm_up", later=True)
