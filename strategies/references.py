"""How a parameter that names another object is checked, without this app knowing who owns that object.

The app that owns the objects fills these tables when it is ready, for example:

    reference_checkers["ml_model"] = check_model      # (user, id) -> None, or raises a LabError with the reason
    reference_choices["ml_model"] = model_choices     # (user) -> (id, label) of what the user may pick
"""

from collections.abc import Callable, Iterable
from typing import Any

reference_checkers: dict[str, Callable[[Any, int], None]] = {}
reference_choices: dict[str, Callable[[Any], Iterable[tuple[int, str]]]] = {}
