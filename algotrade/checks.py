"""What must hold before the lab serves anybody."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.database)
def embedded_needs_one_process(**kwargs: Any) -> list[CheckMessage]:
    """Several machines need a shared queue: PostgreSQL without Redis works, SQLite with Redis does not."""
    engine = settings.DATABASES["default"]["ENGINE"]
    if settings.REDIS_URL and engine.endswith("sqlite3"):
        return [
            Error(
                "REDIS_URL is set but the database is SQLite, which several machines cannot share.",
                hint="Set DATABASE_URL to a PostgreSQL database, or leave REDIS_URL empty.",
                id="algotrade.E001",
            )
        ]
    return []


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Error(
                "ALLOWED_HOSTS holds '*': any Host header would be accepted.",
                hint="List the names that users type, separated by commas.",
                id="algotrade.E002",
            )
        ]
    return []
