"""Typed parameters: one declaration gives the check, the form field, the JSON schema and the sweep.

`clean` returns the value to use or raises `ValueError` with a message that names the value and the
bounds; the strategy collects these messages by parameter name.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeAlias

from algotrade.errors import nearest, shown

Value: TypeAlias = int | float | str | bool | dict[str, Any]

LARGEST_REFERENCE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Param:
    """What all parameters have. `help` is one plain sentence; `unit` is what the number counts ("bars")."""

    type_name: ClassVar[str]
    name: str
    _: KW_ONLY
    label: str
    help: str = ""
    unit: str = ""

    def clean(self, value: Any) -> Value:
        """Return the value to use, or raise ValueError saying what is wrong and what would be right."""
        raise TypeError(f"{type(self).__name__} does not say how to clean a value")

    def json_schema(self) -> dict[str, Any]:
        """Describe the values that `clean` takes as a JSON schema."""
        schema: dict[str, Any] = {"title": self.label}
        if self.help:
            schema["description"] = self.help
        return schema

    def grid(self) -> tuple[Value, ...]:
        """All values a sweep may try, in order; empty when sweeping makes no sense."""
        return ()


@dataclass(frozen=True, slots=True)
class IntParam(Param):
    """A whole number from `minimum` to `maximum`, both included; with `log` its slider goes by factors."""

    type_name: ClassVar[str] = "integer"
    _: KW_ONLY
    default: int
    minimum: int
    maximum: int
    step: int = 1
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.name, self.minimum, self.maximum, self.step)
        self.clean(self.default)

    def clean(self, value: Any) -> int:
        number = _whole(value)
        if number is None:
            raise ValueError(f"{shown(value)} is not a whole number. Give one {self._bounds()}.")
        if not self.minimum <= number <= self.maximum:
            raise ValueError(f"{shown(number)} is out of bounds. Give a whole number {self._bounds()}.")
        return number

    def _bounds(self) -> str:
        return f"from {self.minimum} to {self.maximum}"

    def json_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {**_schema_of(self), "type": "integer", **bounds, "default": self.default}

    def grid(self) -> tuple[int, ...]:
        return tuple(range(self.minimum, self.maximum + 1, self.step))


@dataclass(frozen=True, slots=True)
class FloatParam(Param):
    """A finite number from `minimum` to `maximum`, both included; with `log` its slider goes by factors.

    `step` is for forms and sweeps only.
    """

    type_name: ClassVar[str] = "number"
    _: KW_ONLY
    default: float
    minimum: float
    maximum: float
    step: float = 0.01
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.name, self.minimum, self.maximum, self.step)
        self.clean(self.default)

    def clean(self, value: Any) -> float:
        bounds = f"from {self.minimum:.12g} to {self.maximum:.12g}"
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise ValueError(f"{shown(value)} is not a number. Give one {bounds}.")
        if isinstance(value, Decimal) and not value.is_finite():
            raise ValueError(f"{shown(value)} is not finite. Give a number {bounds}.")
        # Compared before the conversion: an integer of 400 digits has no float.
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{shown(value)} is out of bounds. Give a number {bounds}.")
        return float(value)

    def json_schema(self) -> dict[str, Any]:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        return {**_schema_of(self), "type": "number", **bounds, "default": self.default}

    def grid(self) -> tuple[float, ...]:
        # Decimal steps, so that 0.1 + 0.2 is 0.3 in the grid as it is in the form.
        first, step = Decimal(repr(self.minimum)), Decimal(repr(self.step))
        count = int((Decimal(repr(self.maximum)) - first) / step) + 1
        return tuple(float(first + step * i) for i in range(count))


@dataclass(frozen=True, slots=True)
class ChoiceParam(Param):
    """One of a few named values; `choices` holds (value, label) pairs."""

    type_name: ClassVar[str] = "choice"
    _: KW_ONLY
    default: str
    choices: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        values = self.values()
        if not values or len(set(values)) < len(values):
            raise TypeError(f"Parameter {self.name}: its choices are empty or repeat a value.")
        self.clean(self.default)

    def values(self) -> tuple[str, ...]:
        return tuple(value for value, _ in self.choices)

    def clean(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.values():
            raise ValueError(f"{shown(value)} is not a choice. Give one of: {', '.join(self.values())}.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {**_schema_of(self), "type": "string", "enum": list(self.values()), "default": self.default}

    def grid(self) -> tuple[str, ...]:
        return self.values()


@dataclass(frozen=True, slots=True)
class BoolParam(Param):
    """Yes or no."""

    type_name: ClassVar[str] = "boolean"
    _: KW_ONLY
    default: bool

    def __post_init__(self) -> None:
        self.clean(self.default)

    def clean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{shown(value)} is neither true nor false. Give true or false.")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {**_schema_of(self), "type": "boolean", "default": self.default}

    def grid(self) -> tuple[bool, ...]:
        return (False, True)


@dataclass(frozen=True, slots=True)
class TextParam(Param):
    """A text of several lines. `syntax` says in what language it is written ("rule"), for the page that edits it."""

    type_name: ClassVar[str] = "text"
    _: KW_ONLY
    default: str = ""
    longest: int = 2_000
    syntax: str = ""

    def clean(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError(f"{shown(value)} is not a text. Give one, or an empty one.")
        text = value.replace("\r\n", "\n").strip()
        if len(text) > self.longest:
            raise ValueError(f"This has {len(text):,} characters. Shorten it to {self.longest:,}.")
        return text

    def json_schema(self) -> dict[str, Any]:
        return {**_schema_of(self), "type": "string", "maxLength": self.longest, "default": self.default}


@dataclass(frozen=True, slots=True)
class ReferenceParam(Param):
    """The id of another object of the user; `kind` says of which sort. Always required: it has no default."""

    type_name: ClassVar[str] = "reference"
    _: KW_ONLY
    kind: str

    default: ClassVar[None] = None

    def clean(self, value: Any) -> int:
        number = _whole(value)
        if number is None or not 1 <= number <= LARGEST_REFERENCE:
            raise ValueError(f"{shown(value)} is not an id. Give the number of one of your own.")
        return number

    def json_schema(self) -> dict[str, Any]:
        return {**_schema_of(self), "type": "integer", "minimum": 1, "x-reference": self.kind}


def names_of(params: Iterable[Param]) -> tuple[str, ...]:
    return tuple(param.name for param in params)


def clean_all(
    params: Sequence[Param], given: Mapping[str, Any], what: str = "parameter"
) -> tuple[dict[str, Value], dict[str, list[str]]]:
    """Return the value to use for each parameter, and messages by name for what cannot be used.

    What is left out takes its default; a parameter without one is required, and an unknown name is a problem.
    """
    names = names_of(params)
    problems = {
        str(name): [f"There is no such {what}. {nearest(name, names)}"] for name in given if name not in names
    }
    cleaned: dict[str, Value] = {}
    for param in params:
        default = getattr(param, "default", None)
        if param.name not in given and default is None:
            problems[param.name] = [f"This {what} is required."]
            continue
        try:
            cleaned[param.name] = param.clean(given.get(param.name, default))
        except ValueError as error:
            problems[param.name] = [str(error)]
    return cleaned, problems


def _whole(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    # JSON from some languages writes 14 as 14.0.
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return None


def _schema_of(param: Param) -> dict[str, Any]:
    return Param.json_schema(param)


def _check_range(name: str, minimum: float, maximum: float, step: float) -> None:
    if not (math.isfinite(minimum) and math.isfinite(maximum) and minimum < maximum and step > 0):
        raise TypeError(f"Parameter {name}: give a finite minimum below its maximum and a step above 0.")
