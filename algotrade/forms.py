"""What the forms and addresses of every app share: refusals beside their fields, percents, and numbers in text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms

from algotrade.errors import LabError, NotFound

REFUSED = 422
"""The status of a page whose form was refused."""
HUNDRED = Decimal(100)


class PercentField(forms.DecimalField):
    """A percentage, cleaned into a fraction."""

    unit = "%"

    def clean(self, value: Any) -> float | None:
        percent = super().clean(value)
        return None if percent is None else float(percent / HUNDRED)


def percent_text(fraction: float | None) -> str | None:
    """A fraction as the percentage a person would type."""
    return None if fraction is None else plain_text(Decimal(str(fraction)) * HUNDRED)


def plain_text(number: Decimal) -> str:
    """A decimal without exponent and without trailing zeros, as a person would type it."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@contextmanager
def refusals_on(form: forms.BaseForm, field_of: Callable[[str], str] = str) -> Iterator[None]:
    """Put what is refused inside the block beside the fields it names, so that what was typed stays.

    `field_of` gives the form's name of a field for the service's. What names no field of this form stands above all of
    them. A missing object is no matter of the form: it passes through.
    """
    try:
        yield
    except NotFound:
        raise
    except LabError as error:
        for name, messages in error.fields.items():
            field = field_of(name)
            if field in form.fields:
                form.add_error(field, messages)
            else:
                form.add_error(None, [f"{name}: {message}" for message in messages])
        if not error.fields:
            form.add_error(None, error.detail)


def number_in(text: str | None, *, digits: int = 18) -> int | None:
    """Return the whole number that the text of a query or a form is, or None; a row's key has 18 digits at most."""
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > digits:
        return None
    return int(text)
