from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class MarketDataConfig(AppConfig):
    name = "marketdata"
    verbose_name = _("Market data")

    def ready(self) -> None:
        from marketdata import advice, belongings, jobs, periodic  # noqa: F401  they register advice and the kinds of jobs
        from marketdata.incoming import deriving  # noqa: F401  it follows changes of series
        from marketdata.store import deleting

        post_delete.connect(
            lambda instance, **_kwargs: deleting.delete_of(instance.pk),
            sender=settings.AUTH_USER_MODEL,
            weak=False,
            dispatch_uid="marketdata.deleting",
        )
        periodic.declare()
        belongings.declare()
