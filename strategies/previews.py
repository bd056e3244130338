"""The live preview beside a strategy's form. The app that owns backtests provides it when ready.

    provide_previews(Previews(url=..., warm=..., panel=...))

This app sits below that one and cannot ask it directly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from strategies.base import BaseStrategy


@dataclass(frozen=True, slots=True)
class Previews:
    """`warm` makes it ready without waiting; `panel` is what a type's panel needs, None where it has none."""

    warm: Callable[[], None]
    panel: Callable[[type[BaseStrategy]], Mapping[str, Any] | None]


_providers: list[Previews] = []


def provide_previews(previews: Previews) -> None:
    """Set the one source of previews."""
    _providers[:] = [previews]


def warm_previews() -> None:
    """Somebody nears a strategy's form."""
    for previews in _providers:
        previews.warm()


def preview_panel(strategy_class: type[BaseStrategy]) -> Mapping[str, Any] | None:
    """The panel of a type; None where nothing can preview."""
    return _providers[0].panel(strategy_class) if _providers else None
