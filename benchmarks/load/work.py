"""Runs that take as long as they are told to, submitted as scripts do."""

import time
import uuid
from typing import Any

from algotrade.tests.e2e.processes import Client, eventually
from benchmarks.load.house import House


def ready(house: House) -> None:
    """Sample data, a web process, a worker and beat; one run has been computed, so that nothing compiles later."""
    house.lab.run("python", "manage.py", "load_samples")
    house.start_web()
    house.start_work()
    house.lab.wait_until_ready(seconds=180)
    client = Client(house.lab)
    client.register("warmer")
    url = run(client, strategy(client, 0.1))[1]["url"]
    eventually(lambda: client.call("GET", url)[1]["status"] == "succeeded", seconds=240, what="the first run")


def strategy(client: Client, seconds: float) -> int:
    """A strategy that thinks for so long."""
    body = {
        "name": f"Slow {uuid.uuid4().hex[:8]}",
        "strategy_type": "slow",
        "symbol": "AAPL",
        "parameters": {"seconds": seconds},
    }
    status, answer = client.call("POST", "/api/strategies", body)
    assert status == 201, answer
    return int(answer["id"])


def run(client: Client, number: int) -> tuple[int, Any, float]:
    """Submit a run: the status, the answer, and how many seconds it took."""
    started = time.perf_counter()
    status, answer = client.call("POST", "/api/backtests/run", {"strategy": number})
    return status, answer, time.perf_counter() - started


def again(client: Client) -> Client:
    """Another client of the same account, for another thread."""
    other = Client(client.lab)
    other.token = client.token
    return other
