"""The training form, and what can be said of a training before it is queued."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from algotrade.forms import REFUSED, number_in, refusals_on
from mlmodels.algorithms import ALGORITHMS
from mlmodels.forms.features import PRESETS, ticked
from mlmodels.forms.training import DEFAULT_ALGORITHM, FEATURE_PREFIX, TrainingForm, initial_of
from mlmodels.models import MLModel
from mlmodels.presentation.forecast import forecast_context
from mlmodels.services import MLModelService
from mlmodels.views.common import NAV, page_or_fragment

MULTIPLE = ("features", "strategies", "search_over")
TICKS = ("controls", "short_trades")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The training form.

    A GET with values keeps them, so that changing the algorithm or ticking a whole set of features loses nothing; so
    does a POST by a button that does not train (`show`, `preset`), which is how the page works without scripts.
    """
    given = request.POST if request.method == "POST" else request.GET
    training = request.method == "POST" and not {"show", "preset"} & given.keys()
    form = _form(request, given, bound=training)
    if training and form.is_valid():
        with refusals_on(form, form.field_of):
            return redirect(MLModelService.submit_training(user=request.user, **form.values()))
    context = {
        "form": form,
        "chosen": form.chosen,
        "presets": PRESETS,
        "source": given.get("from", ""),
        **NAV,
    }
    if "show" in given:
        context |= forecast_context(request.user, _form(request, given, bound=True))
    fragment = request.htmx and request.method == "GET"
    template = "mlmodels/_form.html" if fragment else "mlmodels/form.html"
    return page_or_fragment(request, template, context, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def foresee(request: HttpRequest) -> HttpResponse:
    """What the form, as it is typed now, would train; asked while somebody types. Stores nothing."""
    form = _form(request, request.POST, bound=True)
    return render(request, "mlmodels/_foreseen.html", forecast_context(request.user, form))


def _form(request: HttpRequest, given: QueryDict, *, bound: bool) -> TrainingForm:
    source = _source(request, given)
    algorithm = given.get("algorithm") or (source.algorithm if source else DEFAULT_ALGORITHM)
    if algorithm not in ALGORITHMS:
        algorithm = DEFAULT_ALGORITHM
    initial = initial_of(source) if source else {}
    initial |= _typed(given)
    return TrainingForm(given if bound else None, user=request.user, algorithm=algorithm, initial=initial)


def _source(request: HttpRequest, given: QueryDict) -> MLModel | None:
    """The model whose next version this is."""
    number = number_in(given.get("from"))
    if number is None:
        return None
    return get_object_or_404(MLModel.objects.for_user(request.user), pk=number)


def _typed(given: QueryDict) -> dict[str, Any]:
    """What a form that was shown before held, or what a link fills in."""
    typed: dict[str, Any] = {name: value for name, value in given.items() if value != ""}
    if "sent" in given:
        # A box that is not ticked sends nothing.
        typed |= {name: given.getlist(name) for name in MULTIPLE} | {name: name in given for name in TICKS}
        typed |= {name: "" for name in given if name.startswith(FEATURE_PREFIX) and not given[name]}
    preset = given.get("preset", "")
    if preset in PRESETS:
        chosen = ticked(PRESETS[preset][1])
        typed["features"] = list(chosen)
        typed |= {FEATURE_PREFIX + key: text for key, text in chosen.items()}
    return typed
