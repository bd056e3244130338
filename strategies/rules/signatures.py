"""How a function of the rule language is declared: one record gives the type check, the help and the docs.

This module and `functions.py` are light: what a function computes stands in `computing.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from strategies.rules.limits import LONGEST_LOOKBACK
from strategies.rules.tree import Kind

Rows: TypeAlias = Callable[[Sequence[int]], int]


class Sort(Enum):
    """What an argument takes; the value is how a message says it."""

    SERIES = "a series, one number a bar"
    NUMBER = "a number"
    TRUTH = "a condition"
    BARS = "a whole number of bars"
    CONSTANT = "a number that is the same at every bar"


class Noise(Enum):
    """The size of the numbers that a result was made of, which sets what counts as equal (`evaluation.py`)."""

    OWN = "its own size"
    SOURCE = "what the source carries"
    SOURCE_SIZE = "the size of the source"
    HUNDRED = "a hundred"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument. `default` is a column's name for a series, a number otherwise; None: required."""

    name: str
    sort: Sort
    default: str | float | None = None
    minimum: float = 1
    maximum: float = LONGEST_LOOKBACK
    help: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    Parameters
    ----------
    name, group, help, example : str
        As the editor lists them; `example` is a whole expression.
    arguments : tuple of Argument
    phrase : str
        In words, with `{argument}` for each argument: "the {period}-bar average of {source}".
    first_row : callable
        Rows between the first defined row of the arguments and that of the result, from the periods in
        order of the arguments (only those of sort BARS).
    computed_by, line : str, int
        The key in `computing.COMPUTED` and, where that gives several lines, which of them. Functions of one
        key share one computation. Empty: the evaluation does it itself.
    pane : str
        Where a chart draws it: "price", "own", "source" (as its source), or "" (not drawn).
    unit : str
        What it counts, "" for the unit of its source.
    variadic : bool
        Whether the last argument may be given several times.
    """

    name: str
    group: str
    help: str
    example: str
    arguments: tuple[Argument, ...] = ()
    phrase: str = ""
    result: Kind = Kind.NUMBER
    first_row: Rows = lambda bars: 0
    computed_by: str = ""
    line: int | None = None
    pane: str = ""
    unit: str = ""
    noise: Noise = Noise.OWN
    variadic: bool = False

    @property
    def written(self) -> str:
        """How it is called: `sma(source=close, period=20)`."""
        return f"{self.name}({', '.join(_written(argument) for argument in self.arguments)})"

    @property
    def least(self) -> int:
        """How many arguments must be given."""
        return sum(argument.default is None for argument in self.arguments)

    def described(self) -> dict[str, Any]:
        """As the API and the editor list it."""
        return {
            "name": self.name,
            "group": self.group,
            "written": self.written,
            "help": self.help,
            "example": self.example,
            "gives": "condition" if self.result is Kind.TRUTH else "number",
            "unit": self.unit,
            "arguments": [_described(argument) for argument in self.arguments],
        }


def _written(argument: Argument) -> str:
    if argument.default is None:
        return argument.name
    value = argument.default if isinstance(argument.default, str) else f"{argument.default:g}"
    return f"{argument.name}={value}"


def _described(argument: Argument) -> dict[str, Any]:
    bounded = argument.sort in (Sort.BARS, Sort.CONSTANT)
    return {
        "name": argument.name,
        "takes": argument.sort.value,
        "default": argument.default,
        "minimum": argument.minimum if bounded else None,
        "maximum": argument.maximum if bounded else None,
        "help": argument.help,
    }
