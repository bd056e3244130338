"""The socket: a job's room, or all of the user's jobs. It sends what the rooms say and reads nothing."""

import asyncio
import contextlib
import logging
from typing import Any, Protocol

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
from django.db import Error

from algotrade.jobs.events import message_for
from algotrade.jobs.models import Job

logger = logging.getLogger(__name__)
CHECK_SECONDS = 20.0
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404

_open = 0


def open_sockets() -> int:
    """How many sockets of this process are in a room."""
    return _open


class Admission(Protocol):
    """How a socket was opened; whoever wraps the routes puts it into the scope, and the first answer as `user`."""

    async def current_user(self) -> Any:
        """Who this is now, anonymous when what opened the socket has ended."""


class JobConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/jobs/` follows the user's jobs; `/ws/jobs/<id>/` one job, starting with its present state."""

    room = ""
    _watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self._refuse(NOT_SIGNED_IN)
            return
        if self._job_id is None:
            self.room = f"user.{user.pk}"
            await self.channel_layer.group_add(self.room, self.channel_name)
            await self._admit()
            return
        # The room is joined before the row is read: a change in between arrives twice rather than never.
        self.room = f"job.{self._job_id}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        job = await self._visible_job(user)
        if job is None:
            await self._refuse(NOT_FOUND)
            return
        await self._admit()
        await self.send_json(message_for(job))

    async def disconnect(self, code: int) -> None:
        global _open
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
            _open -= 1
        await self._leave()

    async def _leave(self) -> None:
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)
            self.room = ""

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Nothing is expected from the browser: commands go over HTTP, where each is authorised."""

    async def job_event(self, event: dict[str, Any]) -> None:
        message = event["message"]
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self.send_json(message)
            if message["state"] in Job.TERMINAL:
                marks = {"job_id": message["id"], "request_id": message.get("request_id", "")}
                logger.info("%s told to a socket: %s", message["kind"], message["state"], extra=marks)

    async def _admit(self) -> None:
        global _open
        await self.accept()
        _open += 1
        self._watch = asyncio.create_task(self._close_when_no_longer_allowed())

    async def _close_when_no_longer_allowed(self) -> None:
        """An open socket must not outlive what opened it, nor the right to see its job."""
        code = 0
        while not code:
            await asyncio.sleep(CHECK_SECONDS)
            # A database that is away for a moment says nothing about who may listen: asked again next time.
            with contextlib.suppress(Error):
                code = await self._reason_to_close()
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self._leave()
            await self.close(code=code)

    async def _reason_to_close(self) -> int:
        admission: Admission = self.scope["admission"]
        user = await admission.current_user()
        if not user.is_authenticated:
            return NOT_SIGNED_IN
        if self._job_id is not None and await self._visible_job(user) is None:
            return NOT_FOUND
        return 0

    async def _refuse(self, code: int) -> None:
        await self._leave()
        # Accepted first, because a browser sees the close code of an open socket only.
        await self.accept()
        await self.close(code=code)

    @property
    def _job_id(self) -> Any:
        return self.scope["url_route"]["kwargs"].get("job_id")

    @database_sync_to_async
    def _visible_job(self, user: Any) -> Job | None:
        jobs = Job.objects.all() if user.is_staff else Job.objects.for_user(user)
        return jobs.filter(pk=self._job_id).first()


class NoSuchRoom(AsyncWebsocketConsumer):
    """Any other address: closed like a job that is not there, instead of an error for everyone to fill the log with."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=NOT_FOUND)
