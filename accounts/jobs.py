"""The kind of job that copies somebody's data. Light: read when Django starts."""

from django.utils.translation import gettext_lazy as _

from accounts.exporting import EXPORT_KIND
from accounts.models import DataExport
from algotrade.jobs.kinds import JobKind, register_kind

register_kind(
    JobKind(
        name=EXPORT_KIND,
        label=_("Copy of data"),
        handler="accounts.tasks.write_export",
        on_state=DataExport.follow,
        time_limit=3600,
        preload=False,
        one_per_owner=True,
        long=True,
    )
)
