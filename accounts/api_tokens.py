"""API tokens: made, found by their secret, revoked.

Sixty-four hexadecimal digits of a hash are kept, never the secret. A token dies with its expiry, with a new password,
with a deactivation and with the end of all access.
"""

import secrets
from collections.abc import Collection
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import AccountChanged, AccountInvalid, TooManyTokens
from accounts.models import ApiToken, Scope, User
from algotrade.audit.actions import Action
from algotrade.audit.services import record
from algotrade.boundary import problem_in_text

PREFIX = "lab_"
HINT_LETTERS = len(PREFIX) + 4
MOST_TOKENS = 20
LONGEST_DAYS = 3650


def make(
    user: User, *, name: str, scope: str = Scope.READ, expires_in_days: int | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which is shown now and never again."""
    name = " ".join(name.split())
    fields = _problems(name, scope, expires_in_days)
    if fields:
        raise AccountInvalid(fields=fields)
    secret = PREFIX + secrets.token_urlsafe(32)
    days = timedelta(days=expires_in_days) if expires_in_days is not None else None
    with transaction.atomic():
        # The lock on the owner's row makes counting and adding one step, and no password change comes between. One that
        # came just before has ended whatever asked for this token.
        owner = get_user_model().objects.select_for_update().filter(pk=user.pk, is_active=True).first()
        if owner is None or owner.get_session_auth_hash() != user.get_session_auth_hash():
            raise AccountChanged(_("This log-in has ended meanwhile: log in again, then make the token."))
        _require_place(owner)
        token = ApiToken(
            user=owner,
            name=name,
            digest=ApiToken.digest_of(secret),
            hint=secret[:HINT_LETTERS],
            scope=scope,
            stamp=owner.get_session_auth_hash(),
            expires_at=timezone.now() + days if days is not None else None,
        )
        _store(token)
        record(Action.TOKEN_MADE, target=token, scope=scope, expires_in_days=expires_in_days)
    return token, secret


def find(secret: str) -> ApiToken | None:
    """The live token with this secret, with its user."""
    token = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(secret)).first()
    return token if token is not None and token.is_live else None


def live_among(pks: Collection[int]) -> set[int]:
    """Those of the tokens, seen before, that still open anything."""
    return {token.pk for token in ApiToken.objects.select_related("user").filter(pk__in=pks) if token.is_live}


def revoke(token: ApiToken) -> None:
    """Make a token worthless at once."""
    with transaction.atomic():
        record(Action.TOKEN_REVOKED, target=token, owner=token.user.get_username())
        ApiToken.objects.filter(pk=token.pk).delete()


def revoke_all(user: User) -> None:
    """Make every API token of a user worthless; what ended them is recorded by whoever calls."""
    ApiToken.objects.filter(user=user).delete()


def _problems(name: str, scope: str, days: int | None) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    if not 1 <= len(name) <= 80:
        fields["name"] = [
            _("Give the token a name of at most 80 characters, such as the script that uses it.")
        ]
    elif problem := problem_in_text(name):
        fields["name"] = [problem]
    if scope not in Scope.values:
        fields["scope"] = [_("Choose one of: %(scopes)s.") % {"scopes": ", ".join(Scope.values)}]
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        fields["expires_in_days"] = [
            _("Give 1 to %(most)d days, or nothing for a token that does not expire.")
            % {"most": LONGEST_DAYS}
        ]
    return fields


def _require_place(owner: User) -> None:
    ApiToken.objects.filter(user=owner, expires_at__lte=timezone.now()).delete()
    if ApiToken.objects.filter(user=owner).count() >= MOST_TOKENS:
        raise TooManyTokens(
            _("You have %(most)d API tokens, which is the limit: revoke one you no longer use.")
            % {"most": MOST_TOKENS}
        )


def _store(token: ApiToken) -> None:
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError as error:
        said = _("You have a token called “%(name)s” already: choose another name.") % {"name": token.name}
        raise AccountInvalid(fields={"name": [said]}) from error
