"""A stored report as pages show it: every kind in words, the splits to press on, the years."""

from marketdata.findings import KINDS, groups, splits_of, years
from marketdata.quality import QualityReport, Year
from marketdata.quality.report import LISTS


def report(**changes):
    return QualityReport(bars=100, years=(Year(2020, 95, 5), Year(2021, 50, 0))).to_dict() | changes


def finding(kind, severity, **more):
    item = {"kind": kind, "severity": severity, "start": "2020-01-02T00:00:00Z", "text": kind, **more}
    item.setdefault("end", item["start"])
    counts = report()["counts"] | {kind: {"info": 0, "warning": 0, "error": 0} | {severity: 1}}
    return {LISTS[kind]: [item], f"{kind}_count": 1, "counts": counts}


def test_every_kind_that_a_report_lists_has_its_words_in_the_same_order():
    assert {kind: listed for kind, listed, _label, _why in KINDS} == LISTS
    assert [kind for kind, *_ in KINDS] == list(LISTS)


def test_what_is_no_more_than_a_remark_is_shown_and_not_open():
    (dividends,) = groups(report(**finding("action", "info")))
    assert (dividends.kind, dividends.count, dividends.is_open) == ("action", 1, False)
    (gap,) = groups(report(**finding("gap", "warning")))
    assert gap.is_open


def test_a_suspected_split_is_new_shares_for_old_ones():
    assert splits_of(report(**finding("split", "error", ratio=[1, 4]))) == [
        {"time": "2020-01-02T00:00:00Z", "ratio": 4.0}
    ]
    assert splits_of({}) == []


def test_the_end_of_a_finding_is_said_to_the_minute_and_a_midnight_as_its_date():
    ends = ("2020-01-02T00:00:00Z", "2020-01-02T15:30:00Z")
    assert [groups(report(**finding("gap", "info", end=end)))[0].items[0]["until"] for end in ends] == [
        "2020-01-02",
        "2020-01-02 15:30",
    ]


def test_the_share_of_each_year_has_a_word_for_its_colour():
    assert [(item.year, item.share, item.level) for item in years(report())] == [
        (2020, 0.95, "some"),
        (2021, 1.0, "full"),
    ]


def test_a_year_that_lacks_a_bar_is_not_shown_as_whole():
    (year,) = years({"years": [{"year": 2017, "bars": 99_999, "missing": 1}]})
    assert (year.share, year.level) == (0.9999, "full")
