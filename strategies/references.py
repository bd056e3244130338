"""How a parameter that names another object is checked, without this app knowing who owns that object.

The app that owns the objects fills these tables when it is ready, for example:

    reference_checkers["ml_model"] = check_model      # (user, id) -> None, or a LabError raised
    choice_checkers["ml_model"] = check_choice        # the same, asked only where the parameter did not name it before
    reference_choices["ml_model"] = model_choices     # (user) -> (id, label) of the user's own
"""

from collections.abc import Callable, Iterable
from typing import Any

reference_checkers: dict[str, Callable[[Any, int], None]] = {}
choice_checkers: dict[str, Callable[[Any, int], None]] = {}
reference_choices: dict[str, Callable[[Any], Iterable[tuple[int, str]]]] = {}
