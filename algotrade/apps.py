from django.apps import AppConfig


class LabConfig(AppConfig):
    name = "algotrade"
    verbose_name = "AlgoTrade Lab"

    def ready(self) -> None:
        from algotrade import checks  # noqa: F401  registers the system checks
