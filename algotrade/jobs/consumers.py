"""The socket: a job's room, or all of the user's jobs. It sends what the rooms say and reads nothing."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from algotrade.jobs.events import message_for
from algotrade.jobs.models import Job

NOT_SIGNED_IN = 4401
NOT_FOUND = 4404


class JobConsumer(AsyncJsonWebsocketConsumer):
    """`/ws/jobs/` follows the user's jobs; `/ws/jobs/<id>/` one job, starting with its present state."""

    room = ""

    async def connect(self) -> None:
        user = self.scope["user"]
        if not user.is_authenticated:
            await self._refuse(NOT_SIGNED_IN)
            return
        job_id = self.scope["url_route"]["kwargs"].get("job_id")
        if job_id is None:
            self.room = f"user.{user.pk}"
            await self.channel_layer.group_add(self.room, self.channel_name)
            await self.accept()
            return
        # The room is joined before the row is read: a change in between arrives twice rather than never.
        self.room = f"job.{job_id}"
        await self.channel_layer.group_add(self.room, self.channel_name)
        job = await self._visible_job(user, job_id)
        if job is None:
            await self._refuse(NOT_FOUND)
            return
        await self.accept()
        await self.send_json(message_for(job))

    async def disconnect(self, code: int) -> None:
        if self.room:
            await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None, **kwargs: Any
    ) -> None:
        """Nothing is expected from the browser: commands go over HTTP, where each is authorised."""

    async def job_event(self, event: dict[str, Any]) -> None:
        await self.send_json(event["message"])

    async def _refuse(self, code: int) -> None:
        # Accepted first, because a browser sees the close code of an open socket only.
        await self.accept()
        await self.close(code=code)

    @database_sync_to_async
    def _visible_job(self, user: Any, job_id: Any) -> Job | None:
        jobs = Job.objects.all() if user.is_staff else Job.objects.for_user(user)
        return jobs.filter(pk=job_id).first()
