"""A saved strategy: a type, its parameters, and what it is meant to trade."""

from decimal import Decimal
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import OwnedModel, OwnedQuerySet
from algotrade.errors import LabError, NotFound
from strategies.base import BaseStrategy
from strategies.errors import UnknownStrategyType
from strategies.params import Param, ReferenceParam, TextParam
from strategies.portfolio import PortfolioStrategy
from strategies.references import reference_checkers, reference_choices
from strategies.registry import get_strategy_class
from strategies.rules.values import NamedValuesParam, param_of


class StrategyQuerySet(OwnedQuerySet):
    """Reads of saved strategies."""

    sortable = ("name", "strategy_type", "symbol", "timeframe", "initial_capital", "updated_at")

    def matching(self, text: str) -> Self:
        """Rows whose name, symbol or description contains the text."""
        wanted = models.Q(name__icontains=text) | models.Q(symbol__icontains=text)
        return self.filter(wanted | models.Q(description__icontains=text))


class Strategy(OwnedModel):
    """What a user defined. Its type is a key of the registry, so a new type needs no migration."""

    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    strategy_type = models.CharField(_("type"), max_length=64)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    symbol = models.CharField(_("symbol"), max_length=32)
    other_symbols = models.JSONField(
        _("other symbols"),
        default=list,
        blank=True,
        help_text=_("What it trades beside the symbol, in order; only types over several symbols have any."),
    )
    timeframe = models.CharField(_("timeframe"), max_length=8, default="1d")
    initial_capital = models.DecimalField(
        _("initial capital"), max_digits=16, decimal_places=2, default=Decimal("10000")
    )
    use_ml = models.BooleanField(
        _("uses a model"), default=False, help_text=_("Whether its decisions come from a trained model.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects = StrategyQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-id"]
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        indexes = [models.Index(fields=["user", "-updated_at"], name="strategy_user_updated")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"],
                name="strategy_name_unique",
                violation_error_message=_("You have a strategy of this name: choose another."),
            ),
            models.CheckConstraint(
                condition=models.Q(initial_capital__gt=0), name="strategy_capital_above_0"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("strategies:detail", args=[self.pk])

    @property
    def type_class(self) -> type[BaseStrategy] | None:
        """The registered class; None when the type was removed since (a plug-in that is gone)."""
        try:
            return get_strategy_class(self.strategy_type)
        except UnknownStrategyType:
            return None

    @property
    def type_label(self) -> str:
        strategy_class = self.type_class
        return strategy_class.label if strategy_class else self.strategy_type

    @property
    def symbols(self) -> list[str]:
        """Everything it trades, the first one first."""
        return [self.symbol, *self.other_symbols]

    @property
    def trades_weights(self) -> bool:
        """Whether it decides weights in one account over its symbols, and not a direction for one symbol."""
        strategy_class = self.type_class
        return strategy_class is not None and issubclass(strategy_class, PortfolioStrategy)

    def build(self) -> BaseStrategy:
        """Return the strategy that decides; raises when the type is gone or its parameters no longer fit."""
        return get_strategy_class(self.strategy_type)(**self.parameters)

    def parameter_rows(self) -> list[dict[str, Any]]:
        """Label, value, unit and help of each stored parameter, in the type's order.

        A reference is shown by the name of what it names, where the owner still has it. An empty text is left
        out, and named values have a row each.
        """
        strategy_class = self.type_class
        known = {param.name: param for param in strategy_class.params} if strategy_class else {}
        names = [name for name in known if name in self.parameters]
        names += [name for name in self.parameters if name not in known]
        rows: list[dict[str, Any]] = []
        for name in names:
            param, value = known.get(name), self.parameters[name]
            if isinstance(param, NamedValuesParam) and isinstance(value, dict):
                rows += [_named_value_row(each, said) for each, said in value.items()]
            elif value or not isinstance(param, TextParam):
                rows.append(self._parameter_row(name, param))
        return rows

    def _parameter_row(self, name: str, param: Param | None) -> dict[str, Any]:
        value = self.parameters[name]
        choices: dict[Any, str] = dict(getattr(param, "choices", ()))
        if isinstance(param, ReferenceParam) and param.kind in reference_choices:
            choices = dict(reference_choices[param.kind](self.user))
            if value not in choices and self._names_nothing(param, value):
                choices[value] = _("deleted (it had number %(number)s)") % {"number": value}
        if isinstance(value, bool):
            shown: Any = _("Yes") if value else _("No")
        elif isinstance(value, float) and value.is_integer():
            shown = int(value)
        else:
            shown = choices.get(value, value) if isinstance(value, str | int) else value
        described = (
            {"label": param.label, "unit": param.unit, "help": param.help} if param else {"label": name}
        )
        return {"name": name, "value": shown, "is_text": isinstance(param, TextParam), **described}

    def _names_nothing(self, param: ReferenceParam, value: Any) -> bool:
        try:
            reference_checkers[param.kind](self.user, value)
        except NotFound:
            return True
        except LabError:
            return False
        return False


def _named_value_row(name: str, said: dict[str, Any]) -> dict[str, Any]:
    param = param_of(name, said)
    bounds = {"low": f"{param.minimum:g}", "high": f"{param.maximum:g}"}
    about = _("%(name)s in the rules, from %(low)s to %(high)s.") % {"name": name, **bounds}
    return {"name": name, "value": f"{said['value']:g}", "label": param.label, "help": about}
