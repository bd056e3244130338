"""Pages about jobs: what waits and why, what runs, how it ended and what to do, and the buttons to cancel or try again.

Everybody sees their own; staff see those of all and may end or queue any of them.
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from algotrade.jobs import services
from algotrade.jobs.kinds import kinds
from algotrade.jobs.models import MAX_ATTEMPTS, Job
from algotrade.jobs.querysets import JobQuerySet
from algotrade.jobs.queueing import waiting

PAGE_SIZE = 25
EVERYBODY = "*"
"""All owners, as addresses say it; on the page stands a word, which is understood too."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs the list shows. `owner` is for staff: empty for their own, `*` for all, else part of a user's name."""

    state: str
    kind: str
    owner: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Wanted":
        state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
        owner = request.GET.get("owner", "").strip() if request.user.is_staff else ""
        return cls(
            state=state if state in Job.State.values else "",
            kind=kind if kind in {known.name for known in kinds()} else "",
            owner=EVERYBODY if owner.casefold() == _("Everybody").casefold() else owner,
        )

    @property
    def owner_said(self) -> str:
        """The owner as the filter shows it."""
        return _("Everybody") if self.owner == EVERYBODY else self.owner

    @property
    def is_narrowed(self) -> bool:
        return bool(self.state or self.kind or self.owner not in {"", EVERYBODY})

    def jobs(self, request: HttpRequest) -> JobQuerySet:
        jobs = Job.objects.select_related("owner") if self.owner else Job.objects.for_user(request.user)
        if self.owner not in {"", EVERYBODY}:
            jobs = jobs.filter(owner__username__icontains=self.owner)
        if self.state:
            jobs = jobs.filter(state=self.state)
        return jobs.filter(kind=self.kind) if self.kind else jobs


@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    wanted = Wanted.of(request)
    jobs = wanted.jobs(request).defer("payload", "timings")
    page = Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page"))
    waits = waiting(page)
    context = {
        "nav": "jobs",
        "page_obj": page,
        "rows": [(job, waits.get(job.pk)) for job in page],
        "wanted": wanted,
        "states": Job.State.choices,
        "kinds": sorted(((kind.name, str(kind.label)) for kind in kinds()), key=lambda pair: pair[1]),
        "everybody": _("Everybody"),
        "any_active": any(not job.is_terminal for job in page),
    }
    return render(request, "jobs/list.html", context)


@login_required
@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = _visible(request, pk)
    template = "jobs/_job.html" if request.htmx else "jobs/detail.html"
    context = {"nav": "jobs", "job": job, "most_attempts": MAX_ATTEMPTS}
    return render(request, template, context)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = _visible(request, pk)
    services.request_cancel(job)
    if not _by_script(request):  # the page of a script stands and says so itself
        messages.info(request, _("Cancelling “%(title)s”.") % {"title": job.title})
    return _back(request, job)


@login_required
@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = _visible(request, pk)
    services.requeue(job)
    return _back(request, job)


def _visible(request: HttpRequest, pk: uuid.UUID) -> Job:
    """An own job, or for staff any; else a 404."""
    jobs = Job.objects.select_related("owner")
    mine: Job = get_object_or_404(jobs if request.user.is_staff else jobs.for_user(request.user), pk=pk)
    return mine


def _back(request: HttpRequest, job: Job) -> HttpResponse:
    """To where the button was; a script that posted without a page gets an empty answer."""
    if _by_script(request):
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(target if safe else reverse("jobs:detail", args=[job.pk]))


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch" or bool(request.htmx)
