"""Pages: the dashboard, the list, the form and the result. A result's page and its fragment share one template."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from algotrade.forms import REFUSED, refusals_on
from algotrade.jobs.models import Job
from backtests import exports, overview, presentation
from backtests.filters import ListFilter
from backtests.forms import usable_series
from backtests.models import BacktestResult
from backtests.run_form import RunForm, not_offered_again, prefilled_again, prefilled_run
from backtests.services import BacktestService
from backtests.vocabulary import LIST_COLUMNS
from marketdata.charts import downsample
from marketdata.models import Series
from marketdata.services import open_snapshot
from mlmodels.models import MLModel
from strategies.models import Strategy

PAGE_SIZE = 25
RECENT = 8
MOST_DELETED = 200
UNLISTED = ("sparkline", "error_detail")


def _owned(request: HttpRequest, pk: int, *left_out: str) -> BacktestResult:
    results = BacktestResult.objects.for_user(request.user)
    results = results.select_related("job", "snapshot", "series", "model_use")
    return get_object_or_404(results.defer(*left_out), pk=pk)


# -- Dashboard ---------------------------------------------------------------------------------------------


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    return render(
        request, "backtests/dashboard.html", {"nav": "dashboard", **overview.dashboard(request.user)}
    )


@login_required
@require_safe
def latest(request: HttpRequest) -> HttpResponse:
    """The newest results, asked for again when a run has ended."""
    return render(request, "backtests/_latest.html", {"latest": overview.latest(request.user)})


@login_required
@require_safe
def dashboard_job(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One job on the dashboard: its progress, or a line on how it ended."""
    job = get_object_or_404(Job.objects.for_user(request.user), pk=pk)
    response = render(request, "backtests/_dashboard_job.html", {"job": job})
    if job.is_terminal:
        response["HX-Trigger"] = "results-changed"
    return response


# -- List --------------------------------------------------------------------------------------------------


@login_required
@require_safe
def result_list(request: HttpRequest) -> HttpResponse:
    wanted = ListFilter.read(request.GET)
    results = wanted.apply(BacktestResult.objects.for_user(request.user)).summaries().defer(*UNLISTED)
    page = Paginator(results, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "nav": "backtests",
        "page_obj": page,
        "wanted": wanted,
        "states": Job.State.choices,
        "strategies": Strategy.objects.for_user(request.user).order_by("name").values_list("pk", "name"),
        "symbols": BacktestResult.objects.for_user(request.user)
        .order_by("symbol")
        .values_list("symbol", flat=True)
        .distinct(),
        "columns": LIST_COLUMNS,
        "elsewhere": _elsewhere(request, wanted.text) if wanted.text else [],
    }
    return render(request, "backtests/list.html", context)


def _elsewhere(request: HttpRequest, text: str) -> list[tuple[str, str]]:
    """Strategies, models and series that the words of the search find too: how many, and where."""
    strategies = Strategy.objects.for_user(request.user).matching(text).count()
    series = Series.objects.visible_to(request.user).matching(text).count()
    models = MLModel.objects.for_user(request.user).mentioning(text).count()
    found = [
        (strategies, ngettext("%(n)d strategy", "%(n)d strategies", strategies), "strategies:list"),
        (models, ngettext("%(n)d model", "%(n)d models", models), "mlmodels:list"),
        (series, ngettext("%(n)d series of data", "%(n)d series of data", series), "marketdata:list"),
    ]
    return [(said % {"n": n}, f"{reverse(place)}?{urlencode({'q': text})}") for n, said, place in found if n]


@login_required
@require_safe
def results_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The list of results as a file, filtered and sorted as the page shows it."""
    wanted = ListFilter.read(request.GET)
    return exports.results_csv(wanted.apply(BacktestResult.objects.for_user(request.user)))


@login_required
@require_safe
def recent_for_strategy(request: HttpRequest, pk: int) -> HttpResponse:
    """The last results of one strategy, for its page."""
    strategy = get_object_or_404(Strategy.objects.for_user(request.user), pk=pk)
    results = BacktestResult.objects.for_user(request.user).filter(strategy=strategy).summaries()[:RECENT]
    return render(request, "backtests/_recent.html", {"strategy": strategy, "results": results})


# -- New ---------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """The form, filled in from `?strategy=`, `?series=` or `?from=` (an earlier result)."""
    given = request.POST if request.method == "POST" else None
    form = RunForm(given, user=request.user, initial=_initial(request))
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, form.field_of):
            return redirect(BacktestService.submit(user=request.user, **form.values()))
    status = REFUSED if form.errors else 200
    return render(request, "backtests/create.html", _form_context(form), status=status)


def _initial(request: HttpRequest) -> dict[str, Any]:
    earlier = _named(request, "from", BacktestResult.objects.for_user(request.user))
    if earlier is not None:
        if request.method == "GET" and (names := not_offered_again(earlier)):
            said = _("That run had settings that only the API knows; here they start anew: %(names)s.")
            messages.warning(request, said % {"names": ", ".join(names)})
        return prefilled_again(earlier)
    strategy = _named(request, "strategy", Strategy.objects.for_user(request.user))
    return prefilled_run(request.user, strategy, _named(request, "series", usable_series(request.user)))


def _named(request: HttpRequest, name: str, rows: Any) -> Any:
    """The row that a query parameter names; None where it names nothing of the user's."""
    value = request.GET.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) < 18):
        return None
    return rows.filter(pk=int(value)).first()


def _form_context(form: RunForm) -> dict[str, Any]:
    strategies, series = list(form.fields["strategy"].queryset), list(form.fields["series"].queryset)
    return {
        "nav": "backtests",
        "form": form,
        "strategies": strategies,
        "series": series,
        "choices": presentation.form_choices(strategies, series),
    }


# -- One result --------------------------------------------------------------------------------------------


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, or for htmx the part of it that changes: progress, result, or one page of the trades."""
    result = _owned(request, pk, "equity_curve", "overlays", "sparkline")
    facts = presentation.strategy_facts(result)
    context = {"nav": "backtests", "result": result, "job": result.job, "strategy_facts": facts}
    context |= presentation.legs_context(result, request.GET)
    if result.is_succeeded:
        context |= presentation.result_context(result, request.GET)
    if request.htmx:
        part = "_trades" if request.htmx.target == "trades" else "_result"
        return render(request, f"backtests/{part}.html", {**context, "swap_actions": True})
    return render(request, "backtests/detail.html", context)


@login_required
@require_safe
def equity_data(request: HttpRequest, pk: int) -> JsonResponse:
    """Equity, buy-and-hold and drawdown as the charts read them."""
    results = BacktestResult.objects.for_user(request.user).only("equity_curve", "bar_count")
    return JsonResponse(get_object_or_404(results, pk=pk).equity_rows())


@login_required
@require_safe
def candles_data(request: HttpRequest, pk: int) -> JsonResponse:
    """The bars of the run's own snapshot, with fills and the strategy's lines; `?symbol=` names another leg.

    With `start` or `end` it is the bars of that part of the run alone: the page has fills and lines already.
    """
    result = _owned(request, pk, "equity_curve", "metrics", "undefined", "sparkline", "warnings")
    symbol, snapshot, overlays = result.symbol, result.snapshot, result.overlays
    if result.has_legs and (wanted := request.GET.get("symbol", symbol)) != symbol:
        leg = get_object_or_404(result.legs.select_related("snapshot"), symbol=wanted)
        symbol, snapshot, overlays = leg.symbol, leg.snapshot, []
    bars = open_snapshot(snapshot, start=result.start_date, end=result.end_date)
    start, end = (request.GET.get(name) or None for name in ("start", "end"))
    if start or end:
        part = downsample(bars.slice(start, end))
        return JsonResponse(part.to_dict(symbol=symbol, timeframe=result.timeframe))
    chart = downsample(bars).to_dict(symbol=symbol, timeframe=result.timeframe)
    marks = presentation.markers(result.trades, symbol if result.has_legs else "")
    marks += presentation.retraining_marks(result.retraining)
    return JsonResponse({**chart, "markers": marks, "overlays": overlays})


@login_required
@require_safe
def trades_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    return exports.trades_csv(_named_with(request, pk, "trades"))


@login_required
@require_safe
def equity_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    return exports.equity_csv(_named_with(request, pk, "equity_curve"))


@login_required
@require_safe
def retraining_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    return exports.retraining_csv(_named_with(request, pk))


def _named_with(request: HttpRequest, pk: int, *columns: str) -> BacktestResult:
    """What a file's name tells, and these columns."""
    results = BacktestResult.objects.for_user(request.user).select_related("model_use")
    columns += ("bar_count", "total_trades")
    use = ("model_use__result", "model_use__in_sample_share", "model_use__retraining")
    return get_object_or_404(results.only("strategy_name", "symbol", *use, *columns), pk=pk)


@login_required
@require_POST
def rerun(request: HttpRequest, pk: int) -> HttpResponse:
    """The same run again, as a new result."""
    return redirect(BacktestService.rerun(_owned(request, pk)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    result = _owned(request, pk, "equity_curve", "overlays", "trades")
    if request.method == "POST":
        BacktestService.delete([result])
        messages.success(request, _("The backtest was deleted."))
        return redirect("backtests:list")
    return render(
        request,
        "components/confirm_delete.html",
        {
            "nav": "backtests",
            "object": result,
            "heading_text": _("Delete this backtest"),
            "consequences": presentation.consequences([result]),
            "cancel_url": result.get_absolute_url(),
        },
    )


@login_required
@require_POST
def delete_many(request: HttpRequest) -> HttpResponse:
    """First asks with what was selected, then deletes what was confirmed."""
    chosen = {value for value in request.POST.getlist("selected") if value.isascii() and value.isdigit()}
    keys = [int(value) for value in chosen if len(value) < 18][:MOST_DELETED]
    results = BacktestResult.objects.for_user(request.user).filter(pk__in=keys)
    results = list(results.summaries().select_related("job"))
    if not results:
        messages.info(request, _("Nothing was selected, so nothing was deleted."))
        return redirect("backtests:list")
    if "confirmed" not in request.POST:
        context = {
            "nav": "backtests",
            "results": results,
            "consequences": presentation.consequences(results),
            "cancel_url": reverse("backtests:list"),
        }
        return render(request, "backtests/delete_many.html", context)
    count = BacktestService.delete(results)
    said = ngettext("%(count)d backtest was deleted.", "%(count)d backtests were deleted.", count)
    messages.success(request, said % {"count": count})
    return redirect("backtests:list")
