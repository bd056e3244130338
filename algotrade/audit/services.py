"""Adding to the audit log, and removing what is older than the operator keeps."""

from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Max, Min, Q

from algotrade.addresses import client_address
from algotrade.audit.actions import Action
from algotrade.audit.models import Entry, Permit
from algotrade.audit.requests import current_actor, current_door, current_request
from algotrade.logging import request_id

LONGEST_TEXT = 200
MOST_ITEMS = 50
PRUNED_AT_ONCE = 10_000


def record(
    action: Action,
    *,
    target: models.Model | None = None,
    target_name: str = "",
    actor: Any = None,
    **detail: Any,
) -> Entry:
    """Add an entry, in the caller's transaction: what is rolled back was not done and is not recorded.

    Parameters
    ----------
    action : Action
    target : Model, optional
        The row that it was done to; its kind, number and name are copied.
    target_name : str, optional
        Instead of the row's own name, or where there is no row.
    actor : User, optional
        Who did it; by default whoever is signed in on the current request, else the lab itself.
    **detail
        Few short values. Never a password, a token or a key.
    """
    who = actor if actor is not None else current_actor()
    request = current_request.get()
    return Entry.objects.create(
        action=action,
        actor_id=who.pk if who is not None else None,
        actor_name=_text(who.get_username(), 150) if who is not None else "",
        target_kind=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None and target.pk is not None else "",
        target_name=_text(target_name or (target if target is not None else "")),
        detail={name: _short(value) for name, value in detail.items()},
        via=current_door(),
        address=client_address(request) if request is not None else None,
        request_id=request_id.get()[:64],
    )


def latest_about(user: Any, count: int) -> list[Entry]:
    """What was done lately by an account or to it, newest first: its owner may know."""
    mine = Q(actor_id=user.pk) | Q(target_kind=user._meta.label_lower, target_id=str(user.pk))
    return list(Entry.objects.filter(mine)[:count])


def prune(before: datetime) -> int:
    """Remove the entries before a moment, in short transactions, and record that; return how many there were."""
    bounds = Entry.objects.filter(at__lt=before).aggregate(first=Min("pk"), last=Max("pk"))
    removed = 0
    if bounds["first"] is not None:
        for low in range(bounds["first"], bounds["last"] + 1, PRUNED_AT_ONCE):
            removed += _remove(before, low, low + PRUNED_AT_ONCE)
    record(Action.PRUNED, before=before.isoformat(), entries=removed)
    return removed


def _remove(before: datetime, low: int, high: int) -> int:
    old = Entry.objects.filter(at__lt=before, pk__gte=low, pk__lt=high)
    with transaction.atomic():
        permit = Permit.objects.create(before=before)
        count: int = old._raw_delete(old.db)
        permit.delete()
    return count


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _short(each) for name, each in list(value.items())[:MOST_ITEMS]}
    if isinstance(value, list | tuple | set):
        return [_short(each) for each in list(value)[:MOST_ITEMS]]
    return value if value is None or isinstance(value, bool | int | float) else _text(value)


def _text(value: Any, longest: int = LONGEST_TEXT) -> str:
    """Text that every database keeps."""
    return str(value).replace("\x00", "").encode("utf-8", "replace").decode()[:longest]
