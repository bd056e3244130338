"""Refresh tokens: issued, exchanged exactly once, revoked.

A refresh token counts only while its row exists, and using it writes a row that can be written once. The database
therefore decides which of several simultaneous exchanges wins, and the user's row is locked meanwhile, so that no
exchange passes a password change or a deactivation. A used one that comes back later ends the log-in it is of. The rows
hold the tokens' identities, never the tokens.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from accounts.errors import TokenRefused
from accounts.models import User
from algotrade.audit.actions import Action
from algotrade.audit.services import record

VERSION_CLAIM = "version"
FAMILY_CLAIM = "family"
TRIED_AGAIN_WITHIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A short-lived token for requests, and one to exchange for the next pair."""

    access: str
    refresh: str


def issue(user: User, family: str = "") -> TokenPair:
    """A new pair for somebody who has just proved who they are, or the next one of a family: of one log-in."""
    token = RefreshToken()
    token[FAMILY_CLAIM] = family or uuid4().hex
    token[api_settings.JTI_CLAIM] = f"{token[FAMILY_CLAIM]}.{uuid4().hex}"
    token[api_settings.USER_ID_CLAIM] = str(user.pk)
    token[api_settings.REVOKE_TOKEN_CLAIM] = get_md5_hash_password(user.password)
    token[VERSION_CLAIM] = user.access_version
    OutstandingToken.objects.filter(user=user, expires_at__lt=timezone.now()).delete()
    OutstandingToken.objects.create(
        user=user,
        jti=token[api_settings.JTI_CLAIM],
        token="",
        created_at=token.current_time,
        expires_at=datetime_from_epoch(token["exp"]),
    )
    return TokenPair(access=str(token.access_token), refresh=str(token))


def rotate(raw: str) -> TokenPair:
    """Exchange a refresh token for a new pair. Of several exchanges of one token exactly one succeeds."""
    claims = _claims(raw)
    if claims is None:
        raise TokenRefused(_("This refresh token is not valid or has expired: log in again."))
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=claims[api_settings.USER_ID_CLAIM]).first()
        if user is None or not user.is_active or not is_current(claims, user):
            raise TokenRefused(_("This refresh token no longer counts: log in again."))
        if _use_up(claims[api_settings.JTI_CLAIM]):
            return issue(user, str(claims.get(FAMILY_CLAIM, "")))
    _end_if_stolen(claims)
    raise TokenRefused(_("This refresh token was used or revoked before: log in again."))


def revoke(raw: str) -> bool:
    """End the log-in that a refresh token is of, also by one that was exchanged: whoever has the next one is shut out.

    False when it was not one of ours, or its log-in had ended already.
    """
    claims = _claims(raw)
    if claims is None:
        return False
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=claims[api_settings.USER_ID_CLAIM]).first()
        if user is None or not _end_log_in(user, claims):
            return False
        record(Action.LOGGED_OUT, actor=user, target=user)
    return True


def revoke_all(user: User) -> None:
    """Make every refresh token of a user worthless."""
    OutstandingToken.objects.filter(user=user).delete()


def alive_families(user_ids: Collection[int]) -> set[tuple[int, str]]:
    """The log-ins of these users (user, family) that still have a refresh token: neither ended nor forgotten."""
    unused = _unused().filter(user__in=user_ids)
    return {(user_id, jti.partition(".")[0]) for user_id, jti in unused.values_list("user_id", "jti")}


def is_alive(claims: Token | dict[str, Any], user: User) -> bool:
    """Whether the log-in that a token is of has not ended: an access token dies with it."""
    return _unused().filter(user=user, jti__startswith=f"{claims.get(FAMILY_CLAIM, '')}.").exists()


def is_current(claims: Token | dict[str, Any], user: User) -> bool:
    """Whether a token was issued since the user's last password change and end of access."""
    return claims.get(VERSION_CLAIM) == user.access_version and claims.get(
        api_settings.REVOKE_TOKEN_CLAIM
    ) == get_md5_hash_password(user.password)


def _unused() -> QuerySet[OutstandingToken]:
    return OutstandingToken.objects.filter(blacklistedtoken=None, expires_at__gt=timezone.now())


def _end_if_stolen(claims: dict[str, Any]) -> None:
    """End a log-in of which a token comes back that was exchanged: two have it, and nobody knows which is the thief.

    Not at once: an exchange whose answer was lost is tried again.
    """
    before = timezone.now() - TRIED_AGAIN_WITHIN
    used = BlacklistedToken.objects.filter(
        token__jti=claims[api_settings.JTI_CLAIM], blacklisted_at__lt=before
    )
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=claims[api_settings.USER_ID_CLAIM]).first()
        if user is not None and used.exists() and _end_log_in(user, claims):
            record(Action.REFRESH_REUSED, actor=user, target=user)


def _end_log_in(user: User, claims: dict[str, Any]) -> bool:
    """Forget all tokens of a log-in; False when it had ended. The caller holds the user's row: no exchange adds one."""
    if not is_alive(claims, user):
        return False
    OutstandingToken.objects.filter(user=user, jti__startswith=f"{claims[FAMILY_CLAIM]}.").delete()
    return True


def _claims(raw: str) -> dict[str, Any] | None:
    """What a refresh token with our signature says, unless it has expired."""
    try:
        payload = RefreshToken().token_backend.decode(raw.encode(), verify=True)
    except (TokenBackendError, TokenError, ValueError):
        return None
    wanted = {api_settings.USER_ID_CLAIM, api_settings.JTI_CLAIM, "exp"}
    is_refresh = payload.get(api_settings.TOKEN_TYPE_CLAIM) == RefreshToken.token_type
    return payload if is_refresh and wanted <= payload.keys() else None


def _use_up(jti: str) -> bool:
    """Write the row that says "used". False when it is there already, or the token's own row is gone."""
    token = OutstandingToken.objects.filter(jti=jti).first()
    if token is None:
        return False
    try:
        with transaction.atomic():
            BlacklistedToken.objects.create(token=token)
    except IntegrityError:
        return False
    return True
