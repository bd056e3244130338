from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BacktestsConfig(AppConfig):
    name = "backtests"
    verbose_name = _("Backtests")

    def ready(self) -> None:
        from backtests import jobs  # noqa: F401  registers the kind of job
        from backtests.headlines import latest_results
        from strategies.headlines import provide_headlines

        provide_headlines(latest_results)
