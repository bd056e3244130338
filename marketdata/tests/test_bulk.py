"""Rows go in and come back exactly, in blocks, and reading a part of one series touches only that part."""

import datetime as dt
import json

import numpy as np
import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketdata.bars import COLUMNS, Bars
from marketdata.columns import NAMES, BarsColumns, ColumnFiles
from marketdata.models import MarketData, Series
from marketdata.services import import_bars
from marketdata.store import bulk
from marketdata.store.bulk import (
    delete_rows,
    insert_rows,
    load_columns,
    timestamps,
)
from marketdata.store.sweeping import Sweep
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import load_bars, make_series

pytestmark = [pytest.mark.django_db, pytest.mark.services]


def rows_of(bars):
    columns = BarsColumns(bars)
    return {name: columns.read(name) for name in NAMES}


def visible(series, bars):
    """Say in the series that it reaches over the bars, as an import's end does."""
    series.first_time, series.last_time = (
        moment.astype("datetime64[us]").item().replace(tzinfo=dt.UTC) for moment in bars.time[[0, -1]]
    )
    series.save()


def odd_bars():
    """Extreme numbers and times: before 1970, at single microseconds, far in the future."""
    moments = ["1901-02-03T04:05:06.000001", "1969-12-31T23:59:59.999999", "1970-01-01", "2000-01-01"]
    moments += ["2024-02-29T23:59:59", "2024-02-29T23:59:59.5", "2199-12-31T00:00:00"]
    time = np.array(moments, dtype="datetime64[ns]")
    prices = np.array([5e-324, 0.1, 1 / 3, 1e308, 1.7976931348623157e308, 123456789.123456789, 2.0**-1000])
    volume = np.array([0.0, 1e-300, 3.0, 1e15, 2.0**53 + 2, 0.5, 7.0])
    return Bars(time=time, open=prices, high=prices, low=prices, close=prices, volume=volume)


def test_every_number_and_time_comes_back_as_it_went_in(user):
    series, bars = make_series(user), odd_bars()
    insert_rows(series, rows_of(bars), 0)
    visible(series, bars)
    back = load_bars(series)
    for name in ("time", *COLUMNS):
        assert getattr(back, name).tobytes() == getattr(bars, name).tobytes(), name


def test_rows_are_stored_while_statements_are_logged(user):
    series = make_series(user)
    with CaptureQueriesContext(connection):  # as with DEBUG
        insert_rows(series, rows_of(make_bars(160)), 0)
    rows = MarketData.written.filter(series=series, symbol=series.symbol, revision=0)
    assert rows.count() == 160


@pytest.mark.parametrize("count", [1, 149, 150, 151, 450, 1234])
def test_whole_and_broken_blocks_are_stored_alike(user, count, monkeypatch):
    monkeypatch.setattr(bulk, "PIECE", 450)
    monkeypatch.setattr(bulk, "PACKED_ROWS", 100)
    monkeypatch.setattr(bulk, "READ_ROWS", 100)
    series, bars = make_series(user), make_bars(count)
    insert_rows(series, rows_of(bars), 0)
    visible(series, bars)
    assert load_bars(series).open.tolist() == bars.open.tolist()
    assert series.bars.filter(symbol=series.symbol).count() == count


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL takes a COPY")
@pytest.mark.django_db(transaction=True)
def test_a_server_that_goes_away_in_the_middle_of_a_copy_is_a_database_that_cannot_be_reached(
    user, monkeypatch
):
    """A job that meets it is tried again; anything else would end it as a defect of ours."""
    series = make_series(user)
    pieces = bulk._pieces

    def cut_off(rows, size):
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        yield from pieces(rows, size)

    monkeypatch.setattr(bulk, "_pieces", cut_off)
    with pytest.raises(OperationalError), transaction.atomic():
        insert_rows(series, rows_of(make_bars(count=1000)), 0)
    assert not MarketData.objects.exists(), "a new connection finds nothing of it"


def test_rows_are_stored_as_the_models_themselves_would_store_them(user):
    first, second = make_series(user), make_series(user, "DEF")
    bars = odd_bars()
    insert_rows(first, rows_of(bars), 0)
    for row, moment in enumerate(bars.time.astype("datetime64[us]").tolist()):
        values = {name: float(getattr(bars, name)[row]) for name in COLUMNS}
        MarketData.objects.create(
            series=second, symbol="DEF", timestamp=moment.replace(tzinfo=dt.UTC), **values
        )
    fields = "timestamp, open, high, low, close, volume"
    held = []
    with connection.cursor() as cursor:
        for series in (first, second):
            cursor.execute(
                f"SELECT {fields} FROM marketdata_marketdata WHERE series_id = %s ORDER BY timestamp",  # noqa: S608
                [series.pk],
            )
            held.append(cursor.fetchall())
    assert held[0] == held[1]


def test_times_are_written_as_text_with_microseconds_only_where_there_are_any():
    times = np.array(
        ["2024-01-31T15:30", "2024-01-31T15:30:00.25", "1969-12-31T23:59:59.999999"], "datetime64[ns]"
    )
    assert timestamps(times.view(np.int64)) == [
        "2024-01-31 15:30:00",
        "2024-01-31 15:30:00.250000",
        "1969-12-31 23:59:59.999999",
    ]
    assert timestamps(times[:0].view(np.int64)) == []


def test_runs_of_rows_are_deleted_and_those_of_other_series_stay(user):
    mine, other = make_series(user, bars=make_bars(20)), make_series(user, "DEF", make_bars(20))
    delete_rows(mine, BarsColumns(make_bars(20)), np.array([[2, 5], [19, 20]]))
    assert [row.timestamp.day for row in mine.bars.order_by("timestamp")] == [1, 2, *range(6, 20)]
    assert other.bars.count() == 20


def test_rows_beyond_the_first_and_last_bar_are_not_seen_and_can_be_removed(user, django_assert_num_queries):
    series = make_series(user, bars=make_bars(10))
    insert_rows(series, rows_of(make_bars(30, "2024-01-11")), 0)
    insert_rows(series, rows_of(make_bars(5, "2023-12-27")), 0)
    assert series.bars.count() == 10
    assert MarketData.objects.for_user(user).count() == 10
    assert len(load_bars(series)) == 10
    assert MarketData.written.filter(series=series).count() == 45
    series.refresh_from_db()
    sweep, left = Sweep(20), []
    while sweep.step(series):
        left.append(MarketData.written.filter(series=series).count())
    assert left == [40, 20, 10]
    assert MarketData.written.filter(series=series).count() == 10


def test_deleting_a_series_takes_rows_that_were_written_ahead_along(user):
    series = make_series(user, bars=make_bars(10))
    insert_rows(series, rows_of(make_bars(30, "2024-01-11")), 0)
    Series.objects.get(pk=series.pk).delete()
    assert not MarketData.written.exists()


def test_rows_are_read_back_in_blocks(user, monkeypatch):
    series = make_series(user, bars=make_bars(1000))
    monkeypatch.setattr(bulk, "READ_ROWS", 64)
    sizes = []
    append = ColumnFiles.append
    monkeypatch.setattr(
        ColumnFiles, "append", lambda self, **rows: sizes.append(len(rows["time"])) or append(self, **rows)
    )
    with ColumnFiles() as columns:
        load_columns(series, columns)
        assert len(columns) == 1000
    assert max(sizes) == 64


def nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def on_bars(queryset):
    """The parts of PostgreSQL's plan that touch the table of bars, with what they really did."""
    sql, values = queryset.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", values)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "marketdata_marketdata"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plan")
def test_a_range_of_one_series_touches_only_its_rows(user, other_user):
    minutes = make_bars(20_000, step="m")
    all_series = [make_series(user, name, minutes, timeframe="1m") for name in ("A", "B", "C")]
    import_bars(series=make_series(other_user, "A", timeframe="1m"), bars=minutes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE marketdata_marketdata")
    start = dt.datetime(2024, 1, 5, tzinfo=dt.UTC)
    part = {"timestamp__gte": start, "timestamp__lt": start + dt.timedelta(minutes=300)}
    asked = {
        "a period": (MarketData.objects.filter(series=all_series[1], **part).order_by("timestamp"), 300),
        "a page of a user's": (
            MarketData.objects.for_user(user)
            .filter(series=all_series[1], **part)
            .order_by("timestamp")[:100],
            100,
        ),
        "the newest": (all_series[2].bars.order_by("-timestamp")[:50], 50),
        "the first page": (all_series[2].bars.order_by("timestamp")[:50], 50),
    }
    for name, (queryset, rows) in asked.items():
        found = on_bars(queryset)
        assert found, name
        for node in found:
            assert node["Node Type"] in {"Index Scan", "Bitmap Heap Scan", "Index Only Scan"}, (name, node)
            touched = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert touched <= 1.1 * max(rows, 300), (name, node)
            if node["Node Type"] == "Index Scan":
                assert node["Index Name"] == "marketdata_series_timestamp"
                assert "series_id" in node["Index Cond"]
