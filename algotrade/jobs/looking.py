"""One look at the jobs for many sockets: see `algotrade.together`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.db.models import F, Q

from algotrade.jobs.models import Job
from algotrade.together import Together

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class OneJob:
    """How does this job stand?"""

    job_id: str

    def rows(self, found: dict[str, Job]) -> list[Job]:
        return [found[self.job_id]] if self.job_id in found else []


@dataclass(frozen=True, slots=True)
class JobsOf:
    """How do an owner's jobs, or everybody's, stand that wait or run, are among those named, or have ended since?

    Oldest first. Where there are too many, those that have ended are not left out, nor those that run: a job that waits
    is still there at the next look, an end is asked for once.
    """

    owner_id: int | None
    named: tuple[str, ...]
    since: datetime

    def rows(self) -> list[Job]:
        asked = Q(state__in=Job.ACTIVE) | Q(pk__in=self.named) | Q(finished_at__gte=self.since)
        jobs = Job.objects.all() if self.owner_id is None else Job.objects.filter(owner_id=self.owner_id)
        ended, started = (F(name).desc(nulls_last=True) for name in ("finished_at", "started_at"))
        rows = jobs.filter(asked).order_by(ended, started, "created_at")[:MOST_ROWS]
        return sorted(rows, key=attrgetter("created_at"))


Question = OneJob | JobsOf


def rows_for(questions: Iterable[Question]) -> dict[Question, list[Job]]:
    """The rows for each question: one query for all single jobs together, and one for each different owner's list."""
    asked = set(questions)
    found = {
        str(pk): job
        for pk, job in Job.objects.in_bulk([one.job_id for one in asked if isinstance(one, OneJob)]).items()
    }
    return {one: one.rows(found) if isinstance(one, OneJob) else one.rows() for one in asked}


_looks: Together[Question, list[Job]] = Together(lambda questions: rows_for(questions))


async def look(question: Question) -> list[Job]:
    """Ask together with everybody else on this loop."""
    return await _looks.ask(question)
