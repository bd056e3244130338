"""How the API reads a request: a name it does not know is refused, because ignoring it would do something else."""

import difflib
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

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
        return {name[:LONGEST_NAME]: [_no_such_field(name[:LONGEST_NAME], known)] for name in names}


def _no_such_field(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return _("There is no such field. Did you mean %(name)s?") % {"name": close[0]}
    return _("There is no such field. There are: %(names)s.") % {"names": ", ".join(known)}
