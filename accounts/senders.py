"""Whether whoever sends a large body is somebody, by the headers that came before it."""

from django.db import close_old_connections
from rest_framework.exceptions import AuthenticationFailed

from accounts import api_tokens
from accounts.authentication import WORD, BearerAuthentication
from accounts.proofs import of_cookie, user_of


def is_known(cookie: str, authorization: str) -> bool:
    """Whether a token, or else a session, opens the lab now. What it opens is decided when the body is there."""
    if authorization.startswith(WORD):
        return _is_token(authorization.removeprefix(WORD).strip())
    proof = of_cookie(cookie)
    return proof is not None and user_of(proof) is not None


def is_known_beside_requests(cookie: str, authorization: str) -> bool:
    """The same in a thread that no request runs in: nobody else looks after its connections to the database."""
    close_old_connections()
    try:
        return is_known(cookie, authorization)
    finally:
        close_old_connections()


def _is_token(secret: str) -> bool:
    if secret.startswith(api_tokens.PREFIX):
        return api_tokens.find(secret) is not None
    bearer = BearerAuthentication()
    try:
        return bearer.get_user(bearer.get_validated_token(secret.encode())) is not None
    except AuthenticationFailed:  # InvalidToken is one of them
        return False
