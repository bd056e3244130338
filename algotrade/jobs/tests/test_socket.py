"""The socket: who may listen, what a job's room says, and that it needs no reload to know the end."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from autobahn.exception import Disconnected
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError

from algotrade.jobs import consumers, events, following, services
from algotrade.jobs.consumers import NOT_FOUND, NOT_SIGNED_IN
from algotrade.jobs.events import message_for
from algotrade.jobs.following import Following
from algotrade.jobs.models import Job
from algotrade.jobs.routing import websocket_urlpatterns
from algotrade.jobs.tests import handlers

KIND = f"test.{handlers.succeed.__name__}"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@sync_to_async
def make_user(name, **fields):
    return get_user_model().objects.create_user(name, f"{name}@example.com", "long-enough-1", **fields)


@sync_to_async
def make_job(owner):
    return services.submit(kind=KIND, owner=owner, title="A run", result_url="/backtests/1/")


async def open_socket(user, path="/ws/jobs/", admission=None):
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    socket.scope["user"] = user
    socket.scope["admission"] = admission or Ending(user)
    connected, _ = await socket.connect(timeout=10)
    assert connected
    return socket


async def close_code(socket):
    message = await socket.receive_output(timeout=2)
    assert message["type"] == "websocket.close"
    return message["code"]


@pytest.fixture(autouse=True)
async def rooms(monkeypatch):
    """Deliver on the test's own loop, where the in-memory rooms live."""
    import asyncio

    monkeypatch.setattr(events, "_loop", asyncio.get_running_loop())


async def test_a_jobs_socket_starts_with_its_present_state_and_hears_its_end():
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    snapshot = await socket.receive_json_from(timeout=2)
    assert (snapshot["id"], snapshot["state"], snapshot["progress"]) == (str(job.pk), "queued", 0.0)
    await sync_to_async(job.claim)("w:1")
    await sync_to_async(job.succeed)(lambda: None, {})
    states = [(await socket.receive_json_from(timeout=2))["state"] for _ in range(2)]
    assert states == ["running", "succeeded"]
    await socket.disconnect()


async def test_the_users_socket_hears_all_of_their_jobs_and_nobody_elses():
    owner, other = await make_user("owner"), await make_user("other")
    mine, theirs = await open_socket(owner), await open_socket(other)
    job = await make_job(owner)
    heard = await mine.receive_json_from(timeout=2)
    assert heard["id"] == str(job.pk)
    assert heard["result_url"] == "/backtests/1/"
    assert await theirs.receive_nothing(timeout=0.2)
    await mine.disconnect()
    await theirs.disconnect()


async def test_staff_hear_the_jobs_of_all_and_only_while_they_are_staff(monkeypatch):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.05)
    owner, staff = await make_user("owner"), await make_user("boss", is_staff=True)
    refused = await open_socket(owner, "/ws/jobs/all/")
    assert await close_code(refused) == NOT_FOUND
    socket = await open_socket(staff, "/ws/jobs/all/")
    job = await make_job(owner)
    assert (await socket.receive_json_from(timeout=2))["id"] == str(job.pk)
    assert await refused.receive_nothing(timeout=0.1)
    staff.is_staff = False
    assert await close_code(socket) == NOT_FOUND
    await sync_to_async(job.claim)("w:1")
    assert await socket.receive_nothing(timeout=0.2)


async def test_a_socket_of_all_jobs_tells_what_its_room_did_not(monkeypatch):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    owner, staff = await make_user("owner"), await make_user("boss", is_staff=True)
    socket = await open_socket(staff, "/ws/jobs/all/")
    monkeypatch.setattr(events, "publish", lambda job: None)
    job = await make_job(owner)
    assert (await socket.receive_json_from(timeout=2))["id"] == str(job.pk)
    await socket.disconnect()


@pytest.mark.parametrize(
    "path", ["/ws/jobs/", "/ws/jobs/all/", "/ws/jobs/6f1c1f6e-0000-4000-8000-000000000000/"]
)
async def test_an_anonymous_socket_is_closed(path):
    socket = await open_socket(AnonymousUser(), path)
    assert await close_code(socket) == NOT_SIGNED_IN


async def test_a_stranger_cannot_tell_a_foreign_job_from_none():
    owner, stranger = await make_user("owner"), await make_user("stranger")
    job = await make_job(owner)
    for identity in (job.pk, uuid.uuid4()):
        socket = await open_socket(stranger, f"/ws/jobs/{identity}/")
        assert await close_code(socket) == NOT_FOUND


async def test_a_refused_socket_hears_nothing_of_the_room():
    owner, stranger = await make_user("owner"), await make_user("stranger")
    job = await make_job(owner)
    socket = await open_socket(stranger, f"/ws/jobs/{job.pk}/")
    await close_code(socket)
    await sync_to_async(job.claim)("w:1")
    assert await socket.receive_nothing(timeout=0.2)


async def test_staff_may_watch_any_job():
    owner, staff = await make_user("owner"), await make_user("boss", is_staff=True)
    job = await make_job(owner)
    socket = await open_socket(staff, f"/ws/jobs/{job.pk}/")
    assert (await socket.receive_json_from(timeout=2))["id"] == str(job.pk)
    await socket.disconnect()


class Ending:
    """An admission that a test changes while its socket is open."""

    def __init__(self, user):
        self.user = user

    async def current_user(self):
        if isinstance(self.user, Exception):
            raise self.user
        return self.user


async def test_a_socket_closes_when_what_opened_it_has_ended(monkeypatch):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.05)
    owner = await make_user("owner")
    admission = Ending(owner)
    socket = await open_socket(owner, admission=admission)
    assert await socket.receive_nothing(timeout=0.2)
    admission.user = AnonymousUser()
    assert await close_code(socket) == NOT_SIGNED_IN


async def test_who_is_no_longer_staff_is_shown_out_of_the_rooms_of_others(monkeypatch):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.05)
    owner, staff = await make_user("owner"), await make_user("boss", is_staff=True)
    job = await make_job(owner)
    socket = await open_socket(staff, f"/ws/jobs/{job.pk}/")
    assert (await socket.receive_json_from(timeout=2))["id"] == str(job.pk)
    staff.is_staff = False
    assert await close_code(socket) == NOT_FOUND
    await sync_to_async(job.claim)("w:1")
    assert await socket.receive_nothing(timeout=0.2)


async def test_a_database_that_is_away_for_a_moment_closes_no_socket_and_ends_no_watch(monkeypatch):
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.05)
    owner = await make_user("owner")
    admission = Ending(owner)
    socket = await open_socket(owner, admission=admission)
    for trouble in (OperationalError("gone"), InterfaceError("closed")):
        admission.user = trouble
        assert await socket.receive_nothing(timeout=0.15)
    admission.user = AnonymousUser()
    assert await close_code(socket) == NOT_SIGNED_IN


async def emptied(room):
    """What an emptied Redis does to a room: nobody is in it any more."""
    layer = get_channel_layer()
    if hasattr(layer, "groups"):
        layer.groups.pop(room, None)
    else:
        await layer.connection(0).delete(layer._group_key(room))


async def states_told(socket, job):
    """What is told of this job, and of no other, up to its end: a look may also fall between two of its changes."""
    told = []
    while not told or told[-1] not in Job.TERMINAL:
        message = await socket.receive_json_from(timeout=3)
        assert message["id"] == str(job.pk)
        told.append(message["state"])
    return told


@pytest.mark.parametrize("room", ["job", "user"])
async def test_a_room_that_was_emptied_is_joined_again_and_what_was_missed_is_told(monkeypatch, room):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.2)
    owner = await make_user("owner")
    job, other = await make_job(owner), await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/" if room == "job" else "/ws/jobs/")
    if room == "job":
        assert (await socket.receive_json_from(timeout=2))["state"] == "queued"
    assert await socket.receive_nothing(timeout=0.5), "nothing changed, and nothing is told"
    await emptied(f"job.{job.pk}")
    await emptied(f"user.{owner.pk}")
    await sync_to_async(job.claim)("w:1")
    await sync_to_async(job.succeed)(lambda: None, {})
    assert await states_told(socket, job) in (["succeeded"], ["running", "succeeded"])
    assert await socket.receive_nothing(timeout=0.5), "once is enough"
    if room == "user":
        await sync_to_async(other.claim)("w:1")
        assert (await socket.receive_json_from(timeout=2))["state"] == "running"
    await socket.disconnect()


async def test_a_job_that_came_and_went_while_the_room_was_empty_is_told(monkeypatch):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.2)
    owner = await make_user("owner")
    ended = await make_job(owner)
    await sync_to_async(ended.claim)("w:1")
    await sync_to_async(ended.succeed)(lambda: None, {})
    socket = await open_socket(owner)
    await emptied(f"user.{owner.pk}")
    job = await make_job(owner)
    await sync_to_async(job.claim)("w:1")
    await sync_to_async(job.succeed)(lambda: None, {})
    states = await states_told(socket, job)  # and not what ended before
    assert states == sorted(set(states), key=["queued", "running", "succeeded"].index)
    assert await socket.receive_nothing(timeout=0.5), "once is enough"
    await socket.disconnect()


async def test_what_is_older_than_what_was_told_is_not_told():
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    first = await socket.receive_json_from(timeout=2)
    group = f"job.{job.pk}"
    for seq in (first["seq"] + 2, first["seq"] + 1, first["seq"] + 3):
        message = {"type": "job.event", "message": first | {"seq": seq}}
        await get_channel_layer().group_send(group, message)
    heard = [(await socket.receive_json_from(timeout=2))["seq"] for _ in range(2)]
    assert heard == [first["seq"] + 2, first["seq"] + 3]
    await socket.disconnect()


async def test_news_for_a_browser_that_goes_in_the_same_moment_are_no_error_of_ours():
    async def gone(message):
        raise Disconnected("Attempt to send on a closed protocol")

    consumer = consumers.JobConsumer()
    consumer.base_send, consumer.following, consumer.room = gone, Following(), "job.1"
    await consumer.job_event({"message": {"id": "1", "seq": 1, "state": "running", "cancelling": False}})


async def test_what_comes_twice_is_told_once_and_a_cancel_that_was_asked_for_is_news():
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    first = await socket.receive_json_from(timeout=2)
    for cancelling in (False, True, True, False):
        news = {"type": "job.event", "message": first | {"cancelling": cancelling}}
        await get_channel_layer().group_send(f"job.{job.pk}", news)
    assert (await socket.receive_json_from(timeout=2))["cancelling"]
    assert await socket.receive_nothing(timeout=0.3)
    await socket.disconnect()


async def test_what_was_on_its_way_to_a_socket_that_was_refused_is_not_told():
    owner, stranger = await make_user("owner"), await make_user("stranger")
    job = await make_job(owner)
    told = []

    async def tell(message):
        told.append(message)

    consumer = consumers.JobConsumer()
    consumer.scope = {"user": stranger, "url_route": {"kwargs": {"job_id": job.pk}}}
    consumer.channel_layer, consumer.channel_name = get_channel_layer(), "specific.one!x"
    consumer.base_send = tell
    await consumer.connect()
    await consumer.job_event({"message": await sync_to_async(message_for)(job)})
    assert [message["type"] for message in told] == ["websocket.accept", "websocket.close"]


async def test_what_a_browser_sends_is_ignored():
    owner = await make_user("owner")
    socket = await open_socket(owner)
    await socket.send_to(text_data="{not json")
    await make_job(owner)
    assert (await socket.receive_json_from(timeout=2))["state"] == "queued"
    assert await Job.objects.acount() == 1
    await socket.disconnect()


@pytest.mark.parametrize("path", ["/ws/nothing/", "/ws/jobs/abc/", "/"])
async def test_an_unknown_address_is_closed_and_no_error_of_ours(path):
    socket = await open_socket(AnonymousUser(), path)
    assert await close_code(socket) == NOT_FOUND


async def test_a_rooms_server_that_never_answers_holds_no_socket_for_ever(monkeypatch):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(consumers, "LONGEST_CARE_SECONDS", 0.6)
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    assert (await socket.receive_json_from(timeout=2))["state"] == "queued"
    layer = get_channel_layer()
    answering, calls = layer.group_add, []

    async def first_never(room, channel):
        calls.append(room)
        if len(calls) == 1:
            await asyncio.sleep(60)
        await answering(room, channel)

    monkeypatch.setattr(layer, "group_add", first_never)
    while not calls:
        await asyncio.sleep(0.05)
    await emptied(f"job.{job.pk}")
    await sync_to_async(job.claim)("w:1")
    assert (await socket.receive_json_from(timeout=3))["state"] == "running"
    await socket.disconnect()


async def test_while_the_rooms_server_hangs_a_socket_still_tells_what_the_rows_say(monkeypatch):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(consumers, "LONGEST_JOIN_SECONDS", 0.3)
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    assert (await socket.receive_json_from(timeout=2))["state"] == "queued"

    async def never(room, channel):
        await asyncio.sleep(60)

    monkeypatch.setattr(get_channel_layer(), "group_add", never)
    await emptied(f"job.{job.pk}")
    await sync_to_async(job.claim)("w:1")
    assert (await socket.receive_json_from(timeout=3))["state"] == "running"
    await socket.disconnect()


@pytest.mark.parametrize("room", ["job", "user"])
async def test_an_end_is_told_once_however_long_the_socket_stays(monkeypatch, room):
    monkeypatch.setattr(consumers, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(following, "OVERLAP", timedelta(0))
    owner = await make_user("owner")
    job = await make_job(owner)
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/" if room == "job" else "/ws/jobs/")
    if room == "job":
        assert (await socket.receive_json_from(timeout=3))["state"] == "queued"
    await sync_to_async(job.claim)("w:1")
    await sync_to_async(job.succeed)(lambda: None, {})
    assert (await states_told(socket, job))[-1] == "succeeded"
    assert await socket.receive_nothing(timeout=1.5)
    await socket.disconnect()


async def test_a_socket_whose_rooms_fail_is_looked_after_no_more(monkeypatch):
    owner = await make_user("owner")
    job = await make_job(owner)
    layer, fails = get_channel_layer(), asyncio.Event()

    async def failing(channel):
        await fails.wait()
        raise ConnectionError("Redis is gone")

    monkeypatch.setattr(layer, "receive", failing)
    before = asyncio.all_tasks()
    socket = await open_socket(owner, f"/ws/jobs/{job.pk}/")
    assert (await socket.receive_json_from(timeout=3))["state"] == "queued"
    caring = [task for task in asyncio.all_tasks() - before if "_take_care" in repr(task.get_coro())]
    assert len(caring) == 1
    fails.set()
    with pytest.raises(ConnectionError):
        await socket.wait()
    await asyncio.wait(caring, timeout=3)
    assert caring[0].done()
