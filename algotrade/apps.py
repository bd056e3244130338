from importlib import import_module

from django.apps import AppConfig


class LabConfig(AppConfig):
    name = "algotrade"
    verbose_name = "AlgoTrade Lab"

    def ready(self) -> None:
        import_module("algotrade.checks")
        import_module("algotrade.observing.reports").start()
        import_module("algotrade.celery")  # so that a nudge from any process goes to this lab's broker
