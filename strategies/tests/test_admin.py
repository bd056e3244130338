"""Strategies in the admin: readable, searchable, checked, without a query per row."""

import json

import pytest

from strategies.models import Strategy
from strategies.tests.conftest import make_strategy, make_user

URL = "/admin/strategies/strategy/"


@pytest.fixture
def staff(client, db):
    user = make_user("staff")
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user, backend="accounts.backends.EmailOrUsernameBackend")
    return client


def test_staff_see_and_search_the_strategies_of_all(staff, owner, stranger):
    make_strategy(owner, "Mine")
    make_strategy(stranger, "Theirs", strategy_type="rsi")
    body = staff.get(URL).content.decode()
    assert "Mine" in body
    assert "Theirs" in body
    assert "RSI reversal" in body
    assert "Theirs" not in staff.get(f"{URL}?q=owner").content.decode()
    assert "Mine" not in staff.get(f"{URL}?strategy_type=rsi").content.decode()


def test_the_list_does_not_ask_again_for_each_row(staff, django_assert_max_num_queries):
    for number in range(30):
        make_strategy(make_user(f"user{number}"), f"S{number}")
    staff.get(URL)
    with django_assert_max_num_queries(10):
        staff.get(URL)


def test_the_form_checks_what_the_service_checks(staff, strategy):
    url = f"{URL}{strategy.pk}/change/"
    assert staff.get(url).status_code == 200
    form = {
        "user": strategy.user_id,
        "name": "Renamed",
        "description": "",
        "strategy_type": "ma_crossover",
        "parameters": json.dumps({"fast_period": 99}),
        "symbol": "AAPL",
        "timeframe": "1d",
        "initial_capital": "10000",
    }
    assert "99 is not below the slow period (30)" in staff.post(url, form).content.decode()
    assert staff.post(url, form | {"parameters": json.dumps({"fast_period": 9})}).status_code == 302
    saved = Strategy.objects.get()
    assert (saved.name, saved.parameters["fast_period"]) == ("Renamed", 9)


def test_users_without_staff_rights_are_sent_to_log_in(page):
    assert page.get(URL).status_code == 302
