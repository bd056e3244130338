"""Staff look at results without loading their heavy columns, and in a fixed number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from algotrade.jobs.models import Job
from backtests.models import JSON_COLUMNS, BacktestResult

pytestmark = [pytest.mark.django_db, pytest.mark.services]

LIST = "admin:backtests_backtestresult_changelist"


def test_the_list_shows_results_of_everybody(page_staff, finished):
    text = page_staff.get(reverse(LIST)).content.decode()
    assert "Crossing" in text
    assert "ada" in text


def test_the_list_loads_no_json_and_costs_the_same_with_more_rows(page_staff, finished, submit):
    with CaptureQueriesContext(connection) as few:
        page_staff.get(reverse(LIST))
    for _ in range(5):
        submit()
    with CaptureQueriesContext(connection) as many:
        page_staff.get(reverse(LIST))
    assert len(many) <= len(few)
    sql = " ".join(query["sql"] for query in many)
    for column in (*JSON_COLUMNS, "sparkline"):
        assert f'"backtests_backtestresult"."{column}"' not in sql


@pytest.mark.parametrize("query", ["?q=ada", "?status__exact=succeeded", "?strategy_type=ma_crossover"])
def test_the_list_is_searched_and_filtered(page_staff, finished, query):
    assert "Crossing" in page_staff.get(reverse(LIST) + query).content.decode()


def test_one_result_is_looked_at_but_not_changed(page_staff, finished):
    address = reverse("admin:backtests_backtestresult_change", args=[finished.pk])
    assert finished.snapshot_sha256 in page_staff.get(address).content.decode()
    assert page_staff.post(address, {"symbol": "X"}).status_code == 403
    assert page_staff.get(reverse("admin:backtests_backtestresult_add")).status_code == 403


def test_deleting_here_stops_what_runs(page_staff, submit):
    result = submit()
    chosen = {"action": "delete_selected", "_selected_action": [result.pk], "post": "yes"}
    page_staff.post(reverse(LIST), chosen)
    assert not BacktestResult.objects.exists()
    assert Job.objects.get().state == "cancelled"


def test_the_ordinary_user_does_not_get_in(page, finished):
    assert page.get(reverse(LIST)).status_code == 302
