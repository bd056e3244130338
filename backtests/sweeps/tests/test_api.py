"""The API of sweeps: owner and stranger, what is accepted, refused, sorted and drawn."""

import json

import pytest

from algotrade.jobs.models import Job
from algotrade.jobs.runner import run
from backtests.models import BacktestResult, Sweep
from backtests.sweeps.tests.conftest import AXES

pytestmark = [pytest.mark.django_db, pytest.mark.services]
SWEEPS = "/api/sweeps/"


def test_a_sweep_is_accepted_with_its_address_and_job(api, strategy, series):
    answer = api.post(SWEEPS, {"strategy": strategy.pk, "axes": AXES, "objective": "cagr"}, format="json")
    sweep = Sweep.objects.get()
    assert answer.status_code == 202
    assert answer["Location"] == answer.data["url"] == f"{SWEEPS}{sweep.pk}/"
    assert (answer.data["id"], answer.data["status"]) == (sweep.pk, "queued")
    assert answer.data["job"]["id"] == str(Job.objects.get().pk)
    assert (sweep.series, sweep.objective, sweep.cell_count) == (series, "cagr", 15)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"axes": []}, "axes"),
        ({"axes": None}, "axes"),
        ({"axes": [{"name": "fast", "values": [1]}]}, "axes.0"),
        ({"objektive": "cagr"}, "objektive"),
        ({"objective": "luck"}, "objective"),
        ({"method": "random", "samples": 0}, "samples"),
        ({"seed": -1}, "seed"),
        ({"configuration": {"slippage": 2}}, "configuration.slippage"),
        ({"series": 10**12}, "series"),
        ({"legs": []}, "legs"),
    ],
)
def test_refused_input_names_the_field_in_the_one_shape(api, strategy, series, changes, field):
    asked = {"strategy": strategy.pk, "axes": AXES} | changes
    answer = api.post(SWEEPS, asked, format="json")
    assert answer.status_code == 400
    assert field in answer.data["fields"]
    assert answer.data["detail"]
    assert not Sweep.objects.exists()


@pytest.mark.parametrize(
    "axes", ['[{"name": "fast_period", "values": [1e400]}]', '[{"name": [1], "values": {}}]', "[[]]"]
)
def test_malformed_axes_are_a_400(api, strategy, series, axes):
    body = f'{{"strategy": {strategy.pk}, "axes": {axes}}}'
    assert api.post(SWEEPS, body, content_type="application/json").status_code == 400


def test_combinations_are_counted_without_a_trace(api, strategy, series):
    answer = api.post(f"{SWEEPS}count/", {"strategy": strategy.pk, "axes": AXES}, format="json")
    assert answer.data == {"cells": 15, "valid": 12, "exact": True}
    assert not Sweep.objects.exists()


def test_a_stranger_finds_neither_sweep_nor_cells(api_other, swept, strategy):
    assert api_other.get(SWEEPS).data["count"] == 0
    for path in ("", "cells/", "heatmap/", "csv/", "cells/4/", "cells/4/check/"):
        assert api_other.get(f"{SWEEPS}{swept.pk}/{path}").status_code == 404, path
    for path in ("cancel/", "rerun/", "cells/4/run/", "cells/4/check/"):
        assert api_other.post(f"{SWEEPS}{swept.pk}/{path}").status_code == 404, path
    assert api_other.delete(f"{SWEEPS}{swept.pk}/").status_code == 404
    asked = {"strategy": strategy.pk, "axes": AXES}
    assert set(api_other.post(SWEEPS, asked, format="json").data["fields"]) == {"strategy"}


def test_a_sweep_is_read_with_its_best_and_its_links(api, swept, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        said = api.get(f"{SWEEPS}{swept.pk}/").data
    assert (said["status"], said["cell_count"], said["valid_count"]) == ("succeeded", 15, 12)
    assert said["best"][0]["metrics"]["sharpe_ratio"] == said["best_value"]
    assert len(said["best"]) == 10
    assert said["links"]["cells"] == f"{SWEEPS}{swept.pk}/cells/"
    assert len(said["columns_sha256"]) == 64
    assert said["series_label"] == swept.series.label


def test_the_list_is_filtered_sorted_and_cheap(api, swept, sweep_of, django_assert_max_num_queries):
    waiting = sweep_of()
    with django_assert_max_num_queries(2):
        rows = api.get(f"{SWEEPS}?ordering=-created_at").data["results"]
    assert [row["id"] for row in rows] == [waiting.pk, swept.pk]
    assert "axes" not in rows[0]
    assert api.get(f"{SWEEPS}?status=succeeded").data["count"] == 1
    assert api.get(f"{SWEEPS}?symbol=nothing").data["count"] == 0


def test_cells_come_best_first_page_by_page(api, swept):
    said = api.get(f"{SWEEPS}{swept.pk}/cells/?page_size=5").data
    assert said["count"] == 15
    ratios = [row["metrics"]["sharpe_ratio"] for row in said["results"]]
    assert ratios == sorted(ratios, reverse=True)
    last = api.get(f"{SWEEPS}{swept.pk}/cells/?page_size=5&page=3").data["results"]
    assert [row["valid"] for row in last] == [True, True, False, False, False]
    assert last[-1]["metrics"]["cagr"] is None
    by_number = api.get(f"{SWEEPS}{swept.pk}/cells/?sort=cell&page_size=2").data["results"]
    assert [row["cell"] for row in by_number] == [0, 1]
    assert by_number[1]["values"] == {"fast_period": 2, "slow_period": 12}


@pytest.mark.parametrize(
    "query",
    [
        "cells/?sort=sharpe",
        "cells/?ordering=cagr",
        "heatmap/?z=1",
        "heatmap/?x=slow",
        "heatmap/?how=mean",
        "csv/?page=2",
    ],
)
def test_a_question_that_would_be_ignored_is_refused(api, swept, query):
    answer = api.get(f"{SWEEPS}{swept.pk}/{query}")
    assert answer.status_code == 400
    assert answer.data["detail"]


def test_a_page_beyond_the_last_is_a_404(api, swept):
    assert api.get(f"{SWEEPS}{swept.pk}/cells/?page=9").status_code == 404


def test_the_map_has_rows_along_y_and_columns_along_x(api, swept):
    said = api.get(f"{SWEEPS}{swept.pk}/heatmap/?x=slow_period&y=fast_period&metric=max_drawdown").data
    assert (len(said["values"]), len(said["values"][0])) == (5, 3)
    assert said["cells"][1] == [3, 4, 5]
    assert said["values"][2][0] is None
    assert (said["centre"], said["unit"]) == (None, "fraction")
    json.dumps(said, allow_nan=False)


def test_before_there_are_cells_they_are_a_conflict(api, sweep_of):
    sweep = sweep_of()
    for path in ("cells/", "heatmap/", "csv/", "cells/0/"):
        answer = api.get(f"{SWEEPS}{sweep.pk}/{path}")
        assert (answer.status_code, answer.data["code"]) == (409, "sweep_unfinished"), path


def test_a_cell_tells_its_settings_or_why_it_cannot_run(api, swept):
    good = api.get(f"{SWEEPS}{swept.pk}/cells/4/").data
    assert good["parameters"] == {"fast_period": 4, "slow_period": 12, "ma_type": "sma"}
    assert good["configuration"]["commission"] == 0.001
    bad = api.get(f"{SWEEPS}{swept.pk}/cells/6/").data
    assert (bad["valid"], bad["parameters"]) == (False, None)
    assert "not below the slow period" in bad["refusal"]
    assert api.get(f"{SWEEPS}{swept.pk}/cells/15/").status_code == 404


def test_a_cell_is_run_as_a_backtest(api, swept):
    answer = api.post(f"{SWEEPS}{swept.pk}/cells/4/run/")
    assert answer.status_code == 202
    assert answer.data["url"] == f"/api/backtests/{BacktestResult.objects.get().pk}/"
    refused = api.post(f"{SWEEPS}{swept.pk}/cells/6/run/")
    assert (refused.status_code, refused.data["code"]) == (400, "cell_invalid")


@pytest.mark.django_db(transaction=True)
def test_a_check_is_asked_for_and_read(api, swept):
    answer = api.post(f"{SWEEPS}{swept.pk}/cells/4/check/")
    assert answer.status_code == 202
    assert api.get(answer.data["url"]).data["identical"] is None
    job = Job.objects.get(kind="backtests.sweep_check")
    assert job.claim("test:1")
    run(job)
    said = api.get(answer.data["url"]).data
    assert (said["status"], said["identical"], said["differences"]) == ("succeeded", True, [])


def test_a_waiting_sweep_is_cancelled_and_a_finished_one_is_not(api, sweep_of, swept):
    waiting = sweep_of()
    assert api.post(f"{SWEEPS}{waiting.pk}/cancel/").data["status"] == "cancelled"
    assert api.post(f"{SWEEPS}{swept.pk}/cancel/").status_code == 409


def test_a_sweep_is_repeated_and_deleted(api, swept):
    assert api.post(f"{SWEEPS}{swept.pk}/rerun/").status_code == 202
    assert api.delete(f"{SWEEPS}{swept.pk}/").status_code == 204
    assert Sweep.objects.count() == 1
