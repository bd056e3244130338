"""What is open in a stored report, short enough to stand beside a result. Plain values only: the web may use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marketdata.quality.report import FAIR_COVERAGE, LISTS, POOR_COVERAGE, SEVERITIES

COVERAGE = "coverage"
NAMED_DATES = 5
DOUBTFUL_GRADES = ("fair", "poor")
_OPEN = SEVERITIES[1:]
_OLD_COUNTS = {
    "split": "split_count",
    "gap": "missing_bars",
    "stale": "stale_count",
    "outlier": "outlier_count",
    "zero_volume": "zero_volume_bars",
}


def problems(report: Mapping[str, Any], start: str = "", end: str = "") -> list[dict[str, Any]]:
    """Return what is open in a quality report, one item a kind, the worst kinds first.

    Parameters
    ----------
    report : mapping
        A report as `QualityReport.to_dict` makes it. One of an older version counts as a whole, without dates.
    start, end : str
        The days of a run as ISO dates; findings that lie outside of them are left out. Empty: from or to the end.

    Returns
    -------
    list of dict
        "kind" (of `report.LISTS`, or "coverage"), "severity" ("warning" or "error"), "count", "bars" (that it concerns;
        of gaps and coverage: that are missing), "dates" (the first days of at most five), and "more" when further ones
        may exist that the report counts but does not list.
    """
    if not report:
        return []
    if "version" not in report:
        return _of_older(report)
    found = [item for kind in LISTS if (item := _of_kind(report, kind, start, end))]
    return sorted([*found, *_of_coverage(report, start, end)], key=lambda item: item["severity"] != _OPEN[-1])


def _of_kind(report: Mapping[str, Any], kind: str, start: str, end: str) -> dict[str, Any] | None:
    counted = report.get("counts", {}).get(kind, {})
    total = sum(counted.get(name, 0) for name in _OPEN)
    listed = [item for item in report.get(LISTS[kind], ()) if item["severity"] in _OPEN]
    inside = [item for item in listed if _within(item, start, end)]
    unlisted = total - len(listed)
    whole = not start and not end
    if not inside and not (whole and total):
        return None
    return {
        "kind": kind,
        "severity": max((item["severity"] for item in inside), key=SEVERITIES.index, default=_OPEN[0]),
        "count": total if whole else len(inside),
        "bars": sum(item["bars"] for item in inside),
        "dates": [max(item["start"][:10], start[:10]) for item in inside[:NAMED_DATES]],
        **({"more": True} if unlisted > 0 else {}),
    }


def _of_coverage(report: Mapping[str, Any], start: str, end: str) -> Iterator[dict[str, Any]]:
    """Many small gaps are each no more than a remark; together they are a problem."""
    years = [
        item
        for item in report.get("years", ())
        if (not start or item["year"] >= int(start[:4])) and (not end or item["year"] <= int(end[:4]))
    ]
    missing = sum(item["missing"] for item in years)
    expected = missing + sum(item["bars"] for item in years)
    if not expected or 1.0 - missing / expected >= FAIR_COVERAGE:
        return
    poor = 1.0 - missing / expected < POOR_COVERAGE
    worst = sorted((item for item in years if item["missing"]), key=lambda item: -item["missing"])[
        :NAMED_DATES
    ]
    yield {
        "kind": COVERAGE,
        "severity": _OPEN[1] if poor else _OPEN[0],
        "count": 1,
        "bars": missing,
        "coverage": 1.0 - missing / expected,
        "dates": sorted(str(item["year"]) for item in worst),
    }


def _within(item: Mapping[str, Any], start: str, end: str) -> bool:
    return (not start or item["end"][:10] >= start[:10]) and (not end or item["start"][:10] <= end[:10])


def _of_older(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Reports before the second version know counts alone; a good one may have a few gaps."""
    if report.get("grade") not in DOUBTFUL_GRADES:
        return []
    return [
        {
            "kind": kind,
            "severity": _OPEN[1] if kind == "split" else _OPEN[0],
            "count": int(report[name]),
            "bars": int(report[name]),
            "dates": [],
        }
        for kind, name in _OLD_COUNTS.items()
        if report.get(name)
    ]
