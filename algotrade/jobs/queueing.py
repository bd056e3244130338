"""Why a job waits and at which place, as the pages and the API tell it. The claim alone decides; this foresees it."""

import heapq
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Q, Sum
from django.utils.translation import gettext as _

from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import Job, Worker

MOST_COUNTED = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job has not begun, and its place among those that may begin: 1 is next, None where it is not among them."""

    reason: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class _Places:
    """Of all pools: how many there are, how many are taken, and how many are kept free of long jobs."""

    count: int
    taken: int
    kept_free: int


def waiting(jobs: Iterable[Job]) -> dict[uuid.UUID, Waiting]:
    """What each of these jobs that waits is waiting for; at most four queries however many they are."""
    queued = [job for job in jobs if job.state == Job.State.QUEUED]
    if not queued:
        return {}
    running = Counter(dict(Job.objects.running().order_by().values_list("owner").annotate(count=Count("pk"))))
    places = _places(taken=running.total())
    order = _foreseen_order(running)
    own = _held_back_by_their_own([job for job in queued if job.pk not in order])
    limit = settings.JOB_MAX_RUNNING_PER_USER
    full = {owner for owner, count in running.items() if limit and count >= limit}
    return {
        job.pk: _explain(job, places, order.get(job.pk), own, is_full=job.owner_id in full) for job in queued
    }


def _places(taken: int) -> _Places:
    counted = Worker.objects.alive().aggregate(
        count=Sum("places", default=0), kept_free=Count("pk", filter=Q(places__gt=1))
    )
    return _Places(taken=taken, **counted)


def _foreseen_order(running: Counter[int]) -> dict[uuid.UUID, int]:
    """Places from 1 on, by the owners' turns, of the 2,000 oldest while nothing ends and nothing comes in."""
    waiting_of: defaultdict[int, deque[tuple[object, uuid.UUID]]] = defaultdict(deque)
    served: dict[int, float] = {}
    oldest = Job.objects.with_last_start().free_to_begin().order_by("created_at", "pk")
    rows = oldest.values_list("owner", "created_at", "pk", F("owner_last_start"))
    for owner, created_at, pk, last_start in rows[:MOST_COUNTED]:
        waiting_of[owner].append((created_at, pk))
        served[owner] = last_start.timestamp() if last_start else 0.0
    turns = [(running[owner], served[owner], *queue[0], owner) for owner, queue in waiting_of.items()]
    heapq.heapify(turns)
    order: dict[uuid.UUID, int] = {}
    latest = max(served.values(), default=0.0)
    while turns:
        has_running, _served, _created, pk, owner = heapq.heappop(turns)
        order[pk] = len(order) + 1
        waiting_of[owner].popleft()
        if waiting_of[owner]:
            turn = (has_running + 1, latest + len(order), *waiting_of[owner][0], owner)
            heapq.heappush(turns, turn)
    return order


def _held_back_by_their_own(jobs: list[Job]) -> set[tuple[int, str]]:
    """Owner and kind of what runs already and may run once."""
    alone = {kind.name for kind in kinds() if kind.one_per_owner} & {job.kind for job in jobs}
    if not alone:
        return set()
    held = Job.objects.running().filter(kind__in=alone, owner__in={job.owner_id for job in jobs})
    return set(held.order_by().values_list("owner", "kind"))


def _explain(
    job: Job, places: _Places, place: int | None, own: set[tuple[int, str]], *, is_full: bool
) -> Waiting:
    if not places.count:
        return Waiting(
            _("No worker is running, so nothing can begin. Tell whoever runs the lab: nothing is lost."),
            place,
        )
    if (job.owner_id, job.kind) in own:
        return Waiting(
            _("Waiting for the one before it: of this kind of work one runs at a time for each account.")
        )
    if is_full:
        return Waiting(
            _("Waiting for others of this account to end: as many run as one account may have at a time.")
        )
    if place is None:
        return Waiting(
            _("More than %(count)d others wait, too: it is their turn first.") % {"count": MOST_COUNTED}
        )
    free = places.count - places.taken
    if job.is_long and 0 < free <= places.kept_free:
        return Waiting(
            _("Waiting for another place: of each worker one is kept free for what is done in seconds."),
            place,
        )
    if free > 0:
        return Waiting(_("About to begin."), place)
    if place == 1:
        return Waiting(
            _("Next: it begins as soon as a place is free (there are %(places)d).")
            % {"places": places.count},
            place,
        )
    said = _("Number %(place)d of those that wait; all places are taken (there are %(places)d).")
    return Waiting(said % {"place": place, "places": places.count}, place)
