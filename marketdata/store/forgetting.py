"""Snapshot files that no row names any more."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from marketdata.models import Snapshot
from marketdata.store import snapshots


def forget_files(paths: Iterable[str]) -> None:
    """Remove those of the files that no snapshot names, once the caller's transaction has ended."""
    files = {path for path in paths if path}
    if not files:
        return
    named = set(Snapshot.objects.filter(path__in=files).values_list("path", flat=True))
    for path in sorted(files - named):
        transaction.on_commit(lambda path=path: snapshots.remove(path))
