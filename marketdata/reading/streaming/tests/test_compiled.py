"""The fast reader gives every row the meaning that the exact reader gives it."""

import datetime as dt
import random
import zoneinfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketdata.reading.layout import Reading
from marketdata.reading.streaming.compiled import CompiledLines
from marketdata.reading.streaming.kernels import LEFT, READ
from marketdata.reading.streaming.tests.slowly import NAMES, assert_same, layout_of
from marketdata.reading.streaming.zones import ZoneTable

ODD_BYTES = b"0123456789.,;:-+eETZ \"'\t\r\n\0/ xn_" + bytes([0xC3, 0xA9, 0xFF, 1])
ZONES = ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata")
TIMES = {
    "auto": (
        "%Y-%m-%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S.%f",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y-%m-%d %H:%M+05:30",
        "%Y-%m-%d %H:%M-0400",
        "%Y-%m-%d",
        "%Y/%m/%d",
        "%Y.%m.%d %H:%M",
        "%Y%m%d",
        "%Y%m%d %H%M%S",
        "%Y%m%d%H%M%S",
        "%s",
        "%s000",
        "%s000000",
        "%s123456789",
        "%s.75",
    ),
    "ymd": ("%Y-%m-%d", "%Y.%m.%d %H%M", "%Y%m%d", "%Y%m%d%H%M%S", "%Y%m%d%H%M"),
    "dmy": ("%d/%m/%Y %H:%M", "%d.%m.%Y", "%d-%m-%y", "%d-%b-%Y"),
    "mdy": ("%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m-%d-%Y"),
    "unix_s": ("%s", "%s.123456789"),
    "unix_ms": ("%s000", "%s999.5"),
    "unix_us": ("%s000000",),
    "unix_ns": ("%s000000999",),
}
NUMBERS = ("{:.2f}", "{!r}", "{:.6f}", "{:e}", "{:.0f}", " {:.3f}", '"{:.4f}"', "{:.17f}", "{:,.2f}")


def random_file(rng):
    """The lines of a file, its layout, and how it is to be read."""
    time_format = rng.choice(list(TIMES))
    time = rng.choice(TIMES[time_format])
    delimiter, decimal = rng.choice(",;\t|"), rng.choice("..,")
    roles = ["time", "open", "high", "low", "close"]
    roles += [role for role in ("volume", "adj_close", "ignore") if rng.random() < 0.5]
    date, _, clock = time.partition(" ")
    if clock and rng.random() < 0.5:
        roles[:1] = ["date", "time_of_day"]
    rng.shuffle(roles)
    names = tuple(f"column {place}" for place in range(len(roles)))
    layout = layout_of(
        delimiter=delimiter,
        decimal=decimal,
        names=names,
        roles=tuple(roles),
        time_format=time_format,
        has_header=False,
        thousands=rng.choice(["", "", " ", "'"]),
    )
    reading = Reading(
        timezone=rng.choice(ZONES),
        session_dates=rng.random() < 0.3,
        adjust="adj_close" in roles and rng.random() < 0.5,
    )
    style = rng.choice(NUMBERS)
    moment = dt.datetime(
        rng.randint(1975, 2050), rng.choice([3, 4, 10, 11]), rng.randint(1, 28), tzinfo=dt.UTC
    )
    step = dt.timedelta(seconds=rng.choice([1, 60, 1800, 3600, 86_400]))
    lines = []
    for _ in range(rng.randint(1, 30)):
        moment += step * rng.choice([1, 1, 1, 1, 2, 30, rng.choice([0, -1])])
        cells = random_cells(rng, style) | {
            "time": moment.strftime(time.replace("%s", str(int(moment.timestamp())))),
            "date": moment.strftime(date),
            "time_of_day": moment.strftime(clock or "%H:%M"),
        }
        if decimal == ",":
            cells |= {
                role: cells[role].replace(".", ",") for role in set(roles) & {"open", "high", "low", "close"}
            }
        lines.append(delimiter.join(cells[role] for role in roles))
    return rng.choice(["\n", "\n", "\r\n"]).join(lines).encode() + rng.choice([b"", b"\n"]), layout, reading


def random_cells(rng, style):
    opened = rng.uniform(1, rng.choice([2, 1_000, 1_000_000]))
    close = opened * rng.uniform(0.99, 1.01)
    return {
        "open": style.format(opened),
        "high": style.format(max(opened, close) * rng.uniform(1, 1.01)),
        "low": style.format(min(opened, close) * rng.uniform(0.99, 1)),
        "close": style.format(close),
        "volume": str(rng.randrange(10 ** rng.randint(1, 12))),
        "adj_close": style.format(close * 0.5),
        "ignore": rng.choice(["", "x", "a b", '"q"', "é"]),
    }


def mutant(rng, raw):
    """The same bytes with one to five of them changed, put in, left out or doubled."""
    changed = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 5])):
        place, what = rng.randrange(len(changed) or 1), rng.random()
        if what < 0.5:
            changed[place : place + 1] = bytes([rng.choice(ODD_BYTES)])
        elif what < 0.7:
            changed[place:place] = bytes([rng.choice(ODD_BYTES)])
        elif what < 0.85:
            del changed[place : place + 1]
        else:
            changed[place:place] = changed[place : place + rng.randrange(60)]
    return bytes(changed)


@pytest.mark.parametrize("seed", range(6))
def test_random_files_and_hundreds_of_mutants_are_read_alike(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "bars.csv"
    read = 0
    for _ in range(50):
        raw, layout, reading = random_file(rng)
        read += len(assert_same(path, raw, layout, reading).rows)
        for _ in range(7):
            assert_same(path, mutant(rng, raw), layout, reading)
    assert read > 60  # or the files would test nothing but refusals


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2060, 1, 1)),
            st.floats(1e-6, 1e9),
            st.floats(0, 1e12),
            st.sampled_from(
                ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M"]
            ),
        ),
        min_size=1,
        max_size=12,
    ),
    timezone=st.sampled_from(ZONES),
    session_dates=st.booleans(),
    ordered=st.booleans(),
)
def test_any_rows_are_read_alike(tmp_path, rows, timezone, session_dates, ordered):
    rows = sorted(rows, key=lambda row: row[0]) if ordered else rows
    lines = [",".join(NAMES)]
    for moment, price, volume, style in rows:
        lines.append(f"{moment.strftime(style)},{price!r},{price * 2!r},{price / 2!r},{price!r},{volume!r}")
    raw = "\n".join(lines).encode()
    assert_same(tmp_path / "bars.csv", raw, layout_of(), Reading(timezone, session_dates))


def test_plain_rows_are_read_by_the_compiled_reader():
    for time in ("2024-01-02 09:30", "2024-01-02T09:30:00.5Z", "1704187800", "2024-01-02 09:30:00-05:00"):
        raw = f"{time},101.25,103.5,100.125,102.0000000001,12345\n".encode()
        lines = CompiledLines(layout_of(), Reading("America/New_York"), 2**62)
        assert lines.read(np.frombuffer(bytearray(raw), dtype=np.uint8), 0, len(raw)) == (1, len(raw))
        assert lines.status[0] == READ, time


@pytest.mark.parametrize(
    "row",
    [
        "2024-01-02,10,9,8,9,1",
        "2024-01-02,0,12,0,9,1",
        "2024-01-02,nan,12,9,9,1",
        "2024-02-30,10,12,9,11,1",
        "2024-01-02,10,12,9,11",
        "2024-01-02,10,12,9,11,1,2",
        "2024-01-02,10,12,9,11,-1",
        "2199-01-02,10,12,9,11,1",
        '2024-01-02,"10,12,9,11,1',
        "2024-01-02,1_0,12,9,11,1",
    ],
)
def test_what_has_a_problem_is_left_to_the_exact_reader(row):
    raw = f"{row}\n".encode()
    lines = CompiledLines(layout_of(), Reading(), int(dt.datetime(2100, 1, 1).timestamp()) * 10**9)
    lines.read(np.frombuffer(bytearray(raw), dtype=np.uint8), 0, len(raw))
    assert lines.status[0] == LEFT


@pytest.mark.parametrize(
    "name", ["America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca"]
)
def test_a_table_of_a_zone_agrees_with_the_zone_at_any_moment(name):
    zone = zoneinfo.ZoneInfo(name)
    rng = random.Random(name)
    table = ZoneTable(zone)
    for first_year, last_year in ((2019, 2021), (1975, 1978), (2030, 2037)):
        first, last = (int(dt.datetime(year, 1, 1).timestamp()) for year in (first_year, last_year))
        local = np.array(sorted(rng.randrange(first, last) for _ in range(400)), dtype=np.int64)
        utc, doubtful = table.utc(local * 10**9)
        for second, found, doubt in zip(local.tolist(), utc.tolist(), doubtful.tolist(), strict=True):
            moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=second)
            one, two = (moment.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
            assert doubt == (one != two)
            if not doubt:
                assert found == one * 10**9
        dates = table.midnights(local * 10**9)
        for second, found in zip(local.tolist(), dates.tolist(), strict=True):
            day = dt.datetime.fromtimestamp(second, zone).date()
            assert np.datetime64(found, "ns") == np.datetime64(day)


def test_no_zone_changes_its_clocks_twice_within_two_days():
    for name in (
        "Africa/Casablanca",
        "Africa/El_Aaiun",
        "Asia/Gaza",
        "America/Argentina/San_Luis",
        "Antarctica/Troll",
    ):
        table = ZoneTable(zoneinfo.ZoneInfo(name))
        table.utc(np.array([-(10**18), 2 * 10**18]))
        assert (np.diff(table._instants) > 2 * 86_400 * 10**9).all()
        assert (table._begins[1:-1] >= table._ends[:-1]).all()
