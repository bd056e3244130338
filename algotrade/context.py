"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from algotrade.jobs.models import Job


def shell(request: HttpRequest) -> dict[str, Any]:
    """`running_jobs`: how many of the user's jobs are waiting or running; counted only where a template asks."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"running_jobs": 0}
    return {"running_jobs": SimpleLazyObject(lambda: Job.objects.for_user(user).active().count())}
