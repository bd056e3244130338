"""A pytest plug-in (`-p algotrade.tests.own_redis`): each pytest-xdist worker gets a Redis database of its own.

Workers that shared one would empty each other's cache and hear each other's rooms. It must be loaded by `-p`,
because the address has to change before Django reads its settings.
"""

import os

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker.startswith("gw") and os.environ.get("REDIS_URL"):
    server, _, number = os.environ["REDIS_URL"].rpartition("/")
    os.environ["REDIS_URL"] = f"{server}/{int(number) + 1 + int(worker[2:])}"
