from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class JobsConfig(AppConfig):
    name = "algotrade.jobs"
    label = "jobs"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        from algotrade.jobs import schedule

        post_migrate.connect(schedule.sync, sender=self, dispatch_uid="schedule")
