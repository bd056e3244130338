"""What is open in a stored report, for the days of a run."""

import numpy as np
import pytest

from marketdata.quality import examine, problems
from marketdata.tests.bars import make_bars
from marketdata.tests.test_quality import daily, without


def of(bars, calendar, *period):
    return problems(examine(bars, timeframe="1d", calendar=calendar).to_dict(), *period)


def rows_of(bars, *days):
    return np.searchsorted(bars.time, np.array(days, dtype="datetime64[ns]"))


def test_nothing_is_open_in_data_without_findings_or_without_a_report():
    assert of(make_bars(50), "24/7") == []
    assert problems({}) == []


def test_each_kind_is_one_item_with_its_dates():
    bars = daily("XNYS", "2010-01-01", "2014-12-31")
    gone = rows_of(bars, "2011-03-02", "2011-03-03", "2013-06-05")
    assert of(without(bars, *gone), "XNYS") == [
        {"kind": "gap", "severity": "warning", "count": 2, "bars": 3, "dates": ["2011-03-02", "2013-06-05"]}
    ]


@pytest.mark.parametrize(
    ("start", "end", "dates"),
    [
        ("2011-03-03", "2012-01-01", ["2011-03-03"]),  # the gap had begun the day before
        ("2011-03-04", "2013-06-04", []),
        ("", "2013-06-04", ["2011-03-02"]),
        ("2012-01-01", "", ["2013-06-05"]),
        ("2013-06-05", "2013-06-05", ["2013-06-05"]),
    ],
)
def test_only_what_reaches_into_the_days_of_a_run_counts(start, end, dates):
    bars = daily("XNYS", "2010-01-01", "2014-12-31")
    gone = rows_of(bars, "2011-03-02", "2011-03-03", "2013-06-05")
    found = of(without(bars, *gone), "XNYS", start, end)
    assert [item["dates"] for item in found] == ([dates] if dates else [])


def test_remarks_are_not_open():
    report = {"version": 2, "counts": {"gap": {"info": 9}}, "gaps": [
        {"severity": "info", "start": "2020-01-02T00:00:00Z", "end": "2020-01-02T00:00:00Z", "bars": 1}
    ], "years": [{"year": 2020, "bars": 999, "missing": 9}]}  # fmt: skip
    assert problems(report) == []


def test_many_remarks_together_are_poor_coverage_in_the_years_they_fall_into():
    years = [{"year": 2019, "bars": 1000, "missing": 0}, {"year": 2020, "bars": 800, "missing": 200}]
    report = {"version": 2, "counts": {}, "years": years}
    (whole,) = problems(report)
    assert (whole["kind"], whole["severity"], whole["bars"], whole["dates"]) == (
        "coverage",
        "warning",
        200,
        ["2020"],
    )
    assert whole["coverage"] == pytest.approx(0.9)
    (bad,) = problems(report, "2020-02-01", "2020-12-31")
    assert (bad["severity"], bad["coverage"]) == ("error", pytest.approx(0.8))
    assert problems(report, "2019-01-01", "2019-12-31") == []


def test_findings_that_were_counted_and_not_listed_are_hinted_at():
    bars = make_bars(3000)
    found = of(without(bars, *range(1, 2500, 5)), "24/7")
    gap = next(item for item in found if item["kind"] == "gap")
    assert (gap["count"], gap["more"], len(gap["dates"])) == (500, True, 5)
    late = next(item for item in of(without(bars, *range(1, 2500, 5)), "24/7", "2024-01-01", "2024-02-01"))
    assert late["kind"] in {"gap", "coverage"}


def test_errors_come_first():
    bars = daily("XNYS", "2010-01-01", "2014-12-31")
    report = examine(without(bars, 700), timeframe="1d", calendar="XNYS").to_dict()
    split = {"severity": "error", "start": "2013-01-02T00:00:00Z", "end": "2013-01-02T00:00:00Z", "bars": 1}
    report |= {"outliers": [split], "counts": {**report["counts"], "outlier": {"error": 1}}}
    assert [item["kind"] for item in problems(report)] == ["outlier", "gap"]


def test_a_report_of_an_older_version_counts_as_a_whole():
    older = {"grade": "fair", "missing_bars": 4, "stale_count": 2, "split_count": 0}
    assert [(item["kind"], item["count"], item["dates"]) for item in problems(older)] == [
        ("gap", 4, []),
        ("stale", 2, []),
    ]
    assert problems({**older, "grade": "good"}) == []
