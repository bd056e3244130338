"""A strategy written by its user: rules in a small language, with named values that can be tuned."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from algotrade.errors import nearest
from marketdata.bars import Bars
from strategies.base import BaseStrategy, Overlay
from strategies.errors import ParameterError
from strategies.params import Param, TextParam, Value
from strategies.registry import register
from strategies.rules import ROLES, Report, Rulebook, check
from strategies.rules.cache import Cache
from strategies.rules.evaluation import Evaluation
from strategies.rules.functions import FUNCTIONS, PRICE_COLUMNS
from strategies.rules.machine import held_forms, targets
from strategies.rules.tree import Call, Column, Node, walk
from strategies.rules.values import NamedValuesParam, in_order_of_use, param_of
from strategies.rules.words import as_text, in_words

MOST_OVERLAYS = 6
_lines = Cache()
"""Indicators of the bars that were used last: the cells of a sweep and the moves of a slider share them."""


@register
class RuleStrategy(BaseStrategy):
    """Positions follow from rules for entering and leaving, long and short."""

    key = "rules"
    label = "Your own rules"
    summary = "Write when to enter and when to leave, from indicators, prices and events. No code."
    rules = (
        "Enter long or short at a close where the rule for it is true; at a close where both are, neither.",
        "Leave where the exit rule is true. An entry of the other side turns the position round.",
        "Nothing is decided before every rule can be answered.",
    )
    references = ("Vaughan R. Pratt, Top Down Operator Precedence, POPL 1973: how the rules are read.",)
    params = (
        TextParam(
            "long_entry",
            default="crossover(sma(close, fast), sma(close, slow))",
            label="Enter long when",
            help="A condition. Empty: never long.",
            syntax="rule",
        ),
        TextParam(
            "long_exit",
            default="crossunder(sma(close, fast), sma(close, slow))",
            label="Leave long when",
            help="A condition. Empty: only a short entry ends a long position.",
            syntax="rule",
        ),
        TextParam(
            "short_entry",
            label="Enter short when",
            help="A condition. Empty: never short.",
            syntax="rule",
        ),
        TextParam(
            "short_exit",
            label="Leave short when",
            help="A condition. Empty: only a long entry ends a short position.",
            syntax="rule",
        ),
        TextParam(
            "size",
            label="Share of the cash",
            help="A number at each close, 0.5 for half. Empty: the run's own sizing decides.",
            syntax="rule",
        ),
        NamedValuesParam(
            "values",
            default={
                "fast": {"value": 10, "minimum": 2, "maximum": 200, "step": 1, "label": "Fast average"},
                "slow": {"value": 30, "minimum": 5, "maximum": 400, "step": 1, "label": "Slow average"},
            },
            label="Named values",
            help="Numbers that the rules use by name. Each can be moved by a slider and varied by a sweep.",
        ),
    )

    @classmethod
    def clean_parameters(cls, given: Mapping[str, Any]) -> dict[str, Value]:
        """Whoever writes a rule means the others to be empty: the defaults are for those who write none."""
        if any(given.get(role) for role in ROLES):
            given = {**dict.fromkeys(ROLES, ""), "values": {}, **given}
        return super().clean_parameters(given)

    @classmethod
    def check_parameters(cls, parameters: Mapping[str, Any]) -> Mapping[str, Iterable[str]]:
        return {role: [error.detail] for role, error in _report(parameters).rules.items()}

    @classmethod
    def tunable(cls, parameters: Mapping[str, Any]) -> tuple[Param, ...]:
        values = parameters.get("values", {})
        text = " ".join(str(parameters.get(role, "")) for role in ROLES)
        return tuple(param_of(name, values[name]) for name in in_order_of_use(values, text))

    @classmethod
    def tuned(cls, parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Value]:
        stored = cls.clean_parameters(parameters)
        named = dict(cast(dict[str, Any], stored["values"]))
        for name, value in values.items():
            if name not in named:
                message = f"There is no such named value. {nearest(name, named)}"
                raise ParameterError(f"{cls.label}: {name}: {message}", fields={name: [message]})
            try:
                cleaned = param_of(name, named[name]).clean(value)
            except ValueError as error:
                raise ParameterError(f"{cls.label}: {name}: {error}", fields={name: [str(error)]}) from error
            named[name] = {**named[name], "value": cleaned}
        return cls.clean_parameters({**stored, "values": named})

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        book = _report(self.parameters).book
        if book is None:
            raise TypeError("clean_parameters let rules pass that cannot be read")
        self.book: Rulebook = book

    def warmup(self) -> int:
        return self.book.warmup

    def target(self, bars: Bars) -> NDArray[np.float64]:
        conditions = self.book.conditions
        forms = [form for rule in conditions.values() for form in held_forms(rule)[0]]
        return targets(Evaluation(bars, forms, _lines), conditions, self.book.first_row)

    def size(self, bars: Bars) -> NDArray[np.float64] | None:
        if "size" not in self.book.rules:
            return None
        rule = self.book.rules["size"]
        share = Evaluation(bars, [rule], _lines).numbers(rule)
        return np.where(share > 0.0, share, np.nan)

    def overlays(self, bars: Bars) -> tuple[Overlay, ...]:
        drawn = list(self._drawn())
        run = Evaluation(bars, [node for node, _ in drawn], _lines)
        return tuple(
            Overlay(as_text(node), run.numbers(node), "price" if pane == "price" else "own")
            for node, pane in drawn
        )

    def describe_rules(self) -> tuple[str, ...]:
        verbs = {
            "long_entry": "Buy when",
            "long_exit": "Sell when",
            "short_entry": "Sell short when",
            "short_exit": "Buy a short position back when",
            "size": "Enter with this share of the cash:",
        }
        return tuple(f"{verbs[role]} {in_words(rule)}." for role, rule in self.book.rules.items())

    def _drawn(self) -> Iterator[tuple[Node, str]]:
        """The first indicators of the rules that fit on one chart; one unit only below the price."""
        seen: set[Node] = set()
        unit = ""
        for rule in self.book.rules.values():
            for node in walk(rule):
                pane = _pane(node)
                if not isinstance(node, Call) or not pane or node in seen or len(seen) == MOST_OVERLAYS:
                    continue
                if pane == "own":
                    unit = unit or _unit(node)
                    if _unit(node) != unit:
                        continue
                seen.add(node)
                yield node, pane


def _report(parameters: Mapping[str, Any]) -> Report:
    """The check of cleaned parameters, made once for the two that ask."""
    values = tuple((name, tuple(said.items())) for name, said in parameters["values"].items())
    return _read(tuple(parameters[role] for role in ROLES), values)


@lru_cache(maxsize=64)
def _read(texts: tuple[str, ...], values: tuple[tuple[str, Any], ...]) -> Report:
    named = {name: dict(said) for name, said in values}
    return check(dict(zip(ROLES, texts, strict=True)), named)


def _pane(node: Node) -> str:
    """Where a line belongs: with the price, in a pane of its own, or nowhere."""
    if isinstance(node, Column):
        return "price" if node.name in PRICE_COLUMNS else "own"
    if not isinstance(node, Call):
        return "own"
    pane = FUNCTIONS[node.function].pane
    return _pane(node.arguments[0]) if pane == "source" else pane


def _unit(node: Node) -> str:
    if not isinstance(node, Call):
        return node.name if isinstance(node, Column) else ""
    return FUNCTIONS[node.function].unit or (_unit(node.arguments[0]) if node.arguments else "")
