"""A whole deployment, watched: one click can be followed through all its logs, no log holds a secret, figures of web
and worker are there, and what breaks is reported without a word about anybody.
"""

import gzip
import json
import threading
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from algotrade.observing.tests.expressions import unknown_figures
from algotrade.tests.e2e.processes import (
    PASSWORD,
    Client,
    Deployment,
    command_of,
    eventually,
    free_port,
)
from algotrade.tests.e2e.services import new_database, redis_url
from algotrade.tests.e2e.sockets import RoomSocket
from algotrade.tests.e2e.test_life_of_a_run import submit

pytestmark = [pytest.mark.slow, pytest.mark.services]

CLICK = "click-that-is-followed"
PROVIDER_KEY = "PROVIDERKEY0123456789"
METRICS_TOKEN = "a-token-of-the-operator"
NEW_PASSWORD = "another-long-test-password"


class Elsewhere:
    """A server of this machine that stands for Sentry and for a provider of bars, and keeps what it was sent."""

    def __init__(self):
        self.received = []
        kept = self.received

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                packed = self.headers.get("Content-Encoding") == "gzip"
                kept.append((gzip.decompress(body) if packed else body).decode())
                self._answer(200, b"{}")

            def do_GET(self):
                """What a careless provider says: the address it was asked under, with the key in it."""
                kept.append(self.path)
                self._answer(500, f"refused {self.path}".encode())

            def _answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised):
        self.server.shutdown()
        self.server.server_close()

    def reports(self):
        """The events among what was sent."""
        lines = [line for body in self.received for line in body.splitlines() if line.startswith("{")]
        return [entry for entry in map(json.loads, lines) if "exception" in entry or "logentry" in entry]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A full deployment that has been used in every way a secret plays a part in; its logs at their most talkative."""
    folder = tmp_path_factory.mktemp("watched")
    with (
        Elsewhere() as elsewhere,
        new_database() as database_url,
        Deployment(
            folder,
            LAB_PLUGINS="algotrade.tests.e2e.plugin,algotrade.tests.e2e.breaking",
            DATABASE_URL=database_url,
            REDIS_URL=redis_url(),
            SECRET_KEY=uuid.uuid4().hex * 2,
            METRICS_TOKEN=METRICS_TOKEN,
            WORKER_METRICS_PORT=str(free_port()),
            SENTRY_DSN=f"http://publickey@127.0.0.1:{elsewhere.port}/1",
            ALPHAVANTAGE_API_KEY=PROVIDER_KEY,
            ALPHAVANTAGE_URL=f"http://127.0.0.1:{elsewhere.port}",
            LOG_FORMAT="json",
            LOG_LEVEL="DEBUG",
        ) as lab,
    ):
        lab.run(*command_of("migrate", lab.port))
        for service in ("web", "worker", "beat"):
            lab.start(service, command_of(service, lab.port))
        lab.wait_until_ready()
        lab.elsewhere = elsewhere
        lab.secrets = {
            "key": lab.environment["SECRET_KEY"],
            "provider": PROVIDER_KEY,
            "metrics": METRICS_TOKEN,
        }
        lab.followed = use(lab)
        yield lab
        assert lab.stop() == [], "a process outlived its service"


def use(lab):
    """Log in, refresh, follow a run by a session and by a ticket, change a password; returns the job."""
    client = Client(lab)
    client.register("watched")
    lab.secrets["password"] = PASSWORD
    pair = client.call("POST", "/api/auth/login", {"username": "watched", "password": PASSWORD})[1]
    fresh = client.call("POST", "/api/auth/refresh", {"refresh": pair["refresh"]})[1]
    lab.secrets |= {
        f"{name} {number}": value for number, kept in enumerate((pair, fresh)) for name, value in kept.items()
    }
    client.call("POST", "/api/auth/login", {"username": "watched", "password": "a-wrong-password"})
    lab.secrets["wrong password"] = "a-wrong-password"
    cookie = client.open_session("watched")
    lab.secrets |= {kept.name: kept.value for kept in client.cookies}
    made = client.call("POST", "/api/auth/tokens", {"name": "A script", "scope": "run"})[1]["token"]
    lab.secrets["API token"] = made
    script = Client(lab)
    script.token = made
    assert script.call("GET", "/api/backtests")[0] == 200
    ticket = client.call("POST", "/api/auth/socket-ticket", {})[1]["ticket"]
    lab.secrets["ticket"] = ticket

    client.request_id = CLICK
    # The room of all her jobs tells no past: it is entered before the job can have ended.
    with RoomSocket(lab.port, f"/ws/jobs/?ticket={ticket}", cookie="") as by_ticket:
        job = submit(client, strategy_type="slow", parameters={"seconds": 1.0})["job"]["id"]
        with RoomSocket(lab.port, f"/ws/jobs/{job}/", cookie=cookie) as room:
            for line in (room, by_ticket):
                line.messages_until(
                    lambda said: said["id"] == job and said["state"] == "succeeded", seconds=60
                )
    client.request_id = ""
    broken = submit(client, strategy_type="breaks", parameters={})
    eventually(
        lambda: client.call("GET", broken["url"])[1]["status"] == "failed", seconds=60, what="the failure"
    )
    lab.broken = broken["job"]["id"]
    asked = {"provider": "alphavantage", "provider_symbol": "IBM", "timeframe": "1d"}
    status, fetch = client.call(
        "POST", "/api/market-data/fetches", asked | {"start": "2020-01-01", "end": "2020-02-01"}
    )
    assert status == 202, fetch
    eventually(
        lambda: any(PROVIDER_KEY in path for path in lab.elsewhere.received), seconds=60, what="the key's use"
    )
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    status, answer = client.call("POST", "/api/auth/password", body)
    assert status in {200, 204}, answer
    lab.secrets["new password"] = NEW_PASSWORD
    return job


def lines(lab, service):
    return [json.loads(line) for line in lab.log(service).splitlines() if line.startswith("{")]


def said_of(lab, service, module):
    entries = [entry for entry in lines(lab, service) if entry["job_id"] == lab.followed]
    return [entry for entry in entries if entry["module"] == module]


@pytest.mark.parametrize(
    ("service", "module"),
    [
        ("web", "algotrade.jobs.measuring"),
        ("worker", "algotrade.jobs.pool"),
        ("worker", "algotrade.jobs.runner"),
        ("web", "algotrade.jobs.consumers"),
    ],
    ids=["web-queues-it", "worker-takes-it", "child-runs-it", "socket-is-told"],
)
def test_one_click_is_followed_from_the_page_to_the_socket(watched, service, module):
    entries = said_of(watched, service, module)
    assert entries, f"{module} said nothing of the job"
    assert {entry["request_id"] for entry in entries} == {CLICK}


def test_the_child_is_a_process_of_its_own(watched):
    (taken,) = said_of(watched, "worker", "algotrade.jobs.pool")
    ran = said_of(watched, "worker", "algotrade.jobs.runner")
    assert {entry["process"] for entry in ran} != {taken["process"]}


def test_every_line_of_the_web_process_is_one_object(watched):
    for line in watched.log("web").splitlines():
        assert line.startswith("{"), line


def test_no_log_and_no_report_holds_a_secret_that_was_used(watched):
    assert len(watched.secrets) >= 11
    told = {service: watched.log(service) for service in ("web", "worker", "beat")}
    assert CLICK in told["web"]
    reports = json.dumps(watched.elsewhere.reports())
    for what, secret in watched.secrets.items():
        assert len(secret) >= 8
        for service, text in (*told.items(), ("reports", reports)):
            assert secret not in text, f"{what} stands in the log of {service}"


def read(url, token=METRICS_TOKEN):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:  # noqa: S310
        return answer.read().decode()


def test_the_figures_of_web_and_worker_are_those_of_the_dashboard(watched):
    web = read(watched.url + "/metrics")
    worker = read(f"http://127.0.0.1:{watched.environment['WORKER_METRICS_PORT']}/metrics")
    assert unknown_figures(web) == set()
    assert 'lab_jobs_submitted_total{kind="backtests.run"} 2.0' in web
    assert "lab_workers_alive 1.0" in web
    assert 'lab_jobs_ended_total{error="",kind="backtests.run",state="succeeded"} 1.0' in worker
    assert 'lab_jobs_ended_total{error="internal_error",kind="backtests.run",state="failed"} 1.0' in worker
    assert 'lab_engine_bars_total{kind="backtest"}' in worker
    assert "lab_jobs{" not in worker, "the queue is told by the web process alone"
    for text in (web, worker):
        assert "watched" not in text


def test_without_the_token_nobody_finds_figures(watched):
    for url in (watched.url, f"http://127.0.0.1:{watched.environment['WORKER_METRICS_PORT']}"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            read(url + "/metrics", token="")


def test_what_broke_in_a_job_is_reported_from_its_own_process(watched):
    reports = eventually(
        lambda: [
            one for one in watched.elsewhere.reports() if one.get("tags", {}).get("job_id") == watched.broken
        ],
        seconds=10,
        what="the report",
    )
    (value,) = reports[0]["exception"]["values"]
    assert value["type"] == "ZeroDivisionError"
    assert "request_id" in reports[0]["tags"]
    assert "words-of-a-user" not in json.dumps(reports)
