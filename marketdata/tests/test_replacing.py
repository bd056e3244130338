"""Many bars within a series are replaced at once for whoever reads, and in short transactions for whoever writes."""

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from algotrade.jobs.errors import JobCancelled
from marketdata.bars import COLUMNS, Bars
from marketdata.models import MarketData, Series, WriteLease
from marketdata.services import current_snapshot, import_bars, open_snapshot
from marketdata.store import bulk, leases, leftovers, storing
from marketdata.store.collecting import check_snapshots
from marketdata.store.sweeping import Sweep
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series
from marketdata.tests.imports import beside, killed_in, put, same

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]

OLD = make_bars(1000, price=100.0)
NEW = make_bars(800, "2024-04-10", price=5000.0)  # the hundredth bar and later


def joined(*parts):
    names = ("time", *COLUMNS)
    return Bars(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def some(bars, kept):
    return Bars(**{name: getattr(bars, name)[kept] for name in ("time", *COLUMNS)})


AFTER = joined(OLD.head(100), NEW, some(OLD, np.arange(900, 1000)))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Rows are written in transactions of 100, and removed in such of 70."""
    monkeypatch.setattr(leases, "FEW_ROWS", 100)
    monkeypatch.setattr(leases, "AHEAD_ROWS", {"postgresql": 100})
    monkeypatch.setattr(leases, "CLEARED_ROWS", 70)
    monkeypatch.setattr(leftovers, "CLEARED_ROWS", 70)
    monkeypatch.setattr(leftovers, "PAUSE_SECONDS", 0.001)


@pytest.fixture
def untidied(monkeypatch):
    """As if the process ended with the last transaction: what was replaced stays."""
    monkeypatch.setattr(storing, "tidy", lambda series: None)


@pytest.fixture
def series(user):
    return make_series(user, bars=OLD)


def rests(series, count):
    """Whether nothing is left of a replacement, and the series holds so many rows."""
    series = Series.objects.get(pk=series.pk)
    times = MarketData.written.filter(series=series).values_list("timestamp", flat=True)
    return (
        (series.replaced_first, series.replaced_last) == (None, None)
        and not WriteLease.objects.exists()
        and len(times) == len(set(times)) == count
    )


def test_the_old_bars_are_seen_until_the_last_transaction_and_then_the_new_ones(user, series, untidied):
    looks = []

    def look(fraction, message):
        looks.append((MarketData.written.count(), same(load_bars(series), OLD)))

    ready = put(user, NEW, look, overlap="replace")
    assert {count for count, _old in looks} >= {1100, 1400, 1800}
    assert all(is_old for _count, is_old in looks)
    ready()
    assert MarketData.written.count() == 1800
    assert same(load_bars(series), AFTER)
    assert same(open_snapshot(current_snapshot(Series.objects.get())), AFTER)
    assert (ready.row.bars_changed, ready.row.bars_added, ready.row.bars_removed) == (800, 0, 0)


def test_the_last_transaction_touches_no_bar(user, series, untidied, monkeypatch):
    ready = put(user, NEW, overlap="replace")
    monkeypatch.setattr(bulk, "_copy", None)
    monkeypatch.setattr(bulk, "_insert", None)
    with CaptureQueriesContext(connection) as queries:
        ready()
    touching = [query["sql"] for query in queries if "marketdata_marketdata" in query["sql"]]
    assert touching == []


def test_what_was_replaced_is_removed_by_the_import_itself(user, series, page, monkeypatch):
    sizes = []
    step = Sweep.step

    def counted(*args):
        before = MarketData.written.count()
        try:
            return step(*args)
        finally:
            sizes.append(before - MarketData.written.count())

    monkeypatch.setattr(Sweep, "step", counted)
    put(user, NEW, overlap="replace")()
    assert rests(series, 1000)
    assert sum(sizes) == 800
    assert max(sizes) <= 70
    answer = page.get(f"/api/market-data/bars/?series={series.pk}&start=2024-04-09T00:00:00Z").json()
    assert [bar["open"] for bar in answer["results"][:3]] == [199.0, 5000.0, 5001.0]


def test_few_changes_are_made_in_the_last_transaction(user, series):
    put(user, make_bars(40, "2024-04-10", price=5000.0), overlap="replace")()
    assert Series.objects.get().revision == 0
    assert rests(series, 1000)


@pytest.mark.parametrize("overlap", ["extend", "replace", "whole"])
def test_whatever_comes_and_goes_rows_and_snapshot_agree(user, overlap):
    """Bars that are new, gone, changed or as they were, scattered before, within and after the stored ones."""
    rng = np.random.default_rng(23)
    everything = make_bars(1200, "2023-06-01")
    held = some(everything, np.sort(rng.choice(np.arange(300, 900), 400, replace=False)))
    series = make_series(user, bars=held)
    for number in range(6):
        first, last = sorted(rng.choice(1200, 2, replace=False).tolist())
        rows = np.arange(first, last)[rng.random(last - first) < 0.8]
        if rows.size < 2:
            continue
        new = some(everything, rows)
        if overlap != "extend":
            moved = rng.random(rows.size) < (0.9, 0.02)[number % 2]
            new = Bars(
                **{name: getattr(new, name) + (moved if name != "time" else 0) for name in ("time", *COLUMNS)}
            )
        put(user, new, overlap=overlap)()
        series.refresh_from_db()
        found = open_snapshot(current_snapshot(series))
        assert same(load_bars(series), found)
        assert rests(series, len(found))
        if overlap == "whole":
            assert same(found, new)


def test_gaps_are_filled_at_once_without_touching_the_bars_between(user, untidied):
    kept = np.arange(1000) % 2 == 0
    series = make_series(user, bars=some(OLD, kept))
    before = set(MarketData.written.values_list("pk", flat=True))
    ready = put(user, some(OLD, ~kept))
    assert same(load_bars(series), some(OLD, kept))
    ready()
    assert same(load_bars(series), OLD)
    assert before <= set(MarketData.written.values_list("pk", flat=True))
    assert rests(series, 1000)


def test_bars_are_replaced_again_and_again_and_a_lost_file_is_made_from_the_rows(user, series, media_root):
    for price in (11.0, 12.0, 13.0):
        put(user, make_bars(500, "2024-03-01", price=price), overlap="replace")()
    import_bars(series=series, bars=make_bars(300, "2024-02-01", price=9.0))
    series.refresh_from_db()
    assert series.revision == 4
    wanted = load_bars(series)
    rows = [0, 31, 330, 331, 559, 560]
    assert wanted.open[rows].tolist() == [100.0, 9.0, 308.0, 284.0, 512.0, 660.0]
    (media_root / current_snapshot(series).path).unlink()
    assert check_snapshots().rebuilt == 1
    assert same(open_snapshot(current_snapshot(series)), wanted)


def cancel_after(count):
    def progress(fraction, message):
        if MarketData.written.count() >= count:
            raise JobCancelled("x")

    return progress


def test_a_replacement_that_is_cancelled_leaves_the_old_bars(user, series):
    with pytest.raises(JobCancelled):
        put(user, NEW, cancel_after(1500), overlap="replace")
    assert same(load_bars(series), OLD)
    leftovers.discard_left_behind()  # what a second did not suffice for
    assert rests(series, 1000)


def test_a_replacement_of_bars_that_were_replaced_before_is_cancelled_without_a_trace(user, series):
    put(user, NEW, overlap="replace")()
    with pytest.raises(JobCancelled):
        put(user, make_bars(900, "2024-02-01", price=7.0), cancel_after(1500), overlap="replace")
    assert same(load_bars(series), AFTER)
    leftovers.discard_left_behind()
    assert rests(series, 1000)


@pytest.mark.parametrize("ended", [True, False], ids=["after the end", "before the end"])
def test_what_a_killed_process_left_goes_with_the_next_import(user, series, untidied, monkeypatch, ended):
    ready = put(user, NEW, overlap="replace")
    if ended:
        ready()
    WriteLease.objects.update(until=now())
    monkeypatch.undo()  # this one tidies up after itself
    put(user, make_bars(500, "2026-01-01", price=3.0), overlap="replace")()
    series.refresh_from_db()
    found = load_bars(series)
    before = AFTER if ended else OLD
    assert same(found.head(731), before.head(731))
    assert found.open[731] == 3.0
    assert rests(series, len(found))


def test_a_call_from_code_tidies_up_first_and_is_refused_while_an_import_writes(user, series, untidied):
    put(user, NEW, overlap="replace")()
    assert MarketData.written.count() == 1800
    import_bars(series=series, bars=make_bars(3, "2030-01-01"))
    assert rests(series, 1003)


KILLED = """
from accounts.models import User
from marketdata.incoming.handlers import preparing
from marketdata.store import leases, leftovers
from marketdata.columns import BarsColumns
from marketdata.models import BarImport, MarketData
from marketdata.tests.bars import make_bars
leases.FEW_ROWS, leases.AHEAD_ROWS, leftovers.CLEARED_ROWS = 100, {"postgresql": 100}, 70
stage = sys.argv[1]
def progress(fraction, message):
    if stage == "rows" and MarketData.written.count() >= 1300 or stage == "file" and fraction >= 0.89:
        die()
key = {"symbol": "ABC", "timeframe": "1d", "calendar": "24/7", "source": "csv"}
row = BarImport(user=User.objects.get(), source="file", symbol="ABC", timeframe="1d", settings={"key": key})
new = BarsColumns(make_bars(800, "2024-04-10", price=5000.0))
ready = preparing.prepare_import(row, new, progress=progress, overlap="replace")
real = leftovers.Sweep.step
def remove(*args):
    if MarketData.written.count() < 1500:
        die()
    return real(*args)
leftovers.Sweep.step = remove
ready.after = (lambda series: die()) if stage == "end" else None
ready()
"""


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["rows", "file", "end", "removing"])
def test_a_replacement_that_is_killed_shows_the_old_or_the_new_bars_and_is_cleaned_up(
    series, stage, media_root
):
    killed_in(KILLED, stage, media_root)
    wanted = AFTER if stage == "removing" else OLD
    assert MarketData.written.count() > 1000
    assert same(load_bars(series), wanted)
    assert same(open_snapshot(current_snapshot(Series.objects.get())), wanted)
    WriteLease.objects.update(until=now())
    assert leftovers.discard_left_behind() == 1
    assert same(load_bars(series), wanted)
    assert rests(series, 1000)


def test_a_reader_and_a_writer_beside_it_see_one_content_and_are_not_refused(user, series):
    """The reader asks for all bars in one query, and so does a page of the API; the writer writes to another series."""
    looks, written = [], []
    other = Series.objects.create(user=user, symbol="OTHER", timeframe="1d", source="csv", calendar="24/7")

    def read():
        looks.append(tuple(series.bars.order_by("timestamp").values_list("open", flat=True)))

    def write():
        with transaction.atomic():
            Series.objects.filter(pk=other.pk).update(name=f"name {len(written)}")
        written.append(1)

    with beside(read, write):
        for price in (5000.0, 6000.0, 7000.0):
            put(user, make_bars(800, "2024-04-10", price=price), overlap="replace")()
    whole = {
        (*OLD.open[:100], *(price + np.arange(800.0)), *OLD.open[900:]) for price in (5000.0, 6000.0, 7000.0)
    } | {tuple(OLD.open)}
    assert len(set(looks)) > 1
    assert set(looks) <= whole
    assert written


def test_bars_of_two_revisions_are_told_apart_by_columns_alone(user, series):
    """What the manual says to whoever asks the table in SQL."""
    put(user, NEW, overlap="replace")
    where = (
        "s.id = m.series_id AND m.timestamp BETWEEN s.first_time AND s.last_time AND m.revision <= s.revision "
        "AND (s.replaced_first IS NULL OR m.revision >= s.replaced_before "
        "OR m.timestamp NOT BETWEEN s.replaced_first AND s.replaced_last)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM marketdata_marketdata m JOIN marketdata_series s ON {where}")  # noqa: S608
        assert cursor.fetchone() == (1000,)
