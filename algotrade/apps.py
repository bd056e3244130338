import logging
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class LabConfig(AppConfig):
    name = "algotrade"
    verbose_name = "AlgoTrade Lab"

    def ready(self) -> None:
        import_module("algotrade.checks")
        logging.captureWarnings(settings.LOG_FORMAT == "json")  # else they stand between the objects
        import_module("algotrade.observing.reports").start()
        import_module("algotrade.celery")  # so that a nudge from any process goes to this lab's broker
