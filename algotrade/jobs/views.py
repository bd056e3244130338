"""Pages about jobs: what waits, what runs, how it ended, and the buttons to cancel or try again."""

import uuid

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
from algotrade.jobs.models import Job

PAGE_SIZE = 25


@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    jobs = Job.objects.for_user(request.user)
    state = request.GET.get("state", "")
    if state in Job.State.values:
        jobs = jobs.filter(state=state)
    page = Paginator(jobs.defer("payload", "timings"), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "nav": "jobs",
        "page_obj": page,
        "state": state,
        "states": Job.State.choices,
        "any_active": any(not job.is_terminal for job in page),
    }
    return render(request, "jobs/list.html", context)


@login_required
@require_safe
def detail(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.for_user(request.user), pk=pk)
    template = "jobs/_job.html" if request.htmx else "jobs/detail.html"
    return render(request, template, {"nav": "jobs", "job": job})


@login_required
@require_POST
def cancel(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.for_user(request.user), pk=pk)
    services.request_cancel(job)
    if not _by_script(request):  # the page of a script stands and says so itself
        messages.info(request, _("Cancelling “%(title)s”.") % {"title": job.title})
    return _back(request, job)


@login_required
@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    job = get_object_or_404(Job.objects.for_user(request.user), pk=pk)
    services.requeue(job)
    return _back(request, job)


def _back(request: HttpRequest, job: Job) -> HttpResponse:
    """To where the button was; a script that posted without a page gets an empty answer."""
    if _by_script(request):
        return HttpResponse(status=204)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(target if safe else reverse("jobs:detail", args=[job.pk]))


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch" or bool(request.htmx)
