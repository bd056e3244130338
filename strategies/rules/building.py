"""Typed nodes out of what the parser reads: every operation checks what it is applied to."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from algotrade.errors import nearest, shown
from strategies.rules.errors import RuleError
from strategies.rules.functions import COLUMNS, FUNCTIONS
from strategies.rules.limits import DEEPEST, MOST_ARGUMENTS, MOST_NODES
from strategies.rules.signatures import Argument, Function, Sort
from strategies.rules.tree import (
    Binary,
    Call,
    Column,
    Held,
    Kind,
    Lag,
    Node,
    Number,
    Span,
    Truth,
    Unary,
    walk,
)

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LOGIC = ("and", "or")


class Builder:
    """Makes the nodes of one rule, counts them, and refuses with the place in its text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._nodes = 0

    def refuse(self, message: str, where: Span) -> NoReturn:
        raise RuleError(message, start=where.start, end=where.end, text=self.text)

    def said(self, where: Span) -> str:
        return shown(" ".join(self.text[where.start : where.end].split()))

    def count(self, where: Span) -> None:
        """One node more; what defaults fill in counts, too."""
        self._nodes += 1
        if self._nodes > MOST_NODES:
            self.refuse(f"The rule has more than {MOST_NODES} parts. Make it simpler.", where)

    def number(self, value: float, where: Span) -> Node:
        self.count(where)
        return Number(value, per_bar=False, where=where)

    def truth(self, value: bool, where: Span) -> Node:
        self.count(where)
        return Truth(value, kind=Kind.TRUTH, per_bar=False, where=where)

    def column(self, name: str, where: Span) -> Node:
        self.count(where)
        return Column(name, where=where)

    def unary(self, sign: str, operand: Node, where: Span) -> Node:
        wanted = Kind.TRUTH if sign == "not" else Kind.NUMBER
        self._expect(operand, wanted, f"'{sign}'")
        return Unary(sign, operand, kind=wanted, **self._common((operand,), where))

    def binary(self, sign: str, left: Node, right: Node) -> Node:
        where = Span(left.where.start, right.where.end)
        wanted = Kind.TRUTH if sign in LOGIC else Kind.NUMBER
        if sign in COMPARISONS and isinstance(left, Binary) and left.sign in COMPARISONS:
            self.refuse(
                "Comparisons do not chain. Write a < b and b < c.", Span(left.where.end, right.where.end)
            )
        self._expect(left, wanted, f"'{sign}'")
        self._expect(right, wanted, f"'{sign}'")
        gives = Kind.TRUTH if sign in COMPARISONS or sign in LOGIC else Kind.NUMBER
        return Binary(sign, left, right, kind=gives, **self._common((left, right), where))

    def lag(self, operand: Node, bars: Node, where: Span) -> Node:
        if not operand.per_bar:
            self.refuse(
                f"{self.said(operand.where)} is the same at every bar: it has no past. Remove the [ ].", where
            )
        if any(isinstance(node, Held) for node in walk(operand)):
            self.refuse("'hold for' has no past. Remove the [ ].", where)
        self._constant(bars, "A lag")
        return Lag(operand, bars, kind=operand.kind, **self._common((operand, bars), where))

    def held(self, bars: Node, where: Span) -> Node:
        self._constant(bars, "'hold for'")
        return Held(bars, kind=Kind.TRUTH, **self._common((bars,), where) | {"per_bar": True})

    def function(self, name: str, where: Span) -> None:
        """Refuse a function that does not exist, before its arguments are read."""
        if name not in FUNCTIONS:
            hint = "It is no function: remove the brackets." if name in COLUMNS else nearest(name, FUNCTIONS)
            self.refuse(f"There is no function {shown(name)}. {hint}", where)

    def call(self, name: str, given: Sequence[tuple[str, Node]], where: Span) -> Node:
        """A call; `given` holds (argument's name or "", node) in the order of the text."""
        function = FUNCTIONS[name]
        arguments = self._arranged(function, given, where)
        for argument, node in zip(_declared(function, len(arguments)), arguments, strict=True):
            self._check_argument(function, argument, node)
        if function.group == "events" and not any(node.per_bar for node in arguments):
            self.refuse(f"{name} needs something that changes from bar to bar, such as close.", where)
        common = self._common(arguments, where)
        return Call(
            name, tuple(arguments), kind=function.result, **common | {"per_bar": _varies(function, arguments)}
        )

    def _arranged(self, function: Function, given: Sequence[tuple[str, Node]], where: Span) -> list[Node]:
        names = [argument.name for argument in function.arguments]
        most = MOST_ARGUMENTS if function.variadic else len(names)
        by_position = [node for name, node in given if not name]
        if len(by_position) > most:
            takes = f"takes {most} at most" if most else "takes nothing between its brackets"
            self.refuse(f"{function.name} {takes}: {function.written}.", by_position[most].where)
        found: dict[str, Node] = dict(zip(names, by_position, strict=False))
        for name, node in given:
            if not name:
                continue
            if name not in names:
                listed = nearest(name, names) if names else "It has no arguments."
                self.refuse(f"{function.name} has no argument {shown(name)}. {listed}", node.where)
            if name in found:
                self.refuse(f"{name} is given twice.", node.where)
            found[name] = node
        arranged = [self._filled(function, argument, found, where) for argument in function.arguments]
        return arranged + by_position[len(names) :]

    def _filled(self, function: Function, argument: Argument, found: Mapping[str, Node], where: Span) -> Node:
        if argument.name in found:
            return found[argument.name]
        if argument.default is None:
            self.refuse(f"{argument.name} is missing. Write {function.written}.", where)
        if isinstance(argument.default, str):
            return self.column(argument.default, where)
        return self.number(float(argument.default), where)

    def _check_argument(self, function: Function, argument: Argument, node: Node) -> None:
        what = f"the {argument.name} of {function.name}"
        if any(isinstance(below, Held) for below in walk(node)):
            self.refuse("'hold for' stands alone or beside and, or, not: no function takes it.", node.where)
        wanted = Kind.TRUTH if argument.sort is Sort.TRUTH else Kind.NUMBER
        self._expect(node, wanted, what)
        if argument.sort is Sort.SERIES and not node.per_bar:
            remedy = f"For example: {function.example}."
            self.refuse(
                f"{self.said(node.where)} is the same at every bar, and {what} is a series such as close. {remedy}",
                node.where,
            )
        if argument.sort in (Sort.BARS, Sort.CONSTANT):
            self._constant(node, what[0].upper() + what[1:])

    def _constant(self, node: Node, what: str) -> None:
        self._expect(node, Kind.NUMBER, what)
        if node.per_bar:
            self.refuse(
                f"{what} must be the same at every bar: a number or a named value, and {self.said(node.where)} "
                "changes from bar to bar.",
                node.where,
            )

    def _expect(self, node: Node, wanted: Kind, by: str) -> None:
        if node.kind is wanted:
            return
        remedy = (
            "Compare it with something, for example > 0."
            if wanted is Kind.TRUTH
            else "Numbers only: conditions are joined by and, or, not."
        )
        self.refuse(
            f"{self.said(node.where)} is {node.kind.value}, where {by} needs {wanted.value}. {remedy}",
            node.where,
        )

    def _common(self, below: Sequence[Node], where: Span) -> dict[str, Any]:
        self.count(where)
        depth = 1 + max((node.depth for node in below), default=0)
        if depth > DEEPEST:
            self.refuse(f"The rule is nested more than {DEEPEST} deep. Make it simpler.", where)
        return {"per_bar": any(node.per_bar for node in below), "depth": depth, "where": where}


def _declared(function: Function, count: int) -> list[Argument]:
    extra = count - len(function.arguments)
    return [*function.arguments, *[function.arguments[-1]] * extra] if function.arguments else []


def _varies(function: Function, arguments: Sequence[Node]) -> bool:
    """Whether a call has its own value at each bar: always, but for arithmetic on constants."""
    return function.group != "arithmetic" or any(node.per_bar for node in arguments)
