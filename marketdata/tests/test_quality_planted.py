"""Whatever is planted is found with its place, and nothing else is."""

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.columns import BLOCK, ColumnFiles
from marketdata.quality import examine
from marketdata.tests.suspicious import NAMES, changed, daily, found, intraday, starts, without


class TestPlantedDefects:
    """Whatever is planted is found with its place, and nothing else is."""

    @pytest.mark.parametrize("seed", range(12))
    def test_in_days_of_new_york(self, seed):
        rng = np.random.default_rng(seed)
        bars = daily("XNYS", "2005-01-01", "2020-12-31", seed=seed)
        self.check(rng, bars, "1d", "XNYS")

    @pytest.mark.parametrize("seed", range(4))
    def test_in_minutes_of_tokyo(self, seed):
        self.check(
            np.random.default_rng(seed), intraday("XTKS", "2023-04-01", "2023-06-30", 5, seed), "5m", "XTKS"
        )

    @pytest.mark.parametrize("seed", range(4))
    def test_in_hours_of_foreign_exchange(self, seed):
        self.check(
            np.random.default_rng(seed), intraday("fx", "2022-02-01", "2022-11-30", 60, seed), "1h", "fx"
        )

    def check(self, rng, bars, timeframe, calendar):
        places = rng.choice(np.arange(200, len(bars) - 200, 120), 6, replace=False)
        stale, spike, silent, first_gap, second_gap, split = places.tolist()
        columns = {name: getattr(bars, name).copy() for name in NAMES}
        columns["volume"][:] = 1000.0 + rng.integers(0, 300, len(bars))
        for name in NAMES[:4]:
            columns[name][stale : stale + 9] = columns["close"][stale]
            columns[name][split:] /= 3.0
        columns["volume"][split:] *= 3.0
        columns["close"][spike] *= 1.9
        columns["high"][spike] = columns["close"][spike]
        columns["volume"][silent : silent + 4] = 0.0
        gone = [first_gap, second_gap, second_gap + 1, second_gap + 2]
        report = examine(without(changed(bars, **columns), *gone), timeframe=timeframe, calendar=calendar)
        assert found(report) == {"split": 1, "gap": 2, "stale": 1, "outlier": 1, "zero_volume": 1}
        assert sorted(starts(report.gaps)) == sorted(
            str(bars.time[row])[:16] for row in (first_gap, second_gap)
        )
        assert sorted(item.bars for item in report.gaps) == [1, 3]
        for findings, row, count in (
            (report.stale, stale, 9), (report.outliers, spike, 1), (report.of("zero_volume").items, silent, 4),
            (report.splits, split, 1),
        ):  # fmt: skip
            assert [(item.time, item.bars) for item in findings] == [(bars.time[row], count)]
        assert report.splits[0].ratio == (1, 3)
        assert report.missing_bars == 4

    def test_across_the_blocks_in_which_a_long_series_is_read(self):
        count = 2 * BLOCK + 500
        rng = np.random.default_rng(8)
        close = 100.0 * np.exp(np.cumsum(2e-4 * rng.standard_normal(count)))
        time = np.datetime64("2020-01-01", "ns") + np.arange(count) * np.timedelta64(1, "m")
        close[BLOCK - 4 : BLOCK + 4] = close[BLOCK - 4]
        close[2 * BLOCK - 1] *= 1.5  # the last bar of a block, and back in the next one
        volume = np.full(count, 5.0)
        volume[2 * BLOCK - 3 : 2 * BLOCK + 3] = 0.0
        keep = np.delete(np.arange(count), [BLOCK + 100, *range(BLOCK + 50_000, BLOCK + 50_007)])
        with ColumnFiles() as columns:
            for part in np.array_split(keep, 7):
                prices = dict.fromkeys(NAMES[:4], close[part])
                columns.append(time=time[part].view(np.int64), volume=volume[part], **prices)
            report = examine(columns, timeframe="1m", calendar="24/7")
            memory = Bars(time=time[keep], volume=volume[keep], **dict.fromkeys(NAMES[:4], close[keep]))
            assert report.to_dict() == examine(memory, timeframe="1m", calendar="24/7").to_dict()
        assert found(report) == {"gap": 2, "stale": 1, "outlier": 1, "zero_volume": 1}
        assert [item.bars for item in (*report.gaps, *report.stale, *report.of("zero_volume").items)] == [
            1,
            7,
            8,
            6,
        ]
        assert report.outliers[0].severity == "warning"
