"""How somebody proved who they are, as a small value that can be kept and asked again later.

A socket lives for hours. What opened it (a session, or the log-in of a script) may end meanwhile, so the socket keeps a
`Proof` and asks every few seconds whether it still holds.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework.request import Request
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token

from accounts import api_tokens, tokens
from accounts.models import ApiToken, User

WELL_FORMED_KEY = re.compile(r"[a-z0-9]{8,64}")

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


def of_cookie(header: str) -> Proof | None:
    """The proof that the session in a Cookie header is, None without one."""
    key = parse_cookie(header).get(settings.SESSION_COOKIE_NAME, "")
    return of_session(key) if WELL_FORMED_KEY.fullmatch(key) else None


def of_session(key: str) -> Proof | None:
    """The proof that a browser's session is, None when it is nobody's or has ended."""
    return _proof_in(key, SessionStore(key).load())


def _proof_in(key: str, said: Mapping[str, Any]) -> Proof | None:
    user_id, mark = said.get(SESSION_KEY), said.get(HASH_SESSION_KEY)
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
    return users_of([proof])[proof]


def users_of(proofs: Sequence[Proof]) -> dict[Proof, User | None]:
    """Whose each proof is, None for one that holds no longer: one query for all users, and one for each kind."""
    users = User.objects.filter(is_active=True).in_bulk({proof.user_id for proof in proofs})
    found: dict[Proof, User | None] = dict.fromkeys(proofs)
    for kind, holding in HOLDING.items():
        of_kind = [proof for proof in proofs if proof.kind == kind and _has_kept_its_mark(proof, users)]
        if of_kind:
            found |= {proof: users[proof.user_id] for proof in holding(of_kind)}
    return found


def _has_kept_its_mark(proof: Proof, users: dict[int, User]) -> bool:
    user = users.get(proof.user_id)
    return user is not None and constant_time_compare(user.get_session_auth_hash(), proof.mark)


def _sessions(proofs: Sequence[Proof]) -> set[Proof]:
    """Those whose session is still there and says the same."""
    there = Session.objects.filter(
        session_key__in={proof.key for proof in proofs}, expire_date__gt=timezone.now()
    )
    said = {session.session_key: session.get_decoded() for session in there}
    return {proof for proof in proofs if _proof_in(proof.key, said.get(proof.key, {})) == proof}


def _log_ins(proofs: Sequence[Proof]) -> set[Proof]:
    alive = tokens.alive_families({proof.user_id for proof in proofs})
    return {proof for proof in proofs if (proof.user_id, proof.key) in alive}


def _api_tokens(proofs: Sequence[Proof]) -> set[Proof]:
    live = api_tokens.live_among({int(proof.key) for proof in proofs})
    return {proof for proof in proofs if int(proof.key) in live}


HOLDING: dict[Kind, Callable[[Sequence[Proof]], set[Proof]]] = {
    "session": _sessions,
    "log-in": _log_ins,
    "api-token": _api_tokens,
}
