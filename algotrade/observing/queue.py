"""What the database tells about the queue, asked at each scrape: the same for every web process."""

import logging
from collections import Counter
from collections.abc import Iterator

from django.db import Error
from django.db.models import Count, Min, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import QUEUE_LIMIT, Job, Worker

logger = logging.getLogger(__name__)


class QueueCollector(Collector):
    """Jobs that wait and run, how long the oldest has waited, and the workers there are."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand, so that a process starts without asking the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            found = [*_jobs(), *_lateness(), *_workers()]
        except Error as error:
            logger.warning("The database tells no figures: %s", type(error).__name__)
            found = []
        answers = "Whether the database answered the last scrape."
        yield GaugeMetricFamily("lab_database_up", answers, value=bool(found))
        yield from found


def _jobs() -> list[Metric]:
    """A row for each kind, also where nothing waits or runs: what is absent raises no alarm."""
    counted = Job.objects.active().values_list("kind", "state").annotate(Count("pk")).order_by()
    numbers = Counter({(kind, state): count for kind, state, count in counted})
    family = GaugeMetricFamily("lab_jobs", "Jobs that wait or run.", labels=["kind", "state"])
    for kind in kinds():
        for state in Job.ACTIVE:
            family.add_metric([kind.name, str(state)], numbers[kind.name, state])
    return [family]


def _lateness() -> list[Metric]:
    now = timezone.now()
    # A job's deadline while it waits counts from when it began to wait, also after a retry.
    oldest = Job.objects.free_to_begin().aggregate(first=Min("deadline_at"))["first"]
    waited = (now - (oldest - QUEUE_LIMIT)).total_seconds() if oldest else 0.0
    running = Job.objects.running()
    figures = {
        "lab_job_queue_oldest_seconds": ("How long the oldest job has waited that may begin.", waited),
        "lab_job_leases_expired": (
            "Running jobs whose worker has not renewed its lease in time.",
            running.filter(lease_until__lt=now).count(),
        ),
        "lab_jobs_overdue": (
            "Running jobs beyond their deadline.",
            running.filter(deadline_at__lt=now).count(),
        ),
    }
    return [GaugeMetricFamily(name, words, value=value) for name, (words, value) in figures.items()]


def _workers() -> list[Metric]:
    told = Worker.objects.alive().aggregate(alive=Count("pk"), places=Sum("places"), busy=Sum("busy"))
    figures = {
        "lab_workers_alive": ("Pools that have reported in the last 20 seconds.", told["alive"]),
        "lab_worker_places": ("Jobs that these pools can run side by side.", told["places"] or 0),
        "lab_worker_places_busy": ("Places of theirs that are taken.", told["busy"] or 0),
    }
    return [GaugeMetricFamily(name, words, value=value) for name, (words, value) in figures.items()]
