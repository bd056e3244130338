"""Bearer tokens for scripts."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import Token

from accounts import tokens
from accounts.models import User


class BearerAuthentication(JWTAuthentication):
    """JSON Web Tokens; a token dies with a password change, a deactivation or an end of access."""

    def get_user(self, validated_token: Token) -> User:
        user = super().get_user(validated_token)
        if not tokens.is_current(validated_token, user):
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
