"""Bearer tokens for scripts."""

from rest_framework_simplejwt.authentication import JWTAuthentication


class BearerAuthentication(JWTAuthentication):
    """JSON Web Tokens; a token dies with a password change or a deactivation."""
