"""A pytest plug-in (`-p algotrade.tests.own_redis`): each pytest-xdist worker gets a Redis database of its own.

Workers that shared one would empty each other's cache and hear each other's rooms. It must be loaded by `-p`,
because the address has to change before Django reads its settings.
"""

import os


def for_this_worker(url: str) -> str:
    """The address, with the database that lies as many after it as this worker has before it."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker.startswith("gw"):
        return url
    server, _, number = url.rpartition("/")
    return f"{server}/{int(number) + int(worker[2:])}"


if os.environ.get("REDIS_URL"):
    os.environ["REDIS_URL"] = for_this_worker(os.environ["REDIS_URL"])
