"""The doors of the API: register, log in, exchange and end tokens."""

from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts import tokens
from accounts.api.serializers import (
    LoginSerializer,
    RefreshSerializer,
    RegistrationSerializer,
    TokenPairSerializer,
    UserSerializer,
)
from accounts.services import UserService


def checked(serializer: Serializer) -> dict:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class DoorView(APIView):
    """Open to all, so an expired token that a client still sends must not stand in the way."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_scope = "auth"


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class RegisterView(DoorView):
    @extend_schema(
        operation_id="auth_register",
        summary="Make an account",
        request=RegistrationSerializer,
        responses={201: UserSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an account. 403 when registration is closed here."""
        user = UserService.register(**checked(RegistrationSerializer(data=request.data)))
        return Response(UserSerializer(user).data, status=status.HTTP_201_CREATED)


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class LoginView(DoorView):
    @extend_schema(
        operation_id="auth_login",
        summary="Log in",
        request=LoginSerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Get a token pair by username or e-mail address. Five failures close the door for a quarter of an hour."""
        given = checked(LoginSerializer(data=request.data))
        return Response(TokenPairSerializer(UserService.log_in_with_tokens(request._request, **given)).data)


class RefreshView(DoorView):
    @extend_schema(
        operation_id="auth_refresh",
        summary="Get the next pair of tokens",
        request=RefreshSerializer,
        responses={200: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Exchange a refresh token for the next pair. Each works once."""
        given = checked(RefreshSerializer(data=request.data))
        return Response(TokenPairSerializer(tokens.rotate(given["refresh"])).data)


class LogoutView(DoorView):
    @extend_schema(
        operation_id="auth_logout",
        summary="Log out",
        request=RefreshSerializer,
        responses={204: OpenApiResponse(description="The token is worthless now, or was before.")},
    )
    def post(self, request: Request) -> Response:
        """Make a refresh token worthless. Saying it twice does no harm."""
        tokens.revoke(checked(RefreshSerializer(data=request.data))["refresh"])
        return Response(status=status.HTTP_204_NO_CONTENT)
