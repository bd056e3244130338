"""A strategy type for tests, loaded as an operator's plug-in (`LAB_PLUGINS`): its code has an error."""

from strategies.base import BaseStrategy
from strategies.registry import register


@register
class BreakingStrategy(BaseStrategy):
    """Divides by nothing, and quotes somebody doing so."""

    key = "breaks"
    label = "Broken"
    summary = "Never decides anything."
    params = ()

    def warmup(self) -> int:
        return 1

    def target(self, bars):
        quoted = "-".join(["words", "of", "a", "user"])
        raise ZeroDivisionError(quoted)
