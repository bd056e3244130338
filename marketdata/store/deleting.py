"""Deleting a series: it is gone at once for everybody, and its rows go in short transactions.

What refers to the series is parted from it as if its row were deleted: snapshots, the feed and counts of trials go with
it, imports and derived series stay without it, and stored results prevent it. The row itself remains, hidden, nobody's
and without a name to be in the way of, until the last of its bars is removed (`leftovers`), by the lease of nobody that
is written here.

The series of a user who is deleted go the same way (`delete_of`).
"""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models.deletion import ProtectedError, RestrictedError
from django.utils.timezone import now

from marketdata.models import MarketData, Series, WriteLease
from marketdata.store.forgetting import forget_files
from marketdata.store.leftovers import discard_of

AT_ONCE_SECONDS = 0.2
"""How long the rows of a deleted series are removed before its deletion is answered; few are gone by then."""


def delete(series: Series) -> None:
    """Make a series vanish; an import that is writing into it fails.

    Raises
    ------
    ProtectedError, RestrictedError, IntegrityError
        Stored results were computed from it, or are being stored in this moment. Nothing was changed.
    """
    with transaction.atomic():
        current = Series.written.select_for_update(no_key=True).filter(pk=series.pk, deleted_at=None).first()
        if current is None:
            return
        files = set(current.snapshots.values_list("path", flat=True))
        files |= set(WriteLease.objects.filter(series=current).values_list("path", flat=True))
        _part(current)
        holder = f"delete-{current.pk}:0"
        lease = {"holder": holder, "until": now(), "path": ""}
        WriteLease.objects.update_or_create(series=current, defaults=lease)
        Series.written.filter(pk=current.pk).update(
            deleted_at=now(),
            user=None,
            derived_from=None,
            bar_count=0,
            first_time=None,
            last_time=None,
            content_sha256="",
        )
        forget_files(files)
        transaction.on_commit(lambda: discard_of(holder, AT_ONCE_SECONDS), robust=True)


def delete_of(user_id: int) -> None:
    """Make the series of a deleted user vanish, in the transaction in which everything else of theirs went.

    One that somebody else's results were computed from was shared once: it is shared again.
    """
    for series in Series.written.filter(user_id=user_id):
        delete_or_share(series)


def delete_or_share(series: Series) -> None:
    """Make a series vanish; one that somebody else's results were computed from is everybody's instead."""
    try:
        delete(series)
    except (ProtectedError, RestrictedError):
        Series.written.filter(pk=series.pk).update(user=None)


def refusing(series: Series) -> dict[Any, int]:
    """Return how many stored results keep a series from being deleted, by their model."""
    found = {
        relation.related_model: rows.count()
        for relation, rows in _relations(series)
        if relation.on_delete not in (models.CASCADE, models.SET_NULL)
    }
    return {model: count for model, count in found.items() if count}


def _relations(series: Series) -> list[tuple[Any, Any]]:
    """What refers to a series, each with its rows; its own bars are left out."""
    return [
        (relation, relation.related_model._base_manager.filter(**{relation.field.name: series.pk}))
        for relation in Series._meta.related_objects
        if relation.related_model not in (MarketData, WriteLease)
    ]


def _part(series: Series) -> None:
    """Do to what refers to the series what the deletion of its row would do, but leave its bars."""
    relations = _relations(series)
    # What refuses comes first: otherwise a row that goes with the series might be named as the reason.
    relations.sort(key=lambda pair: pair[0].on_delete in (models.CASCADE, models.SET_NULL))
    for relation, rows in relations:
        if relation.on_delete is models.CASCADE:
            rows.delete()
        elif relation.on_delete is models.SET_NULL:
            rows.update(**{relation.field.name: None})
        elif rows.exists():
            raise RestrictedError(f"{relation.related_model._meta.label} refers to it.", set(rows[:1]))
