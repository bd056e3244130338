"""How the API reads a request: a name it does not know is refused, because ignoring it would do something else."""

from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework import serializers

from algotrade.boundary import MAX_INTEGER
from algotrade.errors import nearest, shown

MOST_NAMED = 10
LONGEST_NAME = 60


class KnownFieldsMixin:
    """Before a serializer class: `stop_los` is an error with the nearest name, not a run without a stop.

    Read-only names pass and are left out, so that what was read can be sent back.
    """

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**unknown, **error.detail}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        known = list(self.fields)  # type: ignore[attr-defined]
        names = [str(name) for name in data if name not in known][:MOST_NAMED]
        return {name[:LONGEST_NAME]: [f"There is no such field. {nearest(name, known)}"] for name in names}


class IdField(serializers.IntegerField):
    """The id of a row: a whole number that a database can hold."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": MAX_INTEGER, **options})


class ChoiceField(serializers.ChoiceField):
    """One of several names. Another one is refused with the nearest, and shown no longer than a line."""

    def fail(self, key: str, **values: Any) -> NoReturn:
        if key == "invalid_choice":
            said = f"{shown(values['input'])} is not a valid choice. {nearest(values['input'], self.choices)}"
            raise serializers.ValidationError(said, code=key)
        super().fail(key, **values)
