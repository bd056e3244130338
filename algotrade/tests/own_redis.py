"""A pytest plug-in (`-p algotrade.tests.own_redis`): each pytest-xdist worker gets a Redis database of its own.

Workers that shared one would empty each other's cache and hear each other's rooms. It must be loaded by `-p`,
because the address has to change before Django reads its settings.

Each worker goes two further. The settings of the tests begin at an odd number and the labs that tests start
(`e2e.services`) at an even one, so that neither comes upon a database of the other.
"""

import os

LAST_DATABASE = 15
"""Of the sixteen that Redis has unless it is told otherwise."""


def for_this_worker(url: str) -> str:
    """The address, with the database that lies twice as many after it as this worker has before it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker.startswith("gw"):
        return url
    server, _, number = url.rpartition("/")
    own = int(number) + 2 * int(worker[2:])
    if own > LAST_DATABASE:
        raise RuntimeError(
            f"Test worker {worker} would take Redis database {own}, and the last one is {LAST_DATABASE}: "
            f"begin before {number}, or run fewer workers."
        )
    return f"{server}/{own}"


if os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = for_this_worker(os.environ["REDIS_URL"])
