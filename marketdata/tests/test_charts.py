"""Fewer bars on the screen, and not one extreme lost."""

import json
import mmap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketdata.charts import downsample
from marketdata.services import current_snapshot, open_snapshot
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series


@pytest.mark.parametrize("limit", [1, 7, 100, 333, 999, 1000])
def test_every_extreme_and_the_whole_volume_survive(limit):
    bars = generate(SyntheticSpec(bars=1000, seed=9))
    chart = downsample(bars, limit)
    size = -(-1000 // limit)
    assert len(chart.bars) <= limit
    for row in range(len(chart.bars)):
        group = slice(row * size, (row + 1) * size)
        assert chart.bars.high[row] == bars.high[group].max()
        assert chart.bars.low[row] == bars.low[group].min()
        assert chart.bars.open[row] == bars.open[group][0]
        assert chart.bars.close[row] == bars.close[group][-1]
        assert chart.bars.time[row] == bars.time[group][0]
    assert chart.bars.volume.sum() == pytest.approx(bars.volume.sum())
    assert chart.downsampled == (limit < 1000)
    assert chart.bars_per_row == size


def test_few_bars_are_drawn_as_they_are():
    bars = make_bars(5)
    chart = downsample(bars, 5)
    assert chart.bars is bars
    assert not chart.downsampled


def test_rows_are_seconds_and_plain_numbers():
    body = downsample(make_bars(2)).to_dict(symbol="X", timeframe="1d")
    second = int(np.datetime64("2024-01-01", "s").astype(int))
    assert body["bars"][0] == [second, 100.0, 102.0, 99.0, 101.0, 50.0]
    assert json.loads(json.dumps(body))["total"] == 2


@settings(max_examples=100, deadline=None)
@given(total=st.integers(0, 700), limit=st.integers(1, 300), seed=st.integers(0, 99))
def test_whatever_is_drawn_covers_each_bar_once_with_its_extremes(total, limit, seed):
    bars = generate(SyntheticSpec(bars=700, seed=seed)).head(total)
    drawn = downsample(bars, limit).bars
    assert len(drawn) <= limit
    owner = np.searchsorted(drawn.time, bars.time, side="right") - 1
    assert sorted(set(owner.tolist())) == list(range(len(drawn)))
    for row in range(len(drawn)):
        assert drawn.high[row] == bars.high[owner == row].max()
        assert drawn.low[row] == bars.low[owner == row].min()
    if total:
        assert (drawn.open[0], drawn.close[-1]) == (bars.open[0], bars.close[-1])


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 1_999, 2_000, 2_001, 9_999])
def test_a_request_draws_at_most_two_thousand_points_of_the_period_it_names(page, api, user, count):
    bars = generate(SyntheticSpec(bars=10_000, seed=4, timeframe="1m", calendar="24/7"))
    series = make_series(user, bars=bars, timeframe="1m")
    first, last = 10_000 - count, 9_999
    period = f"start={bars.time[first]}&end={bars.time[last]}"
    for told in (
        page.get(f"/data/{series.pk}/chart.json?{period}").json(),
        api.get(f"/api/market-data/?series={series.pk}&{period}&max_points=2000").json(),
    ):
        drawn = told["bars"]
        assert len(drawn) <= 2_000
        assert (told["total"], told["downsampled"]) == (count, count > 2_000)
        assert told["bars_per_row"] == -(-count // 2_000)
        assert drawn[0][0] == int(bars.time[first].astype("datetime64[s]").astype(int))
        assert (drawn[0][1], drawn[-1][4]) == (bars.open[first], bars.close[last])
        assert max(row[2] for row in drawn) == bars.high[first:].max()
        assert min(row[3] for row in drawn) == bars.low[first:].min()


@pytest.mark.django_db
def test_a_chart_reads_the_mapped_file_and_copies_no_column(user):
    series = make_series(user, bars=make_bars(5_000, step="m"), timeframe="1m")
    bars = open_snapshot(current_snapshot(series), "2024-01-02")
    for column in (bars.time, bars.open, bars.volume):
        base = column
        while isinstance(base, np.ndarray):
            base = base.base
        assert isinstance(base, mmap.mmap)


def test_volumes_that_add_up_to_more_than_a_number_holds_are_still_json():
    bars = make_bars(100)
    chart = downsample(replace(bars, volume=np.full(100, 1.7e308)), 10)
    assert json.loads(json.dumps(chart.rows(), allow_nan=False))[0][-1] == np.finfo(np.float64).max
