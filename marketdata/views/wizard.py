"""The import wizard: a file comes in, is looked at as it will be read, and is queued."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from algotrade.forms import REFUSED, number_in, refusals_on
from marketdata.forms.text import TextForm
from marketdata.forms.wizard import ReadingForm, UploadForm, roles_sent
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import plan_import, submit_file
from marketdata.incoming.settings import FileSettings
from marketdata.incoming.submissions import forget_upload, keep_upload
from marketdata.models import BarImport, Series, Upload
from marketdata.presentation import COMMON_TIMEZONES, first_lines
from marketdata.store import uploads

CARRIED = ("series", "again", "shared")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Step one: the file. A script that sends it is told where to go next, so that it can show how far it is."""
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None)
    if sent and form.is_valid():
        with refusals_on(form):
            upload = keep_upload(request.user, form.cleaned_data["file"])
            target = _step_two(request, upload)
            return JsonResponse({"url": target}) if _by_script(request) else redirect(target)
    status = REFUSED if form.errors else 200
    if form.errors and _by_script(request):
        said = [message for listed in form.errors.values() for message in listed]
        return JsonResponse({"detail": " ".join(said)}, status=status)
    context = {
        "nav": "data",
        "form": form,
        "into": _own_series(request),
        "waiting": Upload.objects.for_user(request.user).filter(imports__isnull=True)[:5],
        "max_bytes": uploads.max_bytes(),
        "max_packed_bytes": uploads.max_packed_bytes(),
        "query": _carried(request),
    }
    return render(request, "marketdata/wizard/choose.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def read(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Step two: how the file will be read; its answer is the import's page."""
    upload = get_object_or_404(Upload.objects.for_user(request.user), pk=pk)
    form = _form(request, upload)
    if form.is_bound and form.is_valid():
        if form.is_renewed:
            form.add_error(
                None, _("What was recognised has changed with your choices. Look once more, then import.")
            )
        else:
            with refusals_on(form, _field_of):
                return redirect(submit_file(owner=request.user, options=form.options(), upload=upload))
    context = {
        "nav": "data",
        "upload": upload,
        "form": form,
        "timezones": COMMON_TIMEZONES,
        "query": _carried(request),
        "lines": first_lines(form.plan),
        **_preview_context(request, upload, form),
    }
    status = REFUSED if form.errors else 200
    return render(request, "marketdata/wizard/read.html", context, status=status)


@login_required
@require_POST
def preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """The first rows as they would be read with what the form says now, and what else of the page that changes."""
    upload = get_object_or_404(Upload.objects.for_user(request.user), pk=pk)
    form = _form(request, upload)
    form.is_valid()
    context = {"form": form, **_preview_context(request, upload, form)}
    return render(request, "marketdata/wizard/_answer.html", context)


@login_required
@require_POST
def discard(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Throw an uploaded file away."""
    upload = get_object_or_404(Upload.objects.for_user(request.user), pk=pk)
    forget_upload(upload)
    messages.success(request, _("%(file)s was removed.") % {"file": upload.name})
    return redirect("marketdata:import")


def _form(request: HttpRequest, upload: Upload) -> ReadingForm:
    """The form of what is recognised in the file in the light of what was sent about its text and columns."""
    sent = request.POST if request.method == "POST" else None
    options = _options(request)
    if sent is not None:
        text = TextForm(sent)
        text.is_valid()
        options = replace(options, **text.text_options())
    plan = plan_import(request.user, upload, options)
    if sent is not None and (roles := roles_sent(sent, plan)):
        plan = plan_import(request.user, upload, replace(options, roles=roles))
    if plan.detection.newest_first and "again" not in request.GET:
        # Such a file needs one repair, which is offered, seen and can be taken back.
        plan = plan_import(request.user, upload, replace(plan.options, policy="repair", repairs=("sort",)))
    return ReadingForm(sent, plan=plan, staff=request.user.is_staff)


def _preview_context(request: HttpRequest, upload: Upload, form: ReadingForm) -> dict[str, Any]:
    """What the first rows become, by what the form says now, or by what was recognised."""
    asked = plan_import(request.user, upload, form.options()) if form.is_bound else form.plan
    refusals = {name: said for name, said in asked.refusals.items() if name not in form.errors}
    refusals |= {name: form.errors[name] for name in form.text_names if name in form.errors}
    looked = asked.preview() if asked.is_readable else None
    refused = {row.line for row in looked.rows if row.problem} if looked else set()
    return {
        "plan": asked,
        "preview": looked,
        "refused_rows": len(refused),
        "obstacles": [problem for problem in looked.problems if problem.line not in refused]
        if looked
        else [],
        "refusals": [message for said in refusals.values() for message in said],
    }


def _options(request: HttpRequest) -> FileOptions:
    """What the form begins with: an earlier import's choices, or the series that is to be extended."""
    again = number_in(request.GET.get("again"))
    if again is not None:
        files = BarImport.objects.for_user(request.user).filter(source=BarImport.Source.FILE)
        earlier = files.filter(pk=again).first()
        asked = FileSettings.known(earlier) if earlier else None
        if asked is not None:
            return asked.options
    series = _own_series(request)
    options = FileOptions(series=series.pk if series else None)
    if request.GET.get("shared") and request.user.is_staff:
        options = replace(options, shared=True)
    return options


def _own_series(request: HttpRequest) -> Series | None:
    pk = number_in(request.GET.get("series"))
    return (
        None if pk is None else Series.objects.for_user(request.user).filter(pk=pk, derived_from=None).first()
    )


def _carried(request: HttpRequest) -> str:
    """The part of the address that goes from step to step."""
    given = {name: request.GET[name] for name in CARRIED if request.GET.get(name)}
    return f"?{urlencode(given)}" if given else ""


def _step_two(request: HttpRequest, upload: Upload) -> str:
    return reverse("marketdata:import_reading", args=[upload.pk]) + _carried(request)


def _field_of(name: str) -> str:
    return {"adjust": "adjustment"}.get(name, name)


def _by_script(request: HttpRequest) -> bool:
    return request.headers.get("X-Requested-With") == "fetch"
