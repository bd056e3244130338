"""The life of a run through real processes: embedded on SQLite, and with the compose file's own commands on
PostgreSQL and Redis. Submitted over the API with a token, followed on a real socket, stopped without a trace.
"""

import os
import time
import uuid

import psycopg
import pytest
import yaml

from algotrade.tests.e2e.processes import ROOT, Client, Deployment, command_of, eventually
from algotrade.tests.e2e.services import new_database, redis_url
from algotrade.tests.e2e.sockets import RoomSocket

PLUGIN = "algotrade.tests.e2e.plugin"

pytestmark = [pytest.mark.slow]


def submit(client, *, strategy_type, parameters, symbol="AAPL", **run):
    made = {"name": f"Run {uuid.uuid4().hex[:8]}", "strategy_type": strategy_type, "symbol": symbol}
    status, strategy = client.call("POST", "/api/strategies", {**made, "parameters": parameters})
    assert status == 201, strategy
    status, answer = client.call("POST", "/api/backtests/run", {"strategy": strategy["id"], **run})
    assert status == 202, answer
    return answer


def ended(client, url):
    result = client.call("GET", url)[1]
    return result if result["status"] in {"succeeded", "failed", "cancelled"} else None


def check_a_run_from_submission_to_result(lab, client, cookie):
    with RoomSocket(lab.port, "/ws/jobs/", cookie=cookie) as mine:
        submitted = submit(client, strategy_type="slow", parameters={"seconds": 1.5})
        job = submitted["job"]["id"]
        heard = mine.messages_until(
            lambda said: said["id"] == job and said["state"] == "succeeded", seconds=60
        )
    said = [message for message in heard if message["id"] == job]
    states = [message["state"] for message in said]
    assert states == sorted(states, key=["queued", "running", "succeeded"].index)
    assert "running" in states
    numbers = [message["seq"] for message in said]
    assert numbers == sorted(numbers)
    steps = [message["progress"] for message in said]
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    assert len(set(steps)) >= 3, f"The bar had nothing to move by: {steps}"
    result = ended(client, submitted["url"])
    assert result["status"] == "succeeded", result["error_detail"]
    assert result["total_trades"] == 1
    assert result["total_return"] > 0
    assert len(client.call("GET", submitted["url"] + "equity")[1]["equity"]) > 1000
    assert client.call("GET", submitted["url"] + "trades")[1]["count"] == 1


def check_a_run_is_fast_when_the_lab_is_warm(client):
    parameters = {"fast_period": 20, "slow_period": 100}
    best = 99.0
    for _ in range(3):
        started = time.perf_counter()
        submitted = submit(client, strategy_type="ma_crossover", parameters=parameters)
        result = eventually(
            lambda url=submitted["url"]: ended(client, url), seconds=60, what="the run's end", every=0.02
        )
        best = min(best, time.perf_counter() - started)
        assert result["status"] == "succeeded", result["error_detail"]
    # The aim is one second; a shared machine that is busy with other tests gets some more.
    assert best < 5, f"{best:.2f} s"


def check_a_run_can_be_cancelled(client):
    submitted = submit(client, strategy_type="slow", parameters={"seconds": 120})
    eventually(
        lambda: client.call("GET", submitted["url"])[1]["status"] == "running", seconds=60, what="its start"
    )
    asked = time.monotonic()
    assert client.call("POST", submitted["url"] + "cancel")[0] == 202
    result = eventually(lambda: ended(client, submitted["url"]), seconds=30, what="the cancelled run's end")
    assert result["status"] == "cancelled"
    assert time.monotonic() - asked < 15


def check_a_stranger_hears_and_sees_nothing(lab, submitted_by):
    submitted = submit(submitted_by, strategy_type="slow", parameters={"seconds": 0.2})
    stranger = Client(lab)
    name = f"stranger{uuid.uuid4().hex[:6]}"
    stranger.register(name)
    assert stranger.call("GET", submitted["url"])[0] == 404
    room = f"/ws/jobs/{submitted['job']['id']}/"
    with (
        RoomSocket(lab.port, room, cookie=stranger.open_session(name)) as closed,
        pytest.raises(AssertionError, match="4404"),
    ):
        closed.messages_until(lambda said: True, seconds=10)
    with RoomSocket(lab.port, room, cookie="", origin="http://evil.example.org") as refused:
        assert refused.status == 403


def walk_through(lab):
    ready = lab.wait_until_ready()
    assert set(ready["checks"].values()) == {"ok"}
    client = Client(lab)
    client.register("walker")
    cookie = client.open_session("walker")
    check_a_run_from_submission_to_result(lab, client, cookie)
    check_a_run_is_fast_when_the_lab_is_warm(client)
    check_a_run_can_be_cancelled(client)
    check_a_stranger_hears_and_sees_nothing(lab, client)


def test_a_run_lives_from_submission_to_result_on_the_embedded_default(tmp_path):
    with Deployment(tmp_path, LAB_PLUGINS=PLUGIN) as lab:
        lab.run("python", "manage.py", "migrate", "--no-input", "-v", "0")
        lab.run("python", "manage.py", "load_samples")
        lab.start("web", command_of("web", lab.port))
        walk_through(lab)
        assert lab.stop() == [], "a process outlived the server"


@pytest.mark.services
def test_a_run_lives_from_submission_to_result_in_the_full_deployment(tmp_path):
    with (
        new_database() as database_url,
        Deployment(
            tmp_path,
            LAB_PLUGINS=PLUGIN,
            DATABASE_URL=database_url,
            REDIS_URL=redis_url(),
            SECRET_KEY=uuid.uuid4().hex * 2,
            HOSTNAME=os.uname().nodename,
        ) as lab,
    ):
        lab.run(*command_of("migrate", lab.port))
        for service in ("web", "worker", "beat"):
            lab.start(service, command_of(service, lab.port))
        walk_through(lab)
        check_each_health_check_answers(lab)
        assert lab.stop() == [], "a process outlived its service"
        check_beat_swept(lab, database_url)


def check_each_health_check_answers(lab):
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    lab.run(
        *[str(lab.port) if word == "8000" else word for word in services["web"]["healthcheck"]["test"][1:]]
    )
    lab.run("sh", "-c", services["worker"]["healthcheck"]["test"][1].replace("$$", "$"))


def check_beat_swept(lab, database_url):
    """Beat, which writes down what it has sent when it ends, has sent the sweeps, and nobody met an error."""
    with psycopg.connect(database_url) as connection:
        query = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'Sweep jobs'"
        assert connection.execute(query).fetchone()[0] > 0
    for service in ("web", "worker", "beat"):
        assert "Traceback" not in lab.log(service), lab.log(service)
