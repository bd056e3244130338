from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class LabConfig(AppConfig):
    name = "algotrade"
    verbose_name = "AlgoTrade Lab"

    def ready(self) -> None:
        import_module("algotrade.checks")
        import_module("algotrade.celery")  # so that a nudge from any process goes to this lab's broker
        for plugin in settings.PLUGINS:
            try:
                import_module(plugin)
            except ModuleNotFoundError as error:
                raise ImproperlyConfigured(
                    f"LAB_PLUGINS names {plugin!r}, which cannot be imported ({error}): "
                    "put it on PYTHONPATH or take it out of the list."
                ) from error
