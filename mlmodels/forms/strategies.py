"""Saved strategies as sources of features: what a form offers, and what a training keeps of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from mlmodels.errors import TrainingError
from mlmodels.features import StrategyFeatures
from strategies.models import Strategy

MOST_OFFERED = 200


class StrategyChoices:
    """The strategies a user may tick: the saved ones of one symbol, and `frozen` copies of an earlier training.

    A training keeps type and parameters, not the strategy itself: changing or deleting that later changes no model.
    """

    def __init__(self, user: Any, frozen: Sequence[Mapping[str, Any]] = ()) -> None:
        self._known: dict[str, tuple[str, dict[str, Any]]] = {}
        saved = list(_usable(user))
        for strategy in saved:
            about = f"{strategy.name} ({_(strategy.type_label)})"
            self._known[str(strategy.pk)] = (about, _described(strategy))
        for place, given in enumerate(frozen):
            if _saved_as(given, saved) is None:
                said = _("%(name)s, as it was then") % {
                    "name": given.get("name") or given.get("strategy_type")
                }
                self._known[f"then-{place}"] = (said, dict(given))

    @property
    def choices(self) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _given) in self._known.items()]

    def chosen(self, values: Iterable[str]) -> list[dict[str, Any]]:
        """What a training keeps of the ticked ones."""
        return [self._known[value][1] for value in values if value in self._known]

    @staticmethod
    def values_of(user: Any, frozen: Sequence[Mapping[str, Any]]) -> list[str]:
        """The choices that mean what an earlier training kept."""
        saved = list(_usable(user))
        found = [(place, _saved_as(given, saved)) for place, given in enumerate(frozen)]
        return [str(strategy.pk) if strategy else f"then-{place}" for place, strategy in found]


def _usable(user: Any) -> Iterable[Strategy]:
    """Saved strategies whose type can be asked for features: over one symbol, and without a model of their own."""
    for strategy in Strategy.objects.for_user(user).order_by("name")[:MOST_OFFERED]:
        try:
            StrategyFeatures(**_described(strategy))
        except TrainingError:
            continue
        yield strategy


def _described(strategy: Strategy) -> dict[str, Any]:
    return {
        "strategy_type": strategy.strategy_type,
        "parameters": dict(strategy.parameters),
        "name": strategy.name,
    }


def _saved_as(given: Mapping[str, Any], saved: Iterable[Strategy]) -> Strategy | None:
    """The saved strategy that is still what was kept."""
    for strategy in saved:
        if all(
            _described(strategy)[key] == given.get(key) for key in ("strategy_type", "parameters", "name")
        ):
            return strategy
    return None
