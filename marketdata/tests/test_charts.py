"""Fewer bars on the screen, and not one extreme lost."""

import json

import numpy as np
import pytest

from marketdata.charts import downsample
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars


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
