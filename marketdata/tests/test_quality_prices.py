"""Prices that stand still or jump, bars without volume, and splits that nobody adjusted for."""

import json

import numpy as np
import pytest

from marketdata.bars import Bars
from marketdata.quality import examine
from marketdata.synthetic import SyntheticSpec, generate
from marketdata.tests.bars import make_bars
from marketdata.tests.suspicious import NAMES, changed, intraday, raw_sample, starts


class TestPrices:
    def test_a_price_that_stands_still_is_reported_from_five_bars_on(self):
        bars = make_bars(30)
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[10:15] = 110.0
            values[20:24] = 120.0
        report = examine(changed(bars, **columns), timeframe="1d", calendar="24/7")
        assert report.stale_count == 1
        assert (starts(report.stale), str(report.stale[0].end)[:10]) == (["2024-01-11T00:00"], "2024-01-15")
        assert report.stale[0].bars == 5

    def test_a_thinly_traded_market_may_stand_still_for_longer(self):
        rng = np.random.default_rng(5)
        moves = np.where(rng.random(20_000) < 0.6, 0.0, 0.01 * rng.standard_normal(20_000))
        moves[8_000:8_050] = 0.0
        close = 100.0 * np.exp(np.cumsum(moves))
        time = np.datetime64("2024-01-01", "ns") + np.arange(20_000) * np.timedelta64(1, "m")
        bars = Bars(time=time, open=close, high=close, low=close, close=close, volume=np.ones(20_000))
        report = examine(bars, timeframe="1m", calendar="24/7")
        assert report.stale_count == 1
        assert 51 <= report.stale[0].bars < 65
        assert time[7_985] <= report.stale[0].time <= time[8_000]

    def test_a_wrong_price_is_one_finding_and_worse_than_a_move_that_stays(self):
        bars = generate(SyntheticSpec(bars=500, seed=4, calendar="24/7"))
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[200:] *= 1.3
        columns["close"][100] *= 1.4
        columns["high"][100] = columns["close"][100]
        report = examine(changed(bars, **columns), timeframe="1d", calendar="24/7")
        assert starts(report.outliers) == [str(bars.time[100])[:16], str(bars.time[200])[:16]]
        assert [item.severity for item in report.outliers] == ["warning", "info"]
        assert "back with the next bar" in report.outliers[0].text

    @pytest.mark.parametrize("price", [5e-324, 1e-310, 1e-300, 1.7e308])
    def test_prices_further_apart_than_a_number_can_say_are_reported(self, price):
        bars = raw_sample("AAPL_1d.csv").head(100)
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[[30, *range(60, 66)]] = price
        report = examine(changed(bars, **columns), timeframe="1d", calendar="XNYS").to_dict()
        assert report["outlier_count"] == 3
        assert any("about 1e" in item["text"] for item in report["outliers"])
        assert "inf" not in json.dumps(report, allow_nan=False).replace('"info"', "")

    def test_a_level_that_a_number_cannot_compare_ends_no_report(self):
        bars = raw_sample("AAPL_1d.csv").head(100)
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for name in ("open", "high", "low", "close"):
            columns[name][50:] = 5e-324
        columns["open"][50] = columns["high"][50] = bars.close[49] / 2  # like two for one
        assert examine(changed(bars, **columns), timeframe="1d", calendar="XNYS").bars == 100

    def test_an_outlier_is_said_in_usual_moves_of_its_time(self):
        signs = np.where(np.arange(200) % 2, 1.0, -1.0)
        moves = 0.01 * signs  # each as large as the median, but one
        moves[120] = 0.3
        close = 100.0 * np.exp(np.cumsum(moves))
        time = np.datetime64("2024-01-01", "ns") + np.arange(200) * np.timedelta64(1, "D")
        bars = Bars(time=time, open=close, high=close, low=close, close=close, volume=np.ones(200))
        (found,) = examine(bars, timeframe="1d", calendar="24/7").outliers
        assert found.text == "The close moves by +35.0 % (30 times the usual move of its time)"

    def test_the_moves_of_a_storm_are_measured_by_the_storm(self):
        rng = np.random.default_rng(3)
        size = np.where((np.arange(4_000) // 500) % 4 == 3, 0.02, 0.001)
        close = 100.0 * np.exp(np.cumsum(size * rng.standard_normal(4_000)))
        time = np.datetime64("2024-01-01", "ns") + np.arange(4_000) * np.timedelta64(1, "m")
        bars = Bars(time=time, open=close, high=close, low=close, close=close, volume=np.ones(4_000))
        assert examine(bars, timeframe="1m", calendar="24/7").outlier_count == 0

    def test_the_move_over_night_is_measured_by_other_nights(self):
        bars = intraday("XNYS", "2023-06-01", "2023-09-29", 5, seed=9)
        night = np.diff(bars.time, prepend=bars.time[0]) > np.timedelta64(1, "h")
        factor = np.exp(
            np.cumsum(np.where(night, 0.2 * np.random.default_rng(1).standard_normal(len(bars)), 0.0))
        )
        prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
        assert examine(changed(bars, **prices), timeframe="5m", calendar="XNYS").outlier_count == 0

    def test_bars_without_volume_count_only_where_others_have_some(self):
        bars = make_bars(10)
        volume = bars.volume.copy()
        volume[3] = volume[7] = volume[8] = 0.0
        report = examine(changed(bars, volume=volume), timeframe="1d", calendar="24/7")
        assert (report.zero_volume_bars, [item.bars for item in report.of("zero_volume").items]) == (
            3,
            [1, 2],
        )
        assert (
            examine(changed(bars, volume=np.zeros(10)), timeframe="1d", calendar="24/7").zero_volume_bars == 0
        )


class TestSplits:
    def halved(self, volume_after, level):
        bars = generate(SyntheticSpec(bars=200, seed=2))
        factor = np.where(np.arange(200) < 100, 1.0, 0.5)
        volume = np.where(np.arange(200) < 100, 1000.0, 1000.0 * level)
        volume[100] = 1000.0 * volume_after
        prices = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
        return examine(changed(bars, volume=volume, **prices), timeframe="1d", calendar="exchange")

    def test_halving_with_twice_the_volume_afterwards_is_a_split(self):
        report = self.halved(2.0, 2.0)
        (split,) = report.splits
        assert (split.ratio, split.severity) == ((1, 2), "error")
        assert split.text.startswith(
            "Looks like a 2 for 1 split that was not adjusted: the price opens at 0.501 times"
        )
        assert split.text.endswith("and the volume is 2 times that before, as after a split")
        assert report.outlier_count == 0
        assert report.grade == "poor"

    def test_without_proof_by_the_volume_it_is_a_suspicion(self):
        (split,) = self.halved(1.5, 1.0).splits
        assert (split.ratio, split.severity) == ((1, 2), "warning")

    def test_halving_on_a_flood_of_volume_is_a_crash(self):
        report = self.halved(30.0, 1.0)
        assert (report.split_count, report.outlier_count) == (0, 1)

    @pytest.mark.parametrize(
        ("old", "new"), [(1, 2), (2, 3), (1, 3), (1, 4), (1, 7), (1, 20), (10, 1), (2, 1), (25, 1)]
    )
    def test_each_ratio_is_told_in_whole_shares(self, old, new):
        bars = generate(SyntheticSpec(bars=300, seed=6))
        later = np.arange(300) >= 150
        prices = {
            name: np.where(later, getattr(bars, name) * old / new, getattr(bars, name)) for name in NAMES[:4]
        }
        volume = np.where(later, 1000.0 * new / old, 1000.0)
        report = examine(changed(bars, volume=volume, **prices), timeframe="1d", calendar="exchange")
        assert [(item.ratio, item.time, item.severity) for item in report.splits] == [
            ((old, new), bars.time[150], "error")
        ]

    def test_a_split_between_two_sessions_of_minutes_is_found(self):
        bars = intraday("XNYS", "2023-06-01", "2023-08-31", 5, seed=9)
        later = bars.time >= np.datetime64("2023-07-17")
        prices = {name: np.where(later, getattr(bars, name) / 4.0, getattr(bars, name)) for name in NAMES[:4]}
        report = examine(
            changed(bars, volume=np.where(later, 400.0, 100.0), **prices), timeframe="5m", calendar="XNYS"
        )
        assert [(item.ratio, str(item.time)[:16]) for item in report.splits] == [((1, 4), "2023-07-17T13:30")]

    def test_the_splits_of_unadjusted_stocks_are_suspected_and_the_real_crash_is_not(self):
        apple = examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="XNAS")
        assert starts(apple.splits) == ["2000-06-21T00:00", "2005-02-28T00:00"]
        assert [item.ratio for item in apple.splits] == [(1, 2), (1, 2)]
        assert starts(apple.outliers) == ["2000-09-29T00:00"]
        assert apple.grade == "poor"
        microsoft = examine(raw_sample("MSFT_1d.csv"), timeframe="1d", calendar="XNAS")
        assert starts(microsoft.splits) == ["2003-02-18T00:00"]
        assert not examine(raw_sample("IBM_1d.csv"), timeframe="1d", calendar="XNYS").splits
