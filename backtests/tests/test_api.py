"""The API of backtests: owner, stranger, anonymous; what is accepted, refused, listed and left out."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from algotrade.jobs.models import Job
from backtests.metrics.definitions import DEFINITIONS
from backtests.models import JSON_COLUMNS, BacktestResult
from backtests.tests.conftest import wavy_bars
from marketdata.models import Series
from marketdata.services import import_bars

pytestmark = [pytest.mark.django_db, pytest.mark.services]

RUN = "/api/backtests/run/"


@pytest.fixture
def some(submit, finish):
    """A finished one and a waiting one."""
    return finish(submit()), submit()


def test_a_run_is_accepted_with_its_address_and_job(api, strategy, series):
    answer = api.post(RUN, {"strategy": strategy.pk, "series": series.pk}, format="json")
    result = BacktestResult.objects.get()
    assert answer.status_code == 202
    assert answer["Location"] == answer.data["url"] == f"/api/backtests/{result.pk}/"
    assert answer.data["id"] == result.pk
    assert answer.data["status"] == "queued"
    assert answer.data["job"]["id"] == str(Job.objects.get().pk)


def test_the_list_can_be_narrowed_to_a_series(api, strategy, series):
    api.post(RUN, {"strategy": strategy.pk}, format="json")
    assert api.get(f"/api/backtests/?series={series.pk}").json()["count"] == 1
    assert api.get(f"/api/backtests/?series={series.pk + 1}").json()["count"] == 0


def test_a_run_needs_nothing_but_the_strategy(api, strategy, series):
    assert api.post(RUN, {"strategy": strategy.pk}, format="json").status_code == 202
    assert BacktestResult.objects.get().series == series


def test_the_answer_and_the_result_say_which_series_was_taken(api, page, strategy, series, finish):
    shared = Series.objects.create(symbol="WAVE", timeframe="1d", source="csv", calendar="24/7")
    import_bars(series=shared, bars=wavy_bars())
    asked = {"strategy": strategy.pk}
    assert api.post(RUN, asked, format="json").data["series_labels"] == ["WAVE 1d"]
    answer = api.post(RUN, asked | {"series": shared.pk}, format="json").data
    assert answer["series_labels"] == ["WAVE 1d (shared)"]
    result = finish(BacktestResult.objects.get(pk=answer["id"]))
    assert api.get(answer["url"]).json()["series_labels"] == ["WAVE 1d (shared)"]
    assert ">WAVE 1d (shared)</a>" in page.get(result.get_absolute_url()).content.decode()
    assert api.post(f"{answer['url']}rerun/").data["series_labels"] == ["WAVE 1d (shared)"]


def test_refused_input_names_every_field_in_the_one_shape(api, strategy, series):
    asked = {
        "strategy": strategy.pk,
        "start_date": "2019-01-01",
        "configuration": {"comission": 0.1, "slippage": 2},
    }
    answer = api.post(RUN, asked, format="json")
    assert answer.status_code == 400
    assert set(answer.data) == {"code", "detail", "fields"}
    assert answer.data["code"] == "backtest_invalid"
    assert set(answer.data["fields"]) == {"start_date", "configuration.comission", "configuration.slippage"}
    assert not BacktestResult.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        {},
        [],
        {"strategy": None},
        {"strategy": "x"},
        {"strategy": 10**30},
        {"strategy": True},
        {"strategy": "own", "start_date": "yesterday"},
        {"strategy": "own", "configuration": "all in"},
        {"strategy": "own", "configuration": {"size": 10**400}},
        {"strategy": "own", "configuration": {"stop_loss": [1]}},
        {"strategy": "own", "series": -(10**40)},
    ],
)
def test_malformed_input_is_a_400(api, strategy, series, asked):
    if isinstance(asked, dict) and asked.get("strategy") == "own":
        asked = asked | {"strategy": strategy.pk}
    answer = api.post(RUN, json.dumps(asked), content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert not Job.objects.exists()


def test_a_strategy_or_series_of_somebody_else_does_not_exist(api_other, strategy, series):
    answer = api_other.post(RUN, {"strategy": strategy.pk, "series": series.pk}, format="json")
    assert answer.status_code == 400
    assert set(answer.data["fields"]) == {"strategy", "series"}


def test_the_list_shows_only_one_s_own(api, api_other, some):
    assert {row["id"] for row in api.get("/api/backtests/").data["results"]} == {row.pk for row in some}
    assert api_other.get("/api/backtests/").data["results"] == []


def test_the_list_never_loads_the_json_columns(api, some):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        answer = api.get("/api/backtests/")
    assert answer.data["count"] == 2
    sql = " ".join(query["sql"] for query in captured)
    for column in (*JSON_COLUMNS, "sparkline"):
        assert f'"backtests_backtestresult"."{column}"' not in sql
    assert not set(answer.data["results"][0]) & {*JSON_COLUMNS, "sparkline"}


def test_the_list_costs_the_same_with_many_results(api, finished, django_assert_max_num_queries):
    for _ in range(20):
        BacktestResult.objects.create(**_copy_of(finished))
    with django_assert_max_num_queries(3):
        assert len(api.get("/api/backtests/").data["results"]) == 21


def _copy_of(result, **changes):
    left_out = {"id", "job"}
    kept = {
        field.name: getattr(result, field.name)
        for field in BacktestResult._meta.concrete_fields
        if field.name not in left_out
    }
    return kept | changes


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=succeeded", [0]),
        ("status=queued", [1]),
        ("symbol=wave", [1, 0]),
        ("symbol=AAPL", []),
        ("created_after=2000-01-01T00:00:00Z", [1, 0]),
        ("created_before=2000-01-01T00:00:00Z", []),
        ("ordering=created_at", [0, 1]),
        ("ordering=-total_return", [0, 1]),
        ("ordering=total_return", [0, 1]),
        ("ordering=password", [1, 0]),
        ("strategy=99999", []),
    ],
)
def test_the_list_is_filtered_and_sorted(api, some, query, expected):
    rows = api.get(f"/api/backtests/?{query}").data["results"]
    assert [row["id"] for row in rows] == [some[place].pk for place in expected]


def test_the_list_is_filtered_by_strategy(api, some, strategy):
    assert api.get(f"/api/backtests/?strategy={strategy.pk}").data["count"] == 2


@pytest.mark.parametrize(
    "query", ["status=nope", "strategy=x", "created_after=soon", "page=99", "strategy=1e999"]
)
def test_a_filter_that_makes_no_sense_is_a_4xx(api, some, query):
    assert api.get(f"/api/backtests/?{query}").status_code in {400, 404}


@pytest.mark.parametrize("huge", ["99999999999999999999", "-1"])
def test_a_huge_strategy_number_matches_nothing_or_is_refused(api, some, huge):
    answer = api.get(f"/api/backtests/?strategy={huge}")
    assert answer.status_code == 400 or answer.data["count"] == 0


def test_a_result_holds_metrics_settings_data_and_doubts(api, finished):
    body = api.get(f"/api/backtests/{finished.pk}/").data
    assert body["metrics"]["sharpe_ratio"] == body["sharpe_ratio"] == finished.sharpe_ratio
    assert set(body["metrics"]) == set(DEFINITIONS)
    assert body["configuration"]["commission"] == 0.001
    assert body["snapshot_sha256"] == finished.snapshot.sha256
    assert {warning["code"] for warning in body["warnings"]} == {w["code"] for w in finished.warnings}
    assert body["job"]["state"] == "succeeded"
    assert "trades" not in body
    assert "equity_curve" not in body
    json.dumps(body, allow_nan=False, default=str)


def test_trades_come_in_pages(api, finished):
    body = api.get(f"/api/backtests/{finished.pk}/trades/?page_size=2").data
    assert body["count"] == finished.total_trades
    assert [row["pnl"] for row in body["results"]] == [row["pnl"] for row in finished.trades[:2]]


def test_the_equity_has_three_curves(api, finished):
    body = api.get(f"/api/backtests/{finished.pk}/equity/").data
    assert set(body) == {"equity", "benchmark", "drawdown", "total", "downsampled"}
    assert body["equity"][-1] == [finished.equity_curve[-1][0], finished.final_equity]
    assert max(point[1] for point in body["drawdown"]) <= 0


def test_definitions_explain_every_metric(api):
    body = api.get("/api/backtests/metric-definitions/").data
    assert [row["name"] for row in body] == list(DEFINITIONS)
    assert all(row["formula"] for row in body)


def test_cancel_and_its_conflict(api, submit):
    result = submit()
    assert api.post(f"/api/backtests/{result.pk}/cancel/").data["status"] == "cancelled"
    again = api.post(f"/api/backtests/{result.pk}/cancel/")
    assert (again.status_code, again.data["code"]) == (409, "job_ended")


def test_rerun_makes_a_new_result(api, finished):
    answer = api.post(f"/api/backtests/{finished.pk}/rerun/")
    assert answer.status_code == 202
    assert BacktestResult.objects.get(pk=answer.data["id"]).configuration == finished.configuration


def test_delete_takes_the_result_away(api, finished):
    assert api.delete(f"/api/backtests/{finished.pk}/").status_code == 204
    assert not BacktestResult.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "post"])
def test_a_result_cannot_be_edited(api, finished, method):
    assert getattr(api, method)(f"/api/backtests/{finished.pk}/", {}, format="json").status_code == 405


ROUTES = [
    ("get", ""),
    ("delete", ""),
    ("get", "trades/"),
    ("get", "equity/"),
    ("post", "cancel/"),
    ("post", "rerun/"),
]


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_a_stranger_finds_nothing(api_other, finished, method, route):
    assert getattr(api_other, method)(f"/api/backtests/{finished.pk}/{route}").status_code == 404
    assert BacktestResult.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "route"), [*((m, "1/" + r) for m, r in ROUTES), ("get", ""), ("post", "run/")]
)
def test_nobody_gets_in_without_an_account(db, method, route):
    assert getattr(APIClient(), method)(f"/api/backtests/{route}").status_code == 401


@pytest.mark.parametrize("pk", ["0", "999999999999999999", "99999999999999999999999", "x"])
def test_numbers_of_no_result_are_not_found(api, pk):
    assert api.get(f"/api/backtests/{pk}/").status_code == 404


def test_a_setting_outside_the_configuration_is_refused_and_not_left_out(api, strategy, series):
    asked = {"strategy": strategy.pk, "start_dat": "2020-01-01", "stop_loss": 0.1}
    answer = api.post(RUN, asked, format="json")
    assert answer.status_code == 400
    assert "start_date" in answer.data["fields"]["start_dat"][0]
    assert "stop_loss" in answer.data["fields"]
    assert not BacktestResult.objects.exists()
