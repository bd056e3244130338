"""Jobs as sets: whose they are, which may begin, and in what order they are handed out."""

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from algotrade.jobs.kinds import kinds

if TYPE_CHECKING:
    from algotrade.jobs.models import Job

CLAIM_TRIES = 8


class JobQuerySet(models.QuerySet):
    """Jobs, by whose they are and what they are doing."""

    def for_user(self, user: Any) -> Self:
        return self.filter(owner=user) if user.is_authenticated else self.none()

    def active(self) -> Self:
        return self.filter(state__in=self.model.ACTIVE)

    def running(self) -> Self:
        return self.filter(state=self.model.State.RUNNING)

    def queued(self) -> Self:
        return self.filter(state=self.model.State.QUEUED)

    def free_to_begin(self) -> Self:
        """Waiting jobs but those whose owner has as much running as is allowed: of the kind, or of all kinds."""
        alone = [kind.name for kind in kinds() if kind.one_per_owner]
        of_owner = self.model.objects.running().filter(owner=OuterRef("owner")).order_by()
        counted = of_owner.values("owner").annotate(count=Count("pk")).values("count")
        waiting = self.queued().alias(owner_running=Coalesce(models.Subquery(counted), 0))
        if settings.JOB_MAX_RUNNING_PER_USER:
            waiting = waiting.filter(owner_running__lt=settings.JOB_MAX_RUNNING_PER_USER)
        return waiting.exclude(Q(kind__in=alone) & Exists(of_owner.filter(kind=OuterRef("kind"))))

    def fairly_ordered(self, *, short_only: bool = False) -> Self:
        """Waiting jobs that may begin: of whoever has the fewest running, then was served longest ago; the oldest."""
        waiting = self.with_last_start().free_to_begin()
        if short_only:
            waiting = waiting.filter(is_long=False)
        return waiting.order_by(
            "owner_running", F("owner_last_start").asc(nulls_first=True), "created_at", "pk"
        )

    def with_last_start(self) -> Self:
        """Each with the moment at which a job of its owner began last: who has many waiting takes turns with others."""
        started = self.model.objects.filter(owner=OuterRef("owner"), started_at__isnull=False)
        latest = started.order_by("-started_at").values("started_at")[:1]
        return self.alias(owner_last_start=models.Subquery(latest))

    def claim_next(self, worker: str, *, short_only: bool = False) -> "Job | None":
        """Take the next waiting job, `short_only` the next one that is not long, or None.

        Of several workers that try at once, exactly one gets each job. Who is next is decided again under the lock of
        the owner's row: what another worker took of the same owner meanwhile counts.
        """
        for _try in range(CLAIM_TRIES):
            owner = self.fairly_ordered(short_only=short_only).values_list("owner", flat=True).first()
            if owner is None:
                return None
            with transaction.atomic():
                lock_owner(owner)
                job = self.fairly_ordered(short_only=short_only).first()
                if job is not None and job.owner_id == owner and job.claim(worker):
                    return job
        return None


def lock_owner(pk: int) -> None:
    """Wait for whoever else changes this user's jobs, until the transaction ends.

    The owner's row is locked before a job's, and a job's before the rows that it computes: who keeps to this order
    waits, and nobody waits for each other.
    """
    list(get_user_model().objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))
