"""What the editor of rules lists: functions by group, columns, examples."""

from typing import Any

from django import template

from strategies.rules.examples import EXAMPLES
from strategies.rules.functions import COLUMNS, FUNCTIONS, GROUPS

register = template.Library()


@register.simple_tag
def rule_language() -> dict[str, Any]:
    """Return `groups` (label and functions of each), `columns` and `examples`."""
    functions = list(FUNCTIONS.values())
    groups = [
        {"label": label, "functions": [function for function in functions if function.group == key]}
        for key, label in GROUPS.items()
    ]
    return {"groups": groups, "columns": COLUMNS, "examples": [example.described() for example in EXAMPLES]}
