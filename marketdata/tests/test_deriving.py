"""Series that follow others: made by a job, made again when their source changes, and never by hand."""

import numpy as np
import pytest
from django.utils.timezone import now

from algotrade.jobs.models import Job
from marketdata.bars import Bars
from marketdata.columns import BarsColumns
from marketdata.editing import change_series
from marketdata.errors import RecipeInvalid
from marketdata.incoming import deriving
from marketdata.incoming.handlers import derive
from marketdata.models import BarImport, Series
from marketdata.recipes import AdjustSplits, Resample, read_recipe
from marketdata.services import import_bars
from marketdata.store.storing import store
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series
from marketdata.tests.minutes import bars_of, make_minutes, minutes, succeeded

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_longer_timeframe_becomes_a_series_of_its_own(user, run_jobs):
    source = make_minutes(user)
    row = deriving.resample_series(user, source, "1h")
    assert (row.source, row.status, row.origin) == ("derived", "queued", "ABC 1m")
    assert not Series.objects.filter(timeframe="1h").exists()
    succeeded(run_jobs())
    row.refresh_from_db()
    made = row.series
    assert (made.symbol, made.timeframe, made.source, made.calendar) == ("ABC", "1h", "csv", "24/7")
    assert (made.user, made.derived_from, made.is_derived) == (user, source, True)
    assert read_recipe(made.recipe) == Resample("1h")
    assert made.recipe["made_from"] == source.content_sha256
    assert bars_of(made).close.tolist() == [160.0, 220.0]
    assert row.bars_added == 2
    assert row.report["rows_read"] == 120
    assert (row.report["made"], row.report["left_out"], row.report["unfinished"]) == (2, 0, 0)
    assert row.status == "succeeded"


def test_splits_are_adjusted_beside_the_published_prices(user, run_jobs):
    source = make_series(user, bars=make_bars(10))
    row = deriving.adjust_splits(user, source, [{"time": "2024-01-05", "ratio": 4}])
    succeeded(run_jobs())
    row.refresh_from_db()
    made = row.series
    assert (made.adjustment, made.source, made.derived_from) == ("splits", "csv", source)
    assert made.current_report()["closes"]["compared_with"] == "", "it agrees with its source by its making"
    bars = bars_of(made)
    assert bars.close.tolist() == [101 / 4, 102 / 4, 103 / 4, 104 / 4, 105, 106, 107, 108, 109, 110]
    assert bars.volume.tolist() == [200.0] * 4 + [50.0] * 6
    assert bars_of(source).close.tolist() == make_bars(10).close.tolist()
    # A further split is added, whether it was found in the published or in the adjusted prices.
    again = deriving.adjust_splits(user, made, [{"time": "2024-01-09T00:00", "ratio": 0.5}])
    assert again.series == made
    succeeded(run_jobs())
    bars = bars_of(made)
    assert bars.close.tolist() == [101 / 2, 102 / 2, 103 / 2, 104 / 2, 210, 212, 214, 216, 109, 110]
    assert bars.volume.tolist() == [100.0] * 4 + [25.0] * 4 + [50.0] * 2
    assert read_recipe(made.recipe).splits == (("2024-01-05T00:00:00", 4.0), ("2024-01-09T00:00:00", 0.5))
    assert Series.objects.count() == 2


def test_a_change_of_the_source_is_followed_down_the_chain_and_what_vanished_vanishes(user, run_jobs):
    source = make_minutes(user, minutes(24 * 60 * 2))
    deriving.adjust_splits(user, source, [{"time": "2024-01-02", "ratio": 2}])
    succeeded(run_jobs())
    adjusted = Series.objects.get(adjustment="splits")
    deriving.resample_series(user, adjusted, "1d")
    succeeded(run_jobs())
    days = Series.objects.get(timeframe="1d")
    assert (days.adjustment, days.derived_from) == ("splits", adjusted)
    assert [str(time)[:10] for time in bars_of(days).time] == ["2024-01-01", "2024-01-02"]

    # the source loses its first day and gets a third one
    moved = minutes(24 * 60 * 2, "2024-01-02T00:00", price=500.0)
    store(source, BarsColumns(moved), overlap="whole")
    jobs = succeeded(run_jobs())
    assert [BarImport.objects.get(job=job).series for job in jobs] == [adjusted, days]
    assert [str(time)[:10] for time in bars_of(days).time] == ["2024-01-02", "2024-01-03"]
    assert bars_of(days).open.tolist() == [500.0, 1940.0]
    assert bars_of(adjusted).close.tolist() == moved.close.tolist()
    assert days.bar_count == days.bars.count() == 2


def test_what_changes_nothing_is_followed_by_nothing(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    import_bars(series=source, bars=minutes())
    assert run_jobs() == []


def test_one_that_waits_is_not_queued_twice(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    import_bars(series=source, bars=minutes(180))
    import_bars(series=source, bars=minutes(240))
    assert len(succeeded(run_jobs())) == 1
    assert len(bars_of(Series.objects.get(timeframe="1h"))) == 4


def test_a_source_that_changes_while_a_job_computes_is_followed_again(user, run_jobs, monkeypatch):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    make, calls = derive._make, []

    def meanwhile(*arguments):
        report = make(*arguments)
        if not calls:
            import_bars(series=Series.objects.get(pk=source.pk), bars=minutes(240))
        calls.append(1)
        return report

    monkeypatch.setattr(derive, "_make", meanwhile)
    assert len(succeeded(run_jobs())) == 2
    made = Series.objects.get(timeframe="1h")
    source.refresh_from_db()
    assert len(bars_of(made)) == 4
    assert made.recipe["made_from"] == source.content_sha256


def test_an_older_making_that_comes_late_does_not_undo_a_newer_one(user, run_jobs, monkeypatch):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    import_bars(series=source, bars=minutes(180))
    make, newer = derive._make, []

    def overtaken(*arguments):
        report = make(*arguments)
        if not newer:
            newer.append(None)
            import_bars(series=Series.objects.get(pk=source.pk), bars=minutes(240))
            newer.extend(run_jobs())
        return report

    monkeypatch.setattr(derive, "_make", overtaken)
    (late,) = run_jobs()
    assert [job.state for job in newer[1:]] == [Job.State.SUCCEEDED]
    assert late.state == Job.State.CANCELLED
    assert len(bars_of(Series.objects.get(timeframe="1h"))) == 4


def test_what_a_lost_call_left_behind_is_found_by_the_schedule(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    assert deriving.refresh_stale() == 0
    run_jobs()
    assert deriving.refresh_stale() == 0
    made = Series.objects.get(timeframe="1h")
    Series.objects.filter(pk=made.pk).update(recipe={**made.recipe, "made_from": "0" * 64})
    assert deriving.refresh_stale() == 1
    assert deriving.refresh_stale() == 0
    succeeded(run_jobs())
    assert deriving.refresh_stale() == 0


def test_what_cannot_be_made_is_not_tried_again_every_few_minutes(user, run_jobs):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    store(source, BarsColumns(minutes(30)), overlap="whole")  # no hour is complete any more
    (job,) = run_jobs()
    assert job.error_code == "series_empty"
    assert deriving.refresh_stale() == 0
    BarImport.objects.filter(job=job).update(created_at=now() - deriving.TRIED_AGAIN)
    assert deriving.refresh_stale() == 1


def test_a_full_queue_does_not_undo_an_import(user, run_jobs, settings):
    source = make_minutes(user)
    deriving.resample_series(user, source, "1h")
    run_jobs()
    settings.JOB_MAX_QUEUED_PER_USER = 0
    import_bars(series=source, bars=minutes(240))
    assert run_jobs() == []
    settings.JOB_MAX_QUEUED_PER_USER = 10
    assert deriving.refresh_stale() == 1


def test_a_calendar_that_fits_no_bar_is_named(user, run_jobs):
    source = make_minutes(user, minutes(30, "2024-01-06T00:00"), calendar="XNYS")  # a Saturday
    row = deriving.resample_series(user, source, "1d")
    run_jobs()
    row.refresh_from_db()
    assert "None of the 30 bars" in row.error_detail
    assert "New York" in row.error_detail


def test_days_of_an_exchange_follow_its_sessions(user, run_jobs):
    early = np.arange("2025-11-28T14:00", "2025-11-28T19:00", dtype="datetime64[m]")  # closes at 18:00 UTC
    ones = np.ones(len(early))
    bars = Bars(early, ones, ones, ones, ones, ones)
    row = deriving.resample_series(user, make_minutes(user, bars, calendar="XNYS"), "1d")
    succeeded(run_jobs())
    row.refresh_from_db()
    made = bars_of(row.series)
    assert made.time.astype(str).tolist() == ["2025-11-28T00:00:00.000000000"]
    assert made.volume.tolist() == [211.0]
    assert row.report["left_out"] == 30 + 59


def test_another_calendar_of_the_source_makes_other_days(user, run_jobs):
    bars = make_bars(48, "2025-11-26T00:00", "h")  # Wednesday and Thanksgiving
    source = make_series(user, "ABC", bars, timeframe="1h")
    deriving.resample_series(user, source, "1d")
    run_jobs()
    made = Series.objects.get(timeframe="1d")
    assert bars_of(made).volume.tolist() == [24 * 50.0] * 2
    change_series(asker=user, series=source, calendar="XNYS")
    succeeded(job for job in run_jobs() if job.kind == "marketdata.derive")
    assert bars_of(made).volume.tolist() == [7 * 50.0]  # 14:00 holds the open, 20:00 is the last
    assert made.calendar == "XNYS"


def test_a_recipe_reads_back_and_an_unknown_one_is_refused():
    recipe = AdjustSplits.read([{"time": "2024-01-05", "ratio": 4}, {"time": "2020-01-05", "ratio": 0.1}])
    assert read_recipe({**recipe.to_dict(), "made_from": "x"}) == recipe
    assert [time[:4] for time, _ratio in recipe.splits] == ["2020", "2024"]
    with pytest.raises(RecipeInvalid, match="no recipe"):
        read_recipe({"kind": "magic"})
