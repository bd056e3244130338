"""The API of one's own account. What changes it takes no API token, and what changes its access wants the password."""

from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import closing
from accounts.api.serializers import PasswordSerializer, ProfileSerializer, ProofSerializer, UserSerializer
from accounts.api.views import checked
from accounts.services import UserService
from algotrade.throttling import ScopedThrottle, UserThrottle


class AccountView(APIView):
    """API tokens may look, never change: a stolen one must not become an account."""

    account_only = True


@method_decorator(sensitive_post_parameters("current_password"), name="dispatch")
class MeView(AccountView):
    def get_throttles(self) -> list:
        """Each look at a password counts as a log-in does."""
        self.throttle_scope = "auth" if self.request.method == "DELETE" else None
        return [UserThrottle(), ScopedThrottle()]

    @extend_schema(operation_id="auth_me", summary="Who you are", responses={200: UserSerializer})
    def get(self, request: Request) -> Response:
        """Who you are."""
        return Response(UserSerializer(request.user).data)

    @extend_schema(
        operation_id="auth_me_update",
        summary="Change your profile",
        request=ProfileSerializer,
        responses={200: UserSerializer},
    )
    def patch(self, request: Request) -> Response:
        """Change your name or e-mail address."""
        given = checked(ProfileSerializer(data=request.data))
        return Response(UserSerializer(UserService.update_profile(request.user, **given)).data)

    @extend_schema(
        operation_id="auth_me_delete",
        summary="Delete your account",
        request=ProofSerializer,
        responses={204: OpenApiResponse(description="The account is closed; its data is being removed.")},
    )
    def delete(self, request: Request) -> Response:
        """Delete your account with everything in it. 409 for the only superuser."""
        closing.close_own(request.user, checked(ProofSerializer(data=request.data))["current_password"])
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(sensitive_post_parameters("current_password", "new_password"), name="dispatch")
class PasswordView(AccountView):
    throttle_scope = "auth"

    @extend_schema(
        operation_id="auth_password",
        summary="Change your password",
        request=PasswordSerializer,
        responses={
            204: OpenApiResponse(description="Changed. All sessions and tokens have ended: log in again.")
        },
    )
    def post(self, request: Request) -> Response:
        """Change your password. Every session and every token ends, the one of this request too."""
        UserService.change_password(request.user, **checked(PasswordSerializer(data=request.data)))
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndAccessView(AccountView):
    @extend_schema(
        operation_id="auth_end_access",
        summary="End all sessions and tokens",
        request=None,
        responses={204: OpenApiResponse(description="Ended, the one of this request too: log in again.")},
    )
    def post(self, request: Request) -> Response:
        """End every session and every token of yours."""
        UserService.end_access(request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
