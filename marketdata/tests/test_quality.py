"""The report as a whole: what it says of the samples, of hardly any bars, of very many findings."""

import json

import pytest

from marketdata.columns import BarsColumns
from marketdata.providers import CsvFilesProvider
from marketdata.quality import examine
from marketdata.samples import SAMPLES
from marketdata.tests.bars import make_bars
from marketdata.tests.suspicious import (
    daily,
    found,
    raw_sample,
    starts,
    without,
)


class TestReport:
    @pytest.mark.parametrize("sample", SAMPLES, ids=lambda item: item.symbol)
    def test_the_samples_as_they_are_loaded_are_good(self, sample):
        bars = CsvFilesProvider().history(sample.symbol, sample.timeframe)
        report = examine(bars, timeframe=sample.timeframe, calendar=sample.calendar)
        assert report.grade == "good", report.to_dict()
        assert set(found(report)) <= {"gap", "outlier"}
        assert (report.coverage, report.outside_bars) == (1.0, 0) or sample.symbol == "EURUSD"

    def test_the_hours_of_christmas_that_the_euro_lacks_are_a_remark(self):
        report = examine(CsvFilesProvider().history("EURUSD", "1h"), timeframe="1h", calendar="fx")
        assert [item.text for item in report.gaps] == [
            "1 bar is missing, 2017-12-24 22:00 (Christmas or New Year)",
            "14 bars are missing, 2017-12-25 08:00 to 2017-12-25 21:00 (Christmas or New Year)",
        ]
        assert {item.severity for item in report.gaps} == {"info"}
        # The first round of the French election, and a decision of the central bank.
        assert starts(report.outliers) == ["2017-04-23T21:00", "2017-09-20T18:00"]

    @pytest.mark.parametrize("count", [0, 1, 2])
    @pytest.mark.parametrize("calendar", ["exchange", "XNYS", "24/7"])
    def test_hardly_any_bars_are_no_problem(self, count, calendar):
        report = examine(
            daily("XNYS", "2024-01-02", "2024-01-12").head(count), timeframe="1d", calendar=calendar
        )
        assert report.bars == count
        assert report.grade == ("empty" if count == 0 else "good")
        json.dumps(report.to_dict(), allow_nan=False)

    def test_the_report_is_plain_json_with_a_version(self):
        report = examine(raw_sample("AAPL_1d.csv"), timeframe="1d", calendar="XNAS").to_dict()
        text = json.dumps(report, allow_nan=False)
        read = json.loads(text)
        assert (read["version"], read["split_count"], read["calendar"]) == (2, 2, "XNAS")
        assert read["splits"][0]["ratio"] == [1, 2]
        assert read["splits"][0]["start"] == "2000-06-21T00:00:00Z"
        assert read["counts"]["split"] == {"info": 0, "warning": 1, "error": 1}

    def test_of_very_many_findings_the_worst_are_listed_and_all_are_counted(self):
        bars = make_bars(3000)
        report = examine(without(bars, *range(1, 2500, 5), 2600, 2601, 2602), timeframe="1d", calendar="24/7")
        assert (report.gap_count, len(report.gaps)) == (501, 100)
        assert max(item.bars for item in report.gaps) == 3
        assert [item.time for item in report.gaps] == sorted(item.time for item in report.gaps)

    def test_bars_and_columns_are_both_taken(self):
        bars = raw_sample("MSFT_1d.csv")
        assert examine(bars, timeframe="1d", calendar="XNAS") == examine(
            BarsColumns(bars), timeframe="1d", calendar="XNAS"
        )
