"""A ticket for a socket."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import proofs, tickets
from accounts.errors import TokenRefused


class SocketTicketSerializer(serializers.Serializer):
    """Put `ticket` into the address of one socket (`/ws/jobs/?ticket=...`), at once."""

    ticket = serializers.CharField(read_only=True)
    expires_in = serializers.IntegerField(read_only=True, help_text="Seconds.")


class SocketTicketView(APIView):
    """Scripts have no session, and a token has no place in an address."""

    any_scope = True  # a socket only reads

    @extend_schema(
        operation_id="auth_socket_ticket",
        summary="Get a ticket for a socket",
        request=None,
        responses={201: SocketTicketSerializer},
    )
    def post(self, request: Request) -> Response:
        """A ticket opens one socket within 30 seconds. The socket ends with the log-in that asked for it."""
        proof = proofs.of_request(request)
        if proof is None or proofs.user_of(proof) is None:
            raise TokenRefused(_("This log-in has ended: log in again, then ask for a ticket."))
        ticket = {"ticket": tickets.issue(proof), "expires_in": tickets.SECONDS}
        return Response(SocketTicketSerializer(ticket).data, status=status.HTTP_201_CREATED)
