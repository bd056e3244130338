"""A report that is made anew keeps what only the file of the import could tell."""

import numpy as np
import pytest

from marketdata.columns import BarsColumns, ColumnFiles
from marketdata.store import storing
from marketdata.store.examining import examine_again
from marketdata.store.merging import WHOLE
from marketdata.store.opening import open_snapshot
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = pytest.mark.django_db
NAMES = ("open", "high", "low", "close", "volume")
LATER = 60


def bars_with_a_split():
    """A hundred weekdays of which the first sixty cost four times as much."""
    bars = make_bars(140, "2024-01-01")
    kept = np.is_busday(bars.time.astype("datetime64[D]"))
    columns = {name: getattr(bars, name)[kept].copy() for name in NAMES}
    for name in NAMES[:4]:
        columns[name][:LATER] *= 4.0
    return bars.time[kept], columns


def import_with_adjusted_close(series):
    """Bars whose adjusted close tells of the split, and contradicts the close on one later day."""
    time, columns = bars_with_a_split()
    adjusted = columns["close"] * np.where(np.arange(len(time)) < LATER, 0.25, 1.0)
    adjusted[80] *= 1.03
    with ColumnFiles(further={"adj_close": "<f8"}) as files:
        files.append(time=time.view(np.int64), adj_close=adjusted, **columns)
        storing.store(series, files)
    return time


def report_of(series):
    return series.snapshots.get(sha256=series.content_sha256).quality


def test_another_calendar_changes_the_gaps_and_keeps_what_the_adjusted_close_told(user):
    series = make_series(user, "FILED", calendar="exchange")
    time = import_with_adjusted_close(series)
    before = report_of(series)
    assert [item["start"][:10] for item in before["inconsistencies"]][:1] == [str(time[80])[:10]]
    assert before["splits"][0]["severity"] == "error"
    series.calendar = "24/7"
    series.save()
    examine_again(series)
    after = report_of(series)
    assert (after["calendar"], after["missing_bars"] > 30) == ("24/7", True)
    for kept in ("inconsistencies", "actions", "splits", "closes"):
        assert after[kept] == before[kept], kept
    assert {kind: after["counts"][kind] for kind in ("inconsistency", "action")} == {
        kind: before["counts"][kind] for kind in ("inconsistency", "action")
    }
    assert after["grade"] == "poor"


def test_going_back_to_a_snapshot_keeps_it_too(user):
    series = make_series(user, "FILED", calendar="exchange")
    import_with_adjusted_close(series)
    told, snapshot = report_of(series), series.snapshots.get()
    storing.store(series, BarsColumns(make_bars(5)), overlap=WHOLE)
    assert report_of(series)["inconsistency_count"] == 0
    storing.store(series, BarsColumns(open_snapshot(snapshot)), overlap=WHOLE)
    assert report_of(series) == told


def test_what_was_compared_with_another_series_is_compared_anew(user):
    series = make_series(user, "ALONE", make_bars(100))
    report = report_of(series)
    assert report["closes"] == {"compared_with": "", "notes": []}
    examine_again(series)
    assert report_of(series) == report
