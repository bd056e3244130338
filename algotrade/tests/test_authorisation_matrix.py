"""Who may reach what, read off the URL table: every route, every method, every stranger.

A new route must be named in a table of `routes`, or the first test fails.
"""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts import tokens
from accounts.services import UserService
from algotrade.tests.belongings import inventory, one_of_everything
from algotrade.tests.routes import (
    ABOUT_ONE,
    COLLECTIONS,
    MARK,
    METHODS,
    OWN,
    PLACEHOLDER,
    PRIVATE,
    PUBLIC,
    ROUTES,
    SHOWN_TO_STAFF,
    Route,
    by_name,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(user: Any, media_root: Path) -> dict[str, Any]:
    """One of everything, all of it the owner's."""
    return one_of_everything(user, media_root)


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


@by_name([route for route in ABOUT_ONE if route.name in SHOWN_TO_STAFF])
def test_staff_reach_the_jobs_of_others(route, things, staff, client_for):
    method = "get" if route.name == "jobs:detail" else "post"
    client = client_for(staff)
    client.raise_request_exception = False
    assert send(client, route, method, things).status_code in {200, 302, 409}, "409: it has ended already"


@by_name([route for route in ABOUT_ONE if route.name not in SHOWN_TO_STAFF])
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
