"""Staff look at results without loading their heavy columns, and in a fixed number of queries."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from algotrade.jobs.models import Job
from backtests.models import JSON_COLUMNS, BacktestResult

pytestmark = [pytest.mark.django_db, pytest.mark.services]

LIST = "admin:backtests_backtestresult_changelist"


@pytest.fixture
def staff(client):
    user = get_user_model().objects.create_superuser("boss", "boss@example.com", "long-enough-1")
    client.force_login(user)
    return client


def test_the_list_shows_results_of_everybody(staff, finished):
    text = staff.get(reverse(LIST)).content.decode()
    assert "Crossing" in text
    assert "owner" in text


def test_the_list_loads_no_json_and_costs_the_same_with_more_rows(staff, finished, submit):
    with CaptureQueriesContext(connection) as few:
        staff.get(reverse(LIST))
    for _ in range(5):
        submit()
    with CaptureQueriesContext(connection) as many:
        staff.get(reverse(LIST))
    assert len(many) <= len(few)
    sql = " ".join(query["sql"] for query in many)
    for column in (*JSON_COLUMNS, "sparkline"):
        assert f'"backtests_backtestresult"."{column}"' not in sql


@pytest.mark.parametrize("query", ["?q=owner", "?status__exact=succeeded", "?strategy_type=ma_crossover"])
def test_the_list_is_searched_and_filtered(staff, finished, query):
    assert "Crossing" in staff.get(reverse(LIST) + query).content.decode()


def test_one_result_is_looked_at_but_not_changed(staff, finished):
    address = reverse("admin:backtests_backtestresult_change", args=[finished.pk])
    assert finished.snapshot_sha256 in staff.get(address).content.decode()
    assert staff.post(address, {"symbol": "X"}).status_code == 403
    assert staff.get(reverse("admin:backtests_backtestresult_add")).status_code == 403


def test_deleting_here_stops_what_runs(staff, submit):
    result = submit()
    chosen = {"action": "delete_selected", "_selected_action": [result.pk], "post": "yes"}
    staff.post(reverse(LIST), chosen)
    assert not BacktestResult.objects.exists()
    assert Job.objects.get().state == "cancelled"


def test_the_ordinary_user_does_not_get_in(page, finished):
    assert page.get(reverse(LIST)).status_code == 302
