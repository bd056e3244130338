"""One look for many sockets: what they ask of the database within a moment is asked together.

Each socket looks every few seconds. One by one, the looks of some hundred sockets would fill the thread that asks, and
each would open a connection of its own.
"""

import asyncio
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from channels.db import database_sync_to_async
from django.db.models import Q

from algotrade.jobs.models import Job

WINDOW_SECONDS = 0.25
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class OneJob:
    """How does this job stand?"""

    job_id: str

    def rows(self, found: dict[str, Job]) -> list[Job]:
        return [found[self.job_id]] if self.job_id in found else []


@dataclass(frozen=True, slots=True)
class JobsOf:
    """How do an owner's jobs stand that wait or run, are among those named, or have ended since?"""

    owner_id: int
    named: tuple[str, ...]
    since: datetime

    def rows(self) -> list[Job]:
        asked = Q(state__in=Job.ACTIVE) | Q(pk__in=self.named) | Q(finished_at__gte=self.since)
        return list(Job.objects.filter(asked, owner_id=self.owner_id).order_by("created_at")[:MOST_ROWS])


Question = OneJob | JobsOf


class Lookout:
    """Collects the questions of a moment and asks them all on one connection."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Question, asyncio.Future[list[Job]]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> list[Job]:
        """The rows, a moment later."""
        answer: asyncio.Future[list[Job]] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._answer())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await answer

    async def _answer(self) -> None:
        await asyncio.sleep(WINDOW_SECONDS)
        waiting, self._waiting = self._waiting, []
        try:
            rows = await database_sync_to_async(rows_for)([question for question, _answer in waiting])
        except Exception as error:
            for _question, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for question, answer in waiting:
            if not answer.done():  # the socket may have gone meanwhile
                answer.set_result(rows[question])


def rows_for(questions: Iterable[Question]) -> dict[Question, list[Job]]:
    """The rows for each question: one query for all single jobs together, and one for each different owner's list."""
    asked = set(questions)
    found = {
        str(pk): job
        for pk, job in Job.objects.in_bulk([one.job_id for one in asked if isinstance(one, OneJob)]).items()
    }
    return {one: one.rows(found) if isinstance(one, OneJob) else one.rows() for one in asked}


_lookouts: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Lookout]" = weakref.WeakKeyDictionary()


async def look(question: Question) -> list[Job]:
    """Ask together with everybody else on this loop."""
    loop = asyncio.get_running_loop()
    return await _lookouts.setdefault(loop, Lookout()).ask(question)
