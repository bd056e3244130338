"""Opening a socket: from which page, by what, and how it ends with what it was opened by."""

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from redis.exceptions import TimeoutError as RedisTimeout
from rest_framework.test import APIClient

from accounts import api_tokens, sockets, tickets, tokens
from accounts.models import User
from accounts.proofs import Proof, of_session, users_of
from accounts.services import UserService
from accounts.sockets import SocketAdmission
from algotrade.cache import PatientCache
from algotrade.jobs import consumers
from algotrade.jobs.consumers import NOT_SIGNED_IN
from algotrade.jobs.routing import websocket_urlpatterns

PASSWORD = "correct horse battery"
HOST = "lab.example.org:8000"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.ALLOWED_HOSTS = ["lab.example.org", "[::1]", "testserver"]


@pytest.fixture
def ada(make_user):
    return make_user("ada")


def signed_in(user):
    client = Client()
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    return client.session.session_key


def ticket_for(access):
    answer = APIClient().post(
        reverse("auth-socket-ticket"), headers={"Authorization": f"Bearer {access}"}, format="json"
    )
    assert answer.status_code == 201, answer.content
    assert answer.json()["expires_in"] == 30
    return answer.json()["ticket"]


async def opened(*, session="", ticket=None, origin="http://lab.example.org:8000", host=HOST):
    """The socket, or None when the handshake was refused."""
    headers = [(b"host", host.encode())]
    headers += [(b"origin", origin.encode("latin-1"))] if origin else []
    headers += [(b"cookie", f"sessionid={session}".encode())] if session else []
    path = "/ws/jobs/" + (f"?ticket={ticket}" if ticket is not None else "")
    socket = WebsocketCommunicator(SocketAdmission(URLRouter(websocket_urlpatterns)), path, headers)
    connected, _ = await socket.connect(timeout=10)
    return socket if connected else None


async def admitted(**how):
    """Whether a socket opens and stays open."""
    socket = await opened(**how)
    if socket is None:
        return False
    stays = await socket.receive_nothing(timeout=0.05)
    await socket.disconnect()
    return stays


@pytest.mark.parametrize(
    ("origin", "host", "enters"),
    [
        ("http://lab.example.org:8000", HOST, True),
        ("HTTP://LAB.example.org:8000", HOST, True),
        ("https://lab.example.org", "lab.example.org", True),
        ("https://lab.example.org", "lab.example.org:443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://front.example.org", HOST, True),
        ("https://a.apps.example.org", HOST, True),
        ("http://front.example.org", HOST, False),
        ("http://lab.example.org:3000", HOST, False),
        ("http://lab.example.org", HOST, False),
        ("https://evil.example.org", HOST, False),
        ("https://evil.example.org", "evil.example.org", False),
        ("https://lab.example.org.evil.org:8000", HOST, False),
        ("file://lab.example.org:8000", HOST, False),
        ("http://lab.example.org:99999999", HOST, False),
        ("http://[", HOST, False),
        ("null", HOST, False),
        ("\xff", HOST, False),
        ("", HOST, False),
    ],
)
async def test_a_session_opens_sockets_from_the_labs_own_pages_only(ada, settings, origin, host, enters):
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example.org", "https://*.apps.example.org"]
    session = await sync_to_async(signed_in)(ada)
    assert await admitted(session=session, origin=origin, host=host) == enters


@pytest.mark.parametrize("origin", ["", "http://lab.example.org:8000"])
async def test_a_ticket_opens_one_socket_without_any_page(ada, origin):
    access = (await sync_to_async(tokens.issue)(ada)).access
    ticket = await sync_to_async(ticket_for)(access)
    assert await admitted(ticket=ticket, origin=origin)
    assert not await admitted(ticket=ticket, origin=origin)


async def test_a_ticket_does_not_excuse_a_strange_page(ada):
    access = (await sync_to_async(tokens.issue)(ada)).access
    ticket = await sync_to_async(ticket_for)(access)
    assert await opened(ticket=ticket, origin="https://evil.example.org") is None
    assert await admitted(ticket=ticket, origin=""), "and a strange page does not use it up"


@pytest.mark.parametrize("ticket", ["", "x", "x" * 43, "%00", "%ff", "a" * 5000, "a&ticket=b"])
async def test_what_is_no_ticket_is_not_signed_in(db, ticket):
    socket = await opened(ticket=ticket, origin="")
    message = await socket.receive_output(timeout=2)
    assert (message["type"], message["code"]) == ("websocket.close", NOT_SIGNED_IN)


async def test_a_wrong_ticket_is_not_helped_by_a_session(ada):
    session = await sync_to_async(signed_in)(ada)
    assert not await admitted(session=session, ticket="x" * 43)


@pytest.mark.parametrize("session", ["a\x00bcdefgh", "x" * 32, "x" * 5000, "'; --"])
async def test_an_odd_cookie_is_nobody(db, session):
    assert not await admitted(session=session)


def test_a_ticket_is_worth_nothing_after_its_time(ada, monkeypatch):
    monkeypatch.setattr(tickets, "SECONDS", 1)
    proof = of_session(signed_in(ada))
    ticket = tickets.issue(proof)
    assert tickets.redeem(ticket) == proof
    late = tickets.issue(proof)
    time.sleep(1.1)
    assert tickets.redeem(late) is None


async def test_a_ticket_that_may_lie_in_a_redis_that_was_away_is_not_called_wrong(db, monkeypatch):
    monkeypatch.setattr(PatientCache, "away_until", time.monotonic() - tickets.SECONDS / 2)
    assert await opened(ticket="x" * 43, origin="") is None, "closed, to be opened again later"
    monkeypatch.setattr(PatientCache, "away_until", time.monotonic() - tickets.SECONDS * 2)
    socket = await opened(ticket="x" * 43, origin="")
    assert (await socket.receive_output(timeout=2))["code"] == NOT_SIGNED_IN


def test_of_twenty_sockets_with_one_ticket_one_is_opened(ada):
    proof = Proof(ada.pk, "log-in", "family", "mark")
    for _ in range(5):
        ticket = tickets.issue(proof)
        with ThreadPoolExecutor(20) as threads:
            redeemed = list(threads.map(lambda _, ticket=ticket: tickets.redeem(ticket), range(20)))
        assert [one for one in redeemed if one] == [proof]


def test_a_ticket_itself_is_kept_nowhere(ada, monkeypatch):
    kept = []
    monkeypatch.setattr(cache, "set", lambda *args, **options: kept.append(str(args) + str(options)))
    ticket = tickets.issue(of_session(signed_in(ada)))
    assert kept
    assert ticket not in "".join(kept)


def test_a_browser_may_have_a_ticket_too_and_nobody_has_none(ada, client_for):
    assert client_for(ada).post(reverse("auth-socket-ticket")).status_code == 201
    anonymous = APIClient().post(reverse("auth-socket-ticket"))
    assert (anonymous.status_code, anonymous.json()["code"]) == (401, "not_authenticated")


def test_an_access_token_of_an_ended_log_in_buys_no_ticket(ada):
    pair = tokens.issue(ada)
    tokens.revoke(pair.refresh)
    answer = APIClient().post(
        reverse("auth-socket-ticket"), headers={"Authorization": f"Bearer {pair.access}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_a_family_of_tokens_lives_through_exchanges_and_ends_with_its_log_out(ada):
    first, other = tokens.issue(ada), tokens.issue(ada)
    second = tokens.rotate(first.refresh)
    family, strange = (tokens._claims(pair.refresh)[tokens.FAMILY_CLAIM] for pair in (second, other))
    assert tokens.alive_families({ada.pk}) == {(ada.pk, family), (ada.pk, strange)}
    tokens.revoke(second.refresh)
    assert tokens.alive_families({ada.pk}) == {(ada.pk, strange)}
    assert not tokens.alive_families(set())


def test_many_proofs_are_checked_by_a_few_queries_and_each_by_its_own_rule(django_assert_num_queries):
    holding, ended = [], []
    for number in range(8):
        user = User.objects.create_user(f"user{number}", f"user{number}@example.com", PASSWORD)
        of_session_ = of_session(signed_in(user))
        pair = tokens.issue(user)
        family = tokens._claims(pair.refresh)[tokens.FAMILY_CLAIM]
        token, _secret = api_tokens.make(user, name="reader")
        proofs = [
            of_session_,
            replace(of_session_, kind="log-in", key=family),
            replace(of_session_, kind="api-token", key=str(token.pk)),
        ]
        if number == 0:
            Session.objects.filter(session_key=of_session_.key).delete()
            tokens.revoke(pair.refresh)
            api_tokens.revoke(token)
        (holding if number else ended).extend(proofs)
    ended += [replace(proof, mark="another") for proof in holding]
    ended += [replace(holding[0], key=holding[3].key), replace(holding[1], key=holding[4].key)]
    with django_assert_num_queries(4):
        found = users_of(holding + ended)
    assert {proof: user.pk for proof, user in found.items() if user} == {
        proof: proof.user_id for proof in holding
    }
    assert len(found) == len(set(holding + ended))


def log_out(user, opener):
    if opener == "session":
        client = Client()
        client.cookies["sessionid"] = user.session
        client.post(reverse("accounts:logout"))
    elif opener == "api token":
        api_tokens.revoke(user.token)
    else:
        APIClient().post(reverse("auth-logout"), {"refresh": user.pair.refresh}, format="json")


ENDINGS = {
    "log-out": log_out,
    "deactivation": lambda user, opener: UserService.deactivate(user),
    "new password": lambda user, opener: UserService.change_password(
        user, current_password=PASSWORD, new_password="another fine one"
    ),
    "password set by staff": lambda user, opener: (user.set_password("set in the admin"), user.save()),
    "end of all access": lambda user, opener: UserService.end_access(user),
    "deletion": lambda user, opener: User.objects.get(pk=user.pk).delete(),
}


@pytest.mark.parametrize("opener", ["session", "ticket by session", "ticket by token", "ticket by api token"])
@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_socket_does_not_outlive_its_log_in(ada, monkeypatch, opener, ending):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.05)
    ada.session = await sync_to_async(signed_in)(ada)
    ada.pair = await sync_to_async(tokens.issue)(ada)
    if opener == "session":
        socket = await opened(session=ada.session)
    elif opener == "ticket by session":
        ticket = tickets.issue(await sync_to_async(of_session)(ada.session))
        socket = await opened(ticket=ticket, origin="")
    elif opener == "ticket by token":
        socket = await opened(ticket=await sync_to_async(ticket_for)(ada.pair.access), origin="")
    else:
        ada.token, secret = await sync_to_async(api_tokens.make)(ada, name="reader", scope="read")
        socket = await opened(ticket=await sync_to_async(ticket_for)(secret), origin="")
    assert await socket.receive_nothing(timeout=0.12)
    await sync_to_async(ENDINGS[ending])(ada, opener.removeprefix("ticket by "))
    message = await socket.receive_output(timeout=2)
    assert (message["type"], message["code"]) == ("websocket.close", NOT_SIGNED_IN)
    with contextlib.suppress(asyncio.CancelledError):
        await socket.disconnect()


def test_the_check_comes_often_enough_to_close_within_thirty_seconds():
    assert consumers.CHECK_SECONDS <= 25


@pytest.mark.parametrize(
    "error",
    [OperationalError("disk I/O error"), RedisTimeout(), OSError()],
    ids=lambda error: type(error).__name__,
)
async def test_while_a_server_is_away_a_socket_is_closed_and_may_come_back(ada, monkeypatch, caplog, error):
    session = await sync_to_async(signed_in)(ada)

    def away(key):
        raise error

    monkeypatch.setattr(sockets, "of_cookie", away)
    assert await opened(session=session) is None
    assert "to be opened again later" in caplog.text
    monkeypatch.undo()
    assert await admitted(session=session)


async def test_a_defect_at_the_door_is_told(ada, monkeypatch):
    session = await sync_to_async(signed_in)(ada)

    def broken(key):
        raise ZeroDivisionError

    monkeypatch.setattr(sockets, "of_cookie", broken)
    with pytest.raises(ZeroDivisionError):
        await opened(session=session)


async def test_an_open_socket_whose_rooms_went_away_is_closed_with_a_code_of_ours(ada, monkeypatch):
    """Servers send none of the codes below 3000 but 1000, and one that is refused shows as an error of the lab."""

    async def away(self, event):
        raise OperationalError("disk I/O error")

    socket = await opened(session=await sync_to_async(signed_in)(ada))
    monkeypatch.setattr(consumers.JobConsumer, "job_event", away)
    layer = get_channel_layer()
    await layer.group_send(f"user.{ada.pk}", {"type": "job.event", "message": {}})
    closed = await socket.receive_output(timeout=10)
    assert closed["type"] == "websocket.close"
    assert 3000 <= closed["code"] <= 4999
