"""Jobs as sets: whose they are, which may begin, and in what order they are handed out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q
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

    def fairly_ordered(self, *, but: Iterable[str] = ()) -> Self:
        """Waiting jobs that may begin: first of whoever has the fewest running, then the oldest."""
        return self.free_to_begin().exclude(kind__in=list(but)).order_by("owner_running", "created_at", "pk")

    def claim_next(self, worker: str, *, but: Iterable[str] = ()) -> "Job | None":
        """Take the next waiting job that is not of the kinds `but`, or None.

        Of several workers that try at once, exactly one gets each job. Who is next is decided again under the lock of
        the owner's row: what another worker took of the same owner meanwhile counts.
        """
        for _try in range(CLAIM_TRIES):
            owner = self.fairly_ordered(but=but).values_list("owner", flat=True).first()
            if owner is None:
                return None
            with transaction.atomic():
                lock_owner(owner)
                job = self.fairly_ordered(but=but).first()
                if job is not None and job.owner_id == owner and job.claim(worker):
                    return job
        return None


def lock_owner(pk: int) -> None:
    """Wait for whoever else changes this user's jobs, until the transaction ends.

    The owner's row is locked before a job's, and a job's before the rows that it computes: who keeps to this order
    waits, and nobody waits for each other.
    """
    list(get_user_model().objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))
