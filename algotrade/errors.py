"""The errors that the whole product shares. They know no HTTP: `algotrade.api` gives each class its status.

A message names the value and the remedy. `fields` maps an input's name to its messages, so that a form, the API
and a script point at the same place.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

LONGEST_SHOWN = 60


def shown(value: object) -> str:
    """A value as a message shows it: quoted when text, cut when long."""
    try:
        said = "null" if value is None else repr(value) if isinstance(value, str) else str(value)
    except ValueError:  # an integer of thousands of digits has no decimal text
        return "a number of thousands of digits"
    return said if len(said) <= LONGEST_SHOWN else f"{said[:LONGEST_SHOWN]}..."


def nearest(name: object, names: Iterable[str]) -> str:
    """How a message about an unknown name ends: with the one that was probably meant, else with all there are."""
    known = list(names)
    close = get_close_matches(str(name)[:LONGEST_SHOWN], known, n=1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known) or 'none'}."


class LabError(Exception):
    """Root of every error the product raises on purpose.

    Parameters
    ----------
    detail : str
        What happened and what to do, in plain words. Empty takes the first field message.
    fields : dict of str to list of str, optional
        Messages by input name.
    """

    code: ClassVar[str] = "error"

    def __init__(self, detail: str = "", *, fields: dict[str, list[str]] | None = None) -> None:
        self.fields: dict[str, list[str]] = dict(fields or {})
        if not detail and self.fields:
            name, messages = next(iter(self.fields.items()))
            detail = f"{name}: {messages[0]}"
        self.detail = detail
        super().__init__(detail)


class InvalidInput(LabError):
    """A value was given that cannot be used."""

    code = "invalid"


class NotSignedIn(LabError):
    """Nobody is signed in, or the proof of who asks is not accepted."""

    code = "not_authenticated"


class NotAllowed(LabError):
    """The asker is known, and this is not theirs to do."""

    code = "permission_denied"


class NotFound(LabError):
    """The named object does not exist, or is not the asker's to see."""

    code = "not_found"


class Conflict(LabError):
    """The object is in a state that forbids the action."""

    code = "conflict"


class TooLarge(LabError):
    """The input is over a stated size."""

    code = "too_large"


class OverLimit(LabError):
    """More is asked for at once than a stated limit allows; asking again later changes nothing."""

    code = "over_limit"


class LimitExceeded(LabError):
    """A quota is used up."""

    code = "limit_exceeded"


class Unavailable(LabError):
    """A service that the action needs does not answer."""

    code = "unavailable"
