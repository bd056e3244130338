"""What pages say about jobs."""

from django import template

from algotrade.jobs.advice import Advice, advice_for
from algotrade.jobs.models import Job
from algotrade.jobs.queueing import Waiting, waiting

register = template.Library()


@register.filter
def advice(code: str) -> Advice | None:
    """What to do about an error code; nothing where there is no error."""
    return advice_for(code)


@register.filter
def waits_for(job: Job) -> Waiting | None:
    """Why a job has not begun, and its place; nothing once it has. A list asks `queueing.waiting` for all its rows."""
    return waiting([job]).get(job.pk)
