"""What a rule is once it was read: a tree of typed nodes.

Two nodes are equal when they compute the same, wherever they stand in the text: equal nodes are computed
once. The type of a node is its `kind`, a number or a truth value, and whether it has one value for each bar
(`per_bar`) or the same at all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias


class Kind(Enum):
    """What a node's value is; the value is how a message says it."""

    NUMBER = "a number"
    TRUTH = "a condition"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of the text, `end` not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    kind: Kind = field(default=Kind.NUMBER, compare=False, repr=False)
    per_bar: bool = field(default=True, compare=False, repr=False)
    depth: int = field(default=1, compare=False, repr=False)
    where: Span = field(default=Span(0, 0), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Number(_Node):
    """A constant."""

    value: float


@dataclass(frozen=True, slots=True)
class Truth(_Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Column(_Node):
    """A column of the bars, or something read off each bar alone (hl2, hour)."""

    name: str


@dataclass(frozen=True, slots=True)
class Named(_Node):
    """A named value of the strategy; binding puts its number in its place."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(_Node):
    """`-` or `not`."""

    sign: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary(_Node):
    """Arithmetic, a comparison, `and`, `or`."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Lag(_Node):
    """`operand[bars]`: the value so many bars before."""

    operand: "Node"
    bars: "Node"


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function with all its arguments in order, defaults filled in."""

    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Held(_Node):
    """`hold for n bars`: whether the position's entry was decided at least n bars before."""

    bars: "Node"


Node: TypeAlias = Number | Truth | Column | Named | Unary | Binary | Lag | Call | Held


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return left, right
        case Lag(operand=operand, bars=bars):
            return operand, bars
        case Call(arguments=arguments):
            return arguments
        case Held(bars=bars):
            return (bars,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, in reading order."""
    yield node
    for child in children(node):
        yield from walk(child)
