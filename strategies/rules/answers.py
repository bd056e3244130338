"""What a check of rules says to a page or a script, as plain values for JSON."""

from collections.abc import Mapping
from typing import Any

from strategies.rules.errors import RuleError
from strategies.rules.examples import EXAMPLES
from strategies.rules.functions import COLUMNS, FUNCTIONS, GROUPS
from strategies.rules.rulebook import ROLES, check
from strategies.rules.words import in_words


def checked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Check rules and named values as they are typed; whatever is given, the answer says what is wrong.

    Parameters
    ----------
    parameters : mapping
        As a strategy of this type stores them: rules by role, and "values".
    """
    texts = {role: _text(parameters.get(role)) for role in ROLES}
    report = check(texts, parameters.get("values") or {})
    rules: dict[str, Any] = {role: _refused(error) for role, error in report.rules.items()}
    for role, rule in report.bound.items():
        if role not in rules:
            rules[role] = {"ok": True, "words": in_words(rule)}
    return {
        "ok": report.book is not None,
        "rules": rules,
        "values": dict(report.values),
        "notes": list(report.notes),
        "warmup": report.book.warmup if report.book else None,
    }


def language() -> dict[str, Any]:
    """Everything a rule may use, with help, and complete examples."""
    return {
        "groups": [{"key": key, "label": label} for key, label in GROUPS.items()],
        "functions": [function.described() for function in FUNCTIONS.values()],
        "columns": [{"name": name, "help": help} for name, help in COLUMNS.items()],
        "examples": [example.described() for example in EXAMPLES],
    }


def _refused(error: RuleError) -> dict[str, Any]:
    return {
        "ok": False,
        "message": error.message,
        "place": error.place,
        "line": error.line,
        "column": error.column,
        "start": error.start,
        "end": error.end,
        "unknown": error.unknown,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
