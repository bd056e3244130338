"""The rules of one strategy together: read, bound to their values, and checked with all problems at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from strategies.rules.binding import bind, first_row
from strategies.rules.errors import RuleError
from strategies.rules.parser import parse
from strategies.rules.tree import Held, Kind, Named, Node, walk
from strategies.rules.values import read_values

ENTRIES = {"long_entry": "long", "short_entry": "short"}
EXITS = {"long_exit": "long", "short_exit": "short"}
ROLES = ("long_entry", "long_exit", "short_entry", "short_exit", "size")


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Bound rules by role; a role without a rule is missing."""

    rules: Mapping[str, Node]

    @property
    def conditions(self) -> dict[str, Node]:
        return {role: rule for role, rule in self.rules.items() if role != "size"}

    @property
    def first_row(self) -> int:
        """The first row at which every rule can be answered; before it there is no decision."""
        return max((first_row(rule) for rule in self.rules.values()), default=0)

    @property
    def warmup(self) -> int:
        """Bars before the first row at which a rule can be true."""
        return max((first_row(rule, event=1) for rule in self.rules.values()), default=0)


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong with a set of rules and values, and what is worth knowing.

    `rules` has an error by role, `values` a message by name (the empty name: all of them), `notes` sentences
    about what is allowed and perhaps not meant. `bound` holds the rules that could be read; `book` is there
    when nothing is wrong.
    """

    rules: Mapping[str, RuleError] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    bound: Mapping[str, Node] = field(default_factory=dict)
    book: Rulebook | None = None


def check(texts: Mapping[str, str], values: Any) -> Report:
    """Read the rules and values of a strategy and report on all of them.

    Parameters
    ----------
    texts : mapping
        Rules by role; an empty text is no rule.
    values : mapping
        Named values as `NamedValuesParam` takes them.

    Returns
    -------
    Report
    """
    cleaned, wrong_values = read_values(values)
    # A value that is wrong itself is still known by name: the rule that uses it has no second problem.
    names = tuple(sorted({*cleaned, *(name for name in wrong_values if name)}))
    numbers = {name: float(said["value"]) for name, said in cleaned.items()}
    parsed: dict[str, Node] = {}
    bound: dict[str, Node] = {}
    errors: dict[str, RuleError] = {}
    for role in ROLES:
        text = texts.get(role, "")
        if not text.strip():
            continue
        try:
            parsed[role] = read(role, text, names)
            used = {node.name for node in walk(parsed[role]) if isinstance(node, Named)}
            if used <= set(cleaned):
                bound[role] = bind(parsed[role], numbers, text)
        except RuleError as error:
            errors[role] = error
    errors |= _lonely(texts, errors)
    if errors or wrong_values:
        return Report(errors, wrong_values, bound=bound)
    return Report(notes=_notes(parsed, names), bound=bound, book=Rulebook(bound))


def read(role: str, text: str, names: tuple[str, ...]) -> Node:
    """Parse the rule of a role: a condition, or a number for the size."""
    gives = Kind.NUMBER if role == "size" else Kind.TRUTH
    return parse(text, names, gives=gives, may_hold=role in EXITS)


def _lonely(texts: Mapping[str, str], errors: Mapping[str, RuleError]) -> dict[str, RuleError]:
    """Rules that can never matter, and a strategy without any entry."""
    given = {role for role in ROLES if texts.get(role, "").strip()}
    found: dict[str, RuleError] = {}
    if not given & set(ENTRIES):
        found["long_entry"] = RuleError("There is no rule to enter. Give one for long or for short entries.")
        return found
    for role, side in EXITS.items():
        if role in given - set(errors) and f"{side}_entry" not in given:
            message = f"There is no rule to go {side}, so nothing to exit. Add one, or remove this rule."
            found[role] = RuleError(message, end=len(texts[role]), text=texts[role])
    return found


def _notes(parsed: Mapping[str, Node], names: tuple[str, ...]) -> tuple[str, ...]:
    used = {node.name for rule in parsed.values() for node in walk(rule) if isinstance(node, Named)}
    notes = [f"No rule uses the named value {name}." for name in names if name not in used]
    for entry, side in ENTRIES.items():
        other = "short" if side == "long" else "long"
        if entry in parsed and f"{side}_exit" not in parsed and f"{other}_entry" not in parsed:
            notes.append(f"Nothing ends a {side} position but a stop or the end of the data.")
    for role, rule in parsed.items():
        if isinstance(rule, Held):
            continue
        if not rule.per_bar and role != "size":
            notes.append(f"The rule of the {role.replace('_', ' ')} is the same at every bar.")
    return tuple(notes)
