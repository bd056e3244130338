"""The kinds of long work with market data."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.kinds import JobKind, register_kind
from algotrade.jobs.models import Job
from marketdata import uploads

IMPORT_KIND = "marketdata.import"
GENERATE_KIND = "marketdata.generate"


def discard_used_upload(job: Job) -> None:
    """An upload goes once its bars are stored; after a failure it stays, so that the job can be tried again."""
    upload = job.payload.get("upload")
    if upload and job.state == Job.State.SUCCEEDED:
        transaction.on_commit(lambda: uploads.discard(upload))


register_kind(
    JobKind(
        name=IMPORT_KIND,
        label=_("Import"),
        handler="marketdata.tasks.import_csv",
        on_state=discard_used_upload,
        time_limit=900,
    )
)
register_kind(
    JobKind(
        name=GENERATE_KIND, label=_("Generation"), handler="marketdata.tasks.generate_series", time_limit=300
    )
)
