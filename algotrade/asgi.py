"""The ASGI entry: HTTP to Django, sockets to Channels, and in embedded operation the job pool beside them."""

import asyncio
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "algotrade.settings")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import get_resolver

from accounts.senders import is_known_beside_requests
from accounts.sockets import SocketAdmission
from algotrade import bodies, leaving
from algotrade.jobs import embedded, worker
from algotrade.jobs.routing import websocket_urlpatterns
from algotrade.observing.sockets import CountedSockets

bodies.install(is_known_beside_requests)
get_resolver().reverse_dict  # noqa: B018  loads every page's code now, so that no first visitor waits for it
protocols = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": CountedSockets(SocketAdmission(URLRouter(websocket_urlpatterns))),
    }
)


_is_known = False


def _know(loop: asyncio.AbstractEventLoop) -> None:
    """Daphne tells no start-up, so the first call is where the server's loop becomes known."""
    global _is_known
    if not _is_known:
        _is_known = True
        embedded.ensure_started()
        leaving.leave_after(loop, worker.stop)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    _know(asyncio.get_running_loop())
    await protocols(scope, receive, send)
