"""Who tells what: the registry of a web process and that of a worker, each set up once."""

from functools import cache

from algotrade import meters
from algotrade.observing.children import ChildrenCollector
from algotrade.observing.queue import QueueCollector
from algotrade.observing.sockets import SocketsCollector


@cache
def of_web() -> None:
    """Besides what is counted: the queue, the sockets, the child processes."""
    of_worker()
    meters.registry.register(QueueCollector())
    meters.registry.register(SocketsCollector())


@cache
def of_worker() -> None:
    """Besides what is counted: the child processes."""
    meters.registry.register(ChildrenCollector())
