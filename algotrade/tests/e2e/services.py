"""The real PostgreSQL and Redis that tests may use: found on this machine's loopback, missing in CI is a failure."""

import contextlib
import os
import socket
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from algotrade.tests.own_redis import for_this_worker

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/8"


def _absent(what: str) -> None:
    words = f"{what} is not reachable; start it, or name it by LAB_TEST_POSTGRES_URL / LAB_TEST_REDIS_URL."
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def redis_url() -> str:
    """A Redis database of the tests' own, and of this pytest-xdist worker alone.

    Two labs on one would share their queue, and their rooms: users of both have the same numbers.
    """
    url = for_this_worker(os.environ.get("LAB_TEST_REDIS_URL", REDIS))
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port or 6379), timeout=2).close()
    except OSError:
        _absent("Redis")
    return url


@contextlib.contextmanager
def new_database() -> Iterator[str]:
    """The address of an empty PostgreSQL database that lives as long as the `with` block."""
    url = os.environ.get("LAB_TEST_POSTGRES_URL", POSTGRES)
    name = f"lab_test_{uuid.uuid4().hex[:12]}"
    try:
        server = psycopg.connect(url, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        _absent("PostgreSQL")
    with server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield url.rsplit("/", 1)[0] + f"/{name}"
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
