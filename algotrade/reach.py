"""Telling a server that is away, which passes, from a defect of ours, which does not."""

from django.db import InterfaceError, OperationalError

DATABASE_OUT_OF_REACH = (OperationalError, InterfaceError)
"""What a database raises that restarts, is full or cannot be reached: the work was not at fault."""


def is_out_of_reach(error: BaseException) -> bool:
    """Whether the database, Redis or the network did not do its part."""
    # By name, because embedded operation never loads Redis' client.
    of_redis = any(kind.__module__ == "redis.exceptions" for kind in type(error).__mro__)
    return of_redis or isinstance(error, (*DATABASE_OUT_OF_REACH, OSError))
