"""Imports and generations as jobs: all of a file or nothing, words for every problem, and no upload left behind."""

from pathlib import Path

import pytest

from algotrade.errors import InvalidInput
from algotrade.jobs.models import Job
from algotrade.jobs.services import request_cancel, requeue
from marketdata.errors import FileTooLarge
from marketdata.incoming import submissions
from marketdata.incoming.options import FileOptions
from marketdata.incoming.planning import submit_file
from marketdata.incoming.submissions import submit_generation
from marketdata.models import BarImport, MarketData, Series, WriteLease
from marketdata.services import current_snapshot, open_snapshot
from marketdata.store import storing
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import HEADER, csv_text, make_bars
from marketdata.tests.conftest import upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

DAILY = {"symbol": "abc", "timeframe": "1d", "calendar": "24/7"}


def ask(owner, file=None, **options):
    """Upload a file and ask for its import; return the job."""
    return submit_file(owner=owner, file=file or upload(), options=FileOptions(**(DAILY | options))).job


def uploads_in(media_root):
    return list((Path(media_root) / "uploads").rglob("*.csv"))


def nothing_left(media_root):
    """Whether no row, series, draft, right to write or file is there."""
    models = (Series.written, MarketData.written, WriteLease.objects)
    files = [path for path in Path(media_root).rglob("*") if path.is_file() and path.suffix != ".csv"]
    return not files and not any(manager.exists() for manager in models)


@pytest.mark.parametrize(("most", "is_long"), [(0, True), (submissions.LONG_FILE_BYTES, False)])
def test_a_large_file_is_long_work_and_a_small_one_is_not(user, monkeypatch, most, is_long):
    monkeypatch.setattr(submissions, "LONG_FILE_BYTES", most)
    assert ask(user).is_long is is_long


def test_a_file_becomes_a_series_and_the_upload_is_gone(user, run_jobs, media_root):
    job = ask(user, name="Alphabet")
    assert job.result_url == job.barimport.get_absolute_url()
    assert not Series.objects.exists()
    assert len(uploads_in(media_root)) == 1
    (done,) = run_jobs()
    assert (done.state, done.error_detail) == ("succeeded", "")
    row = BarImport.objects.get(job=done)
    assert (row.bars_added, row.bars_unchanged, row.upload) == (10, 0, None)
    series = row.series
    assert (row.content_sha256, series.is_draft) == (series.content_sha256, False)
    assert (series.user, series.symbol, series.name, series.bar_count) == (user, "ABC", "Alphabet", 10)
    assert uploads_in(media_root) == []


def test_a_second_file_extends_the_same_series(user, run_jobs):
    ask(user)
    ask(user, upload(csv_text(make_bars(5, "2024-01-11"))))
    assert {job.state for job in run_jobs()} == {"succeeded"}
    assert Series.objects.get().bar_count == 15


def test_a_file_with_problems_fails_in_words_and_stores_nothing(user, run_jobs, media_root):
    text = f"{HEADER}\n2024-01-02,10,12,9,11,500\n2024-01-03,x,13,10,12,600\n2024-01-04,11,5,10,12,600\n"
    ask(user, upload(text))
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "file_invalid")
    assert job.error_detail == "2 problems in the file; nothing was imported."
    row = BarImport.objects.get(job=job)
    assert row.problem_count == 2
    assert [(item["line"], item["column"], item["value"]) for item in row.problems] == [
        (3, "open", "x"),
        (4, "high", "5"),
    ]
    assert row.problems[0]["reason"] == "is not a number. Correct or remove the row."
    assert not Series.objects.exists()
    assert not MarketData.objects.exists()
    assert len(uploads_in(media_root)) == 1  # so that the job can be tried again


def test_a_failure_while_storing_leaves_neither_series_nor_rows_nor_file(
    user, run_jobs, monkeypatch, media_root
):
    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(storing, "_record", fail)
    ask(user)
    (job,) = run_jobs()
    assert (job.state, job.error_code) == ("failed", "storage_failed")
    assert nothing_left(media_root)


def test_a_cancelled_import_stores_nothing_and_can_be_tried_again(user, run_jobs):
    job = ask(user)
    request_cancel(job)
    assert run_jobs() == []
    assert not Series.objects.exists()
    requeue(Job.objects.get(pk=job.pk))
    assert [item.state for item in run_jobs()] == ["succeeded"]
    assert Series.objects.get().bar_count == 10


def test_an_upload_that_is_no_longer_kept_is_said_to_be_so(user, run_jobs, media_root):
    ask(user)
    uploads_in(media_root)[0].unlink()
    (job,) = run_jobs()
    assert (job.state, job.error_detail) == (
        "failed",
        "The uploaded file is no longer kept. Upload it again.",
    )


def test_intraday_times_and_adjustment_are_read_as_asked(user, run_jobs):
    text = "datetime,open,high,low,close,volume,adj_close\n2020-12-15 09:30,10,12,9,11,500,5.5\n"
    ask(
        user,
        upload(text),
        symbol="SPY",
        timeframe="1m",
        calendar="exchange",
        timezone="America/New_York",
        adjust=True,
    )
    run_jobs()
    series = Series.objects.get()
    bars = open_snapshot(current_snapshot(series))
    assert (str(bars.time[0])[:16], bars.close[0]) == ("2020-12-15T14:30", 5.5)
    assert series.adjustment == "splits_dividends"


def test_staff_import_for_everybody_and_others_may_not(user, staff, run_jobs):
    with pytest.raises(InvalidInput):
        ask(user, shared=True)
    ask(staff, shared=True)
    run_jobs()
    assert Series.objects.get().is_shared


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"symbol": "  "}, "symbol"),
        ({"symbol": "A B"}, "symbol"),
        ({"symbol": "<script>"}, "symbol"),
        ({"symbol": "A" * 33}, "symbol"),
        ({"timeframe": "3d"}, "timeframe"),
        ({"calendar": "moon"}, "calendar"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"overlap": "mix"}, "overlap"),
        ({"name": "n" * 121}, "name"),
    ],
)
def test_a_wrong_description_is_refused_by_field_before_anything_is_kept(user, media_root, change, field):
    with pytest.raises(InvalidInput) as caught:
        ask(user, **change)
    assert list(caught.value.fields) == [field]
    assert uploads_in(media_root) == []
    assert not Job.objects.exists()


def test_an_empty_and_a_huge_file_are_refused_at_once(user, settings):
    with pytest.raises(InvalidInput):
        ask(user, upload(b""))
    settings.UPLOAD_MAX_BYTES = 100
    with pytest.raises(FileTooLarge, match="Split it by period"):
        ask(user)


def test_a_generation_makes_the_bars_of_its_specification(user, run_jobs):
    spec = SyntheticSpec(process="mean_reverting", bars=500, seed=11)
    submit_generation(owner=user, symbol="NOISE", spec=spec)
    assert [job.state for job in run_jobs()] == ["succeeded"]
    series = Series.objects.get()
    assert (series.source, series.bar_count) == ("synthetic", 500)
    made = open_snapshot(current_snapshot(series))
    assert made.close.tobytes() == generate(spec).close.tobytes()
