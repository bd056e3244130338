"""One model: its page, its charts' data, its file, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from algotrade.csv_files import csv_response
from algotrade.errors import LabError
from algotrade.forms import REFUSED
from mlmodels.downloads import artifact_response
from mlmodels.errors import NoteInvalid
from mlmodels.models import MLModel
from mlmodels.presentation.curves import curves_of
from mlmodels.presentation.drift import drift_context
from mlmodels.presentation.report import equity_lines, growth_lines, report_context
from mlmodels.presentation.settings import settings_context
from mlmodels.presentation.tables import CURVE_HEAD, EQUITY_HEAD, curve_rows, equity_rows
from mlmodels.services import MLModelService, strategies_using
from mlmodels.views.common import EQUITY, NAV, own, page_or_fragment
from strategies.forms import PREFIX as PARAMETER_PREFIX

LISTED = 50
STAGES = {
    "promoted": (MLModelService.promote, gettext_lazy("“%(name)s” is the version that counts now.")),
    "retired": (
        MLModelService.retire,
        gettext_lazy("“%(name)s” was retired. Strategies that decide by it go on."),
    ),
    "candidate": (MLModelService.reinstate, gettext_lazy("“%(name)s” is a candidate again.")),
}


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Live progress, then what the training found; the fragment alone for htmx."""
    model = own(request, pk)
    template = "mlmodels/_model.html" if request.htmx else "mlmodels/detail.html"
    return page_or_fragment(request, template, _context(request, model))


def _context(request: HttpRequest, model: MLModel) -> dict[str, Any]:
    context = {
        "model": model,
        "job": model.job,
        "fragment": bool(request.htmx),
        **settings_context(model),
        **NAV,
    }
    if model.is_succeeded:
        rows = MLModel.objects.for_user(request.user).summaries()
        context |= report_context(model) | {
            "drift": drift_context(model),
            "note_typed": model.note,
            "strategy_url": _strategy_url(model),
            "versions": list(rows.filter(name=model.name).order_by("-version")[:LISTED]),
            "comparable": list(rows.succeeded().exclude(pk=model.pk)[:LISTED]),
            "users": list(strategies_using(model).filter(user=request.user)[:LISTED]),
        }
    return context


@login_required
@require_safe
def curves(request: HttpRequest, pk: int) -> JsonResponse:
    """What the page's curves are drawn from."""
    made = curves_of(own(request, pk).metrics)
    return JsonResponse({"curves": {key: curve.drawing for key, curve in made.items()}})


@login_required
@require_safe
def curves_csv(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The values of the curves, a row a point; of one with `?curve=roc`, or `equity`."""
    model = own(request, pk)
    wanted = request.GET.get("curve", "")
    name = f"model-{model.pk}-{wanted or 'curves'}"
    if wanted == EQUITY:
        return csv_response(name, EQUITY_HEAD, equity_rows(growth_lines(model)))
    drawings = {key: curve.drawing for key, curve in curves_of(model.metrics).items()}
    if wanted and wanted not in drawings:
        raise Http404
    chosen = {wanted: drawings[wanted]} if wanted else drawings
    return csv_response(name, CURVE_HEAD, curve_rows(chosen))


@login_required
@require_safe
def equity_data(request: HttpRequest, pk: int) -> JsonResponse:
    """The equity of the out-of-sample signals and of buy and hold, as growth of 100."""
    return JsonResponse(equity_lines(own(request, pk)))


@login_required
@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The stored model as a file, its checksum verified."""
    model = own(request, pk)
    try:
        return artifact_response(model)
    except LabError as error:
        messages.error(request, error.detail)
        return redirect(model)


@login_required
@require_POST
def stage(request: HttpRequest, pk: int) -> HttpResponse:
    """Promote, retire or take back."""
    model = own(request, pk)
    wanted = request.POST.get("stage", "")
    if wanted not in STAGES:
        messages.error(request, _("Choose what the model is kept for: promoted, retired or candidate."))
        return redirect(model)
    act, said = STAGES[wanted]
    try:
        act(model)
        messages.success(request, said % {"name": model})
    except LabError as error:
        messages.error(request, error.detail)
    return redirect(model)


@login_required
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a text with the model; one that is refused stays in its field."""
    model = own(request, pk)
    typed = request.POST.get("note", "")
    try:
        MLModelService.set_note(model, typed)
    except NoteInvalid as error:
        said = error.fields.get("note") or [error.detail]
        context = {**_context(request, model), "note_typed": typed, "note_errors": said}
        return render(request, "mlmodels/detail.html", context, status=REFUSED)
    messages.success(request, _("The note was kept.") if typed.strip() else _("The note was removed."))
    return redirect(f"{model.get_absolute_url()}#registry")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def drift(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the bars since the training with those of it: a POST begins the job, a GET shows how it stands."""
    model = own(request, pk)
    if request.method == "POST":
        try:
            MLModelService.check_drift(model)
        except LabError as error:
            messages.error(request, error.detail)
        return redirect(f"{model.get_absolute_url()}#model-drift")
    if not request.htmx:
        return redirect(f"{model.get_absolute_url()}#model-drift")
    context = {"model": model, "drift": drift_context(model), **report_context(model)}
    response = page_or_fragment(request, "mlmodels/report/_drift.html", context)
    # The job's progress, which asks for it, is inside of the card: the answer takes the place of the whole.
    response["HX-Retarget"] = "#model-drift"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then deletes; where strategies decide by it, only when told to leave them without a model."""
    model = own(request, pk)
    if request.method == "POST":
        try:
            MLModelService.delete(model, detach=request.POST.get("detach") == "1")
        except LabError as error:
            messages.error(request, error.detail)
            return redirect(model)
        messages.success(request, _("“%(name)s” was deleted.") % {"name": model})
        return redirect("mlmodels:list")
    users = list(strategies_using(model).filter(user=request.user)[:LISTED])
    return render(request, "mlmodels/delete.html", {"model": model, "users": users, **NAV})


def _strategy_url(model: MLModel) -> str:
    """The form of a new strategy with this model filled in."""
    filled = {
        "name": str(model),
        "symbol": model.symbol,
        "timeframe": model.timeframe,
        f"{PARAMETER_PREFIX}model": model.pk,
    }
    return f"{reverse('strategies:create_of_type', args=['ml_signal'])}?{urlencode(filled)}"
