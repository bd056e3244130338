"""Is it alive, and can it do its work?"""

import asyncio
import uuid
from collections.abc import Callable

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from algotrade.jobs.models import Worker

TIMEOUT_SECONDS = 2.0


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker, rooms and workers, each by using it; 503 when one of them fails."""
    checks = {"database": _database, "broker": _broker, "rooms": _rooms, "workers": _workers}
    report = {name: _outcome(check) for name, check in checks.items()}
    healthy = all(outcome == "ok" for outcome in report.values())
    body = {"status": "ok" if healthy else "unavailable", "checks": report}
    return JsonResponse(body, status=200 if healthy else 503)


def _outcome(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:
        # The kind of failure helps an operator; its text could carry addresses or passwords.
        return type(error).__name__ if not isinstance(error, NoWorkers) else str(error)
    return "ok"


class NoWorkers(Exception):
    """No pool has reported within its time."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()


def _broker() -> None:
    if settings.EMBEDDED:
        return
    import redis

    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    finally:
        client.close()


def _rooms() -> None:
    async def round_trip() -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel("health")
        await layer.send(channel, {"type": "health", "id": uuid.uuid4().hex})
        await layer.receive(channel)

    async_to_sync(asyncio.wait_for)(round_trip(), TIMEOUT_SECONDS)


def _workers() -> None:
    if not Worker.objects.alive().exists():
        raise NoWorkers("no worker has reported in the last 20 seconds")
