"""The socket: one job, all of the user's, or for staff everybody's. It sends what the rooms say and reads nothing."""

import asyncio
import contextlib
import logging
import random
import time
from typing import Any, Protocol

from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer

from algotrade.jobs.events import ROOM_OF_ALL, message_for
from algotrade.jobs.following import Following
from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)
CHECK_SECONDS = 20.0
LOOK_SECONDS = 5.0
LONGEST_CARE_SECONDS = 15.0
LONGEST_JOIN_SECONDS = 3.0
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404


class Admission(Protocol):
    """How a socket was opened; whoever wraps the routes puts it into the scope, and the first answer as `user`."""

    async def current_user(self) -> Any:
        """Who this is now, anonymous when what opened the socket has ended."""


class JobConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/jobs/` follows the user's jobs, `/ws/jobs/all/` everybody's, `/ws/jobs/<id>/` one from how it stands on."""

    room = ""
    following: Following
    _care: asyncio.Task[None] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Rooms whose server fails end the socket without a word to `disconnect`.
            self._stop_caring()

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self._refuse(NOT_SIGNED_IN)
            return
        asked = self.scope["url_route"]["kwargs"]
        job_id, of_all = asked.get("job_id"), asked.get("of_all", False)
        if of_all and not user.is_staff:
            await self._refuse(NOT_FOUND)
            return
        self.following = Following(job_id, of_all=of_all)
        # The room is joined before the row is read: a change in between arrives twice rather than never.
        self.room = f"job.{job_id}" if job_id else ROOM_OF_ALL if of_all else f"user.{user.pk}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        job = await self.following.begin(user)
        if job_id and job is None:
            await self._refuse(NOT_FOUND)
            return
        await self.accept()
        self._care = asyncio.create_task(self._take_care())
        if job is not None:
            await self._tell(message_for(job))

    async def disconnect(self, code: int) -> None:
        self._stop_caring()
        await self._leave()

    def _stop_caring(self) -> None:
        if self._care is not None:
            self._care.cancel()
            self._care = None

    async def _leave(self) -> None:
        if self.room:
            room, self.room = self.room, ""
            await self.channel_layer.group_discard(room, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Nothing is expected from the browser: commands go over HTTP, where each is authorised."""

    async def dispatch(self, message: dict[str, Any]) -> None:
        """News go straight on. Channels would go through a thread first, to close old connections, for each of them."""
        if message["type"] == "job.event":
            await self.job_event(message)
        else:
            await super().dispatch(message)

    async def job_event(self, event: dict[str, Any]) -> None:
        # What was on its way when the room was left is for nobody.
        if self.room and self.following.is_new(event["message"]):
            await self._tell(event["message"])

    async def _tell(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self.send_json(message)
            if message["state"] in Job.TERMINAL:
                marks = {"job_id": message["id"], "request_id": message.get("request_id", "")}
                logger.info("%s told to a socket: %s", message["kind"], message["state"], extra=marks)

    async def _take_care(self) -> None:
        """While the socket is open: is it still allowed, is it still in its room, and was it told everything?"""
        code, checked_at = 0, time.monotonic()
        pause = min(LOOK_SECONDS, CHECK_SECONDS)
        await asyncio.sleep(pause * random.random())  # sockets that opened together do not ask together
        while not code:
            await asyncio.sleep(pause * random.uniform(0.9, 1.1))
            try:
                async with asyncio.timeout(LONGEST_CARE_SECONDS):
                    if time.monotonic() - checked_at >= CHECK_SECONDS - LOOK_SECONDS / 2:
                        checked_at = time.monotonic()
                        code = await self._reason_to_close()
                    if not code:
                        await self._catch_up()
            # A database or a Redis that is away for a moment says nothing of who may listen: asked again next time.
            except Exception as error:
                logger.warning("An open socket could not be looked after: %s", type(error).__name__)
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self._leave()
            await self.close(code=code)

    async def _reason_to_close(self) -> int:
        """The code to close with: an open socket must not outlive what opened it, nor the right to see its job."""
        admission: Admission = self.scope["admission"]
        self.scope["user"] = user = await admission.current_user()
        if not user.is_authenticated:
            return NOT_SIGNED_IN
        return 0 if await self.following.may_see(user) else NOT_FOUND

    async def _catch_up(self) -> None:
        """Join the room again and tell what was missed meanwhile."""
        if self.room:
            await self._join_again()
        for job in await self.following.missed(self.scope["user"]):
            await self._tell(message_for(job))

    async def _join_again(self) -> None:
        """An emptied Redis has forgotten who is in the room; one that hangs must not keep back what the rows say."""
        try:
            async with asyncio.timeout(LONGEST_JOIN_SECONDS):
                await self.channel_layer.group_add(self.room, self.channel_name)
        except Exception as error:
            logger.warning("An open socket could not join its room again: %s", type(error).__name__)

    async def _refuse(self, code: int) -> None:
        await self._leave()
        # Accepted first, because a browser sees the close code of an open socket only.
        await self.accept()
        await self.close(code=code)


class NoSuchRoom(AsyncWebsocketConsumer):
    """Any other address: closed like a job that is not there, instead of an error for everyone to fill the log with."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=NOT_FOUND)
