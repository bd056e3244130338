"""How somebody proved who they are, as a small value that can be kept and asked again later.

A socket lives for hours. What opened it (a session, or the log-in of a script) may end meanwhile, so the socket keeps a
`Proof` and asks every few seconds whether it still holds.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare
from rest_framework.request import Request
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts import api_tokens, tokens
from accounts.models import ApiToken, User

Kind = Literal["session", "log-in", "api-token"]


@dataclass(frozen=True, slots=True)
class Proof:
    """Whose, by what (a session's key, the family of tokens of one log-in, an API token's row), and the account's mark.

    The mark is the value that a session holds: a new password and an end of access change it.
    """

    user_id: int
    kind: Kind
    key: str
    mark: str


def of_session(key: str) -> Proof | None:
    """The proof that a browser's session is, None when it is nobody's or has ended."""
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user_id, mark = session.get(SESSION_KEY), session.get(HASH_SESSION_KEY)
    return Proof(int(user_id), "session", key, mark) if user_id and mark else None


def of_request(request: Request) -> Proof | None:
    """What this request was signed in by."""
    if isinstance(request.auth, Token):
        family = str(request.auth.get(tokens.FAMILY_CLAIM, ""))
        user_id = int(request.auth[api_settings.USER_ID_CLAIM])
        return Proof(user_id, "log-in", family, request.user.get_session_auth_hash())
    if isinstance(request.auth, ApiToken):
        return Proof(request.user.pk, "api-token", str(request.auth.pk), request.user.get_session_auth_hash())
    key = request._request.session.session_key
    return of_session(key) if key else None


def user_of(proof: Proof) -> User | None:
    """Whose proof this is, None when it holds no longer."""
    user = User.objects.filter(pk=proof.user_id, is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), proof.mark):
        return None
    if proof.kind == "session":
        return user if of_session(proof.key) == proof else None
    if proof.kind == "api-token":
        return user if api_tokens.is_live(int(proof.key)) else None
    return user if tokens.is_alive(user, proof.key) else None
