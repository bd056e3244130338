"""Bearer tokens for scripts."""

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from accounts import api_tokens, tokens
from accounts.errors import ApiTokenRefused, TokenScopeExceeded
from accounts.models import ApiToken, User

WORD = "Bearer "


class BearerAuthentication(JWTAuthentication):
    """JSON Web Tokens; a token dies with its log-in, a password change, a deactivation or an end of access."""

    def get_user(self, validated_token: Token) -> User:
        user = super().get_user(validated_token)
        if not tokens.is_current(validated_token, user) or not tokens.is_alive(validated_token, user):
            raise AuthenticationFailed(_("This token was revoked: log in again."), code="token_revoked")
        return user


class BearerScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names these tokens."""

    target_class = "accounts.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access` value of `POST /api/auth/login/`.",
        }


class ApiTokenAuthentication(BaseAuthentication):
    """Long-lived tokens that users make for their scripts; `request.auth` is the token's row.

    What a token may do is decided here, before any view runs: a view with `account_only` takes unsafe methods from none
    of them and one with `never_by_token` nothing at all; one with `any_scope` takes them also from those that only
    read, because it changes nothing.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header.startswith(WORD + api_tokens.PREFIX):
            return None
        token = api_tokens.find(header.removeprefix(WORD))
        if token is None:
            raise ApiTokenRefused(
                _("This API token is unknown, expired or revoked: make another on the account page.")
            )
        _require_scope(token, request)
        token.note_use()
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _require_scope(token: ApiToken, request: Request) -> None:
    view = (request.parser_context or {}).get("view")
    safe = request.method in SAFE_METHODS
    if getattr(view, "never_by_token", False) or (not safe and getattr(view, "account_only", False)):
        raise TokenScopeExceeded(
            _(
                "No API token can change the account itself or take all of it along: log in and use the access token."
            )
        )
    if not safe and token.is_read_only and not getattr(view, "any_scope", False):
        raise TokenScopeExceeded(_("This API token only reads: make one with the scope “run”."))


class ApiTokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document names API tokens."""

    target_class = "accounts.authentication.ApiTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lab_...",
            "description": "An API token of the account page. With the scope `read` it takes GET, HEAD and OPTIONS; "
            "with `run` everything but changes of the account itself.",
        }
