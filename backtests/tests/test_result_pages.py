"""The page of one result, waiting, finished or failed, and what is done from it."""

import datetime as dt
import json

import numpy as np
import pytest
from django.urls import reverse

from backtests.engine.config import SimulationConfig
from backtests.models import BacktestResult
from backtests.services import BacktestService
from backtests.tests.conftest import url

pytestmark = [pytest.mark.django_db, pytest.mark.services]


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


def test_a_part_of_the_candles_is_bars_alone_and_never_more_than_the_run_had(page, finished):
    whole = json.loads(page.get(url("candles_data", finished.pk)).content)["bars"]
    start, end = (np.datetime64(int(whole[row][0]), "s") for row in (100, 149))
    part = json.loads(page.get(f"{url('candles_data', finished.pk)}?start={start}&end={end}").content)
    assert part["bars"] == whole[100:150]
    assert (part["bars_per_row"], set(part) & {"markers", "overlays"}) == (1, set())
    wide = json.loads(page.get(f"{url('candles_data', finished.pk)}?start=1990-01-01&end=2100-01-01").content)
    assert wide["bars"] == whole
    refused = page.get(
        f"{url('candles_data', finished.pk)}?start=soon", headers={"accept": "application/json"}
    )
    assert refused.status_code == 400


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
