"""Why a job waits and at which place, as the pages and the API tell it. The claim alone decides; this foresees it."""

import heapq
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import Job, Worker

MOST_COUNTED = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job has not begun, and its place among those that may begin: 1 is next, None where it is not among them."""

    reason: str
    place: int | None = None


def waiting(jobs: Iterable[Job]) -> dict[uuid.UUID, Waiting]:
    """What each of these jobs that waits is waiting for; five queries however many they are."""
    queued = [job for job in jobs if job.state == Job.State.QUEUED]
    if not queued:
        return {}
    places = Worker.objects.alive().aggregate(places=Sum("places"))["places"] or 0
    running = Counter(dict(Job.objects.running().order_by().values_list("owner").annotate(count=Count("pk"))))
    order = _foreseen_order(running)
    own = _held_back_by_their_own([job for job in queued if job.pk not in order])
    return {job.pk: _explain(job, places, running.total(), order.get(job.pk), own) for job in queued}


def _foreseen_order(running: Counter[int]) -> dict[uuid.UUID, int]:
    """Places from 1 on, as the claim would hand them out while nothing ends and nothing comes in."""
    waiting_of: defaultdict[int, deque[tuple[object, uuid.UUID]]] = defaultdict(deque)
    oldest = Job.objects.free_to_begin().order_by("created_at", "pk").values_list("owner", "created_at", "pk")
    for owner, created_at, pk in oldest[:MOST_COUNTED]:
        waiting_of[owner].append((created_at, pk))
    turns = [(running[owner], *queue[0], owner) for owner, queue in waiting_of.items()]
    heapq.heapify(turns)
    order: dict[uuid.UUID, int] = {}
    while turns:
        has_running, _created, pk, owner = heapq.heappop(turns)
        order[pk] = len(order) + 1
        waiting_of[owner].popleft()
        if waiting_of[owner]:
            heapq.heappush(turns, (has_running + 1, *waiting_of[owner][0], owner))
    return order


def _held_back_by_their_own(jobs: list[Job]) -> set[tuple[int, str]]:
    """Owner and kind of what runs already and may run once."""
    alone = {kind.name for kind in kinds() if kind.one_per_owner} & {job.kind for job in jobs}
    if not alone:
        return set()
    held = Job.objects.running().filter(kind__in=alone, owner__in={job.owner_id for job in jobs})
    return set(held.order_by().values_list("owner", "kind"))


def _explain(job: Job, places: int, running: int, place: int | None, own: set[tuple[int, str]]) -> Waiting:
    if not places:
        return Waiting(
            _("No worker is running, so nothing can begin. Tell whoever runs the lab: nothing is lost."),
            place,
        )
    if (job.owner_id, job.kind) in own:
        return Waiting(
            _("Waiting for the one before it: of this kind of work one runs at a time for each account.")
        )
    if place is None:
        return Waiting(
            _("Waiting for others of this account to end: as many run as one account may have at a time.")
        )
    if running < places:
        return Waiting(_("About to begin."), place)
    if place == 1:
        return Waiting(
            _("Next: it begins as soon as a place is free (there are %(places)d).") % {"places": places},
            place,
        )
    said = _("Number %(place)d of those that wait; all places are taken (there are %(places)d).")
    return Waiting(said % {"place": place, "places": places}, place)
