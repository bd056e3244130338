"""Strategies in the admin: readable, searchable, checked, without a query per row."""

import json

from strategies.models import Strategy
from strategies.tests.conftest import make_strategy

URL = "/admin/strategies/strategy/"


def test_staff_see_and_search_the_strategies_of_all(page_staff, user, other_user):
    make_strategy(user, "Mine")
    make_strategy(other_user, "Theirs", strategy_type="rsi")
    body = page_staff.get(URL).content.decode()
    assert "Mine" in body
    assert "Theirs" in body
    assert "RSI reversal" in body
    assert "Theirs" not in page_staff.get(f"{URL}?q=ada").content.decode()
    assert "Mine" not in page_staff.get(f"{URL}?strategy_type=rsi").content.decode()


def test_the_list_does_not_ask_again_for_each_row(page_staff, make_user, django_assert_max_num_queries):
    for number in range(30):
        make_strategy(make_user(f"user{number}"), f"S{number}")
    page_staff.get(URL)
    with django_assert_max_num_queries(10):
        page_staff.get(URL)


def test_the_form_checks_what_the_service_checks(page_staff, strategy):
    url = f"{URL}{strategy.pk}/change/"
    assert page_staff.get(url).status_code == 200
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
    assert "99 is not below the slow period (30)" in page_staff.post(url, form).content.decode()
    assert page_staff.post(url, form | {"parameters": json.dumps({"fast_period": 9})}).status_code == 302
    saved = Strategy.objects.get()
    assert (saved.name, saved.parameters["fast_period"]) == ("Renamed", 9)


def test_users_without_staff_rights_are_sent_to_log_in(page):
    assert page.get(URL).status_code == 302
