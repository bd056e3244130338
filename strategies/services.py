"""What can be done with saved strategies. Pages, API and admin go through here and raise the same errors."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.errors import LabError, shown
from marketdata.models import SYMBOL_HELP, SYMBOL_PATTERN
from marketdata.timeframes import TIMEFRAMES
from strategies.base import BaseStrategy
from strategies.errors import ParameterError, StrategyInvalid, StrategyNotFound, UnknownStrategyType
from strategies.models import Strategy
from strategies.params import ReferenceParam
from strategies.portfolio import PortfolioStrategy
from strategies.references import choice_checkers, reference_checkers
from strategies.registry import get_strategy_class

LARGEST_CAPITAL = Decimal("1000000000000")
EDITABLE = (
    *("name", "description", "strategy_type", "parameters", "symbol", "other_symbols", "timeframe"),
    "initial_capital",
)


class StrategyService:
    """Create, change, copy and delete. Every refusal names all fields at once and nothing is half-saved."""

    @classmethod
    def create(
        cls,
        *,
        user: Any,
        name: str,
        strategy_type: str,
        symbol: str,
        parameters: Mapping[str, Any] | None = None,
        other_symbols: Sequence[str] = (),
        description: str = "",
        timeframe: str = "1d",
        initial_capital: Decimal | float | str = Decimal("10000"),
    ) -> Strategy:
        """Save a new strategy; parameters that are left out take the type's defaults."""
        strategy = Strategy(
            user=user,
            name=name,
            description=description,
            strategy_type=strategy_type,
            parameters=dict(parameters or {}),
            symbol=symbol,
            other_symbols=other_symbols,
            timeframe=timeframe,
            initial_capital=initial_capital,
        )
        cls.validate(strategy)
        return _store(strategy)

    @classmethod
    def update(cls, strategy: Strategy, *, merge: bool = False, **changes: Any) -> Strategy:
        """Change the named fields. With `merge`, parameters that are not named keep their value.

        A change of type without parameters takes the new type's defaults, and one to a type over one symbol drops the
        other symbols.
        """
        unknown = set(changes) - set(EDITABLE)
        if unknown:
            raise TypeError(f"Not fields of a strategy: {', '.join(sorted(unknown))}")
        with transaction.atomic():
            current = Strategy.objects.select_for_update().filter(pk=strategy.pk).first()
            if current is None:
                raise StrategyNotFound(_("This strategy was deleted meanwhile. Nothing was changed."))
            same_type = changes.get("strategy_type", current.strategy_type) == current.strategy_type
            if "parameters" in changes:
                kept = current.parameters if merge and same_type else {}
                changes["parameters"] = {**kept, **changes["parameters"]}
            elif not same_type:
                changes["parameters"] = {}
            if (
                not same_type
                and "other_symbols" not in changes
                and not _takes_several(changes["strategy_type"])
            ):
                changes["other_symbols"] = []
            for field, value in changes.items():
                setattr(current, field, value)
            cls.validate(current)
            return _store(current)

    @classmethod
    def duplicate(cls, strategy: Strategy) -> Strategy:
        """Save a copy under the next free name: “Name (copy)”, “Name (copy 2)” ...

        A copy is a new strategy: what no new one may name (a model that was deleted or retired) is left out of its
        parameters, and it cannot run until something else is chosen there.
        """
        stem = re.sub(r" \(copy(?: \d+)?\)$", "", strategy.name)
        with transaction.atomic():
            # The lock on the owner's row makes finding a free name and taking it one step.
            owner = get_user_model().objects.select_for_update().get(pk=strategy.user_id)
            name = _free_name(owner.pk, stem, (f" (copy {n})" if n > 1 else " (copy)" for n in count(1)))
            copy = Strategy(
                user=owner,
                name=name,
                use_ml=strategy.use_ml,
                **{field: getattr(strategy, field) for field in EDITABLE if field != "name"},
            )
            refused = references_refused(copy)
            copy.parameters = {key: value for key, value in copy.parameters.items() if key not in refused}
            return _store(copy)

    @classmethod
    def suggest_name(cls, user: Any, stem: str) -> str:
        """The stem, or the stem with the next free number."""
        return _free_name(user, stem, (f" {n}" if n > 1 else "" for n in count(1)))

    @classmethod
    def delete(cls, strategy: Strategy) -> None:
        """Delete the strategy. Results keep the parameters they were run with."""
        with transaction.atomic():
            record(Action.DELETED, target=strategy)
            strategy.delete()

    @classmethod
    def validate(cls, strategy: Strategy) -> None:
        """Bring the fields of an unsaved strategy into their stored form, or refuse them all at once."""
        problems: dict[str, list[str]] = {}
        strategy.name = " ".join(str(strategy.name).split())
        strategy.description = str(strategy.description).strip()
        strategy.symbol = str(strategy.symbol).strip().upper()
        if said := _problem_with_name(strategy):
            problems["name"] = [said]
        if len(strategy.description) > 2000:
            problems["description"] = [_("Shorten the description to 2,000 characters.")]
        if not re.fullmatch(SYMBOL_PATTERN, strategy.symbol):
            problems["symbol"] = [str(SYMBOL_HELP)]
        if strategy.timeframe not in TIMEFRAMES:
            problems["timeframe"] = [_("Use one of: %(names)s.") % {"names": ", ".join(TIMEFRAMES)}]
        _take_capital(strategy, problems)
        if said := problem_with_symbols(strategy):
            problems["other_symbols"] = [said]
        _take_parameters(strategy, problems)
        if problems:
            raise StrategyInvalid(fields=problems)


def _store(strategy: Strategy) -> Strategy:
    try:
        with transaction.atomic():
            strategy.save()
    except IntegrityError as error:  # the name was taken between the check and now
        if (
            Strategy.objects.filter(user=strategy.user_id, name=strategy.name)
            .exclude(pk=strategy.pk)
            .exists()
        ):
            raise StrategyInvalid(fields={"name": [_name_taken(strategy.name)]}) from error
        raise
    return strategy


def _problem_with_name(strategy: Strategy) -> str:
    if not strategy.name:
        return _("Give the strategy a name.")
    if len(strategy.name) > 100:
        return _("Shorten the name to 100 characters.")
    others = Strategy.objects.filter(user=strategy.user_id, name=strategy.name).exclude(pk=strategy.pk)
    return _name_taken(strategy.name) if others.exists() else ""


def _name_taken(name: str) -> str:
    return _("You have a strategy called “%(name)s” already. Choose another name.") % {"name": name}


def symbols_range(strategy_type: str) -> tuple[int, int]:
    """The fewest and the most symbols that strategies of a type trade; one for a type that does not exist."""
    try:
        strategy_class = get_strategy_class(strategy_type)
    except UnknownStrategyType:
        return 1, 1
    return strategy_class.symbols_range if issubclass(strategy_class, PortfolioStrategy) else (1, 1)


def _takes_several(strategy_type: str) -> bool:
    return symbols_range(strategy_type)[1] > 1


def problem_with_symbols(strategy: Strategy) -> str:
    """Bring the other symbols into their stored form; the message when they cannot be."""
    given = strategy.other_symbols or ()
    if isinstance(given, str) or not isinstance(given, Sequence):
        return _("Give the other symbols as a list.")
    strategy.other_symbols = [str(symbol).strip().upper() for symbol in given]
    for symbol in strategy.other_symbols:
        if not re.fullmatch(SYMBOL_PATTERN, symbol):
            return _("%(symbol)s is not a symbol. %(help)s") % {"symbol": shown(symbol), "help": SYMBOL_HELP}
    fewest, most = symbols_range(strategy.strategy_type)
    count = len(strategy.other_symbols)
    if most == 1 and count:
        return _("This type trades one symbol. Leave the other symbols out.")
    if not fewest - 1 <= count <= most - 1:
        bounds = {"fewest": fewest - 1, "most": most - 1, "count": count}
        if fewest == most:
            return _("Name as many other symbols as this type needs: %(fewest)d, not %(count)d.") % bounds
        return _("This type needs %(fewest)d to %(most)d other symbols, not %(count)d.") % bounds
    repeated = [symbol for symbol in strategy.other_symbols if strategy.symbols.count(symbol) > 1]
    if repeated:
        return _("%(symbol)s is named twice. Name each symbol once.") % {"symbol": repeated[0]}
    return ""


def _take_capital(strategy: Strategy, problems: dict[str, list[str]]) -> None:
    try:
        capital = Decimal(str(strategy.initial_capital))
        if not capital.is_finite() or not 1 <= capital <= LARGEST_CAPITAL:
            raise ValueError
        if capital != round(capital, 2):
            raise ValueError
        strategy.initial_capital = round(capital, 2)
    except (InvalidOperation, ValueError):
        problems["initial_capital"] = [
            _("Give an amount from 1 to 1\u202f000\u202f000\u202f000\u202f000 with at most two decimals.")
        ]


def _take_parameters(strategy: Strategy, problems: dict[str, list[str]]) -> None:
    try:
        strategy_class = get_strategy_class(strategy.strategy_type)
    except UnknownStrategyType as error:
        problems["strategy_type"] = [error.detail]
        return
    strategy.use_ml = strategy_class.uses_model
    if not isinstance(strategy.parameters, dict):
        problems["parameters"] = [_("Give the parameters as an object of names and values.")]
        return
    try:
        strategy.parameters = strategy_class.clean_parameters(strategy.parameters)
    except ParameterError as error:
        problems.update({f"parameters.{name}": messages for name, messages in error.fields.items()})
        return
    if not _parameters_are_stored(strategy):
        problems.update(_check_references(strategy_class, strategy))


def references_refused(strategy: Strategy) -> set[str]:
    """Parameters that name what this strategy, as a new one, may not name."""
    strategy_class = strategy.type_class
    if strategy_class is None:
        return set()
    return {name.removeprefix("parameters.") for name in _check_references(strategy_class, strategy)}


def _check_references(strategy_class: type[BaseStrategy], strategy: Strategy) -> dict[str, list[str]]:
    problems = {}
    for param in strategy_class.params:
        if not isinstance(param, ReferenceParam) or param.name not in strategy.parameters:
            continue
        named = strategy.parameters[param.name]
        checker = reference_checkers.get(param.kind)
        try:
            if checker is None:
                raise StrategyInvalid(_("Nothing here can tell whether this exists."))
            checker(strategy.user, named)
            if param.kind in choice_checkers and not _names_already(strategy, param.name, named):
                choice_checkers[param.kind](strategy.user, named)
        except LabError as error:
            problems[f"parameters.{param.name}"] = [error.detail]
    return problems


def _parameters_are_stored(strategy: Strategy) -> bool:
    """Whether a change leaves them alone: what they name may be gone by now, and that is no reason to keep a name."""
    same = Strategy.objects.filter(pk=strategy.pk, strategy_type=strategy.strategy_type)
    return any(stored == strategy.parameters for stored in same.values_list("parameters", flat=True))


def _names_already(strategy: Strategy, parameter: str, value: Any) -> bool:
    stored = Strategy.objects.filter(pk=strategy.pk, strategy_type=strategy.strategy_type).first()
    return stored is not None and stored.parameters.get(parameter) == value


def _free_name(user: Any, stem: str, endings: Iterator[str]) -> str:
    """The first of the names that is free, cut so that it fits."""
    own = Strategy.objects.filter(user=user, name__startswith=stem[:80])
    taken = set(own.values_list("name", flat=True))
    names = (stem[: 100 - len(ending)] + ending for ending in endings)
    return next(name for name in names if name not in taken)
