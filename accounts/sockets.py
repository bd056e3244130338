"""Who may open a socket, and still may: a browser on the lab's own pages by its session, a script by a ticket.

A browser sends its cookies to whoever's page asks for a socket, so its Origin is compared with the address it called. A
script has no Origin, and brings a ticket instead of a cookie.
"""

import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.db import database_sync_to_async
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http.request import is_same_domain, validate_host

from accounts import tickets
from accounts.models import User
from accounts.proofs import Proof, of_cookie, user_of, users_of
from algotrade.reach import is_out_of_reach
from algotrade.together import Together

logger = logging.getLogger(__name__)
TRY_AGAIN_LATER = 4503
DEFAULT_PORTS = {"http": 80, "https": 443}

Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

_users: Together[Proof, User | None] = Together(users_of)


class Admission:
    """What an open socket keeps of how it was opened, to ask again."""

    def __init__(self, proof: Proof | None) -> None:
        self._proof = proof

    async def current_user(self) -> User | AnonymousUser:
        """Who this is now: nobody after a log-out, a deactivation, a new password or the end of a token."""
        user = await _users.ask(self._proof) if self._proof else None
        return user or AnonymousUser()


class SocketAdmission:
    """ASGI: refuses sockets of strange pages, and puts `user` and `admission` into the scope of the others.

    While the database or Redis is away nobody can be let in: such a socket is closed, and whoever opened it comes back.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        try:
            await self._admit(scope, receive, send)
        except Exception as error:
            if not is_out_of_reach(error):
                raise
            logger.warning("A socket was closed, to be opened again later: %s", type(error).__name__)
            with contextlib.suppress(RuntimeError):  # it may have been closed before
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})

    async def _admit(self, scope: Scope, receive: Any, send: Any) -> None:
        ticket = ticket_in(scope)
        if not is_own_page(scope, by_ticket=ticket is not None):
            await WebsocketDenier()(scope, receive, send)
            return
        proof, user = await _opened_by(scope, ticket)
        scope = scope | {"admission": Admission(proof), "user": user or AnonymousUser()}
        await self.application(scope, receive, send)


def is_own_page(scope: Scope, *, by_ticket: bool) -> bool:
    """Whether the page that opens the socket is the lab's. Only a script has no page, and it brings a ticket."""
    origin = header(scope, b"origin")
    if not origin:
        return by_ticket
    host = header(scope, b"host").lower()
    try:
        page, lab = urlsplit(origin.lower()), urlsplit(f"//{host}")
        pages_port = page.port or DEFAULT_PORTS.get(page.scheme)
        labs_port = lab.port or DEFAULT_PORTS.get(page.scheme)
    except ValueError:
        return False
    same = bool(page.hostname) and page.hostname == lab.hostname and pages_port == labs_port
    if same and page.scheme in DEFAULT_PORTS and validate_host(_name(lab.hostname), settings.ALLOWED_HOSTS):
        return True
    return any(_is_trusted(page.scheme, page.netloc, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS)


def ticket_in(scope: Scope) -> str | None:
    """The ticket in the address, "" for one that cannot be any, None when there is none."""
    given = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True).get("ticket")
    return None if given is None else given[0] if len(given) == 1 else ""


def header(scope: Scope, name: bytes) -> str:
    """A header's value, "" when it was not sent."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _name(hostname: str | None) -> str:
    return f"[{hostname}]" if hostname and ":" in hostname else hostname or ""


def _is_trusted(scheme: str, netloc: str, trusted: str) -> bool:
    """Django's rule for forms: exactly this origin, or with "*." any of its subdomains."""
    wanted = urlsplit(trusted.lower())
    return wanted.scheme == scheme and is_same_domain(netloc, wanted.netloc.removeprefix("*"))


@database_sync_to_async
def _opened_by(scope: Scope, ticket: str | None) -> tuple[Proof | None, User | None]:
    proof = _proof(scope, ticket)
    return proof, user_of(proof) if proof else None


def _proof(scope: Scope, ticket: str | None) -> Proof | None:
    if ticket is not None:
        return tickets.redeem(ticket)
    return of_cookie(header(scope, b"cookie"))
