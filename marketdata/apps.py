from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketDataConfig(AppConfig):
    name = "marketdata"
    verbose_name = _("Market data")

    def ready(self) -> None:
        from marketdata import editing, jobs, periodic  # noqa: F401  they register the kinds of jobs
        from marketdata.incoming import deriving, feeds  # noqa: F401  so do these, and the first follows changes

        periodic.declare()
