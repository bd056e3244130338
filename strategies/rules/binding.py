"""Puts numbers in the place of named values, computes what is constant, and checks each period and lag.

What is left is canonical: `sma(close, fast)` with fast = 10 equals `sma(close, 10)`, so that the two are
computed once, also across the runs of a sweep.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NoReturn

from strategies.crossing import EQUAL_WITHIN
from strategies.rules.errors import RuleError
from strategies.rules.functions import FUNCTIONS
from strategies.rules.limits import LONGEST_LOOKBACK, MOST_HOLDS
from strategies.rules.signatures import Argument, Sort
from strategies.rules.tree import (
    Binary,
    Call,
    Column,
    Held,
    Kind,
    Lag,
    Named,
    Node,
    Number,
    Span,
    Truth,
    Unary,
    walk,
)


def bind(tree: Node, values: Mapping[str, float], text: str = "") -> Node:
    """Return the tree with every named value replaced and everything constant computed.

    Raises
    ------
    RuleError
        For a period or a lag that is not whole or out of bounds, a constant that is not finite, or a rule
        that reaches back too far.
    """
    binder = _Binder(values, text)
    bound = binder.node(tree)
    holds = {node.bars for node in walk(bound) if isinstance(node, Held)}
    if len(holds) > MOST_HOLDS:
        binder.refuse(f"More than {MOST_HOLDS} different 'hold for'. Leave some out.", bound.where)
    if first_row(bound) > LONGEST_LOOKBACK:
        message = f"The rule reaches back {first_row(bound):,} bars. Keep it below {LONGEST_LOOKBACK:,}."
        binder.refuse(message, bound.where)
    return bound


def first_row(tree: Node, *, event: int = 0) -> int:
    """The first row at which everything that a bound tree compares is defined.

    With `event` 1: the first row at which a crossing can be true, which needs the bar before, too.
    """
    match tree:
        case Unary(operand=operand):
            return first_row(operand, event=event)
        case Binary(left=left, right=right):
            return max(first_row(left, event=event), first_row(right, event=event))
        case Lag(operand=operand, bars=bars):
            return first_row(operand, event=event) + whole(bars)
        case Call(function=name, arguments=arguments):
            function = FUNCTIONS[name]
            periods = [
                whole(node) for node, sort in zip(arguments, _sorts(tree), strict=True) if sort is Sort.BARS
            ]
            below = max((first_row(node, event=event) for node in arguments), default=0)
            crossing = event if name in ("crossover", "crossunder") else 0
            return below + function.first_row(periods) + crossing
    return 0


def whole(node: Node) -> int:
    """The number of bars that a bound node says."""
    if not isinstance(node, Number):
        raise TypeError(f"{node!r} is not bound")
    return int(node.value)


class _Binder:
    def __init__(self, values: Mapping[str, float], text: str) -> None:
        self.values = values
        self.text = text

    def refuse(self, message: str, where: Span) -> NoReturn:
        raise RuleError(message, start=where.start, end=where.end, text=self.text)

    def node(self, node: Node) -> Node:
        match node:
            case Named(name=name, where=where):
                if name not in self.values:
                    self.refuse(f"The named value {name!r} has no number.", where)
                return self.number(float(self.values[name]), where)
            case Number() | Truth() | Column():
                return node
            case Unary(operand=operand):
                return self._unary(replace(node, operand=self.node(operand)))
            case Binary(left=left, right=right):
                return self._binary(replace(node, left=self.node(left), right=self.node(right)))
            case Lag(operand=operand, bars=bars):
                lag = self.bars(self.node(bars), 0, LONGEST_LOOKBACK, "A lag")
                inner = self.node(operand)
                return (
                    inner if lag.value == 0 or not inner.per_bar else replace(node, operand=inner, bars=lag)
                )
            case Held(bars=bars):
                return replace(node, bars=self.bars(self.node(bars), 1, LONGEST_LOOKBACK, "'hold for'"))
            case Call():
                return self._call(node)

    def number(self, value: float, where: Span) -> Number:
        if not math.isfinite(value):
            self.refuse("This has no finite value. Check the numbers in it.", where)
        return Number(value, per_bar=False, where=where)

    def bars(self, node: Node, minimum: float, maximum: float, what: str) -> Number:
        if not isinstance(node, Number):
            raise TypeError(f"{node!r} passed the type check as a constant")
        if not minimum <= node.value <= maximum:
            bounds = f"from {minimum:,.0f} to {maximum:,.0f}"
            self.refuse(
                f"{what} is {node.value:.12g} here. Give a whole number of bars {bounds}.", node.where
            )
        if node.value != int(node.value):
            self.refuse(f"{what} is {node.value:.12g} here. Give a whole number of bars.", node.where)
        return node

    def _unary(self, node: Unary) -> Node:
        match node.sign, node.operand:
            case "-", Number(value=value):
                return self.number(-value, node.where)
            case "not", Truth(value=value):
                return replace(node.operand, value=not value)
        return node

    def _binary(self, node: Binary) -> Node:
        match node.left, node.right:
            case Number(value=a), Number(value=b):
                if node.kind is Kind.TRUTH:
                    return Truth(compared(node.sign, a, b), kind=Kind.TRUTH, per_bar=False, where=node.where)
                if node.sign == "/" and b == 0.0:
                    self.refuse("This divides by 0. Give another number.", node.where)
                return self.number(_ARITHMETIC[node.sign](a, b), node.where)
            case Truth(value=p), Truth(value=q):
                truth = (p and q) if node.sign == "and" else (p or q)
                return Truth(truth, kind=Kind.TRUTH, per_bar=False, where=node.where)
        return node

    def _call(self, node: Call) -> Node:
        bound = tuple(self.node(argument) for argument in node.arguments)
        function = FUNCTIONS[node.function]
        for argument, given in zip(function.arguments, bound, strict=False):
            self._check(argument, given, f"The {argument.name} of {node.function}")
        if function.computed_by == "macd":
            fast, slow = bound[1], bound[2]
            if whole(fast) >= whole(slow):
                message = f"fast ({whole(fast)}) is not below slow ({whole(slow)}). Make it shorter."
                self.refuse(message, fast.where if fast.where.end else node.where)
        numbers = [argument.value for argument in bound if isinstance(argument, Number)]
        if function.group == "arithmetic" and len(numbers) == len(bound):
            try:
                return self.number(_FOLDED[node.function](*numbers), node.where)
            except ValueError:
                self.refuse(
                    f"{node.function} of {numbers[0]:.12g} is undefined. Give another number.", node.where
                )
        return replace(node, arguments=bound)

    def _check(self, argument: Argument, node: Node, what: str) -> None:
        if argument.sort is Sort.BARS:
            self.bars(node, argument.minimum, argument.maximum, what)
            return
        if argument.sort is not Sort.CONSTANT or not isinstance(node, Number):
            return
        if not argument.minimum <= node.value <= argument.maximum:
            bounds = f"from {argument.minimum:g} to {argument.maximum:,g}"
            self.refuse(f"{what} is {node.value:.12g} here. Give a number {bounds}.", node.where)


def compared(sign: str, a: float, b: float) -> bool:
    """Compare two constants by the rule of lines: within 1e-12 of each other (relative) they are equal."""
    equal = abs(a - b) <= EQUAL_WITHIN * max(abs(a), abs(b))
    match sign:
        case "<":
            return a < b and not equal
        case "<=":
            return a < b or equal
        case ">":
            return a > b and not equal
        case ">=":
            return a > b or equal
        case "==":
            return equal
    return not equal


def _sorts(call: Call) -> list[Sort]:
    declared = [argument.sort for argument in FUNCTIONS[call.function].arguments]
    return declared + declared[-1:] * (len(call.arguments) - len(declared))


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
_FOLDED: dict[str, Callable[..., float]] = {
    "abs": abs, "min": min, "max": max, "log": math.log, "sqrt": math.sqrt,
}  # fmt: skip
