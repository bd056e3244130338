"""What is over a stated limit is refused before any work starts: by page and API, with the limit and what to do."""

import pytest

from algotrade.jobs.models import Job
from backtests.tests.conftest import url

pytestmark = pytest.mark.django_db

AXES = [{"name": "fast_period", "values": [2, 3]}, {"name": "slow_period", "values": [8, 9, 10]}]


def said_of(answer, field, code):
    assert answer.status_code == 422, answer.content
    body = answer.json()
    assert body["code"] == code
    assert not Job.objects.exists()
    return body["fields"][field][0]


def test_a_run_over_too_many_bars_names_the_limit_and_the_remedy(api, strategy, series, settings):
    settings.BACKTEST_MAX_BARS = 399
    answer = api.post("/api/backtests/run/", {"strategy": strategy.pk, "series": series.pk}, format="json")
    said = said_of(answer, "start_date", "backtest_too_large")
    assert "400 bars" in said
    assert "399" in said
    assert "BACKTEST_MAX_BARS" in said
    assert "shorter period" in said


def test_the_page_says_it_beside_the_field_and_keeps_what_was_typed(page, strategy, series, settings):
    settings.BACKTEST_MAX_BARS = 399
    form = page.get(f"{url('create')}?strategy={strategy.pk}").context["form"]
    asked = {name: form[name].value() for name in form.fields}
    asked = {name: value for name, value in asked.items() if value is not None}
    answer = page.post(url("create"), asked | {"strategy": strategy.pk, "series": series.pk})
    assert answer.status_code == 422
    assert "BACKTEST_MAX_BARS" in answer.content.decode()
    assert not Job.objects.exists()


def test_at_the_limit_a_run_is_taken(submit, settings):
    settings.BACKTEST_MAX_BARS = 400
    assert submit().status == "queued"


def test_running_again_is_held_to_the_limit_too(api, finished, settings):
    Job.objects.all().delete()
    settings.BACKTEST_MAX_BARS = 399
    said = said_of(api.post(f"/api/backtests/{finished.pk}/rerun/"), "start_date", "backtest_too_large")
    assert "BACKTEST_MAX_BARS" in said


def test_a_sweep_of_too_many_combinations_is_over_a_limit(api, strategy, series, settings):
    settings.SWEEP_MAX_CELLS = 5
    asked = {"strategy": strategy.pk, "series": series.pk, "axes": AXES}
    said = said_of(api.post("/api/sweeps/", asked, format="json"), "axes", "sweep_too_large")
    assert "6 combinations" in said
    assert "SWEEP_MAX_CELLS" in said


def test_a_sweep_of_too_many_bars_in_all_is_over_a_limit(api, strategy, series, settings):
    asked = {"strategy": strategy.pk, "series": series.pk, "axes": AXES}
    settings.SWEEP_MAX_BAR_CELLS = 6 * 400 - 1
    said = said_of(api.post("/api/sweeps/", asked, format="json"), "axes", "sweep_too_large")
    assert "SWEEP_MAX_BAR_CELLS" in said
    assert "2\u202f400" in said
    settings.SWEEP_MAX_BAR_CELLS = 6 * 400
    assert api.post("/api/sweeps/", asked, format="json").status_code == 202


def test_the_quota_of_waiting_jobs_answers_429_with_the_limit(api, strategy, series, settings):
    settings.JOB_MAX_QUEUED_PER_USER = 1
    asked = {"strategy": strategy.pk, "series": series.pk}
    assert api.post("/api/backtests/run/", asked, format="json").status_code == 202
    answer = api.post("/api/backtests/run/", asked, format="json")
    assert (answer.status_code, answer.json()["code"]) == (429, "queue_full")
    assert "1 job" in answer.json()["detail"]
