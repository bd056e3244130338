from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from algotrade.jobs.warmth import register_warm_up


class StrategiesConfig(AppConfig):
    name = "strategies"
    verbose_name = _("Strategies")

    def ready(self) -> None:
        import strategies.advice
        import strategies.library  # noqa: F401  they register advice and the built-in types
        from strategies import belongings

        register_warm_up("strategies.indicators.warm.windows")
        register_warm_up("strategies.indicators.warm.recursions")
        register_warm_up("strategies.rules.warm.warm_up")
        belongings.declare()
        for name in settings.PLUGINS:
            load_plugin(name)


def load_plugin(name: str) -> None:
    """Import a module of the operator's own, which registers strategy types (`LAB_PLUGINS`)."""
    try:
        import_module(name)
    except ImportError as error:
        raise ImproperlyConfigured(
            f"LAB_PLUGINS names {name!r}, which cannot be imported: {error}. Put it on PYTHONPATH."
        ) from error
