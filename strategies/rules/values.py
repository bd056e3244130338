"""Named values: numbers with bounds that rules refer to by name, and that sliders and sweeps may vary."""

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

from algotrade.errors import nearest, shown
from strategies.params import FloatParam, IntParam, Param
from strategies.rules.functions import COLUMNS, FUNCTIONS, reserved
from strategies.rules.limits import MOST_VALUES

NAME = re.compile(r"[a-z_][a-z0-9_]{0,31}")
PARTS = ("value", "minimum", "maximum", "step", "label")
MOST_STEPS = 10_000
LARGEST = 1e12


@dataclass(frozen=True, slots=True)
class NamedValuesParam(Param):
    """Named values of a strategy of rules: `{"fast": {"value": 10, "minimum": 2, "maximum": 200, "step": 1}}`."""

    type_name: ClassVar[str] = "values"
    _: KW_ONLY
    default: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def clean(self, value: Any) -> dict[str, Any]:
        """Return the values by name, complete, or raise ValueError with the first problem."""
        cleaned, problems = read_values(value)
        if problems:
            name, message = next(iter(problems.items()))
            raise ValueError(f"{name}: {message}" if name else message)
        return cleaned

    def json_schema(self) -> dict[str, Any]:
        number = {"type": "number"}
        parts = {part: number for part in PARTS if part != "label"} | {"label": {"type": "string"}}
        return {
            **Param.json_schema(self),
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME.pattern}$"},
            "maxProperties": MOST_VALUES,
            "additionalProperties": {
                "type": "object",
                "properties": parts,
                "required": ["value", "minimum", "maximum"],
                "additionalProperties": False,
            },
            "default": self.default,
        }


def read_values(given: Any) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """Return the named values that can be used, and a message by name for those that cannot.

    A message under the empty name is about all of them.
    """
    if not isinstance(given, Mapping):
        return {}, {"": f"{shown(given)} is not an object of names. Give {{}} or a description by name."}
    if len(given) > MOST_VALUES:
        return {}, {"": f"There are {len(given)} named values. Keep at most {MOST_VALUES}."}
    cleaned: dict[str, dict[str, Any]] = {}
    problems: dict[str, str] = {}
    for name, said in given.items():
        try:
            cleaned[str(name)] = _one(name, said)
        except ValueError as error:
            problems[str(name)[:40]] = str(error)
    return cleaned, problems


def in_order_of_use(values: Mapping[str, Any], text: str) -> list[str]:
    """The names in the order in which rules first use them, whatever order a database keeps objects in."""
    words = re.findall(r"[a-z_][a-z0-9_]*", text.lower())
    return sorted(values, key=lambda name: (words.index(name) if name in words else len(words), name))


def param_of(name: str, said: Mapping[str, Any]) -> IntParam | FloatParam:
    """The parameter that a cleaned named value is: whole when its bounds and its step are."""
    label = said.get("label") or name.replace("_", " ").capitalize()
    bounds = {part: said[part] for part in ("minimum", "maximum", "step")}
    if all(isinstance(bound, int) for bound in bounds.values()):
        return IntParam(name, label=label, default=said["value"], **bounds)
    return FloatParam(name, label=label, default=said["value"], **bounds)


def _one(name: object, said: Any) -> dict[str, Any]:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(
            "A name has small letters, digits and _, begins with no digit, and is 32 long at most."
        )
    if reserved(name):
        what = "a function" if name in FUNCTIONS else "a column" if name in COLUMNS else "a word"
        raise ValueError(f"{name} is {what} of the language. Choose another name, such as my_{name}.")
    if not isinstance(said, Mapping):
        raise ValueError(f"{shown(said)} does not describe a value. Give its value, minimum and maximum.")
    for part in said:
        if part not in PARTS:
            raise ValueError(f"There is no {shown(part)} here. {nearest(part, PARTS)}")
    parts = {part: _number(part, said.get(part)) for part in ("value", "minimum", "maximum")}
    whole_so_far = all(isinstance(number, int) for number in parts.values())
    parts["step"] = _number("step", said.get("step", 1 if whole_so_far else 0.01))
    return {**_checked(parts), "label": _label(said.get("label", ""))}


def _checked(parts: dict[str, int | float]) -> dict[str, int | float]:
    value, minimum, maximum, step = (parts[part] for part in ("value", "minimum", "maximum", "step"))
    if minimum >= maximum:
        raise ValueError(f"The minimum ({minimum:.12g}) is not below the maximum ({maximum:.12g}).")
    if not minimum <= value <= maximum:
        raise ValueError(
            f"{value:.12g} is out of bounds. Give a value from {minimum:.12g} to {maximum:.12g}."
        )
    if step <= 0 or (maximum - minimum) / step > MOST_STEPS:
        raise ValueError(
            f"The step {step:.12g} does not fit. Give one above 0 with at most {MOST_STEPS:,} steps."
        )
    whole = all(isinstance(parts[part], int) for part in ("minimum", "maximum", "step"))
    if whole and not isinstance(value, int):
        raise ValueError(f"{value:.12g} is not whole, and its step is. For fractions give a step below 1.")
    if not whole:
        return {part: float(number) for part, number in parts.items()}
    return parts


def _number(part: str, value: Any) -> int | float:
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"Its {part} is {shown(value)}. Give a number.")
    if not -LARGEST <= value <= LARGEST:  # refuses NaN and infinities, too
        raise ValueError(f"Its {part} is {shown(value)}. Give a number of ordinary size.")
    return int(value) if value == int(value) else value


def _label(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 60:
        raise ValueError(f"Its label is {shown(value)}. Give at most 60 characters.")
    return " ".join(value.split())
