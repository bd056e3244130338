"""Two who want the same series at the same time: the second one waits, and sees what the first one has made of it."""

import threading

import pytest
from django.db import connection, transaction

from algotrade.jobs.models import Job
from marketdata.columns import BarsColumns
from marketdata.editing import change_series
from marketdata.errors import SeriesBusy, SeriesDerived
from marketdata.incoming import deriving
from marketdata.incoming.handlers import preparing
from marketdata.incoming.settings import Destination
from marketdata.incoming.submissions import restore_snapshot
from marketdata.keys import SeriesKey
from marketdata.models import BarImport, Series, WriteLease
from marketdata.services import delete_series, import_bars
from marketdata.store import leases
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

KEY = SeriesKey("ABC", "1d", "24/7", "csv")


def quiet(*_args):
    """A progress that tells nobody."""


def an_import(user, key):
    settings = Destination(key=key)
    return BarImport.objects.create(
        user=user,
        source=BarImport.Source.FILE,
        symbol=key.symbol,
        timeframe=key.timeframe,
        settings=settings.beside(settings.find(user.pk)).to_dict(),
    )


def prepare(row, bars, overlap="extend"):
    return preparing.prepare_import(row, BarsColumns(bars), progress=quiet, overlap=overlap)


def before_it_is_taken(monkeypatch, first):
    """Let something happen between an import's first look at the series and its turn to write."""
    real = leases.take

    def take(*args):
        monkeypatch.setattr(leases, "take", real)
        first()
        return real(*args)

    monkeypatch.setattr(leases, "take", take)


def rows(bars):
    return {"time": bars.time.view("int64")} | {
        name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")
    }


def delete_it(series, _monkeypatch):
    delete_series(series)


def import_into_it(series, monkeypatch):
    monkeypatch.setattr(leases, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(SeriesBusy):
        leases.take(SeriesKey.of(series), series.user_id, "second:0", quiet)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("other", [delete_it, import_into_it])
def test_who_waits_for_a_transaction_of_rows_does_not_keep_it_from_ending(user, monkeypatch, other):
    series = make_series(user, bars=make_bars(10))
    held = leases.take(SeriesKey.of(series), user.pk, "first:0", quiet)
    written, errors = threading.Event(), []

    def write():
        try:
            with transaction.atomic():
                held.write(rows(make_bars(5, "2025-01-01")), revision=9)
                written.set()
                waited.wait(2.0)
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    waited = threading.Event()  # nobody sets it: the other one stands in line before the transaction ends
    thread = threading.Thread(target=write)
    thread.start()
    assert written.wait(10)
    other(series, monkeypatch)
    thread.join(10)
    assert errors == []


def test_an_import_does_not_fill_what_became_a_derived_series(user, monkeypatch, run_jobs):
    source = make_series(user, timeframe="1h", bars=make_bars(72, "2024-01-01T00:00", "h"))

    def derive():
        deriving.resample_series(user, source, "1d")
        assert [job.state for job in run_jobs()] == [Job.State.SUCCEEDED]

    before_it_is_taken(monkeypatch, derive)
    with pytest.raises(SeriesDerived):
        prepare(an_import(user, KEY), make_bars(20, price=777.0), "replace")
    made = Series.objects.get(timeframe="1d")
    assert made.is_derived
    assert (load_bars(made).close < 777.0).all()
    assert not WriteLease.objects.exists()


def test_a_derivation_does_not_replace_bars_that_came_in_before_its_turn(user, monkeypatch, run_jobs):
    source = make_series(user, timeframe="1h", bars=make_bars(72, "2024-01-01T00:00", "h"))
    deriving.resample_series(user, source, "1d")
    before_it_is_taken(monkeypatch, lambda: make_series(user, bars=make_bars(20, price=777.0)))
    (job,) = run_jobs()
    assert (job.state, job.error_code) == (Job.State.FAILED, "series_derived")
    kept = Series.objects.get(timeframe="1d")
    assert (kept.is_derived, kept.bar_count) == (False, 20)


def test_what_is_edited_while_an_import_waits_stays(user, run_jobs):
    series = make_series(user, bars=make_bars(5))
    import_bars(series=series, bars=make_bars(9))
    restore_snapshot(owner=user, series=series, snapshot=series.snapshots.order_by("pk").first())
    change_series(asker=user, series=series, calendar="XNYS", timezone="America/New_York", name="New")
    assert {job.state for job in run_jobs()} == {Job.State.SUCCEEDED}
    series.refresh_from_db()
    assert series.bar_count == 5
    assert (series.calendar, series.timezone, series.name) == ("XNYS", "America/New_York", "New")
    assert series.current_report()["calendar"] == "XNYS"


def test_a_calendar_edited_while_the_bars_are_stored_is_the_one_they_are_examined_with(user):
    series = make_series(user, bars=make_bars(5))
    ready = prepare(an_import(user, KEY), make_bars(9))
    Series.objects.filter(pk=series.pk).update(calendar="XNYS")
    with transaction.atomic():
        ready()
    series.refresh_from_db()
    assert series.bar_count == 9
    assert (series.calendar, series.current_report()["calendar"]) == ("XNYS", "XNYS")
