"""The cache of full operation: Redis, and while Redis does not answer, the memory of this process.

What is cached counts requests and keeps tickets for seconds. None of it may cost a request its answer: a Redis that is
away is asked again after some seconds, and meanwhile each process counts for itself. Values travel as JSON, since what
is unpickled from a store could be anything.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

logger = logging.getLogger(__name__)
ANSWER_SECONDS = 0.3
AWAY_SECONDS = 5.0
MOST_ENTRIES = 10_000


class JsonSerializer:
    """Whole numbers as they are, so that Redis can count with them; all else as JSON."""

    def dumps(self, value: Any) -> bytes | int:
        return value if type(value) is int else json.dumps(value).encode()

    def loads(self, data: bytes) -> Any:
        return json.loads(data)


def _else_from_memory(name: str) -> Callable[..., Any]:
    """The operation on Redis; and on memory when Redis does not answer, and for some seconds after that."""

    def operation(self: "PatientCache", *args: Any, **options: Any) -> Any:
        from redis.exceptions import RedisError  # embedded operation has no use for it

        if time.monotonic() >= PatientCache.away_until:
            try:
                return getattr(super(PatientCache, self), name)(*args, **options)
            except (RedisError, OSError) as error:
                PatientCache.away_until = time.monotonic() + AWAY_SECONDS
                logger.warning("Redis does not answer (%s): caching in memory.", type(error).__name__)
        return getattr(self.memory, name)(*args, **options)

    operation.__name__ = name
    return operation


class PatientCache(RedisCache):
    """Redis that may go away."""

    away_until: ClassVar[float] = -math.inf

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options = {
            "socket_connect_timeout": ANSWER_SECONDS,
            "socket_timeout": ANSWER_SECONDS,
            "retry": Retry(NoBackoff(), 1),  # a connection that has gone stale is made anew, without waiting
            "serializer": JsonSerializer,
        }
        super().__init__(server, params | {"OPTIONS": options | params.get("OPTIONS", {})})
        self.memory = LocMemCache("while-redis-is-away", {"OPTIONS": {"MAX_ENTRIES": MOST_ENTRIES}})

    add = _else_from_memory("add")
    get = _else_from_memory("get")
    set = _else_from_memory("set")
    touch = _else_from_memory("touch")
    delete = _else_from_memory("delete")
    has_key = _else_from_memory("has_key")
    incr = _else_from_memory("incr")
    get_many = _else_from_memory("get_many")
    set_many = _else_from_memory("set_many")
    delete_many = _else_from_memory("delete_many")
    clear = _else_from_memory("clear")


def was_away(*, within: float) -> bool:
    """Whether Redis did not answer at some time of the last `within` seconds, so that memory served instead."""
    return time.monotonic() < PatientCache.away_until + within
