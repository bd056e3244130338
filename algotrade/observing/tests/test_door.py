"""Who may read the figures, on a web process and on a worker."""

import urllib.error
import urllib.request

import pytest
from django.http.request import HttpHeaders

from algotrade.observing import door

TOKEN = "a-token-of-the-operator"
pytestmark = pytest.mark.django_db


def ask(client, **how):
    return client.get("/metrics", **how)


def test_this_machine_may_read(client):
    answer = ask(client)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in answer["Cache-Control"]
    for name in (
        b"lab_jobs{",
        b"lab_http_requests_total",
        b"process_resident_memory_bytes",
        b"lab_sockets_open{",
    ):
        assert name in answer.content


@pytest.mark.parametrize("peer", ["192.0.2.7", "10.0.0.1", "unix", ""])
def test_without_a_token_nobody_else_finds_anything(client, peer):
    answer = ask(client, REMOTE_ADDR=peer)
    assert answer.status_code == 404
    assert b"lab_" not in answer.content


@pytest.mark.parametrize("header", door.NAMES_A_PROXY)
def test_a_proxy_on_this_machine_opens_the_door_to_nobody(client, header):
    assert ask(client, headers={header: "192.0.2.7"}).status_code == 404


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 404),
        ("Bearer ", 404),
        (f"Basic {TOKEN}", 404),
        ("Bearer ünïcode", 404),
        (None, 404),
    ],
    ids=["right", "longer", "empty", "another-scheme", "not-ascii", "none"],
)
@pytest.mark.parametrize("peer", ["192.0.2.7", "127.0.0.1"])
def test_with_a_token_whoever_shows_it_reads_from_anywhere(client, settings, peer, shown, status):
    settings.METRICS_TOKEN = TOKEN
    headers = {"Authorization": shown} if shown else {}
    assert ask(client, REMOTE_ADDR=peer, headers=headers).status_code == status


def test_prometheus_need_not_know_the_names_of_the_lab_nor_https(client, settings):
    settings.METRICS_TOKEN, settings.SECURE_SSL_REDIRECT = TOKEN, True
    answer = ask(client, headers={"Authorization": f"Bearer {TOKEN}", "Host": "web:8000"})
    assert answer.status_code == 200


def test_only_reading_is_allowed(client):
    assert client.post("/metrics").status_code == 405


@pytest.fixture
def worker_door(settings):
    settings.WORKER_METRICS_PORT, settings.WORKER_METRICS_ADDRESS = 0, "127.0.0.1"
    assert door.open_worker_door() is None
    server = door._Server(("127.0.0.1", 0), door._Handler)
    port = server.server_address[1]
    server.server_close()
    settings.WORKER_METRICS_PORT = port
    server = door.open_worker_door()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    server.server_close()


def read(address, **headers):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        asked = urllib.request.Request(address, headers=headers)  # noqa: S310
        with opener.open(asked, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_worker_serves_its_own_figures_to_this_machine(worker_door):
    status, body = read(worker_door + "/metrics")
    assert status == 200
    assert b"lab_jobs_started_total" in body
    assert b"lab_child_resident_bytes" in body
    assert read(worker_door + "/")[0] == 404


def test_a_worker_asks_for_the_token_too(worker_door, settings):
    settings.METRICS_TOKEN = TOKEN
    assert read(worker_door + "/metrics")[0] == 404
    assert read(worker_door + "/metrics", Authorization=f"Bearer {TOKEN}")[0] == 200


def test_a_port_that_is_taken_costs_the_figures_and_not_the_worker(worker_door, caplog):
    assert door.open_worker_door() is None
    assert "No metrics on port" in caplog.text


def test_a_peer_of_the_new_internet_is_this_machine_too():
    assert door.admitted("::1", HttpHeaders({}))
