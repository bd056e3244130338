"""What Django tells of by signals: log-ins and log-outs, roles given through groups, notes of the admin."""

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_save
from django.http import HttpRequest

from algotrade.audit.actions import Action
from algotrade.audit.requests import NOTES, current_actor, current_request
from algotrade.audit.services import record

GIVEN = {"post_add": "added", "post_remove": "removed", "post_clear": "cleared"}
MOST_NOTES = 20


def logged_in(sender: Any, user: Any, **kwargs: Any) -> None:
    record(Action.LOGGED_IN, actor=user, target=user)


def logged_out(sender: Any, user: Any, **kwargs: Any) -> None:
    if user is not None:
        record(Action.LOGGED_OUT, actor=user, target=user)


def login_failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """Only names that exist are kept: what matches no account may be a password in the wrong field."""
    account = get_user_model().objects.named(str(credentials.get("username") or ""))
    locked = getattr(request, "axes_locked_out", False)
    failed = Action.LOGIN_FAILED if current_actor() is None else Action.PASSWORD_REFUSED
    record(
        Action.LOCKED_OUT if locked else failed,
        target=account,
        target_name="" if account is not None else "(no such account)",
    )


def roles_given(
    sender: Any, instance: Any, action: str, pk_set: set[int] | None = None, reverse: bool = False, **kw: Any
) -> None:
    """Groups of a user, and permissions of a user or a group."""
    if action in GIVEN:
        what = sender._meta.object_name.split("_")[-1]
        record(Action.ROLE_CHANGED, target=instance, **{f"{what}_{GIVEN[action]}": sorted(pk_set or ())})


def noted(sender: Any, instance: Any, created: bool, **kwargs: Any) -> None:
    """The admin's own words about a change, for the entry of the request that made it."""
    request = current_request.get()
    if request is not None and created:
        notes = request.__dict__.setdefault(NOTES, [])
        if len(notes) < MOST_NOTES:
            notes.append(f"{instance.object_repr}: {instance.get_change_message()}")


def connect() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(logged_in, dispatch_uid="audit.logged_in")
    user_logged_out.connect(logged_out, dispatch_uid="audit.logged_out")
    user_login_failed.connect(login_failed, dispatch_uid="audit.login_failed")
    user, group = get_user_model(), apps.get_model("auth.Group")
    for through in (user.groups.through, user.user_permissions.through, group.permissions.through):
        m2m_changed.connect(roles_given, sender=through, dispatch_uid=f"audit.{through.__name__}")
    post_save.connect(noted, sender=apps.get_model("admin.LogEntry"), dispatch_uid="audit.noted")
