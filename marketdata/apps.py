from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketDataConfig(AppConfig):
    name = "marketdata"
    verbose_name = _("Market data")

    def ready(self) -> None:
        from marketdata import jobs, periodic  # noqa: F401  the first registers the kinds of jobs
        from marketdata.incoming import deriving  # noqa: F401  it follows changes of series

        periodic.declare()
