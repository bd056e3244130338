"""The report finds what is suspicious and keeps quiet about what is real."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.providers import CsvFilesProvider
from marketdata.quality import examine
from marketdata.reading.rows import read_csv
from marketdata.samples import SAMPLES, SAMPLES_DIR
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars


def without(bars, *rows):
    kept = np.setdiff1d(np.arange(len(bars)), rows)
    names = ("time", "open", "high", "low", "close", "volume")
    return Bars(**{name: getattr(bars, name)[kept] for name in names})


def raw_sample(name):
    with (SAMPLES_DIR / name).open("rb") as stream:
        return read_csv(stream, session_dates=True).bars


def test_missing_days_of_a_market_that_never_closes_are_gaps():
    report = examine(without(make_bars(20), 5, 6, 12), timeframe="1d", calendar="24/7")
    assert (report.gap_count, report.missing_bars) == (2, 3)
    assert report.coverage == pytest.approx(17 / 20)
    assert report.gaps[0].text == "2 bars are missing until 2024-01-08"
    assert report.grade == "poor"


def test_weekends_and_short_holidays_of_an_exchange_are_none():
    spec = SyntheticSpec(bars=250)
    bars = without(generate(spec), 40, 100, 101)  # one holiday, and two days in a row
    assert examine(bars, timeframe="1d", calendar="exchange").gap_count == 0


def test_a_week_without_sessions_is_a_gap_of_an_exchange():
    bars = without(generate(SyntheticSpec(bars=250)), *range(50, 55))
    report = examine(bars, timeframe="1d", calendar="exchange")
    assert (report.gap_count, report.missing_bars) == (1, 5)


def test_missing_minutes_inside_a_session_are_a_gap_and_the_night_is_none():
    bars = generate(SyntheticSpec(bars=800, timeframe="1m"))
    report = examine(without(bars, 100, 101, 102), timeframe="1m", calendar="exchange")
    assert (report.gap_count, report.missing_bars) == (1, 3)


def test_the_weekend_of_foreign_exchange_is_no_gap_and_a_lost_hour_is():
    friday = make_bars(30, "2024-01-04T16", "h")  # Thursday 16:00 to Friday 21:00
    monday = make_bars(30, "2024-01-07T22", "h", price=130)  # Sunday 22:00 on
    names = ("time", "open", "high", "low", "close", "volume")
    both = Bars(**{name: np.concatenate((getattr(friday, name), getattr(monday, name))) for name in names})
    assert examine(both, timeframe="1h", calendar="fx").gap_count == 0
    assert examine(without(both, 3), timeframe="1h", calendar="fx").missing_bars == 1


def test_a_price_that_stands_still_is_reported_from_five_bars_on():
    bars = make_bars(30)
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for values in columns.values():
        values[10:15] = 110.0
        values[20:24] = 120.0
    still = Bars(time=bars.time, volume=bars.volume, **columns)
    report = examine(still, timeframe="1d", calendar="24/7")
    assert report.stale_count == 1
    assert (str(report.stale[0].time)[:10], report.stale[0].bars) == ("2024-01-11", 5)


def test_the_splits_of_unadjusted_stocks_are_suspected_and_the_real_crash_is_not():
    def days(report):
        return [str(item.time)[:10] for item in report.splits]

    apple = examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="exchange")
    assert days(apple) == ["2000-06-21", "2005-02-28"]
    assert "2000-09-29" in [str(item.time)[:10] for item in apple.outliers]
    assert apple.grade == "poor"
    assert days(examine(raw_sample("MSFT_1d.csv"), timeframe="1d", calendar="exchange")) == ["2003-02-18"]
    assert not days(examine(raw_sample("IBM_1d.csv"), timeframe="1d", calendar="exchange"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda item: item.symbol)
def test_the_samples_as_they_are_loaded_are_good(sample):
    bars = CsvFilesProvider().history(sample.symbol, sample.timeframe)
    report = examine(bars, timeframe=sample.timeframe, calendar=sample.calendar)
    assert report.split_count == 0
    assert report.grade == "good", report.to_dict()


def test_bars_without_volume_count_only_where_others_have_some():
    bars = make_bars(10)
    volume = bars.volume.copy()
    volume[3] = 0.0
    names = ("time", "open", "high", "low", "close")
    some = Bars(volume=volume, **{name: getattr(bars, name) for name in names})
    none = Bars(volume=np.zeros(10), **{name: getattr(bars, name) for name in names})
    assert examine(some, timeframe="1d", calendar="24/7").zero_volume_bars == 1
    assert examine(none, timeframe="1d", calendar="24/7").zero_volume_bars == 0


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_bars_are_no_problem(count):
    report = examine(make_bars(3).head(count), timeframe="1d", calendar="exchange")
    assert report.bars == count
    assert report.grade == ("empty" if count == 0 else "good")


def test_the_report_is_plain_json():
    import json

    text = json.dumps(examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="exchange").to_dict())
    assert json.loads(text)["split_count"] == 2


@pytest.mark.parametrize(("volume_after", "splits", "outliers"), [(1.5, 1, 0), (30.0, 0, 1)])
def test_halving_on_a_flood_of_volume_is_a_crash_and_without_one_a_split(volume_after, splits, outliers):
    bars = generate(SyntheticSpec(bars=200, seed=2))
    factor = np.where(np.arange(200) < 100, 1.0, 0.5)
    names = ("open", "high", "low", "close")
    volume = np.full(200, 1000.0)
    volume[100] *= volume_after
    halved = Bars(time=bars.time, volume=volume, **{name: getattr(bars, name) * factor for name in names})
    report = examine(halved, timeframe="1d", calendar="exchange")
    assert (report.split_count, report.outlier_count) == (splits, outliers)
    if splits:
        assert report.splits[0].text == "Looks like a 2 for 1 split that was not adjusted"
