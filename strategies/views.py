"""Pages about strategies. They translate; the service decides."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from algotrade.forms import REFUSED, refusals_on
from marketdata.models import Series
from strategies.base import BaseStrategy
from strategies.errors import StrategyError
from strategies.forms import StrategyFilterForm, StrategyForm, translated
from strategies.headlines import has_headlines, headlines_for
from strategies.models import Strategy
from strategies.params import ReferenceParam
from strategies.previews import preview_panel, warm_previews
from strategies.registry import get_strategy_class, names
from strategies.services import StrategyService, symbols_range

PAGE_SIZE = 25
SUGGESTED_SYMBOLS = 4
NAV = {"nav": "strategies"}


@login_required
@require_safe
def strategy_list(request: HttpRequest) -> HttpResponse:
    """The user's strategies: searched, filtered, sorted, paged."""
    types = {key: translated(get_strategy_class(key).label) for key in names()}
    form = StrategyFilterForm(request.GET, types)
    sort = request.GET.get("sort", "")
    rows = _filtered(Strategy.objects.for_user(request.user), form.chosen).sorted_by(sort)
    page = Paginator(rows.defer("description"), PAGE_SIZE).get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    headlines = headlines_for(page.object_list)
    for strategy in page.object_list:
        strategy.headline = headlines.get(strategy.pk)
    context = {"page_obj": page, "form": form, "sort": sort, "show_headlines": has_headlines(), **NAV}
    return render(request, "strategies/list.html", context)


def _filtered(rows: QuerySet[Strategy], chosen: dict[str, str]) -> QuerySet[Strategy]:
    if "q" in chosen:
        rows = rows.matching(chosen["q"])
    if "type" in chosen:
        rows = rows.filter(strategy_type=chosen["type"])
    if "timeframe" in chosen:
        rows = rows.filter(timeframe=chosen["timeframe"])
    return rows


@login_required
@require_safe
def pick_type(request: HttpRequest) -> HttpResponse:
    """Step 1 of a new strategy: the types, each with a line and a picture."""
    warm_previews()
    kinds = {key: get_strategy_class(key) for key in names()}
    types = [
        {"type": kind, "pictures": pictures_of(key), "refers": kind.refers()} for key, kind in kinds.items()
    ]
    types.sort(key=lambda item: item["type"].uses_model)  # what can be tried at once comes first
    return render(request, "strategies/pick_type.html", {"types": types, **NAV})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, strategy_type: str) -> HttpResponse:
    """Step 2: the form of the chosen type. The address may fill it in, as the link on a model's page does."""
    strategy_class = get_strategy_class(strategy_type)
    name = StrategyService.suggest_name(request.user, translated(strategy_class.label))
    given = {field: value[:100] for field, value in request.GET.items() if value}
    initial = {"name": name, **_suggested_market(request), **given}
    most = symbols_range(strategy_type)[1]
    if most > 1 and not initial.get("other_symbols"):
        initial["other_symbols"] = _symbols_beside(request, initial, min(most, SUGGESTED_SYMBOLS) - 1)
    form = StrategyForm(
        request.POST or None, strategy_class=strategy_class, user=request.user, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, form.field_of):
            strategy = StrategyService.create(user=request.user, **form.values())
            messages.success(request, _("“%(name)s” was saved.") % {"name": strategy.name})
            return redirect(strategy)
    return _form_page(request, form, strategy_class=strategy_class)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The same form with the saved values."""
    strategy = _own(request, pk)
    strategy_class = get_strategy_class(strategy.strategy_type)
    form = StrategyForm(
        request.POST or None,
        strategy_class=strategy_class,
        user=request.user,
        initial=StrategyForm.initial_of(strategy),
    )
    if request.method == "POST" and form.is_valid():
        with refusals_on(form, form.field_of):
            strategy = StrategyService.update(strategy, **form.values())
            messages.success(request, _("“%(name)s” was saved.") % {"name": strategy.name})
            return redirect(strategy)
    return _form_page(request, form, strategy_class=strategy_class, strategy=strategy)


@login_required
@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Parameters, rules in words, and the latest results."""
    strategy = _own(request, pk)
    rules, problem = (), ""
    try:
        rules = strategy.build().describe_rules()
    except StrategyError as error:
        problem = error.detail
    context = {
        "strategy": strategy,
        "rules": [translated(rule) for rule in rules],
        "problem": problem,
        "type": strategy.type_class,
        "pictures": pictures_of(strategy.strategy_type),
        "run_url": f"{reverse('backtests:create')}?strategy={strategy.pk}",
        "recent_url": reverse("backtests:recent_for_strategy", args=[strategy.pk]),
        **NAV,
    }
    return render(request, "strategies/detail.html", context)


@login_required
@require_POST
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy to change; what a new strategy may not name is to be chosen anew."""
    strategy = _own(request, pk)
    copy = StrategyService.duplicate(strategy)
    messages.success(request, _("“%(name)s” was made. Change what should differ.") % {"name": copy.name})
    if missing := [label for name, label in _labels_of(copy).items() if name not in copy.parameters]:
        said = _(
            "Left out, because it was deleted or retired: %(names)s. Choose another before the copy can run."
        )
        messages.warning(request, said % {"names": ", ".join(missing)})
    return redirect("strategies:edit", copy.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then deletes."""
    strategy = _own(request, pk)
    if request.method == "POST":
        StrategyService.delete(strategy)
        messages.success(request, _("“%(name)s” was deleted.") % {"name": strategy.name})
        return redirect("strategies:list")
    context = {
        "object": strategy.name,
        "heading_text": _("Delete strategy"),
        "action_label": _("Delete strategy"),
        "consequences": [
            _("Its parameters and description are lost."),
            _("Backtest results stay, with the parameters they were run with."),
        ],
        "cancel_url": strategy.get_absolute_url(),
        **NAV,
    }
    return render(request, "components/confirm_delete.html", context)


def _labels_of(strategy: Strategy) -> dict[str, str]:
    """What pages call the objects that a strategy names."""
    params = strategy.type_class.params if strategy.type_class else ()
    return {param.name: translated(param.label) for param in params if isinstance(param, ReferenceParam)}


def pictures_of(key: str) -> list[str]:
    """Templates to try for a type's picture; a type without its own shows the general one."""
    return [f"strategies/pictures/{key}.html", "strategies/pictures/_general.html"]


def _own(request: HttpRequest, pk: int) -> Strategy:
    return get_object_or_404(Strategy.objects.for_user(request.user).select_related("user"), pk=pk)


def _form_page(request: HttpRequest, form: StrategyForm, **context: Any) -> HttpResponse:
    status = REFUSED if form.errors else 200
    strategy_class = context["strategy_class"]
    warm_previews()
    context |= {
        "form": form,
        "pictures": pictures_of(strategy_class.key),
        "rules": _rules_of(strategy_class, context.get("strategy")),
        "symbols": _known_symbols(request),
        "preview": preview_panel(strategy_class),
        **NAV,
    }
    return render(request, "strategies/form.html", context, status=status)


def _rules_of(strategy_class: type[BaseStrategy], strategy: Strategy | None) -> list[str]:
    """The rules in words as saved, or with the defaults; none for a type that cannot be made of defaults alone."""
    try:
        built = strategy.build() if strategy else strategy_class()
    except StrategyError:
        return []
    return [translated(rule) for rule in built.describe_rules()]


def _known_symbols(request: HttpRequest) -> list[str]:
    """Symbols the user has data of, offered while typing."""
    series = Series.objects.visible_to(request.user).order_by("symbol")
    return list(series.values_list("symbol", flat=True).distinct()[:500])


def _symbols_beside(request: HttpRequest, market: Mapping[str, Any], count: int) -> list[str]:
    """Other symbols to try a type over several with: of the market's timeframe and calendar, in their order."""
    held = Series.objects.visible_to(request.user).with_bars().filter(timeframe=market.get("timeframe", "1d"))
    kept = dict(held.order_by("symbol").values_list("symbol", "calendar")[:500])
    first = str(market.get("symbol", "")).upper()
    others = [symbol for symbol, calendar in kept.items() if symbol != first and calendar == kept.get(first)]
    return others[:count]


def _suggested_market(request: HttpRequest) -> dict[str, str]:
    """What the user's last strategy trades, else the first daily series they see, so that one can try at once."""
    last = Strategy.objects.for_user(request.user).values("symbol", "timeframe").first()
    if last is not None:
        return last
    daily = Series.objects.visible_to(request.user).with_bars().filter(timeframe="1d").order_by("symbol")
    return daily.values("symbol", "timeframe").first() or {}
