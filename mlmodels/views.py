"""Pages about models. They translate; the service decides."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from algotrade.errors import LabError
from algotrade.forms import REFUSED, refusals_on
from algotrade.jobs.models import Job
from mlmodels.algorithms import ALGORITHMS, get_algorithm
from mlmodels.configuration import TRAINING_PARAMS
from mlmodels.forms import DEFAULT_ALGORITHM, TrainingForm
from mlmodels.models import MLModel
from mlmodels.services import MLModelService, strategies_using
from mlmodels.words import DEFINITIONS, TONES, verdict_sentence
from strategies.forms import PREFIX as PARAMETER_PREFIX

PAGE_SIZE = 25
NAV = {"nav": "models"}


@login_required
@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    """The user's models, with the base rate beside each accuracy."""
    rows = MLModel.objects.for_user(request.user).summaries()
    status, algorithm = request.GET.get("status", ""), request.GET.get("algorithm", "")
    if status in Job.State.values:
        rows = rows.filter(status=status)
    if algorithm in ALGORITHMS:
        rows = rows.filter(algorithm=algorithm)
    sort = request.GET.get("sort", "")
    page = Paginator(rows.sorted_by(sort), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "sort": sort,
        "status": status,
        "states": Job.State.choices,
        "algorithm": algorithm,
        "algorithms": ALGORITHMS.values(),
        "filtered": bool(status or algorithm),
        **NAV,
    }
    return render(request, "mlmodels/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The training form. A GET with values keeps them, so that changing the algorithm loses nothing."""
    given = request.POST if request.method == "POST" else request.GET
    algorithm = given.get("algorithm", DEFAULT_ALGORITHM)
    if algorithm not in ALGORITHMS:
        algorithm = DEFAULT_ALGORITHM
    form = TrainingForm(
        request.POST if request.method == "POST" else None,
        user=request.user,
        algorithm=algorithm,
        initial=_initial(request),
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, form.field_of):
            return redirect(MLModelService.submit_training(user=request.user, **form.values()))
    template = "mlmodels/_form.html" if request.htmx and request.method == "GET" else "mlmodels/form.html"
    context = {"form": form, "chosen": get_algorithm(algorithm), **NAV}
    return _page_or_fragment(request, template, context, status=REFUSED if form.errors else 200)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Live progress, then what the training found; the fragment alone for htmx."""
    model = _own(request, pk)
    overall = model.metrics.get("overall", {})
    context = {
        "model": model,
        "job": model.job,
        "overall": overall,
        "verdict": verdict_sentence(overall),
        "verdict_tone": TONES.get(model.verdict, "info"),
        "definitions": DEFINITIONS,
        "bars": importance_bars(model.feature_importance),
        "settings": _settings_rows(model),
        "strategy_url": _strategy_url(model),
        "fragment": bool(request.htmx),
        **NAV,
    }
    template = "mlmodels/_model.html" if request.htmx else "mlmodels/detail.html"
    return _page_or_fragment(request, template, context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then deletes."""
    model = _own(request, pk)
    if request.method == "POST":
        try:
            MLModelService.delete(model)
        except LabError as error:
            messages.error(request, error.detail)
            return redirect(model)
        messages.success(request, _("“%(name)s” was deleted.") % {"name": model})
        return redirect("mlmodels:list")
    consequences = [_("The trained model, its report and its file are lost.")]
    used = [str(strategy) for strategy in strategies_using(model)[:5]]
    if used:
        consequences.append(
            _("It is refused while strategies decide by it: %(names)s.") % {"names": ", ".join(used)}
        )
    context = {
        "object": model,
        "heading_text": _("Delete model"),
        "action_label": _("Delete model"),
        "consequences": consequences,
        "cancel_url": model.get_absolute_url(),
        **NAV,
    }
    return render(request, "components/confirm_delete.html", context)


def importance_bars(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each feature where its bar and its whisker lie on a scale of 0 to 100; harmful ones have no bar."""
    largest = max((row["mean"] + row["spread"] for row in rows), default=0.0)
    scale = 100.0 / largest if largest > 0.0 else 0.0

    def place(value: float) -> str:
        return f"{min(100.0, max(0.0, value * scale)):.2f}"

    return [
        {
            **row,
            "width": place(row["mean"]),
            "low": place(row["mean"] - row["spread"]),
            "high": place(row["mean"] + row["spread"]),
            "clear": row["mean"] > row["spread"],
        }
        for row in rows
    ]


def _page_or_fragment(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """One address, two answers: a browser going back must not show the fragment as a page."""
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _own(request: HttpRequest, pk: int) -> MLModel:
    return get_object_or_404(MLModel.objects.for_user(request.user).select_related("job", "series"), pk=pk)


def _initial(request: HttpRequest) -> dict[str, Any]:
    """What the address fills in: a series from its page, or a form whose algorithm was changed."""
    given = {name: value for name, value in request.GET.items() if value != ""}
    if "feature_groups" in request.GET:
        given["feature_groups"] = request.GET.getlist("feature_groups")
    return given


def _settings_rows(model: MLModel) -> list[tuple[str, Any, str]]:
    """Label, value and unit of what was asked for: how it is judged, then the hyper-parameters."""
    stored = model.configuration
    algorithm = ALGORITHMS.get(model.algorithm)
    rows = [(param, stored.get(param.name)) for param in TRAINING_PARAMS]
    own = stored.get("hyperparameters", {})
    rows += [(param, own.get(param.name)) for param in (algorithm.params if algorithm else ())]
    return [
        (param.label, dict(getattr(param, "choices", ())).get(value, value), param.unit)
        for param, value in rows
        if not (param.name == "barrier_width" and stored.get("label") != "triple_barrier")
    ]


def _strategy_url(model: MLModel) -> str:
    """The form of a new strategy with this model filled in."""
    filled = {
        "name": str(model),
        "symbol": model.symbol,
        "timeframe": model.timeframe,
        f"{PARAMETER_PREFIX}model": model.pk,
    }
    return f"{reverse('strategies:create_of_type', args=['ml_signal'])}?{urlencode(filled)}"
