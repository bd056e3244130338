"""What queries for results must not pay for."""

import pytest
from django.db import connection

from backtests import headlines
from backtests.models import BacktestResult


@pytest.mark.django_db
def test_the_large_columns_are_the_last_of_the_table():
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, "backtests_backtestresult")
    names = [column.name for column in described]
    large = {"warnings", "undefined", "metrics", "overlays", "equity_curve", "trades"}
    assert set(names[-len(large) :]) == large


@pytest.mark.services
@pytest.mark.django_db
def test_the_headline_of_a_strategy_is_its_newest_result(finished, submit, django_assert_num_queries):
    newest = submit()
    with django_assert_num_queries(1):
        found = headlines.latest_results([newest.strategy])
    assert found[newest.strategy_id].url == newest.get_absolute_url()
    assert found[newest.strategy_id].status == "queued"
    assert BacktestResult.objects.count() == 2
