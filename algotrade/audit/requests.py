"""Who is asking right now: the request of this thread or task, so that services need not hand it on."""

from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest

from algotrade.audit.models import Via

NOTES = "_audit_notes"
"""Under this name a request keeps what the admin noted about the changes that it made."""
current_request: ContextVar[HttpRequest | None] = ContextVar("audit_request", default=None)


def current_actor() -> Any | None:
    """The person who is signed in on the current request, if there is one."""
    user = getattr(current_request.get(), "user", None)
    return user if user is not None and user.is_authenticated else None


def current_door() -> str:
    """Through which door the current request came."""
    request = current_request.get()
    if request is None:
        return Via.LAB
    proof = getattr(request, "auth", None)
    if proof is not None:  # accounts lies above this app: its API tokens are known by their digest
        return Via.API_TOKEN if hasattr(proof, "digest") else Via.BEARER
    if request.path.startswith("/api/") and current_actor() is None:
        return Via.BEARER  # who logs in here asks for an access token
    return Via.ADMIN if request.path.startswith("/admin/") else Via.PAGE
