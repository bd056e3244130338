"""What the forms of series share: the choices of a select."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from marketdata.models import Series
from marketdata.timeframes import TIMEFRAMES, calendar_groups


def timeframe_choices() -> list[tuple[str, str]]:
    """Return the timeframes as a select offers them."""
    return [(item.name, _(item.label)) for item in TIMEFRAMES.values()]


def calendar_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the calendars as a select offers them, under the headings of their groups."""
    return [
        (_(group), [(item.name, _(item.label)) for item in calendars])
        for group, calendars in calendar_groups().items()
    ]


class SeriesChoice(forms.ModelChoiceField):
    """One of the series that hold bars; a form gives it those of its user."""

    def label_from_instance(self, series: Series) -> str:
        period = f"{series.first_time:%Y-%m-%d} – {series.last_time:%Y-%m-%d}"
        return f"{series.label} · {period} · {series.source}"
