"""The pages for owner, stranger and anonymous; the dashboard and the list: what they say, what they cost."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backtests.models import JSON_COLUMNS, BacktestResult
from backtests.tests.conftest import url
from marketdata.models import Series
from mlmodels.models import MLModel
from strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.services]

RESULT_PAGES = ("detail", "delete", "equity_data", "candles_data", "trades_csv", "equity_csv")
PLAIN_PAGES = ("dashboard", "latest", "list", "create", "export")


def test_a_series_with_results_says_which_and_offers_no_deletion(page, submit, series):
    submit()
    address = reverse("marketdata:delete", args=[series.pk])
    body = page.get(address).content.decode()
    assert '<a href="/backtests/?symbol=WAVE">1 backtest result</a>' in body
    assert "btn-danger" not in body
    page.post(address)
    assert Series.objects.filter(pk=series.pk).exists()
    BacktestResult.objects.all().delete()
    body = page.get(address).content.decode()
    assert "btn-danger" in body
    assert "400 bars" in body


def many_results(result, count):
    """Copies of a finished result, without running them."""
    fields = [f for f in BacktestResult._meta.concrete_fields if f.name not in {"id", "job"}]
    kept = {f.name: getattr(result, f.name) for f in fields}
    BacktestResult.objects.bulk_create(BacktestResult(**kept) for _ in range(count))


# -- Who may see what --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RESULT_PAGES)
def test_the_owner_sees_a_result_and_a_stranger_does_not(page, page_other, finished, name):
    assert page.get(url(name, finished.pk)).status_code == 200
    assert page_other.get(url(name, finished.pk)).status_code == 404


@pytest.mark.parametrize("name", RESULT_PAGES)
def test_without_an_account_the_way_leads_to_the_log_in(db, name):
    answer = Client().get(url(name, 1))
    assert answer.status_code == 302
    assert reverse("accounts:login") in answer["Location"]


@pytest.mark.parametrize("name", PLAIN_PAGES)
def test_general_pages_need_an_account_too(page, name):
    assert page.get(url(name)).status_code == 200
    assert Client().get(url(name)).status_code == 302


def test_a_stranger_changes_nothing(finished, page_other):
    assert page_other.post(url("delete", finished.pk)).status_code == 404
    assert page_other.post(url("rerun", finished.pk)).status_code == 404
    page_other.post(url("delete_many"), {"selected": [finished.pk], "confirmed": "1"})
    assert BacktestResult.objects.count() == 1
    assert page_other.get(url("recent_for_strategy", finished.strategy_id)).status_code == 404
    assert page_other.get(url("dashboard_job", finished.job_id)).status_code == 404
    assert "Crossing" not in page_other.get(url("list")).content.decode()
    assert "Crossing" not in page_other.get(url("dashboard")).content.decode()
    assert "Crossing" not in page_other.get(url("create")).content.decode()


# -- Dashboard ---------------------------------------------------------------------------------------------


def test_an_empty_lab_says_what_to_do_first(page):
    assert "Bring in data" in page.get(url("dashboard")).content.decode()


def test_with_data_the_next_step_is_a_strategy_and_then_a_run(page, series, user):
    assert "Define a strategy" in page.get(url("dashboard")).content.decode()
    Strategy.objects.create(user=user, name="S", strategy_type="rsi", symbol="WAVE")
    assert "Nothing has been run yet" in page.get(url("dashboard")).content.decode()


def test_the_dashboard_shows_what_runs_and_what_came_out(page, finished, submit):
    waiting = submit()
    text = page.get(url("dashboard")).content.decode()
    assert f'data-job="{waiting.job_id}"' in text
    assert finished.get_absolute_url() in text
    assert 'class="sparkline' in text
    assert "Highest Sharpe" in text


def test_the_dashboard_names_data_of_poor_quality(page, series):
    Series.objects.filter(pk=series.pk).update(quality_grade="poor")
    assert "Data that needs attention" in page.get(url("dashboard")).content.decode()


def test_the_dashboard_stays_within_its_queries_with_many_results(
    page, finished, submit, django_assert_max_num_queries
):
    many_results(finished, 1_000)
    submit()
    with django_assert_max_num_queries(12):
        assert page.get(url("dashboard")).status_code == 200


def test_a_job_that_ended_tells_the_table_to_refresh(page, finished, submit):
    assert page.get(url("dashboard_job", finished.job_id))["HX-Trigger"] == "results-changed"
    assert "HX-Trigger" not in page.get(url("dashboard_job", submit().job_id))


@pytest.mark.parametrize("name", ["dashboard", "latest", "list"])
def test_lists_never_load_the_large_columns(page, finished, name):
    with CaptureQueriesContext(connection) as captured:
        page.get(url(name))
    sql = " ".join(query["sql"] for query in captured)
    for column in JSON_COLUMNS:
        assert f'"backtests_backtestresult"."{column}"' not in sql


# -- List --------------------------------------------------------------------------------------------------


def test_the_list_costs_the_same_with_many_results(page, finished, django_assert_max_num_queries):
    many_results(finished, 60)
    with django_assert_max_num_queries(8):
        answer = page.get(url("list"))
    assert answer.content.decode().count('name="selected"') == 25


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?q=cross", 2),
        ("?q=wav", 2),
        ("?q=nothing", 0),
        ("?status=queued", 1),
        ("?status=odd", 2),
        ("?symbol=WAVE", 2),
        ("?symbol=AAPL", 0),
        ("?strategy=99999999999999999999999", 2),
        ("?sort=-sharpe_ratio", 2),
        ("?sort=password", 2),
        ("?page=999", 2),
    ],
)
def test_the_list_is_filtered_and_forgives_odd_addresses(page, finished, submit, query, count):
    submit()
    assert page.get(url("list") + query).content.decode().count('name="selected"') == count


def test_a_search_names_what_it_found_in_other_places(page, finished, series):
    text = page.get(url("list") + f"?q={series.symbol}").content.decode()
    assert f'/data/?q={series.symbol}">1 series of data' in text
    assert f'/strategies/?q={series.symbol}">1 strategy' in text
    assert "1 model" not in text
    snapshot = series.snapshots.get()
    MLModel.objects.create(
        user=series.user, name="Echo", series=series, snapshot=snapshot, symbol=series.symbol,
        timeframe="1d", algorithm="logistic_regression", snapshot_sha256=snapshot.sha256,
    )  # fmt: skip
    text = page.get(url("list") + "?q=echo").content.decode()
    assert '/models/?q=echo">1 model<' in text
    assert "Also found" not in page.get(url("list") + "?q=nothing").content.decode()


def test_results_without_a_number_are_sorted_last_either_way(page, finished, submit):
    submit()
    for sort in ("sharpe_ratio", "-sharpe_ratio"):
        first = page.get(url("list") + f"?sort={sort}").context["page_obj"][0]
        assert first == finished


def test_several_are_deleted_after_a_question(page, finished, submit):
    waiting = submit()
    chosen = {"selected": [finished.pk, waiting.pk]}
    asked = page.post(url("delete_many"), chosen)
    assert "about to delete 2 backtests" in asked.content.decode()
    assert "1 of them still runs" in asked.content.decode()
    assert BacktestResult.objects.count() == 2
    page.post(url("delete_many"), chosen | {"confirmed": "1"})
    assert not BacktestResult.objects.exists()


@pytest.mark.parametrize("selected", [[], ["x"], ["99999999999999999999999"], ["-1"]])
def test_deleting_nothing_deletes_nothing(page, finished, selected):
    answer = page.post(url("delete_many"), {"selected": selected, "confirmed": "1"})
    assert answer.status_code == 302
    assert BacktestResult.objects.count() == 1
