"""Merging agrees with a dictionary of bars, whatever the block size, and copies no column as a whole."""

import numpy as np
import pytest

from marketdata.bars import COLUMNS, Bars
from marketdata.columns import NAMES, BarsColumns, first_row_from
from marketdata.store import merged as results
from marketdata.store import merging
from marketdata.store.merging import OVERLAPS, WHOLE, merge
from marketdata.store.runs import chosen_rows

MINUTE = 60_000_000_000


def columns_of(minutes, values):
    minutes = np.asarray(minutes, dtype=np.int64)
    prices = np.asarray(values, dtype=float)
    return BarsColumns(
        Bars.trusted(
            time=(minutes * MINUTE).view("datetime64[ns]"),
            **{name: prices + (number if name != "volume" else 0) for number, name in enumerate(COLUMNS)},
        )
    )


def as_dict(columns):
    times = columns.read("time").tolist()
    return dict(zip(times, zip(*(columns.read(name).tolist() for name in COLUMNS), strict=True), strict=True))


def expected(stored, new, overlap):
    """What the merged series holds, by the definition of each policy."""
    if overlap == WHOLE:
        return new
    if overlap == "replace":
        first, last = min(new), max(new)
        return {time: bar for time, bar in stored.items() if not first <= time <= last} | new
    return new | stored


@pytest.mark.parametrize("overlap", [*OVERLAPS, WHOLE])
@pytest.mark.parametrize("block", [1, 2, 3, 7, 1000])
def test_merging_agrees_with_a_dictionary_of_bars(overlap, block, monkeypatch):
    monkeypatch.setattr(merging, "BLOCK", block)
    monkeypatch.setattr(results, "_FEW_PARTS", 2)
    rng = np.random.default_rng(17)
    for _round in range(60):
        first, second = (np.flatnonzero(rng.random(40) < share) for share in rng.random(2))
        if not second.size:
            continue
        stored = columns_of(first, rng.integers(1, 3, first.size))
        new = columns_of(second, rng.integers(1, 3, second.size))
        merged = merge(stored, new, overlap)
        old, fresh = as_dict(stored), as_dict(new)
        wanted = expected(old, fresh, overlap)
        columns = merged.columns()
        assert as_dict(columns) == wanted
        assert np.all(np.diff(columns.read("time")) > 0)
        _check_pieces(columns, rng)
        _check_counts(merged, old, fresh, wanted, overlap)


def _check_pieces(columns, rng):
    for _piece in range(5):
        first, after = sorted(rng.integers(0, len(columns) + 3, 2).tolist())
        for name in NAMES:
            assert columns.read(name, first, after).tolist() == columns.read(name).tolist()[first:after]


def _check_counts(merged, old, fresh, wanted, overlap):
    stays = {time for time in old if wanted.get(time) == old[time]}
    comes = {time for time in wanted if old.get(time) != wanted[time]}
    stale = [time for rows in chosen_rows(merged.stored, merged.stale, 5) for time in rows["time"].tolist()]
    assert stale == sorted(set(old) - stays)
    chosen = [time for rows in chosen_rows(merged.new, merged.fresh, 5) for time in rows["time"].tolist()]
    assert chosen == sorted(comes)
    assert merged.added == len(set(wanted) - set(old))
    assert merged.removed == len(set(old) - set(wanted))
    assert merged.changed == len(comes & set(old))
    assert merged.is_idle == (wanted == old)
    both = set(old) & set(fresh)
    assert merged.unchanged == len(both) - merged.changed
    differ = [
        (time, name, old[time][number], fresh[time][number])
        for time in sorted(both)
        for number, name in enumerate(COLUMNS)
        if old[time][number] != fresh[time][number]
    ]
    if overlap in {"replace", WHOLE}:
        differ = []
    assert [
        (int(item.time.view(np.int64)), item.column, item.stored, item.new) for item in merged.conflicts
    ] == (differ)
    assert merged.conflict_count == len(differ)
    assert merged.conflicting_bars == len({time for time, *_rest in differ})


def test_conflicts_are_listed_up_to_a_thousand_and_all_are_counted():
    minutes = np.arange(700)
    merged = merge(columns_of(minutes, np.full(700, 5.0)), columns_of(minutes, np.full(700, 6.0)), "extend")
    assert (len(merged.conflicts), merged.conflict_count, merged.conflicting_bars) == (1000, 3500, 700)
    assert merged.conflicts[0].to_dict() == {
        "time": "1970-01-01T00:00:00Z",
        "column": "open",
        "stored": 5.0,
        "new": 6.0,
    }


def test_bars_that_follow_the_stored_ones_are_two_runs_and_no_copy():
    class Counting(BarsColumns):
        largest = 0

        def read(self, name, first=0, after=None):
            column = super().read(name, first, after)
            Counting.largest = max(Counting.largest, len(column))
            return column

    count = 3 * merging.BLOCK
    stored = Counting(columns_of(np.arange(count), np.ones(count)).bars)
    new = Counting(columns_of(np.arange(count, 2 * count), np.ones(count)).bars)
    merged = merge(stored, new, "extend")
    assert merged.parts.tolist() == [[0, 0, count], [1, 0, count]]
    assert merged.fresh.tolist() == [[0, count]]
    assert Counting.largest <= merging.BLOCK


def test_a_time_is_found_where_it_stands_or_would_stand():
    columns = columns_of([2, 4, 6], [1, 1, 1])
    assert [first_row_from(columns, minute * MINUTE) for minute in range(8)] == [0, 0, 0, 1, 1, 2, 2, 3]
