"""Who may reach what, read off the URL table: every route, every method, every stranger.

A new route must be named in one of the tables below, or the first test fails.
"""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from accounts import tokens
from accounts.services import UserService
from algotrade.jobs.models import Job
from backtests.models import BacktestResult, Sweep
from marketdata.models import BarImport, Feed, MarketData, Series, Snapshot, Upload
from mlmodels.models import MLModel
from strategies.models import Strategy

pytestmark = pytest.mark.django_db
METHODS = ("get", "head", "post", "put", "patch", "delete")
MARK = "zanzibar"  # stands in every text of the owner's things; a stranger must never read it

# Open to everybody.
PUBLIC = {
    "health",
    "health-ready",
    "api-schema",
    "api-docs",
    "auth-register",
    "auth-login",
    "auth-refresh",
    "auth-logout",
    "accounts:login",
    "accounts:register",
}
# For everybody who is signed in, showing each their own things or what all share.
OWN = {
    "auth-me",
    "accounts:logout",
    "accounts:profile",
    "backtests:dashboard",
    "backtests:latest",
    "backtests:list",
    "backtests:create",
    "backtests:delete_many",
    "backtests:export",
    "backtests:sweep_list",
    "backtests:sweep_create",
    "backtests:sweep_count",
    "sweep-list",
    "sweep-count",
    "backtests:preview",
    "backtest-list",
    "backtest-run",
    "backtest-metric-definitions",
    "job-list",
    "jobs:list",
    "marketdata:list",
    "marketdata:import",
    "marketdata:import_list",
    "marketdata:fetch",
    "marketdata:generate",
    "marketdata-range",
    "marketdata-list",
    "marketdata-fetches",
    "marketdata-synthetic",
    "marketdata-providers",
    "series-list",
    "upload-list",
    "import-list",
    "feed-list",
    "ml-model-list",
    "ml-model-train",
    "ml-algorithm-list",
    "mlmodels:list",
    "mlmodels:create",
    "rule-check",
    "rule-language",
    "strategies:check_rules",
    "strategy-list",
    "strategy-preview",
    "strategy-type-list",
    "strategy-type-detail",
    "strategies:list",
    "strategies:create",
    "strategies:create_of_type",
}
# About one thing of one owner: which of the owner's things the address names.
OBJECTS = {
    "strategy-": "strategy",
    "strategies:": "strategy",
    "backtests:recent_for_strategy": "strategy",
    "backtests:dashboard_job": "job",
    "backtest-": "result",
    "backtests:": "result",
    "sweep-": "sweep",
    "backtests:sweep_": "sweep",
    "ml-model-": "model",
    "mlmodels:": "model",
    "job-": "job",
    "jobs:": "job",
    "series-": "series",
    "marketdata-detail": "bar",
    "marketdata:import_": "import",
    "marketdata:import_reading": "upload",
    "marketdata:import_preview": "upload",
    "marketdata:import_discard": "upload",
    "upload-": "upload",
    "import-": "import",
    "feed-": "feed",
    "marketdata:": "series",
}
PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()\\]|\\.|\([^()]*\))*\)")


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def thing(self) -> str:
        """Which of the owner's things the address names, "" for none."""
        if self.name in PUBLIC | OWN:
            return ""
        fitting = [prefix for prefix in OBJECTS if self.name.startswith(prefix)]
        return OBJECTS[max(fitting, key=len)] if fitting else ""

    def url(self, things: dict[str, Any]) -> str:
        named = {"strategy_type": "rsi", "key": "rsi", "cell": "0"}

        def fill(match: re.Match[str]) -> str:
            word = match.group(1) or match.group(2)
            return str(named.get(word) or things[self.thing].pk)

        path = PLACEHOLDER.sub(fill, self.pattern)
        return "/" + re.sub(r"\^|\$|\\Z", "", path)


def walk(resolver: URLResolver, prefix: str = "", spaces: tuple[str, ...] = ()) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Route(":".join((*spaces, entry.name or "")), pattern)
        elif entry.app_name != "admin":
            yield from walk(entry, pattern, (*spaces, entry.namespace) if entry.namespace else spaces)


ROUTES = list(walk(get_resolver()))
PRIVATE = [route for route in ROUTES if route.name not in PUBLIC]
ABOUT_ONE = [route for route in PRIVATE if route.thing]
COLLECTIONS = [route for route in PRIVATE if not route.thing]


def by_name(routes: list[Route]) -> Any:
    return pytest.mark.parametrize("route", routes, ids=[route.name for route in routes])


@pytest.fixture
def things(user: Any, media_root: Path) -> dict[str, Any]:
    """One of everything, all of it the owner's."""
    moment = datetime(2024, 1, 2, tzinfo=UTC)
    span = {"first_time": moment, "last_time": moment, "bar_count": 1}
    series = Series.objects.create(
        user=user, symbol="ZANZIBAR", name=MARK, timeframe="1d", source="csv", calendar="exchange", **span
    )
    bar = MarketData.objects.create(
        series=series, symbol="ZANZIBAR", timestamp=moment, open=1, high=1, low=1, close=1, volume=1
    )
    snapshot = Snapshot.objects.create(series=series, sha256="ab" * 32, path=f"{MARK}.npy", **span)
    strategy = Strategy.objects.create(
        user=user, name=MARK, strategy_type="rsi", symbol="ZANZIBAR", initial_capital=1000
    )
    job = Job.objects.create(
        owner=user, kind="backtests.run", title=MARK, state=Job.State.FAILED, deadline_at=moment
    )
    (media_root / "uploads").mkdir()
    (media_root / "uploads" / "bars.csv").write_text(
        f"date,open,high,low,close,{MARK}\n2024-01-02,1,1,1,1,1\n"
    )
    upload = Upload.objects.create(user=user, name=f"{MARK}.csv", path="uploads/bars.csv", size=60)
    brought = BarImport.objects.create(
        user=user,
        series=series,
        upload=upload,
        source=BarImport.Source.FILE,
        origin=MARK,
        symbol="ZANZIBAR",
        timeframe="1d",
        status=Job.State.FAILED,
        problems=[{"line": 2, "column": MARK, "value": MARK, "reason": MARK}],
    )
    feed = Feed.objects.create(series=series, provider="synthetic", symbol=MARK)
    common = {"user": user, "series": series, "snapshot": snapshot, "symbol": "ZANZIBAR", "timeframe": "1d"}
    result = BacktestResult.objects.create(
        strategy=strategy,
        strategy_name=MARK,
        strategy_type="rsi",
        snapshot_sha256=snapshot.sha256,
        periods_per_year=252,
        start_date=date(2024, 1, 1),
        end_date=date(2024, 2, 1),
        **common,
    )
    sweep = Sweep.objects.create(
        strategy=strategy,
        strategy_name=MARK,
        strategy_type="rsi",
        snapshot_sha256=snapshot.sha256,
        periods_per_year=252,
        start_date=date(2024, 1, 1),
        end_date=date(2024, 2, 1),
        axes=[{"name": "period", "values": [7, 14]}],
        **common,
    )
    model = MLModel.objects.create(
        name=MARK, algorithm="logistic_regression", snapshot_sha256=snapshot.sha256, **common
    )
    return {
        "series": series,
        "bar": bar,
        "strategy": strategy,
        "job": job,
        "import": brought,
        "upload": upload,
        "feed": feed,
        "result": result,
        "sweep": sweep,
        "model": model,
        "snapshot": snapshot,
    }


def send(
    client: Client | APIClient, route: Route, method: str, things: dict[str, Any], body: dict | None = None
) -> Any:
    url = route.url(things)
    if method in {"get", "head"}:
        return getattr(client, method)(url)
    if isinstance(client, APIClient):
        return getattr(client, method)(url, {}, format="json")
    kind = "application/json" if route.is_api else "application/x-www-form-urlencoded"
    return getattr(client, method)(url, b"{}" if route.is_api else b"", content_type=kind)


def inventory() -> list[int]:
    models = (
        Series,
        MarketData,
        Snapshot,
        Upload,
        BarImport,
        Feed,
        Strategy,
        Job,
        BacktestResult,
        Sweep,
        MLModel,
    )
    return [model.objects.count() for model in models]


def is_turned_away(response: Any, route: Route) -> bool:
    if route.is_api:
        return response.status_code == 401
    to_login = response.status_code == 302 and response["Location"].startswith("/account/login/")
    # A method the page does not have may be refused before anybody asks who it is.
    return to_login or response.status_code == 405


def test_every_route_is_named_in_a_table_and_the_tables_hold_no_other():
    assert len(ROUTES) > 60
    names = {route.name for route in ROUTES}
    unknown = [route for route in ROUTES if route.name not in PUBLIC | OWN and not route.thing]
    assert not unknown, "say in the tables above who may reach these"
    assert not (PUBLIC | OWN) - names, "these routes are gone"
    assert not PUBLIC & OWN


def test_a_route_that_names_a_thing_is_in_the_table_of_things(things):
    for route in COLLECTIONS:
        placeholders = {a or b for a, b in PLACEHOLDER.findall(route.pattern)}
        assert placeholders <= {"strategy_type", "key"}, f"{route.name} names a thing: it is not just OWN"


@by_name([route for route in ROUTES if route.name in PUBLIC])
def test_public_routes_need_nobody_and_show_nothing(route, things):
    for method in METHODS:
        response = send(Client(), route, method, things)
        assert response.status_code < 500 or route.name == "health-ready", method
        assert MARK not in response.content.decode().lower(), method


@by_name(PRIVATE)
def test_an_anonymous_visitor_is_turned_away(route, things):
    before = inventory()
    for method in METHODS:
        response = send(Client(), route, method, things)
        assert is_turned_away(response, route), (method, response.status_code)
        assert MARK not in response.content.decode().lower(), method
    assert inventory() == before


@by_name(PRIVATE)
def test_a_deactivated_owner_is_turned_away_by_session_and_by_token(route, things, user, client_for):
    browser, script = client_for(user), APIClient()
    script.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(user).access}")
    UserService.deactivate(user)
    before = inventory()
    for method in METHODS:
        assert is_turned_away(send(browser, route, method, things), route), method
        if route.is_api:
            assert send(script, route, method, things).status_code == 401, method
    assert inventory() == before


@by_name(ABOUT_ONE)
def test_the_owner_does_reach_the_thing(route, things, user, client_for):
    """The counter-check: without it a wrong address would make every refusal below look right."""
    client = client_for(user)
    client.raise_request_exception = False
    statuses = {method: send(client, route, method, things).status_code for method in METHODS}
    assert set(statuses.values()) - {404, 405}, statuses


@by_name(ABOUT_ONE)
def test_a_stranger_finds_nothing_where_the_owners_thing_is(route, things, other_user, client_for):
    before = inventory()
    visitors = [client_for(other_user)]
    if route.is_api:
        script = APIClient()
        script.force_authenticate(other_user)
        visitors.append(script)
    for visitor in visitors:
        for method in METHODS:
            response = send(visitor, route, method, things)
            assert response.status_code in {403, 404, 405}, (method, response.status_code)
            assert MARK not in response.content.decode().lower(), method
    assert inventory() == before


@by_name(ABOUT_ONE)
def test_staff_too_find_nothing_of_others_outside_the_admin(route, things, staff, client_for):
    client = client_for(staff)
    for method in METHODS:
        response = send(client, route, method, things)
        assert response.status_code in {403, 404, 405}, (method, response.status_code)


@by_name(COLLECTIONS)
def test_a_strangers_lists_hold_nothing_of_the_owner(route, things, other_user, client_for):
    before = inventory()
    for method in METHODS:
        client = client_for(other_user)
        response = send(client, route, method, things)
        assert response.status_code < 500, (method, response.status_code)
        content = b"".join(response) if response.streaming else response.content
        assert MARK not in content.decode().lower(), method
    assert inventory() == before


@by_name([route for route in ABOUT_ONE if route.thing != "bar"])
def test_an_address_of_nothing_is_a_404_for_the_owner_too(route, user, client_for):
    class Nothing:
        pk = uuid.UUID(int=7) if route.thing in {"job", "upload"} else 999_999_999

    client = client_for(user)
    for method in METHODS:
        response = send(client, route, method, {route.thing: Nothing})
        assert response.status_code in {404, 405}, (method, response.status_code)


def references(things: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    run = {"start_date": "2024-01-01", "end_date": "2024-02-01", "start": "2024-01-01", "end": "2024-02-01"}
    strategy, series, model = things["strategy"].pk, things["series"].pk, things["model"].pk
    return [
        ("/api/backtests/run/", {"strategy": strategy, "series": series, **run}),
        ("/api/sweeps/", {"strategy": strategy, "axes": [{"name": "period", "values": [7, 14]}]}),
        ("/optimise/new/", {"strategy": strategy, "series": series, **run}),
        ("/api/ml-models/train/", {"name": "mine", "series": series, "algorithm": "logistic_regression"}),
        (
            "/api/strategies/",
            {"name": "mine", "strategy_type": "ml_signal", "symbol": "X", "parameters": {"model": model}},
        ),
        ("/backtests/new/", {"strategy": strategy, "series": series, **run}),
        ("/models/new/", {"name": "mine", "series": series, "algorithm": "logistic_regression"}),
        ("/backtests/delete/", {"selected": things["result"].pk, "confirmed": "1"}),
        ("/api/market-data/imports/", {"upload": str(things["upload"].pk), "symbol": "X"}),
        ("/api/market-data/feeds/", {"series": series, "provider": "synthetic", "symbol": "X"}),
    ]


@pytest.mark.parametrize("number", range(10))
def test_a_stranger_cannot_name_the_owners_things_in_a_body(number, things, other_user, client_for):
    url, body = references(things)[number]
    before = inventory()
    kind = {"content_type": "application/json"} if url.startswith("/api/") else {}
    response = client_for(other_user).post(url, body, **kind)
    assert 300 <= response.status_code < 500, response.status_code
    assert MARK not in response.content.decode().lower()
    assert inventory() == before


@pytest.mark.parametrize(
    "query",
    [
        "/api/market-data/?series={series}",
        "/api/market-data/?symbol=ZANZIBAR",
        "/api/market-data/bars/?series={series}",
        "/api/backtests/?strategy={strategy}",
        "/api/backtests/?symbol=ZANZIBAR",
        "/backtests/new/?strategy={strategy}&series={series}&from={result}",
        "/backtests/?strategy={strategy}&q=zanzibar",
        "/backtests/export.csv?strategy={strategy}",
        "/optimise/new/?strategy={strategy}",
        "/api/sweeps/?strategy={strategy}",
        "/strategies/?q=zanzibar",
        "/models/new/?series={series}",
        "/data/import/?series={series}&again={import}",
        "/data/imports/?status=failed",
        "/api/market-data/imports/?series={series}",
    ],
)
def test_a_stranger_cannot_name_the_owners_things_in_a_query(query, things, other_user, client_for):
    url = query.format(**{name: thing.pk for name, thing in things.items()})
    response = client_for(other_user).get(url)
    assert response.status_code < 500
    content = b"".join(response) if response.streaming else response.content
    # The word that was searched for may be repeated; the owner's rows may not be there.
    text = re.sub(r'value="zanzibar"|[?&](?:amp;)?q=zanzibar|“zanzibar”', "", content.decode().lower())
    assert MARK not in text
