from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketDataConfig(AppConfig):
    name = "marketdata"
    verbose_name = _("Market data")

    def ready(self) -> None:
        from marketdata import editing, feeds, jobs, periodic  # noqa: F401  they register the kinds of jobs

        periodic.declare()
