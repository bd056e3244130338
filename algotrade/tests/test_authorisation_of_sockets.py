"""Who may open which socket, read off the table of sockets: every address and kind of visitor, by session and ticket.

A new address must be named in `ROOMS`, or the first test fails.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.test import Client

from accounts import tickets
from accounts.proofs import of_session
from accounts.services import UserService
from accounts.sockets import SocketAdmission
from algotrade.jobs.consumers import NOT_FOUND, NOT_SIGNED_IN
from algotrade.jobs.routing import websocket_urlpatterns
from algotrade.tests.belongings import one_of_everything
from algotrade.tests.routes import MARK

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

OPEN = 0
NOBODY = {"anonymous": NOT_SIGNED_IN, "deactivated": NOT_SIGNED_IN}
# What each visitor gets: the close code, or that the socket stays open.
ROOMS = {
    "ws/jobs/": NOBODY | {"owner": OPEN, "other": OPEN, "staff": OPEN},
    "ws/jobs/all/": NOBODY | {"owner": NOT_FOUND, "other": NOT_FOUND, "staff": OPEN},
    "ws/jobs/<uuid:job_id>/": NOBODY | {"owner": OPEN, "other": NOT_FOUND, "staff": OPEN},
    "": dict.fromkeys(("anonymous", "owner", "other", "staff", "deactivated"), NOT_FOUND),
}
SEES_THE_OWNERS_JOB = {("ws/jobs/<uuid:job_id>/", "owner"), ("ws/jobs/<uuid:job_id>/", "staff")}
CASES = [(pattern, who, by) for pattern in ROOMS for who in ROOMS[pattern] for by in ("session", "ticket")]


def test_every_socket_is_named_in_the_table_and_the_table_holds_no_other():
    assert [str(route.pattern) for route in websocket_urlpatterns] == list(ROOMS)


@pytest.fixture
def visitors(make_user: Any, media_root: Path) -> dict[str, Any]:
    """Everybody who may knock, as the key of their session, and the owner's job."""
    people = {
        "owner": make_user("ada"),
        "other": make_user("grace"),
        "staff": make_user("boss", is_staff=True),
        "deactivated": make_user("gone"),
    }
    keys = {"anonymous": ""}
    for who, person in people.items():
        client = Client()
        client.force_login(person, backend="accounts.backends.EmailOrUsernameBackend")
        keys[who] = client.session.session_key
    proofs = {who: of_session(key) for who, key in keys.items() if key}
    UserService.deactivate(people["deactivated"])
    job = one_of_everything(people["owner"], media_root)["job"]
    return {"keys": keys, "proofs": proofs, "job": job}


@pytest.mark.parametrize(("pattern", "who", "by"), CASES, ids=lambda value: value or "elsewhere")
async def test_each_visitor_gets_what_the_table_says(visitors, pattern, who, by):
    path = (
        "/" + pattern.replace("<uuid:job_id>", str(visitors["job"].pk)) + ("" if pattern else "ws/elsewhere/")
    )
    headers = [(b"host", b"testserver")]
    if by == "ticket":
        proof = visitors["proofs"].get(who)
        path += f"?ticket={await sync_to_async(tickets.issue)(proof) if proof else 'x' * 43}"
    else:
        headers += [
            (b"origin", b"http://testserver"),
            (b"cookie", f"sessionid={visitors['keys'][who]}".encode()),
        ]
    socket = WebsocketCommunicator(SocketAdmission(URLRouter(websocket_urlpatterns)), path, headers)
    connected, _ = await socket.connect(timeout=10)
    assert connected, "a browser sees the reason of an open socket only"
    heard, code = "", OPEN
    while not await socket.receive_nothing(timeout=0.05):
        message = await socket.receive_output(timeout=5)
        heard += json.dumps(message)
        if message["type"] == "websocket.close":
            code = message["code"]
            break
    assert code == ROOMS[pattern][who]
    assert (MARK in heard) == ((pattern, who) in SEES_THE_OWNERS_JOB)
    if code == OPEN:
        await socket.disconnect()
