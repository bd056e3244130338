"""The API of API tokens. They are made and revoked with an access token or a session, never with one of themselves."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import api_tokens
from accounts.api.account import AccountView
from accounts.api.serializers import ApiTokenSerializer, MadeApiTokenSerializer, NewApiTokenSerializer
from accounts.api.views import checked
from accounts.models import ApiToken
from accounts.models.api_token import ApiTokenQuerySet


class TokenListView(AccountView, ListAPIView):
    serializer_class = ApiTokenSerializer
    ordering_fields = list(ApiTokenQuerySet.sortable)

    def get_queryset(self) -> ApiTokenQuerySet:
        return ApiToken.objects.for_user(self.request.user)

    @extend_schema(operation_id="auth_token_list", summary="Your API tokens")
    def get(self, request: Request) -> Response:
        """Your API tokens, without their secrets."""
        return self.list(request)

    @extend_schema(
        operation_id="auth_token_create",
        summary="Make an API token",
        request=NewApiTokenSerializer,
        responses={201: MadeApiTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a token. The answer alone shows `token`; the lab keeps only its hash."""
        made, secret = api_tokens.make(request.user, **checked(NewApiTokenSerializer(data=request.data)))
        body = {**ApiTokenSerializer(made).data, "token": secret}
        return Response(body, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class TokenView(AccountView):
    @extend_schema(operation_id="auth_token", summary="One API token", responses={200: ApiTokenSerializer})
    def get(self, request: Request, pk: int) -> Response:
        """One of your API tokens, without its secret."""
        return Response(ApiTokenSerializer(self._own(request, pk)).data)

    @extend_schema(
        operation_id="auth_token_revoke",
        summary="Revoke an API token",
        responses={204: OpenApiResponse(description="Worthless from now on.")},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Make a token worthless at once."""
        api_tokens.revoke(self._own(request, pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @staticmethod
    def _own(request: Request, pk: int) -> ApiToken:
        return get_object_or_404(ApiToken.objects.for_user(request.user).select_related("user"), pk=pk)
