"""The pages: owner, stranger, anonymous; what they say, what they cost, what they keep."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backtests.engine.config import SimulationConfig
from backtests.models import JSON_COLUMNS, BacktestResult
from backtests.services import BacktestService
from marketdata.models import Series
from strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.services]

RESULT_PAGES = ("detail", "delete", "equity_data", "candles_data", "trades_csv", "equity_csv")
PLAIN_PAGES = ("dashboard", "latest", "list", "create", "export")


def url(name, *args):
    return reverse(f"backtests:{name}", args=args)


def many_results(result, count):
    """Copies of a finished result, without running them."""
    fields = [f for f in BacktestResult._meta.concrete_fields if f.name not in {"id", "job"}]
    kept = {f.name: getattr(result, f.name) for f in fields}
    BacktestResult.objects.bulk_create(BacktestResult(**kept) for _ in range(count))


@pytest.fixture
def typed(strategy, series):
    return {
        "strategy": strategy.pk,
        "series": series.pk,
        "start_date": "2020-02-01",
        "end_date": "2020-12-31",
        "initial_capital": "5000",
        "commission": "0.1",
        "slippage": "0.05",
        "spread": "0.02",
        "sizing": "all_in",
        "stop_loss": "5",
        "take_profit": "",
        "allow_short": "on",
    }


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


# -- New ---------------------------------------------------------------------------------------------------


def test_without_a_strategy_or_data_the_form_says_what_is_missing(page, user):
    assert "First you need a strategy" in page.get(url("create")).content.decode()
    Strategy.objects.create(user=user, name="S", strategy_type="rsi", symbol="X")
    assert "First you need data" in page.get(url("create")).content.decode()


def test_a_link_chooses_strategy_series_and_period(page, strategy, series):
    form = page.get(url("create") + f"?strategy={strategy.pk}").context["form"]
    assert form.initial["strategy"] == strategy.pk
    assert form.initial["series"] == series.pk
    assert str(form.initial["start_date"]) == "2020-01-01"
    assert page.get(url("create") + f"?series={series.pk}").context["form"].initial["series"] == series.pk
    assert page.get(url("create") + "?strategy=x&series=10000000000000000000000").status_code == 200


def test_percents_become_fractions(page, typed):
    answer = page.post(url("create"), typed)
    result = BacktestResult.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == result.get_absolute_url()
    settings = result.configuration
    assert (settings["commission"], settings["slippage"], settings["stop_loss"]) == (0.001, 0.0005, 0.05)
    assert settings["take_profit"] is None
    assert settings["initial_capital"] == 5000.0
    assert settings["allow_short"] is True


def test_an_unticked_box_forbids_short_positions(page, typed):
    del typed["allow_short"]
    page.post(url("create"), typed)
    assert BacktestResult.objects.get().configuration["allow_short"] is False


def test_units_need_a_size(page, typed):
    typed |= {"sizing": "units"}
    answer = page.post(url("create"), typed)
    assert "size" in answer.context["form"].errors
    page.post(url("create"), typed | {"size": "12"})
    assert BacktestResult.objects.get().configuration["size"] == 12.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strategy", ""),
        ("strategy", "999"),
        ("series", "x"),
        ("start_date", "2019-01-01"),
        ("start_date", "soon"),
        ("end_date", "2030-01-01"),
        ("initial_capital", "0"),
        ("initial_capital", "nan"),
        ("commission", "-1"),
        ("commission", "60"),
        ("slippage", "inf"),
        ("stop_loss", "100"),
        ("take_profit", "0"),
        ("sizing", "everything"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_where(page, typed, field, value):
    answer = page.post(url("create"), typed | {field: value})
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    text = answer.content.decode()
    kept = "end_date" if field != "end_date" else "start_date"
    assert f'value="{typed[kept]}"' in text
    assert "data-error-summary" in text
    assert not BacktestResult.objects.exists()


def test_what_only_a_script_can_set_is_named_when_a_run_is_taken_up(page, submit):
    scripted = {"spread": 0.001, "leverage": 2.0, "sizing": "fraction", "size": 1.5}
    result = submit(configuration=scripted)
    answer = page.get(url("create") + f"?from={result.pk}")
    (said,) = [str(message) for message in answer.context["messages"]]
    assert "Leverage, Position size" in said
    assert "Spread" not in said
    assert answer.context["form"].initial["spread"] == "0.1"


def test_a_run_that_the_form_can_repeat_is_taken_up_without_a_word(page, submit):
    result = submit(configuration={"commission": 0.001, "spread": 0.0001})
    assert not list(page.get(url("create") + f"?from={result.pk}").context["messages"])


def test_an_earlier_run_can_be_taken_up_and_changed(page, submit):
    result = submit(configuration={"commission": 0.001, "stop_loss": 0.05, "sizing": "units", "size": 3})
    initial = page.get(url("create") + f"?from={result.pk}").context["form"].initial
    assert (initial["commission"], initial["stop_loss"], initial["sizing"], initial["size"]) == (
        "0.1",
        "5",
        "units",
        3.0,
    )


# -- One result --------------------------------------------------------------------------------------------


def test_while_it_runs_only_the_progress_is_shown(page, submit):
    result = submit()
    text = page.get(url("detail", result.pk)).content.decode()
    assert f'data-job="{result.job_id}"' in text
    assert f'data-fragment-url="{url("detail", result.pk)}"' in text
    assert "data-chart" not in text
    assert "Run again" not in text


def test_the_finished_page_shows_numbers_doubts_charts_and_provenance(page, finished):
    text = page.get(url("detail", finished.pk)).content.decode()
    for piece in (
        "Net return",
        url("equity_data", finished.pk),
        url("candles_data", finished.pk),
        'data-chart="drawdown"',
        "All metrics",
        "mean(r - rf) / std(r - rf) * sqrt(P)",
        finished.snapshot_sha256,
        finished.engine_version,
        "0.10\u202f%",
        "Run again",
    ):
        assert piece in text, piece


def test_lengths_have_their_unit_and_trades_of_daily_bars_their_day(page, finished):
    answer = page.get(url("detail", finished.pk))
    figures = {item.name: item.text for _, items in answer.context["groups"] for item in items}
    assert figures["bars"] == f"{finished.bar_count} bars"
    assert answer.context["trades_daily"]
    assert "00:00</button>" not in answer.content.decode()


def test_type_and_parameters_of_a_result_are_in_words(page, finished):
    text = page.get(url("detail", finished.pk)).content.decode()
    assert "Moving average crossover" in text
    assert "<dt>Fast period</dt>" in text
    assert "fast_period" not in text


def test_without_a_doubt_the_page_does_not_call_it_proof(page, finished):
    BacktestResult.objects.update(warnings=[])
    text = page.get(url("detail", finished.pk)).content.decode()
    assert "No reason for doubt found" in text
    assert "not proof" in text


def test_each_doubt_stands_with_its_reason_and_meaning(page, finished):
    BacktestResult.objects.update(warnings=[{"code": "few_trades", "trades": 4, "enough": 30}])
    text = page.get(url("detail", finished.pk)).content.decode()
    for piece in (
        "Why not to believe it yet",
        'data-verdict="few_trades"',
        "Only 4 trades",
        "What this means",
    ):
        assert piece in text


def test_undefined_metrics_give_their_reason(page, submit, finish):
    still = finish(submit(end_date=dt.date(2020, 1, 9)))
    text = page.get(url("detail", still.pk)).content.decode()
    assert "There are no closed trades." in text
    assert "n/a" in text


def test_the_fragment_is_the_page_s_own_content_with_its_buttons(page, finished):
    answer = page.get(url("detail", finished.pk), headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert "<html" not in text
    assert 'id="result"' in text
    assert 'id="result-actions" class="result-actions" hx-swap-oob="true"' in text


def test_the_trades_come_page_by_page_and_sorted(page, finished):
    asked = url("detail", finished.pk) + "?trades_sort=-pnl"
    answer = page.get(asked, headers={"HX-Request": "true", "HX-Target": "trades"})
    shown = [trade["pnl"] for trade in answer.context["trades_page"].object_list]
    assert shown == sorted((trade["pnl"] for trade in finished.trades), reverse=True)[:25]
    assert "All metrics" not in answer.content.decode()
    assert page.get(url("detail", finished.pk) + "?trades_page=99&trades_sort=x").status_code == 200


def test_a_failed_run_says_why_and_what_to_do(page, submit):
    result = submit()
    result.job.fail("target_invalid", "The signal at row 3 is 7.0. Use -1, 0 or 1.")
    text = page.get(url("detail", result.pk)).content.decode()
    for piece in (
        "This backtest failed",
        "The signal at row 3 is 7.0.",
        "target_invalid",
        "Try again",
        "Change the settings",
    ):
        assert piece in text
    assert reverse("jobs:retry", args=[result.job_id]) in text


def test_a_cancelled_run_says_so(page, submit):
    result = BacktestService.cancel(submit())
    text = page.get(url("detail", result.pk)).content.decode()
    assert "was cancelled" in text
    assert "Try again" in text


def test_a_result_of_a_deleted_strategy_still_has_its_page(page, finished, strategy):
    strategy.delete()
    assert "deleted since" in page.get(url("detail", finished.pk)).content.decode()


def test_a_result_page_needs_few_queries(page, finished, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        page.get(url("detail", finished.pk))


def test_the_candles_carry_fills_and_the_strategy_s_lines(page, finished):
    body = json.loads(page.get(url("candles_data", finished.pk)).content)
    assert len(body["bars"]) == 400
    assert len(body["markers"]) == 2 * finished.total_trades
    entry = body["markers"][0]
    assert entry["kind"] == "entry"
    assert entry["side"] == ("buy" if finished.trades[0]["side"] == "long" else "sell")
    times = {bar[0] for bar in body["bars"]}
    assert {mark["time"] for mark in body["markers"]} <= times
    assert [line["name"] for line in body["overlays"]] == ["SMA 3", "SMA 8"]
    assert body["overlays"][0]["points"][0][1] is None


def test_the_equity_data_is_what_was_stored(page, finished):
    body = json.loads(page.get(url("equity_data", finished.pk)).content)
    assert body["equity"] == [[row[0], row[1]] for row in finished.equity_curve]


def test_run_again_makes_a_new_result(page, finished):
    answer = page.post(url("rerun", finished.pk))
    again = BacktestResult.objects.get(pk=finished.pk + 1)
    assert answer["Location"] == again.get_absolute_url()
    assert SimulationConfig.from_dict(again.configuration).commission == 0.001


def test_delete_asks_and_then_deletes(page, finished):
    assert "about to delete" in page.get(url("delete", finished.pk)).content.decode()
    assert page.post(url("delete", finished.pk))["Location"] == url("list")
    assert not BacktestResult.objects.exists()


def test_the_strategy_page_gets_its_last_results(page, finished, strategy):
    text = page.get(url("recent_for_strategy", strategy.pk)).content.decode()
    assert finished.get_absolute_url() in text
    assert "<html" not in text


@pytest.mark.parametrize("name", ["detail", "equity_data", "trades_csv"])
def test_numbers_of_no_result_are_not_found(page, name):
    assert page.get(url(name, 999)).status_code == 404
    assert page.get(url(name, 10**25)).status_code == 404
