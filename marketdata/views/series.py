"""Pages about market data: what there is, how good it is, and how more comes in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from algotrade.forms import REFUSED, number_in, refusals_on
from algotrade.templatetags.figures import integer
from marketdata import exports, findings, services
from marketdata.charts import FEWEST_POINTS, MAX_POINTS, POINTS_LIMIT
from marketdata.forms.common import timeframe_choices
from marketdata.forms.generate import GenerateForm
from marketdata.incoming.deriving import longer_timeframes
from marketdata.incoming.submissions import submit_generation
from marketdata.models import BarImport, Feed, Series
from marketdata.timeframes import TIMEFRAMES

PAGE_SIZE = 25
INCOMING_SHOWN = 8
SNAPSHOTS_SHOWN = 20
IMPORTS_SHOWN = 8
DERIVED_SHOWN = 20
LISTS = {
    "backtests.BacktestResult": "backtests:list",
    "backtests.Leg": "backtests:list",
    "backtests.Sweep": "backtests:sweep_list",
    "mlmodels.MLModel": "mlmodels:list",
}
"""The pages that list what is computed from series."""


@login_required
@require_safe
def series_list(request: HttpRequest) -> HttpResponse:
    """The user's series and the shared ones; searched, filtered, sorted and paged on the server."""
    series = Series.objects.visible_to(request.user)
    query = request.GET.get("q", "").strip()[:60]
    timeframe = request.GET.get("timeframe", "")
    sort = request.GET.get("sort", "")
    if query:
        series = series.matching(query)
    if timeframe in TIMEFRAMES:
        series = series.filter(timeframe=timeframe)
    fed = Exists(Feed.objects.filter(series=OuterRef("pk"), enabled=True))
    page = Paginator(series.annotate(has_feed=fed).sorted_by(sort), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    context = {
        "nav": "data",
        "page_obj": page,
        "incoming": BarImport.objects.for_user(request.user).coming_in()[:INCOMING_SHOWN],
        "query": query,
        "timeframe": timeframe,
        "sort": sort,
        "timeframes": timeframe_choices(),
        "filtered": bool(query or timeframe),
    }
    return render(request, "marketdata/list.html", context)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    series = services.get_visible(request.user, pk)
    snapshots = list(series.snapshots.defer("quality")[:SNAPSHOTS_SHOWN])
    current = series.current_snapshot()
    report = current.quality if current else {}
    can_edit = series.can_edit(request.user)
    visible = Series.objects.visible_to(request.user)
    mine = BarImport.objects.for_user(request.user).filter(series=series)
    imports = list(mine.summaries()[:IMPORTS_SHOWN])
    context = {
        "nav": "data",
        "series": series,
        "snapshots": snapshots,
        "current": current,
        "report": report,
        "groups": findings.groups(report),
        "years": findings.years(report),
        "last_file": BarImport.objects.last_file_into(series),
        "imports": imports,
        "any_active": any(row.is_active for row in imports),
        "feed": Feed.objects.filter(series=series).first() if can_edit or series.is_shared else None,
        "source": visible.filter(pk=series.derived_from_id).first() if series.is_derived else None,
        "derived": visible.filter(derived_from=series)[:DERIVED_SHOWN],
        "timeframes": [(name, _(TIMEFRAMES[name].label)) for name in longer_timeframes(series)],
        "can_edit": can_edit,
        "can_feed": series.is_kept_by(request.user),
        "can_adjust": series.adjustment != Series.Adjustment.SPLITS_DIVIDENDS,
        "can_share": series.is_shared and request.user.is_staff,
        "can_restore": can_edit and not series.is_derived,
    }
    return render(request, "marketdata/detail.html", context)


@login_required
@require_safe
def chart_data(request: HttpRequest, pk: int) -> HttpResponse:
    """The candles of a series as JSON, down-sampled; `start`, `end` and `max_points` narrow them."""
    series = services.get_visible(request.user, pk)
    chart = services.chart_bars(
        series, request.GET.get("start") or None, request.GET.get("end") or None, _max_points(request)
    )
    response = JsonResponse(chart.to_dict(symbol=series.symbol, timeframe=series.timeframe))
    response["Cache-Control"] = "private, no-cache"
    return response


@login_required
@require_safe
def bars_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """All bars of a series as a CSV file that the import reads back."""
    series = services.get_visible(request.user, pk)
    return exports.csv_response(series, services.open_snapshot(services.current_snapshot(series)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    series = get_object_or_404(Series.objects.for_user(request.user), pk=pk)
    if request.method == "POST":
        services.delete_series(series)
        messages.success(request, _("%(series)s was deleted.") % {"series": series})
        return redirect("marketdata:list")
    context = {
        "nav": "data",
        "object": series,
        "heading_text": _("Delete a series"),
        "consequences": [
            _("%(count)s bars and every snapshot of them go with it.") % {"count": integer(series.bar_count)},
        ],
        "refusals": [_link_to(use, series) for use in services.uses_of(series)],
        "cancel_url": series.get_absolute_url(),
    }
    return render(request, "components/confirm_delete.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def generate(request: HttpRequest) -> HttpResponse:
    form = GenerateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("symbol", "name")}
        with refusals_on(form):
            return redirect(submit_generation(owner=request.user, spec=form.spec(), **given))
    context = {"nav": "data", "form": form}
    return render(request, "marketdata/generate.html", context, status=REFUSED if form.errors else 200)


def _link_to(use: services.Use, series: Series) -> str:
    """The results that keep a series, as a link to their list where there is one."""
    if use.label not in LISTS:
        return str(use)
    if use.label == "backtests.Leg":
        words = ngettext(
            "its part in %(count)s backtest over several symbols",
            "its part in %(count)s backtests over several symbols",
            use.count,
        )
        return format_html(
            '<a href="{}">{}</a>', reverse(LISTS[use.label]), words % {"count": integer(use.count)}
        )
    query = f"?{urlencode({'symbol': series.symbol})}" if use.label == "backtests.BacktestResult" else ""
    return format_html('<a href="{}{}">{}</a>', reverse(LISTS[use.label]), query, use)


def _max_points(request: HttpRequest) -> int:
    wanted = number_in(request.GET.get("max_points"), digits=9)
    return MAX_POINTS if wanted is None else max(FEWEST_POINTS, min(POINTS_LIMIT, wanted))
