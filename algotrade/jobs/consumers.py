"""The socket: a job's room, or all of the user's jobs. It sends what the rooms say and reads nothing."""

import asyncio
import contextlib
from importlib import import_module
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer, AsyncWebsocketConsumer
from django.conf import settings

from algotrade.jobs.events import message_for
from algotrade.jobs.models import Job

SessionStore = import_module(settings.SESSION_ENGINE).SessionStore
CHECK_SECONDS = 20.0
NOT_SIGNED_IN = 4401
NOT_FOUND = 4404


class JobConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/jobs/` follows the user's jobs; `/ws/jobs/<id>/` one job, starting with its present state."""

    room = ""
    _watch: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self._refuse(NOT_SIGNED_IN)
            return
        job_id = self.scope["url_route"]["kwargs"].get("job_id")
        if job_id is None:
            self.room = f"user.{user.pk}"
            await self.channel_layer.group_add(self.room, self.channel_name)
            await self._admit()
            return
        # The room is joined before the row is read: a change in between arrives twice rather than never.
        self.room = f"job.{job_id}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        job = await self._visible_job(user, job_id)
        if job is None:
            await self._refuse(NOT_FOUND)
            return
        await self._admit()
        await self.send_json(message_for(job))

    async def disconnect(self, code: int) -> None:
        if self._watch is not None:
            self._watch.cancel()
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
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self.send_json(event["message"])

    async def _admit(self) -> None:
        await self.accept()
        session = self.scope.get("session")
        if session is not None:
            self._watch = asyncio.create_task(self._close_when_signed_out(session.session_key))

    async def _close_when_signed_out(self, session_key: str) -> None:
        """An open socket must not outlive its log-in: log-out, deactivation and a new password close it."""
        signed_in = True
        while signed_in:
            await asyncio.sleep(CHECK_SECONDS)
            user = await get_user({"session": SessionStore(session_key)})
            signed_in = user.is_authenticated and user.is_active
        with contextlib.suppress(RuntimeError):  # the browser may have gone in the same moment
            await self._leave()
            await self.close(code=NOT_SIGNED_IN)

    async def _refuse(self, code: int) -> None:
        await self._leave()
        # Accepted first, because a browser sees the close code of an open socket only.
        await self.accept()
        await self.close(code=code)

    @database_sync_to_async
    def _visible_job(self, user: Any, job_id: Any) -> Job | None:
        jobs = Job.objects.all() if user.is_staff else Job.objects.for_user(user)
        return jobs.filter(pk=job_id).first()


class NoSuchRoom(AsyncWebsocketConsumer):
    """Any other address: closed like a job that is not there, instead of an error for everyone to fill the log with."""

    async def connect(self) -> None:
        await self.accept()
        await self.close(code=NOT_FOUND)
