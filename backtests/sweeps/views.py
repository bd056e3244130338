"""Pages of sweeps: the list, the form, a sweep with its map and table, and what is done with one cell."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from algotrade.errors import LabError
from algotrade.forms import REFUSED, refusals_on
from algotrade.jobs.models import Job
from algotrade.templatetags import figures
from backtests.forms import usable_series
from backtests.models import Sweep
from backtests.presentation import settings_rows, strategy_facts
from backtests.sweeps import maps, one_cell, presentation
from backtests.sweeps.axes import axes_of
from backtests.sweeps.forms import SweepForm, first_values
from backtests.sweeps.jobs import CHECK_KIND
from backtests.sweeps.services import SweepService
from strategies.models import Strategy

NAV = {"nav": "optimise"}
LIST_SIZE = 25


def _owned(request: HttpRequest, pk: int) -> Sweep:
    sweeps = Sweep.objects.for_user(request.user).select_related("job", "snapshot", "series", "user")
    return get_object_or_404(sweeps, pk=pk)


@login_required
@require_safe
def sweep_list(request: HttpRequest) -> HttpResponse:
    """The user's sweeps, newest first; the page asks again while one of them runs."""
    sort = request.GET.get("sort", "")
    sweeps = Sweep.objects.for_user(request.user).select_related("job").sorted_by(sort)
    sweeps = sweeps.defer("configuration", "error_detail")
    page = Paginator(sweeps, LIST_SIZE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    for sweep in page.object_list:
        words = presentation.words_of(sweep)
        sweep.axes_words = ", ".join(words[axis["name"]].label for axis in sweep.axes)
        sweep.best_words = maps.best_in_words(sweep, words)
        sweep.best_figure = presentation.figure(sweep.objective, sweep.best_value)
    context = {
        "page_obj": page,
        "sort": sort,
        "any_active": any(sweep.is_active for sweep in page.object_list),
        "has_strategies": bool(page.object_list) or Strategy.objects.for_user(request.user).exists(),
        **NAV,
    }
    return render(request, "backtests/sweeps/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sweep_create(request: HttpRequest) -> HttpResponse:
    """First the strategy (`?strategy=`), then the form around its parameters."""
    strategy = _strategy_of(request)
    if strategy is None:
        own = Strategy.objects.for_user(request.user).order_by("name")
        # Those over several symbols are left out: a sweep runs on one.
        strategies = [strategy for strategy in own if not strategy.trades_weights]
        status = REFUSED if request.method == "POST" else 200
        return render(request, "backtests/sweeps/pick.html", {"strategies": strategies, **NAV}, status=status)
    given = request.POST if request.method == "POST" else None
    initial = first_values(request.user, strategy)
    form = SweepForm(given, user=request.user, strategy=strategy, initial=initial)
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, form.field_of_refusal):
            return redirect(SweepService.submit(user=request.user, **form.values()))
    context = {
        "form": form,
        "strategy": strategy,
        "series": list(usable_series(request.user)),
        "count_url": reverse("backtests:sweep_count"),
        **NAV,
    }
    return render(request, "backtests/sweeps/create.html", context, status=REFUSED if form.errors else 200)


@login_required
@require_POST
def sweep_count(request: HttpRequest) -> JsonResponse:
    """How many combinations the form, as it is typed now, would try; asked while somebody types."""
    strategy = _strategy_of(request)
    if strategy is None:
        return JsonResponse({"ok": False, "words": _("Choose a strategy first.")})
    form = SweepForm(request.POST, user=request.user, strategy=strategy)
    if not form.is_valid():
        first = next(iter(form.errors.values()))
        return JsonResponse({"ok": False, "words": first[0]})
    try:
        found = SweepService.count(user=request.user, **form.search())
    except LabError as error:
        return JsonResponse({"ok": False, "words": next(iter(error.fields.values()), [error.detail])[0]})
    said = (
        _("%(valid)s of %(cells)s combinations can be run")
        if found.exact
        else _("about %(valid)s of %(cells)s combinations can be run")
    )
    numbers = {"valid": figures.integer(found.valid), "cells": figures.integer(found.cells)}
    return JsonResponse(
        {"ok": found.valid > 0, "words": said % numbers, "cells": found.cells, "valid": found.valid}
    )


def _strategy_of(request: HttpRequest) -> Strategy | None:
    value = (request.POST if request.method == "POST" else request.GET).get("strategy", "")
    if not (value.isascii() and value.isdigit() and len(value) < 18):
        return None
    return Strategy.objects.for_user(request.user).filter(pk=int(value)).first()


@login_required
@require_safe
def sweep_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, or for htmx the part of it that changes: progress, the whole report, or one page of the table."""
    sweep = _owned(request, pk)
    words = presentation.words_of(sweep)
    context: dict[str, Any] = {
        "sweep": sweep,
        "job": sweep.job,
        "strategy_facts": _fixed_facts(sweep),
        "axes": [
            (words[axis.name].label, presentation.axis_summary(axis, words[axis.name]))
            for axis in axes_of(sweep.axes)
        ],
        "settings": settings_rows(sweep.configuration),
        **NAV,
    }
    if sweep.is_succeeded:
        cells = SweepService.cells(sweep)
        context |= presentation.table(sweep, cells, words, request.GET)
        if request.htmx and request.htmx.target == "cells":
            return render(request, "backtests/sweeps/_cells.html", context)
        context["headline"] = presentation.headline(sweep, cells, words)
        context["controls"] = presentation.map_controls(sweep, cells, words)
        chosen = _chosen(request, cells, sweep)
        context["cell"] = presentation.cell_context(sweep, cells, chosen) if chosen is not None else None
    if request.htmx:
        return render(request, "backtests/sweeps/_sweep.html", {**context, "swap_actions": True})
    return render(request, "backtests/sweeps/detail.html", context)


def _fixed_facts(sweep: Sweep) -> dict[str, Any]:
    """Type and parameters in words, without those that vary."""
    facts = strategy_facts(sweep)
    varied = {axis["name"] for axis in sweep.axes}
    rows = facts["parameters"]() if callable(facts["parameters"]) else facts["parameters"]
    return {**facts, "parameters": [row for row in rows if row["name"] not in varied]}


def _chosen(request: HttpRequest, cells: Any, sweep: Sweep) -> int | None:
    """The cell that stands beside the map: the one in the address, else the best."""
    value = request.GET.get("cell", "")
    if value.isascii() and value.isdigit() and len(value) < 10 and int(value) < len(cells):
        return int(value)
    return cells.best(sweep.objective)


@login_required
@require_safe
def sweep_map(request: HttpRequest, pk: int) -> JsonResponse:
    """The map that the chart draws."""
    return JsonResponse(maps.map_json(_owned(request, pk), request.GET))


@login_required
@require_safe
def sweep_map_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    return maps.map_csv(_owned(request, pk), request.GET)


@login_required
@require_safe
def sweep_cells_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Every cell, in the order of the table."""
    return maps.cells_csv(_owned(request, pk), request.GET.get("sort", ""))


@login_required
@require_safe
def sweep_cell(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """One cell beside the map; without a script, on the page of its sweep."""
    sweep = _owned(request, pk)
    cells, cell = one_cell.the_cell(sweep, cell)
    if not request.htmx:
        return redirect(f"{sweep.get_absolute_url()}?cell={cell}#cell")
    context = {"cell": presentation.cell_context(sweep, cells, cell), "sweep": sweep}
    return render(request, "backtests/sweeps/_cell.html", context)


@login_required
@require_POST
def sweep_cell_run(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """One cell as a full backtest."""
    return redirect(one_cell.run_cell(_owned(request, pk), cell))


@login_required
@require_POST
def sweep_cell_save(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """One cell as a strategy."""
    strategy = one_cell.save_cell(_owned(request, pk), cell)
    messages.success(request, _("“%(name)s” was saved with these parameters.") % {"name": strategy.name})
    return redirect(strategy)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sweep_cell_check(request: HttpRequest, pk: int, cell: int) -> HttpResponse:
    """Have one cell run alone (POST), and say whether every byte is the same (`?job=`)."""
    sweep = _owned(request, pk)
    if request.method == "POST":
        job = one_cell.check_cell(sweep, cell)
        if not request.htmx:
            return redirect("jobs:detail", job.pk)
    else:
        job = _check_job(request, sweep, cell)
    context = {"sweep": sweep, "number": cell, "job": job, "outcome": job.payload.get("outcome")}
    return render(request, "backtests/sweeps/_check.html", context)


def _check_job(request: HttpRequest, sweep: Sweep, cell: int) -> Job:
    one_cell.the_cell(sweep, cell)
    try:
        key = uuid.UUID(request.GET.get("job", ""))
    except ValueError:
        key = uuid.UUID(int=0)
    job = get_object_or_404(Job.objects.for_user(request.user).filter(kind=CHECK_KIND), pk=key)
    return one_cell.require_check_of(job, sweep, cell)


@login_required
@require_POST
def sweep_rerun(request: HttpRequest, pk: int) -> HttpResponse:
    """The same sweep again, as a new one."""
    return redirect(SweepService.rerun(_owned(request, pk)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sweep_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then deletes."""
    sweep = _owned(request, pk)
    if request.method == "POST":
        SweepService.delete([sweep])
        messages.success(request, _("The sweep was deleted."))
        return redirect("backtests:sweep_list")
    consequences = [
        _("Its map and all its combinations are gone."),
        _("Backtests and strategies that were made from it stay, and so does the count of its trials."),
    ]
    if sweep.is_active:
        consequences.append(_("It still runs: it is stopped."))
    context = {
        "object": sweep.title,
        "heading_text": _("Delete this sweep"),
        "consequences": consequences,
        "cancel_url": sweep.get_absolute_url(),
        **NAV,
    }
    return render(request, "components/confirm_delete.html", context)
