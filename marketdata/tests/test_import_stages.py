"""Imports that are stopped, that meet, or that lose what they need, at each stage: a clear end, nothing half done."""

import itertools
import json
from pathlib import Path

import pytest

from algotrade.errors import LabError
from algotrade.jobs.context import JobContext
from algotrade.jobs.errors import JobCancelled
from algotrade.jobs.models import Job
from marketdata.columns import BarsColumns
from marketdata.incoming import deriving, submissions
from marketdata.incoming.handlers import preparing
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import submit_file
from marketdata.incoming.settings import Destination
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, MarketData, Series, Snapshot, Upload, WriteLease
from marketdata.services import delete_series
from marketdata.synthetic import SyntheticSpec
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series, upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

KEY = SeriesKey("ABC", "1d", "24/7", "csv")


def prepared(user, bars, **settings):
    """What ends an import of `user` into the series of `KEY`."""
    row = BarImport.objects.create(
        user=user,
        source=BarImport.Source.FILE,
        symbol="ABC",
        timeframe="1d",
        settings=Destination(key=KEY, **settings).to_dict(),
    )
    return preparing.prepare_import(row, BarsColumns(bars), progress=lambda *_args: None, overlap="extend")


def ask_for_a_file(user):
    return submit_file(
        owner=user, file=upload(), options=FileOptions(symbol="ABC", timeframe="1d", calendar="24/7")
    )


def ask_for_a_download(user):
    return submissions.submit_fetch(
        owner=user, provider="synthetic", provider_symbol="geometric_brownian", timeframe="1d"
    )


def ask_for_a_generation(user):
    return submissions.submit_generation(owner=user, symbol="ABC", spec=SyntheticSpec(bars=50))


def ask_for_weeks(user):
    return deriving.resample_series(user, make_series(user, "DAYS", make_bars(30)), "1w")


def what_is_stored(media_root):
    models = (Series.written, MarketData.written, Snapshot.objects, WriteLease.objects)
    files = [path for path in Path(media_root).rglob("*") if path.is_file() and path.suffix != ".csv"]
    return [manager.count() for manager in models], len(files)


@pytest.fixture
def stop_at(monkeypatch):
    """Have the job be cancelled when it tells for the nth time how far it is; returns how often it told."""
    real, told = JobContext.progress, []

    def stopping(at):
        def progress(self, fraction, message=""):
            told.append(message)
            if len(told) == at:
                Job.objects.get(pk=self.job_id).request_cancel()
                raise JobCancelled(self.job_id)
            real(self, fraction, message)

        told.clear()
        monkeypatch.setattr(JobContext, "progress", progress)
        return told

    return stopping


@pytest.mark.parametrize(
    "ask",
    [ask_for_a_file, ask_for_a_download, ask_for_a_generation, ask_for_weeks],
    ids=lambda ask: ask.__name__,
)
def test_an_import_that_is_cancelled_at_any_stage_leaves_nothing(user, run_jobs, media_root, stop_at, ask):
    row = ask(user)
    for stage in itertools.count(1):
        told = stop_at(stage)
        before = what_is_stored(media_root)
        (job,) = run_jobs()
        if len(told) < stage:  # it ended before this stage came
            break
        row.refresh_from_db()
        assert (job.state, row.status) == ("cancelled", "cancelled"), told
        assert what_is_stored(media_root) == before, told
        ask_again(row)
    assert job.state == "succeeded", job.error_detail
    assert stage > 2


def ask_again(row):
    """The same import, asked for once more."""
    row.pk, row.job, row.status = None, None, Job.State.QUEUED
    row.queue(submissions.KIND_OF_SOURCE[row.source], "again", "import")


def test_imports_of_two_users_into_series_of_one_name_do_not_meet(user, other_user):
    first, second = prepared(user, make_bars(10)), prepared(other_user, make_bars(20, price=3.0))
    second()
    first()
    held = {series.user: load_bars(series) for series in Series.objects.all()}
    assert {owner: (len(bars), bars.open[0]) for owner, bars in held.items()} == {
        user: (10, 100.0),
        other_user: (20, 3.0),
    }


def test_imports_of_two_staff_into_one_shared_series_end_one_after_the_other(staff, make_user):
    colleague = make_user("colleague", is_staff=True)
    first = prepared(staff, make_bars(10), shared=True)
    first()
    second = prepared(colleague, make_bars(20), shared=True)
    second()
    series = Series.objects.get()
    assert (series.user, series.bar_count) == (None, 20)
    assert (second.row.bars_added, second.row.bars_unchanged) == (10, 10)
    assert {row.user for row in series.imports.all()} == {staff, colleague}


def test_a_series_that_is_deleted_while_bars_come_in_ends_the_import_clearly(user, series):
    ready = prepared(user, make_bars(30))
    delete_series(series)
    with pytest.raises(LabError) as caught:
        ready()
    assert caught.value.code in {"series_busy", "series_not_found"}
    assert "ABC 1d" in caught.value.detail
    assert not Series.objects.exists()


def test_an_upload_that_was_deleted_ends_its_import_clearly(user, run_jobs, api):
    row = ask_for_a_file(user)
    url = f"/api/market-data/uploads/{row.upload.pk}/"
    refused = api.delete(url)
    assert (refused.status_code, refused.json()["code"]) == (409, "upload_in_use")
    Upload.objects.all().delete()
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "upload_gone")
    assert api.get(url).status_code == 404


def test_an_import_is_cancelled_once_and_not_after_its_end(user, run_jobs, api):
    url = f"/api/market-data/imports/{ask_for_a_generation(user).pk}/"
    assert {job.state for job in run_jobs()} == {"succeeded"}
    refused = api.post(f"{url}cancel/")
    assert (refused.status_code, refused.json()["code"]) == (409, "job_ended")
    assert api.get(url).json()["status"] == "succeeded"


@pytest.mark.parametrize("source", BarImport.Source.values)
@pytest.mark.parametrize("stored", [[], "text", {}, {"key": None}], ids=json.dumps)
def test_settings_that_cannot_be_read_end_the_job_clearly(user, run_jobs, source, stored):
    row = BarImport(user=user, source=source, symbol="ABC", timeframe="1d", settings=stored)
    if source == BarImport.Source.FILE:
        row.upload = submissions.keep_upload(user, upload())
    row.queue(submissions.KIND_OF_SOURCE[source], "damaged", "import")
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "import_unreadable")
    assert job.error_detail == "What this import was asked for cannot be read. Ask for it anew."
