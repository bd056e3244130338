"""The pages of sweeps: owner, stranger, what they say and offer, what they cost."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from backtests.models import BacktestResult, Sweep
from backtests.sweeps.services import SweepService
from strategies.models import Strategy
from strategies.services import StrategyService

pytestmark = [pytest.mark.django_db, pytest.mark.services]
HTMX = {"HX-Request": "true"}


def url(name, *args):
    return reverse(f"backtests:sweep_{name}", args=args)


@pytest.fixture
def typed(page, strategy, series):
    """What the form sends when nothing is changed."""
    form = page.get(url("create"), {"strategy": strategy.pk}).context["form"]
    data = {"strategy": str(strategy.pk)}
    for field in form:
        value = field.value()
        if value is True:
            data[field.name] = "on"
        elif value not in (None, False, ""):
            data[field.name] = value
    return data


def test_an_empty_list_says_what_a_sweep_is_and_leads_on(page, user):
    assert "First you need a strategy" in page.get(url("list")).content.decode()
    Strategy.objects.create(user=user, name="S", strategy_type="rsi", symbol="WAVE")
    text = page.get(url("list")).content.decode()
    assert "a broad plateau is worth more than a lonely peak" in text
    assert url("create") in text


def test_the_list_shows_the_best_and_asks_again_while_one_runs(page, page_other, swept, sweep_of):
    text = page.get(url("list")).content.decode()
    assert "Fast period, Slow period" in text
    assert "12 run" in text
    assert 'hx-trigger="every 2s"' not in text
    sweep_of()
    assert 'hx-trigger="every 2s"' in page.get(url("list")).content.decode()
    assert "Crossing" not in page_other.get(url("list")).content.decode()


def test_the_list_costs_the_same_with_many_sweeps(page, swept, django_assert_max_num_queries):
    kept = {
        f.name: getattr(swept, f.name) for f in Sweep._meta.concrete_fields if f.name not in {"id", "job"}
    }
    Sweep.objects.bulk_create(Sweep(**kept) for _ in range(60))
    with django_assert_max_num_queries(6):
        assert page.get(url("list"), {"sort": "-cell_count"}).status_code == 200


def test_a_strategy_is_chosen_first(page, strategy, series):
    text = page.get(url("create")).content.decode()
    assert f"?strategy={strategy.pk}" in text
    assert "Crossing" in text


def test_the_form_begins_with_ranges_that_can_be_run_at_once(page, typed):
    # Stored are 3 and 8: fast from 1 to 9, slow from 2 to 24.
    assert (typed["from-fast_period"], typed["to-fast_period"], typed["step-fast_period"]) == ("1", "9", "1")
    answer = page.post(url("create"), typed)
    sweep = Sweep.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == sweep.get_absolute_url()
    assert [axis["name"] for axis in sweep.axes] == ["fast_period", "slow_period"]
    assert sweep.cell_count == 9 * 23
    assert sweep.configuration["commission"] == 0.001


def test_percents_become_fractions_and_choices_become_values(page, typed):
    typed |= {
        "vary-ma_type": "on",
        "pick-ma_type": ["sma", "ema"],
        "vary-account-stop_loss": "on",
        "from-account-stop_loss": "1",
        "to-account-stop_loss": "3",
        "step-account-stop_loss": "0.5",
        "take_profit": "20",
        "trailing_stop": "7.5",
        "value-slow_period": "40",
    }
    typed.pop("vary-slow_period")
    page.post(url("create"), typed)
    sweep = Sweep.objects.get()
    assert sweep.axes[1:] == [
        {"name": "ma_type", "values": ["sma", "ema"]},
        {"name": "configuration.stop_loss", "values": [0.01, 0.015, 0.02, 0.025, 0.03]},
    ]
    assert sweep.parameters["slow_period"] == 40
    assert (sweep.configuration["take_profit"], sweep.configuration["trailing_stop"]) == (0.2, 0.075)


def test_a_size_can_vary_where_positions_have_one(page, typed):
    size = {
        "vary-account-size": "on",
        "from-account-size": "1",
        "to-account-size": "3",
        "step-account-size": "1",
    }
    page.post(url("create"), typed | size | {"sizing": "units"})
    assert Sweep.objects.get().axes[2] == {"name": "configuration.size", "values": [1.0, 2.0, 3.0]}
    text = page.post(url("create"), typed | size).content.decode()
    assert "All of the cash has no size to vary" in text


def test_a_named_value_of_a_rule_may_be_called_like_a_setting(page, user, series, compute):
    value = {"minimum": 2, "maximum": 60, "step": 1}
    rule = StrategyService.create(
        user=user,
        name="Rule",
        strategy_type="rules",
        symbol="WAVE",
        parameters={
            "long_entry": "crossover(sma(close, stop_loss), sma(close, slow))",
            "long_exit": "crossunder(sma(close, stop_loss), sma(close, slow))",
            "values": {"stop_loss": {**value, "value": 5}, "slow": {**value, "value": 20}},
        },
    )
    form = page.get(url("create"), {"strategy": rule.pk}).context["form"]
    data = {field.name: field.value() for field in form if field.value() not in (None, False, "")}
    data |= {"strategy": rule.pk, "vary-account-stop_loss": "on"}
    page.post(url("create"), data)
    sweep = Sweep.objects.get()
    assert [axis["name"] for axis in sweep.axes] == ["stop_loss", "slow", "configuration.stop_loss"]
    narrow = SweepService.submit(
        user=user,
        strategy=rule,
        series=series,
        axes=[{"name": "slow", "values": [10, 20]}],
        parameters={"stop_loss": 3},
    )
    done = compute(narrow)
    assert done.valid_count == 2
    assert done.parameters["values"]["stop_loss"]["value"] == 3
    assert "slow" in page.get(done.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step-fast_period": "0"}, "the step is 0"),
        ({"from-fast_period": ""}, "Give a number for “From”"),
        ({"to-fast_period": "1000"}, "out of bounds"),
        ({"to-slow_period": "1"}, "Swap them"),
        ({"method": "random", "samples": ""}, "how many combinations to draw"),
        ({"vary-ma_type": "on", "pick-ma_type": []}, "Choose at least one"),
        ({"start_date": "1999-01-01"}, "is outside the data"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_row(page, typed, changes, words):
    answer = page.post(url("create"), typed | changes)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert "error-summary" in text
    assert not Sweep.objects.exists()


def test_every_control_is_described_by_what_stands_beside_it(page, typed):
    fresh = page.get(url("create"), {"strategy": typed["strategy"]})
    refused = page.post(url("create"), typed | {"step-fast_period": "0", "stop_loss": "x"})
    for answer in (fresh, refused):
        text = answer.content.decode()
        described = {
            name for names in re.findall(r'aria-describedby="([^"]+)"', text) for name in names.split()
        }
        assert described <= set(re.findall(r' id="([^"]+)"', text))
    assert "id_stop_loss-errors" in described


def test_the_count_follows_the_form(page, page_other, typed):
    said = page.post(url("count"), typed).json()
    # Of 9 by 23: each fast period f from 1 to 9 has 24 - max(f, 1) slow ones above it, at most 23.
    assert said["cells"] == 207
    assert said["valid"] == sum(24 - max(fast, 1) for fast in range(1, 10))
    assert said["words"] == "171 of 207 combinations can be run"
    assert page.post(url("count"), typed | {"step-fast_period": "0"}).json()["ok"] is False
    assert page_other.post(url("count"), typed).json()["ok"] is False


def test_the_count_names_the_limit(page, typed, settings):
    settings.SWEEP_MAX_CELLS = 100
    assert "at most 100" in page.post(url("count"), typed).json()["words"]


def test_while_it_runs_the_page_shows_its_progress(page, sweep_of):
    sweep = sweep_of()
    text = page.get(sweep.get_absolute_url()).content.decode()
    assert f'data-job="{sweep.job_id}"' in text
    assert "data-sweep-map" not in text
    assert page.get(url("map", sweep.pk), headers={"Accept": "application/json"}).status_code == 409


def test_a_finished_sweep_warns_before_it_shows(page, swept):
    text = page.get(swept.get_absolute_url()).content.decode()
    assert "The best of 12 is also the luckiest of 12." in text
    assert re.search(r"would show a Sharpe ratio of about \d\.\d\d without any skill", text)
    assert "Its neighbours" in text
    assert "data-sweep-map" in text
    assert swept.columns_sha256 in text
    assert "n/a: these values do not go together" in text


def test_the_page_of_a_finished_sweep_stays_within_its_queries(page, swept, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        assert page.get(swept.get_absolute_url()).status_code == 200


def test_the_table_is_sorted_and_swapped_alone(page, swept):
    headers = {**HTMX, "HX-Target": "cells"}
    text = page.get(swept.get_absolute_url(), {"sort": "total_trades"}, headers=headers).content.decode()
    assert text.lstrip().startswith('<section class="card card-flush" id="cells"')
    assert "<html" not in text
    assert 'aria-sort="ascending"' in text


def test_the_map_is_what_the_chart_draws(page, page_other, swept):
    answer = page.get(
        url("map", swept.pk), {"x": "fast_period", "y": "slow_period", "metric": "total_return"}
    )
    said = answer.json()
    assert said["x"]["texts"] == ["2", "4", "6", "8", "10"]
    assert said["y"]["values"] == [6, 12, 24]
    assert (len(said["values"]), len(said["values"][0])) == (3, 5)
    assert said["values"][0][2:] == [None, None, None]
    assert said["cells"][0] == [0, 3, 6, 9, 12]
    assert said["centre"] == 0.0
    assert page_other.get(url("map", swept.pk)).status_code == 404


def test_a_map_of_nothing_that_exists_is_refused_in_words(page, swept):
    for query in (
        {"x": "slow"},
        {"metric": "sharpe"},
        {"at": "slow_period"},
        {"at": "slow_period:9"},
        {"how": "x"},
    ):
        answer = page.get(url("map", swept.pk), query, headers={"Accept": "application/json"})
        assert answer.status_code == 400, query
        assert answer.json()["detail"]


def test_maps_and_cells_are_downloaded(page, swept):
    lines = b"".join(page.get(url("map_csv", swept.pk))).decode().splitlines()
    assert lines[0] == "fast_period,slow_period,sharpe_ratio,cell,cells"
    assert len(lines) == 16
    lines = b"".join(page.get(url("cells_csv", swept.pk), {"sort": "cell"})).decode().splitlines()
    assert lines[0].startswith("cell,fast_period,slow_period,valid,total_return,")
    assert len(lines) == 16
    assert lines[7].startswith("6,6,6,0,,")


def test_a_cell_shows_its_figures_or_why_it_has_none(page, swept):
    good = page.get(url("cell", swept.pk, 4), headers=HTMX).content.decode()
    assert "Run as backtest" in good
    assert "Rank" in good
    bad = page.get(url("cell", swept.pk, 6), headers=HTMX).content.decode()
    assert "6 is not below the slow period (6)" in bad
    assert "Run as backtest" not in bad
    assert page.get(url("cell", swept.pk, 15), headers=HTMX).status_code == 404
    assert page.get(url("cell", swept.pk, 4))["Location"].endswith("?cell=4#cell")
    assert 'data-cell="4"' in page.get(f"{swept.get_absolute_url()}?cell=4").content.decode()


def test_a_cell_is_run_and_saved(page, swept):
    answer = page.post(url("cell_run", swept.pk, 4))
    assert answer["Location"] == BacktestResult.objects.get().get_absolute_url()
    answer = page.post(url("cell_save", swept.pk, 4))
    assert answer["Location"] == Strategy.objects.get(name="Crossing, tuned").get_absolute_url()
    assert page.post(url("cell_run", swept.pk, 6)).status_code == 400


def test_a_stranger_reaches_no_cell(page_other, swept):
    for name in ("cell_run", "cell_save", "cell_check"):
        assert page_other.post(url(name, swept.pk, 4)).status_code == 404
    assert not BacktestResult.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_check_says_that_the_bytes_are_the_same(page, page_other, swept):
    text = page.post(url("cell_check", swept.pk, 4), headers=HTMX).content.decode()
    job = Job.objects.get(kind="backtests.sweep_check")
    where = f"{url('cell_check', swept.pk, 4)}?job={job.pk}"
    assert f'data-fragment-url="{where}"' in text
    assert job.claim("test:1")
    run(job)
    assert "Identical." in page.get(where).content.decode()
    assert page_other.get(where).status_code == 404
    assert page.get(f"{url('cell_check', swept.pk, 5)}?job={job.pk}").status_code == 404
    assert page.get(f"{url('cell_check', swept.pk, 4)}?job=x").status_code == 404
    job.payload["outcome"] = {
        "identical": False,
        "engine": "0",
        "differences": [{"name": "cagr", "stored": 1, "again": 2}],
    }
    job.save()
    assert "Not identical." in page.get(where).content.decode()


def test_a_sweep_is_repeated_and_deleted_after_a_question(page, page_other, swept):
    page.post(url("rerun", swept.pk))
    assert Sweep.objects.count() == 2
    assert "count of its trials" in page.get(url("delete", swept.pk)).content.decode()
    assert page_other.post(url("delete", swept.pk)).status_code == 404
    page.post(url("delete", swept.pk))
    assert not Sweep.objects.filter(pk=swept.pk).exists()


def test_a_damaged_file_is_told_and_not_shown_as_figures(page, swept):
    (Path(settings.MEDIA_ROOT) / swept.columns_path).unlink()
    answer = page.get(swept.get_absolute_url())
    assert answer.status_code == 503
    assert "Run the sweep again" in answer.content.decode()


def test_a_random_sweep_says_that_it_has_no_neighbours(page, sweep_of, compute):
    sweep = compute(sweep_of(method="random", samples=8, seed=2))
    text = page.get(sweep.get_absolute_url()).content.decode()
    assert "A random sample has no neighbours to compare with." in text
    assert json.loads(page.get(url("map", sweep.pk)).content)["counts"]


def test_one_axis_is_drawn_as_a_line(page, sweep_of, compute):
    sweep = compute(sweep_of(axes=[{"name": "slow_period", "values": [6, 12, 24]}]))
    assert page.get(sweep.get_absolute_url()).status_code == 200
    said = page.get(url("map", sweep.pk)).json()
    assert said["y"] is None
    assert said["x"]["texts"] == ["6", "12", "24"]
    assert len(said["values"]) == 1


def test_a_sweep_whose_type_is_gone_is_still_shown(page, swept):
    Sweep.objects.filter(pk=swept.pk).update(strategy_type="of_a_plug_in")
    assert page.get(swept.get_absolute_url()).status_code == 200
    assert page.get(url("list")).status_code == 200
