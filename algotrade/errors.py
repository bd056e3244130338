"""The errors that the whole product shares. They know no HTTP: `algotrade.api` gives each class its status.

A message names the value and the remedy. `fields` maps an input's name to its messages, so that a form, the API
and a script point at the same place.
"""

from typing import ClassVar


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


class LimitExceeded(LabError):
    """A quota is used up."""

    code = "limit_exceeded"


class Unavailable(LabError):
    """A service that the action needs does not answer."""

    code = "unavailable"
