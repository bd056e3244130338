"""What every view of market data needs: reading what was sent, and answering what was queued."""

from __future__ import annotations

from typing import Any, TypeVar

from django.urls import reverse
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from algotrade.jobs.api.serializers import accepted
from marketdata.models import BarImport

TAGS = ["market data"]
ID_PATTERN = r"[0-9]{1,18}"

Read = TypeVar("Read", bound=Serializer)


def checked(kind: type[Read], data: Any) -> Read:
    """Return a serializer that has read `data`; what it refuses is answered with 400, by field."""
    serializer = kind(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer


def accepted_import(row: BarImport) -> Response:
    """202 for a queued import, pointing to it."""
    assert row.job is not None  # queueing made it
    return accepted(row.job, made=row.pk, url=reverse("import-detail", args=[row.pk]))
