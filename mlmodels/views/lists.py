"""The list of models, and two of them side by side."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from algotrade.csv_files import csv_response
from algotrade.errors import LabError
from algotrade.forms import number_in
from algotrade.jobs.models import Job
from mlmodels.algorithms import ALGORITHMS
from mlmodels.filters import ModelFilter
from mlmodels.models import MLModel
from mlmodels.presentation.comparison import comparison_context, comparison_curves, comparison_equity
from mlmodels.presentation.tables import (
    COMPARISON_HEAD,
    CURVE_HEAD,
    EQUITY_HEAD,
    comparison_rows,
    curve_rows,
    equity_rows,
)
from mlmodels.services import MLModelService
from mlmodels.views.common import EQUITY, NAV

PAGE_SIZE = 25
COMPARED = 2


@login_required
@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    """The user's models, each name by its versions that count, with the base rate beside each accuracy."""
    own = MLModel.objects.for_user(request.user)
    wanted = ModelFilter.of(request.GET)
    rows = wanted.apply(own.summaries()).sorted_by(wanted.sort)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    names = {model.name for model in page.object_list}
    counted = own.filter(name__in=names).order_by().values("name").annotate(count=Count("pk"))
    versions = {row["name"]: row["count"] for row in counted}
    for model in page.object_list:
        model.versions = versions.get(model.name, 1)
    context = {
        "page_obj": page,
        "sort": wanted.sort,
        "wanted": wanted,
        "states": Job.State.choices,
        "stages": MLModel.Stage.choices,
        "algorithms": ALGORITHMS.values(),
        "several": any(count > 1 for count in versions.values()),
        **NAV,
    }
    return render(request, "mlmodels/list.html", context)


@login_required
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two models side by side: what differs in their settings, and whether their scores differ by more than luck."""
    pair = _pair(request)
    if pair is None:
        messages.error(request, _("Choose two trained models to compare."))
        return redirect("mlmodels:list")
    try:
        context = comparison_context(*pair)
    except LabError as error:
        context = {"refusal": error.detail}
    return render(request, "mlmodels/compare.html", {"first": pair[0], "second": pair[1], **context, **NAV})


@login_required
@require_safe
def compare_curves(request: HttpRequest) -> JsonResponse:
    """The curves of two models in one picture each."""
    pair = _pair(request)
    return JsonResponse({"curves": comparison_curves(*pair) if pair else {}})


@login_required
@require_safe
def compare_equity(request: HttpRequest) -> JsonResponse:
    """The equity of both models' signals."""
    pair = _pair(request)
    return JsonResponse(comparison_equity(*pair) if pair else {"equity": []})


@login_required
@require_safe
def compare_csv(request: HttpRequest) -> HttpResponseBase:
    """Two models side by side, a row a figure; with `?curve=roc` or `equity` the points of both."""
    pair = _pair(request)
    if pair is None:
        raise Http404
    wanted = request.GET.get("curve", "")
    name = "-".join(["models", *(str(model.pk) for model in pair), wanted or "compared"])
    if not wanted:
        return csv_response(name, COMPARISON_HEAD, comparison_rows(MLModelService.compare(*pair)))
    if wanted == EQUITY:
        return csv_response(name, EQUITY_HEAD, equity_rows(comparison_equity(*pair).get("lines", [])))
    drawing = comparison_curves(*pair).get(wanted)
    if drawing is None:
        raise Http404
    return csv_response(name, CURVE_HEAD, curve_rows({wanted: drawing}))


def _pair(request: HttpRequest) -> tuple[MLModel, MLModel] | None:
    """The two different trained models that the address names, in its order."""
    asked = [number_in(text) for text in request.GET.getlist("selected")]
    numbers = list(dict.fromkeys(number for number in asked if number is not None))
    if len(numbers) != COMPARED:
        return None
    found = {
        model.pk: model for model in MLModel.objects.for_user(request.user).succeeded().filter(pk__in=numbers)
    }
    return (found[numbers[0]], found[numbers[1]]) if len(found) == COMPARED else None
