"""Nothing half-imported is ever seen: not during an import, not after one that failed, was cancelled or killed."""

import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils.timezone import now

from algotrade.jobs.errors import JobCancelled
from algotrade.jobs.models import Job
from marketdata.columns import BarsColumns
from marketdata.errors import SeriesBusy
from marketdata.incoming.handlers import preparing
from marketdata.models import BarImport, MarketData, Series, WriteLease
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.store import leases, leftovers, storing
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars
from marketdata.tests.imports import import_row, killed_in, nothing_left, put, same, seen

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


@pytest.fixture
def small_steps(monkeypatch):
    """Rows are written in transactions of 100."""
    monkeypatch.setattr(leases, "FEW_ROWS", 100)
    monkeypatch.setattr(leases, "AHEAD_ROWS", {"postgresql": 100})


@pytest.fixture
def stop_after_rows():
    """A progress that raises once rows were written."""

    def progress(fraction, message):
        if MarketData.written.count() >= 300:
            raise JobCancelled("x")

    return progress


def test_rows_are_written_ahead_and_nobody_sees_them_before_the_end(user, small_steps):
    looks = []

    def look(fraction, message):
        looks.append((MarketData.written.count(), seen(user)))

    ready = put(user, make_bars(1000), look)
    assert MarketData.written.count() == 1000
    assert seen(user) == []
    assert {count for count, _seen in looks} >= {100, 500, 1000}
    assert all(not found for _count, found in looks)
    ready()
    ((symbol, count, rows, snapshots, _sha),) = seen(user)
    assert (symbol, count, rows, snapshots) == ("ABC", 1000, 1000, 1)
    assert same(load_bars(Series.objects.get()), make_bars(1000))
    assert not WriteLease.objects.exists()


def test_a_series_that_grows_shows_its_old_bars_until_the_end(user, series, small_steps):
    before = seen(user)
    looks = []
    bars = make_bars(700, "2023-06-01")  # before, over and after the ten that are stored
    ready = put(user, bars, lambda *_args: looks.append(seen(user)), overlap="replace")
    assert set(map(str, looks)) == {str(before)}
    assert MarketData.written.count() == 10 + 700 - 10
    assert same(load_bars(series), make_bars(10))
    ready()
    series.refresh_from_db()
    assert same(load_bars(series), bars)
    assert same(open_snapshot(current_snapshot(series)), bars)
    assert ready.row.bars_added == 690
    assert (ready.row.bars_changed, ready.row.bars_removed) == (10, 0)


def test_what_is_cancelled_in_the_middle_leaves_no_row_no_file_and_no_series(
    user, small_steps, stop_after_rows, media_root
):
    with pytest.raises(JobCancelled):
        put(user, make_bars(1000), stop_after_rows)
    assert nothing_left(media_root)


def test_a_series_whose_extension_is_cancelled_stays_as_it_was(user, series, small_steps, stop_after_rows):
    before = seen(user)
    with pytest.raises(JobCancelled):
        put(user, make_bars(1000, "2024-01-11"), stop_after_rows)
    assert seen(user) == before
    assert MarketData.written.count() == 10
    assert not WriteLease.objects.exists()


def test_a_job_that_is_cancelled_after_its_last_row_leaves_nothing(
    user, run_jobs, monkeypatch, settings, media_root
):
    real = storing.examine_file

    def cancel_late(*args):
        Job.objects.get().request_cancel()
        return real(*args)

    monkeypatch.setattr(storing, "examine_file", cancel_late)
    settings.JOB_BEAT_SECONDS = 0.05
    monkeypatch.setattr(
        "algotrade.jobs.context.JobContext.check", _checking_at_the_end(monkeypatch), raising=True
    )
    row = import_row(user, overlap="extend")
    row.source = BarImport.Source.SYNTHETIC
    row.settings["spec"] = {"bars": 400}
    row.queue("marketdata.generate", "Generation", "import")
    (job,) = run_jobs()
    assert job.state == Job.State.CANCELLED
    assert nothing_left(media_root)
    row.refresh_from_db()
    assert row.status == Job.State.CANCELLED


def _checking_at_the_end(monkeypatch):
    """The job notices the cancel only at its last check, after the handler has returned."""
    from algotrade.jobs.context import JobContext

    monkeypatch.setattr(JobContext, "progress", lambda self, fraction, message="": None)

    def check(self):
        if Job.objects.filter(pk=self.job_id, cancel_requested_at__isnull=False).exists():
            raise JobCancelled(self.job_id)

    return check


def test_two_imports_into_one_series_wait_for_each_other(user, monkeypatch):
    monkeypatch.setattr(leases, "LOOK_SECONDS", 0.02)
    first = put(user, make_bars(20))
    told, results = [], []

    def second():
        try:
            results.append(put(user, make_bars(40), lambda _fraction, message: told.append(message)))
            results[0]()
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    deadline = time.monotonic() + 20
    while "Waiting for another import into this series" not in told and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not results
    first()
    thread.join(20)
    assert (results[0].row.bars_added, results[0].row.bars_unchanged) == (20, 20)
    assert Series.objects.get().bar_count == 40


def test_an_import_in_one_transaction_is_refused_while_another_one_writes(user, series):
    ready = put(user, make_bars(40))
    with pytest.raises(SeriesBusy, match="Another import is writing"):
        import_bars(series=series, bars=make_bars(3, "2025-01-01"))
    ready()
    import_bars(series=series, bars=make_bars(3, "2025-01-01"))
    assert Series.objects.get().bar_count == 43


def test_one_whose_right_was_taken_over_writes_nothing_more(user, series):
    ready = put(user, make_bars(40))
    WriteLease.objects.update(holder="somebody else:1")
    with pytest.raises(SeriesBusy, match="took ABC 1d over"):
        ready()
    assert [item[1:3] for item in seen(user)] == [(10, 10)]


def test_what_a_killed_import_left_goes_with_the_next_one(user, series, small_steps):
    first = put(user, make_bars(300, "2024-01-11", price=5.0))
    del first  # killed: it neither ends nor tidies up
    WriteLease.objects.update(until=now())
    assert MarketData.written.count() == 310
    put(user, make_bars(30, "2024-01-11", price=110.0))()
    assert same(load_bars(series), make_bars(40))
    assert MarketData.written.count() == 40


def test_what_a_killed_import_left_is_collected(user, series, small_steps, media_root):
    before = seen(user)
    put(user, make_bars(300, "2024-01-11"))
    put(user, make_bars(300), key={"symbol": "NEW"})
    assert leftovers.discard_left_behind() == 0  # both may still be alive
    WriteLease.objects.update(until=now())
    assert leftovers.discard_left_behind() == 2
    assert seen(user) == before
    assert (MarketData.written.count(), Series.written.count()) == (10, 1)
    assert len(list(Path(media_root).rglob("*.npy"))) == 1


KILLED = """
from accounts.models import User
from marketdata.incoming.handlers import preparing
from marketdata.store import leases
from marketdata.columns import BarsColumns
from marketdata.models import BarImport, MarketData
from marketdata.tests.bars import make_bars
leases.FEW_ROWS, leases.AHEAD_ROWS = 100, {"postgresql": 100}
def progress(fraction, message):
    if MarketData.written.count() >= 300:
        die()
key = {"symbol": sys.argv[1], "timeframe": "1d", "calendar": "24/7", "source": "csv"}
row = BarImport(user=User.objects.get(), source="file", symbol="ABC", timeframe="1d", settings={"key": key})
preparing.prepare_import(row, BarsColumns(make_bars(1000, "2024-01-11")), progress=progress, overlap="extend")
"""


@pytest.mark.slow
@pytest.mark.parametrize("symbol", ["ABC", "NEW"])
def test_an_import_that_is_killed_in_the_middle_is_never_seen(user, series, symbol, media_root):
    before = seen(user)
    killed_in(KILLED, symbol, media_root)
    assert MarketData.written.count() >= 300
    assert seen(user) == before
    assert same(open_snapshot(current_snapshot(series)), make_bars(10))
    WriteLease.objects.update(until=now())
    assert leftovers.discard_left_behind() == 1
    assert (MarketData.written.count(), Series.written.count()) == (10, 1)


def test_the_next_attempt_of_a_job_takes_over_what_the_killed_one_held(user, small_steps):
    job = Job.objects.create(owner=user, kind="marketdata.import", title="x", deadline_at=now(), fence=1)
    row = import_row(user)
    row.job = job
    row.save()
    preparing.prepare_import(row, BarsColumns(make_bars(300)), progress=lambda *_args: None, overlap="extend")
    job.fence = 2
    job.save()
    again = preparing.prepare_import(
        row, BarsColumns(make_bars(30)), progress=lambda *_args: None, overlap="extend"
    )
    again()
    assert same(load_bars(Series.objects.get()), make_bars(30))
    assert MarketData.written.count() == 30
