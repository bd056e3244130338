from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "algotrade.audit"
    label = "audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        from algotrade.audit import signals

        signals.connect()
