"""A deleted series is gone at once for everybody; its rows go in short transactions, whatever dies meanwhile."""

import time

import pytest
from django.db import connection, transaction
from django.db.models import RestrictedError
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from marketdata.errors import SeriesBusy, SeriesInUse
from marketdata.models import BarImport, Feed, MarketData, Series, Snapshot, WriteLease
from marketdata.services import delete_series, import_bars
from marketdata.store import deleting, leases, leftovers
from marketdata.store.sweeping import Sweep
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series
from marketdata.tests.imports import beside, killed_in, nothing_left, put, same

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

BARS = make_bars(1000)


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Rows are removed in transactions of 70."""
    monkeypatch.setattr(leases, "CLEARED_ROWS", 70)
    monkeypatch.setattr(leftovers, "CLEARED_ROWS", 70)
    monkeypatch.setattr(leftovers, "PAUSE_SECONDS", 0.001)


@pytest.fixture
def unremoved(monkeypatch):
    """As if the process ended with the deletion: all rows stay."""
    monkeypatch.setattr(deleting, "discard_of", lambda holder, seconds: None)


@pytest.fixture
def series(user):
    return make_series(user, bars=BARS)


def by_code(series, client_for, make_user):
    delete_series(series)


def by_page(series, client_for, make_user):
    answer = client_for(series.user).post(f"/data/{series.pk}/delete/", follow=True)
    assert "was deleted" in answer.content.decode()


def by_api(series, client_for, make_user):
    assert client_for(series.user).delete(f"/api/market-data/series/{series.pk}/").status_code == 204


def by_admin(series, client_for, make_user):
    staff = client_for(make_user("root", is_staff=True, is_superuser=True))
    url = f"/admin/marketdata/series/{series.pk}/delete/"
    assert staff.post(url, {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("door", [by_code, by_page, by_api, by_admin], ids=lambda door: door.__name__)
def test_it_is_gone_at_once_through_every_door_without_touching_its_bars(
    user, series, client_for, make_user, unremoved, media_root, door
):
    with CaptureQueriesContext(connection) as queries:
        door(series, client_for, make_user)
    assert not [query for query in queries if 'DELETE FROM "marketdata_marketdata"' in query["sql"]]
    assert MarketData.written.count() == 1000
    assert not MarketData.objects.exists()
    assert not Series.objects.exists()
    assert not Snapshot.objects.exists()
    assert not list(media_root.rglob("*.npy"))
    page = client_for(user)
    for url in (
        f"/data/{series.pk}/",
        f"/api/market-data/series/{series.pk}/",
        f"/api/market-data/?series={series.pk}",
    ):
        assert page.get(url).status_code == 404
    assert "ABC" not in page.get("/data/").content.decode()
    assert page.get(f"/api/market-data/bars/?series={series.pk}").json()["results"] == []
    assert leftovers.discard_left_behind() == 1
    assert nothing_left(media_root)


def test_few_rows_are_gone_with_the_answer(user, media_root):
    delete_series(make_series(user, bars=make_bars(60)))
    assert nothing_left(media_root)


def test_its_name_is_free_at_once(user, series, unremoved):
    delete_series(series)
    put(user, make_bars(5, price=7.0))()
    delete_series(Series.objects.get())
    import_bars(series=make_series(user), bars=make_bars(6, price=8.0))
    assert MarketData.written.count() == 1011
    assert Series.written.count() == 3
    assert leftovers.discard_left_behind() == 2
    assert same(load_bars(Series.objects.get()), make_bars(6, price=8.0))
    assert (MarketData.written.count(), Series.written.count()) == (6, 1)


def test_its_rows_go_in_short_transactions(series, unremoved, monkeypatch):
    delete_series(series)
    sizes, step = [], Sweep.step

    def counted(*args):
        before = MarketData.written.count()
        try:
            return step(*args)
        finally:
            sizes.append(before - MarketData.written.count())

    monkeypatch.setattr(Sweep, "step", counted)
    leftovers.discard_left_behind()
    assert (sum(sizes), max(sizes)) == (1000, 70)


def test_what_refers_to_it_is_parted_as_before(user, series):
    Feed.objects.create(series=series, provider="synthetic", symbol="GBM")
    made = make_series(user, "WEEKS", timeframe="1w", derived_from=series)
    row = BarImport.objects.create(user=user, source="file", symbol="ABC", timeframe="1d", series=series)
    delete_series(series)
    made.refresh_from_db()
    row.refresh_from_db()
    assert (made.derived_from, row.series) == (None, None)
    assert not Feed.objects.exists()


def test_one_that_results_use_stays_as_it_is(series, monkeypatch):
    def refuse(*args):
        raise RestrictedError("in use", set())

    monkeypatch.setattr(deleting, "forget_files", refuse)  # after everything else was done
    with pytest.raises(SeriesInUse, match="stored results were computed from it"):
        delete_series(series)
    assert same(load_bars(series), BARS)
    assert Snapshot.objects.count() == 1
    assert not WriteLease.objects.exists()


def test_an_import_that_is_writing_into_it_fails_and_leaves_nothing(user, series, media_root):
    ready = put(user, make_bars(1500))
    delete_series(series)
    with pytest.raises(SeriesBusy, match="ABC 1d was deleted while the import was running"):
        ready()
    with pytest.raises(SeriesBusy, match="was deleted while"):
        ready.held.extend()
    leftovers.discard_left_behind()
    assert nothing_left(media_root)


def test_an_import_that_has_just_replaced_its_bars_is_no_obstacle(
    user, series, unremoved, media_root, monkeypatch
):
    monkeypatch.setattr(leases, "FEW_ROWS", 100)
    monkeypatch.setattr(leases, "AHEAD_ROWS", {"postgresql": 100})
    monkeypatch.setattr("marketdata.store.storing.tidy", lambda series: None)
    put(user, make_bars(1000, price=500.0), overlap="replace")()
    assert MarketData.written.count() == 2000
    delete_series(series)
    delete_series(series)  # by somebody whose page still shows it
    leftovers.discard_left_behind()
    assert nothing_left(media_root)


def test_its_owner_can_go_before_its_rows(user, series, unremoved, media_root):
    delete_series(series)
    user.delete()
    assert MarketData.written.count() == 1000
    leftovers.discard_left_behind()
    assert nothing_left(media_root)


def by_user(user, client_for, make_user):
    user.delete()


def by_users(user, client_for, make_user):
    type(user).objects.filter(pk=user.pk).delete()


def by_staff(user, client_for, make_user):
    staff = client_for(make_user("root", is_staff=True, is_superuser=True))
    page = f"/admin/accounts/user/{user.pk}/delete/"
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"post": "yes"}).status_code == 302


@pytest.mark.parametrize("door", [by_user, by_users, by_staff], ids=lambda door: door.__name__)
def test_the_series_of_a_deleted_user_go_without_their_bars_being_touched(
    user, series, other_user, client_for, make_user, unremoved, media_root, door
):
    theirs = make_series(other_user, "THEIRS", bars=make_bars(5))
    Feed.objects.create(series=series, provider="synthetic", symbol="GBM")
    make_series(user, "WEEKS", timeframe="1w", derived_from=series)
    with CaptureQueriesContext(connection) as queries:
        door(user, client_for, make_user)
    touching = [query["sql"] for query in queries if '"marketdata_marketdata"' in query["sql"]]
    assert touching == []
    assert list(Series.objects.all()) == [theirs]
    assert (MarketData.written.count(), MarketData.objects.count()) == (1005, 5)
    assert not Feed.objects.exists()
    assert leftovers.discard_left_behind() == 2
    assert (MarketData.written.count(), Series.written.count(), WriteLease.objects.count()) == (5, 1, 0)
    assert Snapshot.objects.get().series == theirs


def test_a_series_that_others_have_computed_from_stays_shared_when_its_owner_goes(user, series, monkeypatch):
    def refuse(*args):
        raise RestrictedError("in use", set())

    monkeypatch.setattr(deleting, "_part", refuse)
    user.delete()
    series.refresh_from_db()
    assert series.is_shared
    assert same(load_bars(series), BARS)


KILLED = """
from marketdata.models import MarketData, Series
from marketdata.services import delete_series
from marketdata.store import deleting, leftovers
leftovers.CLEARED_ROWS, deleting.AT_ONCE_SECONDS = 70, 60
stage, real = sys.argv[1], leftovers.Sweep.step
def remove(*args):
    return real(*args) if MarketData.written.count() > 500 else die()
leftovers.Sweep.step = remove
if stage == "before":
    deleting.forget_files = die
delete_series(Series.objects.get())
"""


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["before", "removing"])
def test_a_deletion_that_is_killed_has_happened_or_not_and_is_completed_by_the_clock(
    series, stage, media_root
):
    killed_in(KILLED, stage, media_root)
    if stage == "before":
        assert same(load_bars(series), BARS)
        return
    assert not Series.objects.exists()
    assert 0 < MarketData.written.count() <= 500
    WriteLease.objects.update(until=now())
    assert leftovers.discard_left_behind() == 1
    assert nothing_left(media_root)


def test_a_reader_sees_all_bars_or_none_and_a_writer_is_not_refused(user, series, monkeypatch, media_root):
    looks, written = set(), []
    other = make_series(user, "OTHER")

    def read():
        looks.add(MarketData.objects.filter(series=series.pk).count())

    def write():
        with transaction.atomic():
            Series.objects.filter(pk=other.pk).update(name=f"name {len(written)}")
        written.append(1)

    until = time.monotonic() + 20
    with beside(read, write):
        while not (looks and written) and time.monotonic() < until:
            time.sleep(0.01)
        delete_series(series)
        leftovers.discard_left_behind()
    assert looks <= {0, 1000}
    assert looks
    assert written
    assert MarketData.written.count() == 0
