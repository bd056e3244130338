"""What filters of the API share."""

from datetime import UTC, datetime
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django_filters.fields import IsoDateTimeField

from algotrade.boundary import MAX_INTEGER

LONGEST_TEXT = 120


class TextFilter(django_filters.CharFilter):
    """Text that is looked for; longer one is refused, as no name is as long and SQLite fails on patterns of 50,000."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=LONGEST_TEXT, **kwargs)


class IdFilter(django_filters.NumberFilter):
    """The number of a row; one that no row can have is refused, as no database takes numbers of any length."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=1, max_value=MAX_INTEGER, decimal_places=0, **kwargs)


class MomentField(IsoDateTimeField):
    """A moment in UTC: PostgreSQL takes no offset of more than 16 hours, and the first days of year 1 have no UTC."""

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class MomentFilter(django_filters.IsoDateTimeFilter):
    """A moment, compared in UTC whatever its offset."""

    field_class = MomentField
