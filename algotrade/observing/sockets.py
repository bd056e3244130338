"""Counting sockets where they enter, whatever serves them."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from algotrade import meters

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
OF_JOBS = "/ws/jobs/"
ROOMS = {OF_JOBS: "user", f"{OF_JOBS}all/": "all"}
KNOWN_CODES = {"1000", "1001", "1005", "1006", "1011", "1012", "4401", "4404", "4503"}
_open: Counter[str] = Counter(user=0, all=0, job=0, other=0)


class CountedSockets:
    """Wraps the application of sockets: how many are open, what they were sent, and with which code they ended."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        room = room_of(scope.get("path", ""))
        admitted, code = False, "1006"

        async def counted_receive() -> Any:
            nonlocal code
            event = await receive()
            if event["type"] == "websocket.disconnect":
                code = str(event.get("code") or 1005)
            return event

        async def counted_send(event: dict[str, Any]) -> None:
            nonlocal admitted, code
            await send(event)
            if event["type"] == "websocket.send":
                meters.socket_messages.add(room)
            elif event["type"] == "websocket.accept" and not admitted:
                admitted = True
                _open[room] += 1
            elif event["type"] == "websocket.close":
                code = str(event.get("code") or 1000)

        try:
            await self.application(scope, counted_receive, counted_send)
        finally:
            if admitted:
                _open[room] -= 1
                meters.socket_closes.add(room, code if code in KNOWN_CODES else "other")


class SocketsCollector(Collector):
    """How many sockets are open now."""

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("lab_sockets_open", "Sockets that are open.", labels=["room"])
        for room, count in _open.items():
            family.add_metric([room], count)
        yield family


def room_of(path: str) -> str:
    """Which sort of room an address names."""
    return ROOMS.get(path) or ("job" if path.startswith(OF_JOBS) else "other")
